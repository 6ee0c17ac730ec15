//! Reads the knowledge files into rules, and says what is wrong with them.

use std::collections::HashMap;

use mail::Stage;
use serde::Deserialize;

use super::pattern::{Pattern, PatternSet};
use super::provider::Providers;
use crate::{Fault, Permanence, Reason, RuleError};

/// Milliseconds of one day.
const DAY_MS: i64 = 86_400_000;
/// Dates in rules are days in Japan, which has no summer time.
const JAPAN_MS: i64 = 9 * 3_600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    /// Lists of patterns that several rules share.
    #[serde(default)]
    words: HashMap<String, Vec<String>>,
    rule: Vec<Written>,
}

/// A rule as it stands in the file. Conditions of different kinds must all hold; of one list, any.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default)]
    provider: Vec<String>,
    #[serde(default)]
    mta: Vec<String>,
    #[serde(default)]
    tag: Vec<String>,
    #[serde(default)]
    code: Vec<String>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    stage: Vec<Stage>,
    address: Option<bool>,
    #[serde(default)]
    text: Vec<String>,
    words: Option<String>,
    /// Too general for the words around a reply; asked of the server's own words only.
    #[serde(default)]
    own_words: bool,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    reason: Reason,
    permanence: Option<Permanence>,
    fault: Option<Fault>,
    confidence: Option<u8>,
    since: Option<String>,
    until: Option<String>,
    source: String,
    sample: String,
}

/// One compiled rule.
pub(crate) struct Rule {
    pub(crate) id: String,
    /// Bit set of [`Providers`]; 0 for any.
    pub(crate) providers: u64,
    pub(crate) mta: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) codes: Vec<u16>,
    pub(crate) statuses: Vec<StatusCondition>,
    pub(crate) stages: Vec<Stage>,
    pub(crate) address: Option<bool>,
    pub(crate) text: Vec<Pattern>,
    pub(crate) also: Vec<Pattern>,
    pub(crate) not: Vec<Pattern>,
    pub(crate) own_words: bool,
    pub(crate) reason: Reason,
    pub(crate) permanence: Option<Permanence>,
    pub(crate) fault: Option<Fault>,
    pub(crate) confidence: u8,
    pub(crate) from_at: i64,
    pub(crate) before_at: i64,
    /// Where the fact comes from, and words that the rule must recognise; both are read by the tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "knowledge for people and tests"))]
    pub(crate) source: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "knowledge for people and tests"))]
    pub(crate) sample: String,
}

/// `5.7.26` exactly, `5.7` for all its details, or `x.7.26` for both classes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StatusCondition {
    class: Option<u8>,
    subject: u16,
    detail: Option<u16>,
}

impl StatusCondition {
    fn read(written: &str) -> Option<Self> {
        let mut parts = written.split('.');
        let class = match parts.next()? {
            "x" => None,
            class => Some(class.parse().ok()?),
        };
        let subject = parts.next()?.parse().ok()?;
        let detail = parts.next().map(str::parse).transpose().ok()?;
        parts.next().is_none().then_some(Self { class, subject, detail })
    }

    pub(crate) fn holds(&self, status: mail::EnhancedStatus) -> bool {
        self.class.is_none_or(|class| class == status.class)
            && self.subject == status.subject
            && self.detail.is_none_or(|detail| detail == status.detail)
    }
}

/// Reads one file and appends its rules.
pub(crate) fn read(
    file: &'static str,
    source: &str,
    usual_confidence: u8,
    known: (&Providers, &mut PatternSet),
) -> Result<Vec<Rule>, RuleError> {
    let (providers, patterns) = known;
    let parsed: RuleFile =
        toml::from_str(source).map_err(|source| RuleError::Toml { file, source: Box::new(source) })?;
    let mut rules = Vec::with_capacity(parsed.rule.len());
    for mut written in parsed.rule {
        if let Some(name) = &written.words {
            let shared = parsed.words.get(name).ok_or_else(|| RuleError::Rule {
                rule: written.id.clone(),
                what: format!("no list of words is called {name}"),
            })?;
            written.text.extend(shared.iter().cloned());
        }
        rules.push(compile(written, usual_confidence, providers, patterns)?);
    }
    Ok(rules)
}

fn compile(
    written: Written,
    usual_confidence: u8,
    providers: &Providers,
    patterns: &mut PatternSet,
) -> Result<Rule, RuleError> {
    let id = written.id.clone();
    let wrong = |what: &str| RuleError::Rule { rule: id.clone(), what: what.to_owned() };
    let mut all = |list: &[String]| -> Result<Vec<Pattern>, RuleError> {
        list.iter()
            .map(|p| {
                patterns.add(p).ok_or_else(|| wrong(&format!("{p:?} has an empty piece or a stray edge")))
            })
            .collect()
    };
    let mut bits = 0;
    for name in &written.provider {
        bits |= providers.bit(name).ok_or_else(|| wrong("unknown provider"))?;
    }
    let day = |date: &Option<String>, none: i64, add: i64| match date {
        None => Ok(none),
        Some(date) => day_at(date).map(|at| at + add).ok_or_else(|| wrong("not a date")),
    };
    Ok(Rule {
        providers: bits,
        mta: written.mta,
        tags: written.tag,
        codes: written
            .code
            .iter()
            .map(|code| code.parse().map_err(|_| wrong("not a reply code")))
            .collect::<Result<_, _>>()?,
        statuses: written
            .status
            .iter()
            .map(|s| StatusCondition::read(s))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong("not a status"))?,
        stages: written.stage,
        address: written.address,
        text: all(&written.text)?,
        also: all(&written.also)?,
        not: all(&written.not)?,
        own_words: written.own_words,
        reason: written.reason,
        permanence: written.permanence,
        fault: written.fault,
        confidence: written.confidence.unwrap_or(usual_confidence),
        from_at: day(&written.since, i64::MIN, 0)?,
        before_at: day(&written.until, i64::MAX, DAY_MS)?,
        source: written.source,
        sample: written.sample,
        id: written.id,
    })
}

/// The first millisecond of a day in Japan, of `2025-03-13`.
fn day_at(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970-01-01, with years that begin in March so that the leap day is the last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * DAY_MS - JAPAN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        assert_eq!(day_at("1970-01-02"), Some(DAY_MS - JAPAN_MS));
        assert_eq!(day_at("2025-03-13"), Some(1_741_791_600_000));
        assert_eq!(day_at("2024-02-29"), Some(1_709_132_400_000));
        assert_eq!(day_at("2025-13-01"), None);
        assert_eq!(day_at("soon"), None);
    }

    #[test]
    fn statuses() {
        let check = |written: &str, status: &str, expected: bool| {
            let condition = StatusCondition::read(written).unwrap();
            assert_eq!(condition.holds(status.parse().unwrap()), expected, "{written} {status}");
        };
        check("5.7.26", "5.7.26", true);
        check("5.7.26", "4.7.26", false);
        check("x.7.26", "4.7.26", true);
        check("5.7", "5.7.1", true);
        check("5.7", "5.1.1", false);
        assert!(StatusCondition::read("5").is_none());
        assert!(StatusCondition::read("5.1.1.1").is_none());
    }
}
