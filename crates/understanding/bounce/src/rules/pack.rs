//! All rules in order, and the search for the first one that holds.

use mail::{EnhancedStatus, Stage};

use super::bits;
use super::load::{self, Rule};
use super::pattern::{Found, Matcher, Pattern, PatternSet};
use super::provider::Providers;
use crate::RuleError;

/// How much a rule knows, in the order they are asked: provider before words before numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// What one receiving system means by its own words or numbers.
    Provider,
    /// Words that mean the same wherever they stand.
    Text,
    /// The enhanced status code.
    Status,
    /// Words that only hint.
    Hint,
    /// The reply code and the stage.
    Code,
}

macro_rules! knowledge {
    ($($tier:ident $confidence:literal $file:literal,)*) => {
        &[$((Tier::$tier, $confidence, $file, include_str!(concat!("../../rules/", $file))),)*]
    };
}

/// The knowledge files in the order they are asked, each with the usual confidence of its rules.
const FILES: &[(Tier, u8, &str, &str)] = knowledge![
    Provider 95 "provider_japan.toml",
    Provider 95 "provider_google.toml",
    Provider 95 "provider_world.toml",
    Provider 90 "provider_software.toml",
    Text 88 "text.toml",
    Status 70 "status.toml",
    Hint 55 "hint.toml",
    Hint 50 "vague.toml",
    Code 40 "code.toml",
];

/// What one look-up may use.
pub(crate) struct Facts<'a> {
    pub(crate) code: u16,
    pub(crate) status: Option<EnhancedStatus>,
    pub(crate) stage: Stage,
    pub(crate) providers: u64,
    pub(crate) mta: Option<&'a str>,
    pub(crate) tags: &'a [String],
    pub(crate) at: i64,
    /// Normalised.
    pub(crate) text: &'a str,
    /// The text is not the server's own reply but stands around it.
    pub(crate) around: bool,
    /// Rules of later tiers are not asked.
    pub(crate) last_tier: Tier,
}

/// The rule that held, with the words that made it hold (none for a rule of numbers).
pub(crate) struct Hit<'p, 't> {
    pub(crate) rule: &'p Rule,
    pub(crate) words: Option<&'t str>,
    pub(crate) tier: Tier,
}

/// The compiled knowledge.
pub(crate) struct Pack {
    pub(crate) version: String,
    pub(crate) providers: Providers,
    pub(crate) rules: Vec<(Tier, Rule)>,
    matcher: Matcher,
    /// For each literal, the rules one of whose patterns begins with it.
    by_literal: Vec<Vec<u32>>,
    /// A bit for each rule without words.
    wordless: Vec<u64>,
    /// For each rule its tier and its [`Rule::providers`]: most are passed over for what this says.
    heads: Vec<(Tier, u64)>,
    /// The provider marks, each with the literal it begins with.
    marks: Vec<(u32, Pattern, u64)>,
}

impl Pack {
    /// Reads and compiles all knowledge files of this build.
    pub(crate) fn load() -> Result<Self, RuleError> {
        let mut patterns = PatternSet::default();
        let mut providers =
            Providers::load("providers.toml", include_str!("../../rules/providers.toml"), &mut patterns)?;
        let mut rules = Vec::new();
        for (tier, confidence, file, source) in FILES {
            let read = load::read(file, source, *confidence, (&providers, &mut patterns))?;
            rules.extend(read.into_iter().map(|rule| (*tier, rule)));
        }
        let marks = std::mem::take(&mut providers.marks);
        let marks = marks.into_iter().map(|(pattern, bit)| (pattern.first_literal(), pattern, bit)).collect();
        let mut by_literal: Vec<Vec<u32>> = vec![Vec::new(); patterns.len()];
        let mut wordless = vec![0; rules.len().div_ceil(64)];
        for (number, (_, rule)) in (0u32..).zip(&rules) {
            if rule.text.is_empty() {
                wordless[number as usize / 64] |= 1 << (number % 64);
            }
            for pattern in &rule.text {
                by_literal[pattern.first_literal() as usize].push(number);
            }
        }
        let heads = rules.iter().map(|(tier, rule)| (*tier, rule.providers)).collect();
        let version = version_of(FILES.iter().map(|file| file.3));
        Ok(Self { version, providers, rules, matcher: patterns.build(), by_literal, wordless, heads, marks })
    }

