//! How ready a sending domain is, as a badge, from the last check that was kept.

use authentication::{RecordStanding, Standing};
use delivery::source::SendingDomain;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use crate::say::{Say, t};

/// One record's standing as it is kept with the domain.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// `authentication::Purpose` name.
    pub(crate) purpose: String,
    /// Full name of the record.
    pub(crate) name: String,
    /// How it stands.
    pub(crate) standing: Standing,
    /// Stable name of the finding.
    pub(crate) code: String,
    /// What the DNS said.
    pub(crate) seen: Vec<String>,
    /// What it means and what to do.
    pub(crate) ja: String,
    /// The same in English.
    pub(crate) en: String,
    /// The value to publish instead.
    pub(crate) suggested: Option<String>,
}

impl From<&RecordStanding> for Kept {
    fn from(found: &RecordStanding) -> Self {
        Self {
            purpose: found.purpose.name().to_owned(),
            name: found.name.clone(),
            standing: found.standing,
            code: found.code.to_owned(),
            seen: found.seen.clone(),
            ja: found.ja.clone(),
            en: found.en.clone(),
            suggested: found.suggested.clone(),
        }
    }
}

/// The last check; empty when there was none, or when it was kept in a form of another version.
pub(crate) fn kept(domain: &SendingDomain) -> Vec<Kept> {
    domain.standing.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// How ready a domain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Every record is as it should be.
    Good,
    /// Mail goes out; something should be improved, or the DNS did not answer.
    Warning,
    /// A record is missing or wrong.
    Wrong,
    /// Never checked.
    Unchecked,
}

impl Ready {
    /// The worst of the records decides.
    pub(crate) fn of(kept: &[Kept]) -> Self {
        let any = |wanted: &[Standing]| kept.iter().any(|record| wanted.contains(&record.standing));
        if kept.is_empty() {
            Self::Unchecked
        } else if any(&[Standing::Missing, Standing::Wrong]) {
            Self::Wrong
        } else if any(&[Standing::Warning, Standing::Unknown]) {
            Self::Warning
        } else {
            Self::Good
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
            Self::Unchecked => "unchecked",
        }
    }

    /// A sentence that says what it means for sending.
    pub(crate) fn sentence(self, say: Say, domain: &str) -> String {
        let mut args = fluent::FluentArgs::new();
        args.set("domain", domain);
        say.with(&format!("ready-what-{}", self.name()), Some(&args))
    }
}

/// The badge.
pub(crate) fn badge(say: Say, ready: Ready) -> Markup {
    let class = match ready {
        Ready::Good => "evidenced",
        Ready::Warning => "deferred",
        Ready::Wrong => "refused",
        Ready::Unchecked => "waiting",
    };
    html! { span class={ "chip " (class) } { (say.with(&format!("ready-{}", ready.name()), None)) } }
}

/// How one record stands.
pub(crate) fn record_badge(say: Say, standing: Option<Standing>) -> Markup {
    let (class, words) = match standing {
        Some(Standing::Good) => ("evidenced", t!(say, "record-good")),
        Some(Standing::Warning) => ("deferred", t!(say, "record-warning")),
        Some(Standing::Missing) => ("refused", t!(say, "record-missing")),
        Some(Standing::Wrong) => ("refused", t!(say, "record-wrong")),
        Some(Standing::Unknown) => ("doubtful", t!(say, "record-unknown")),
        None => ("waiting", t!(say, "record-unchecked")),
    };
    html! { span class={ "chip " (class) } { (words) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_record_decides() {
        let check = |standings: &[Standing], expected: Ready| {
            let record = |standing: &Standing| Kept {
                purpose: "spf".into(),
                name: "shop.example".into(),
                standing: *standing,
                code: "spf.good".into(),
                seen: Vec::new(),
                ja: String::new(),
                en: String::new(),
                suggested: None,
            };
            let kept: Vec<Kept> = standings.iter().map(record).collect();
            assert_eq!(Ready::of(&kept), expected, "{standings:?}");
        };
        check(&[], Ready::Unchecked);
        check(&[Standing::Good, Standing::Good], Ready::Good);
        check(&[Standing::Good, Standing::Warning], Ready::Warning);
        check(&[Standing::Unknown], Ready::Warning);
        check(&[Standing::Warning, Standing::Missing], Ready::Wrong);
        for ready in [Ready::Good, Ready::Warning, Ready::Wrong, Ready::Unchecked] {
            assert!(!ready.sentence(Say::default(), "shop.example").starts_with("ready-"), "{ready:?}");
        }
    }
}
