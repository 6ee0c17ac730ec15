//! What each reason means by itself: whose fault, how lasting, and the words for people; read from `reasons.toml`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::{Fault, Permanence, Reason, RuleError, Turn};

/// The catalogue of this build.
pub(crate) static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::load().expect("the catalogue is checked by the tests of this crate"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonFile {
    reason: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariantFile {
    variant: Vec<Variant>,
}

/// What is known and said about one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) reason: Reason,
    pub(crate) permanence: Permanence,
    pub(crate) fault: Fault,
    pub(crate) turn: Turn,
    pub(crate) origin_code: String,
    pub(crate) title_ja: String,
    pub(crate) title_en: String,
    pub(crate) what_ja: String,
    pub(crate) what_en: String,
    pub(crate) shop_ja: String,
    pub(crate) shop_en: String,
    #[serde(default)]
    pub(crate) customer_ja: String,
    #[serde(default)]
    pub(crate) customer_en: String,
}

/// Other words where a provider's facts differ; what is left out stays as the reason has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variant {
    pub(crate) reason: Vec<Reason>,
    pub(crate) provider: Vec<String>,
    pub(crate) turn: Option<Turn>,
    pub(crate) what_ja: Option<String>,
    pub(crate) what_en: Option<String>,
    pub(crate) shop_ja: Option<String>,
    pub(crate) shop_en: Option<String>,
    pub(crate) customer_ja: Option<String>,
    pub(crate) customer_en: Option<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "knowledge for people and tests"))]
    pub(crate) source: String,
}

/// All reasons with their words.
pub(crate) struct Catalogue {
    entries: HashMap<Reason, Entry>,
    /// In the order of the file; a later one wins over an earlier one.
    pub(crate) variants: Vec<Variant>,
}

impl Catalogue {
    fn load() -> Result<Self, RuleError> {
        let reasons: ReasonFile = read("reasons.toml", include_str!("../reasons.toml"))?;
        let variants: VariantFile = read("explanations.toml", include_str!("../explanations.toml"))?;
        let entries: HashMap<_, _> = reasons.reason.into_iter().map(|entry| (entry.reason, entry)).collect();
        for reason in Reason::ALL {
            if !entries.contains_key(reason) {
                let what = "has no entry in reasons.toml".to_owned();
                return Err(RuleError::Rule { rule: reason.name().to_owned(), what });
            }
        }
        Ok(Self { entries, variants: variants.variant })
    }

    /// The entry of a reason.
    pub(crate) fn of(&self, reason: Reason) -> &Entry {
        &self.entries[&reason]
    }
}

fn read<T: for<'de> Deserialize<'de>>(file: &'static str, source: &str) -> Result<T, RuleError> {
    toml::from_str(source).map_err(|source| RuleError::Toml { file, source: Box::new(source) })
}