    /// Adds the systems that only their own words betray, then finds the first rule that holds.
    pub(crate) fn first<'p, 't>(&'p self, facts: &Facts<'t>) -> Option<Hit<'p, 't>> {
        let found = self.matcher.find(facts.text);
        let providers = facts.providers | self.marked(&found);
        let mut candidates = self.wordless.clone();
        for number in found.literals().flat_map(|literal| &self.by_literal[literal]) {
            candidates[*number as usize / 64] |= 1 << (number % 64);
        }
        for number in bits::set(&candidates) {
            let (tier, of_providers) = self.heads[number];
            if tier > facts.last_tier {
                return None;
            }
            if of_providers != 0 && of_providers & providers == 0 {
                continue;
            }
            let (_, rule) = &self.rules[number];
            if let Some(words) = holds(rule, facts, &found) {
                return Some(Hit { rule, words, tier });
            }
        }
        None
    }

    fn marked(&self, found: &Found<'_, '_>) -> u64 {
        let begun = self.marks.iter().filter(|(first, _, _)| found.has(*first));
        let held = begun.filter(|(_, pattern, _)| found.matched(pattern).is_some());
        held.fold(0, |bits, (_, _, bit)| bits | bit)
    }
}

/// `Some(words)` when every condition of the rule holds.
fn holds<'t>(rule: &Rule, facts: &Facts<'t>, found: &Found<'_, 't>) -> Option<Option<&'t str>> {
    if facts.at < rule.from_at || facts.at >= rule.before_at || (facts.around && rule.own_words) {
        return None;
    }
    if !numbers_hold(rule, facts) {
        return None;
    }
    let words = match rule.text.is_empty() {
        true => None,
        false => Some(rule.text.iter().find_map(|pattern| found.matched(pattern))?),
    };
    if !rule.also.is_empty() && !rule.also.iter().any(|pattern| found.matched(pattern).is_some()) {
        return None;
    }
    if rule.not.iter().any(|pattern| found.matched(pattern).is_some()) {
        return None;
    }
    if rule.address.is_some_and(|wanted| wanted != has_address(facts.text)) {
        return None;
    }
    Some(words)
}

fn numbers_hold(rule: &Rule, facts: &Facts<'_>) -> bool {
    if !rule.stages.is_empty() && !rule.stages.contains(&facts.stage) {
        return false;
    }
    if !rule.codes.is_empty() && !rule.codes.iter().any(|code| code_holds(*code, facts)) {
        return false;
    }
    if !rule.mta.is_empty() && !facts.mta.is_some_and(|mta| rule.mta.iter().any(|name| name == mta)) {
        return false;
    }
    if !rule.tags.is_empty() && !facts.tags.iter().any(|tag| rule.tags.contains(tag)) {
        return false;
    }
    rule.statuses.is_empty()
        || facts.status.is_some_and(|status| rule.statuses.iter().any(|wanted| wanted.holds(status)))
}

/// `550` exactly; `5` for the class, which a status may also tell where no reply code is known.
fn code_holds(wanted: u16, facts: &Facts<'_>) -> bool {
    if wanted >= 100 {
        return facts.code == wanted;
    }
    match facts.code {
        0 => facts.status.is_some_and(|status| u16::from(status.class) == wanted),
        code => code / 100 == wanted,
    }
}

/// True when a mailbox address stands in the text.
fn has_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let bytes = text.as_bytes();
        let local = at > 0 && !bytes[at - 1].is_ascii_whitespace() && bytes[at - 1] != b'<';
        local && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    })
}

/// A short fingerprint of the knowledge: the same files give the same version on every machine (FNV-1a).
fn version_of<'a>(files: impl Iterator<Item = &'a str>) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in files.flat_map(str::bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{}-{:08x}", env!("CARGO_PKG_VERSION"), hash >> 32)
}
