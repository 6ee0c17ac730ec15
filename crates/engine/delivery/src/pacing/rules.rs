//! What replies set off: a provider says "too fast", so we slow down before it blocks us.

use std::{
    collections::{HashMap, VecDeque},
    sync::{LazyLock, Mutex, PoisonError},
};

use mail::Reply;
use serde::Deserialize;

use super::{
    Flow,
    limits::{LimitSet, Rate, Span},
    pack::pack,
    store::{Change, NewHold},
};

/// Flows whose hits are counted at most.
const COUNTED_MAX: usize = 10_000;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Action {
    SlowDown,
    Suspend,
    SwitchSource,
}

/// One rule of `data/replies.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    /// Groups it is for; every one when empty.
    #[serde(default)]
    groups: Vec<String>,
    /// Words of the reply, in lower case; one of them is enough.
    #[serde(default)]
    words: Vec<String>,
    /// Enhanced status codes; one of them is enough.
    #[serde(default)]
    status: Vec<String>,
    /// Reply codes; any when empty.
    #[serde(default)]
    codes: Vec<u16>,
    /// So many hits set it off, such as `2/h`.
    threshold: Rate,
    action: Action,
    /// For how long.
    lasts: Span,
    /// What the limits become, with `slow-down`.
    #[serde(default)]
    limits: LimitSet,
    checked: String,
    #[serde(default)]
    sources: Vec<String>,
    ja: String,
    en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    read(include_str!("../../data/replies.toml"))
        .expect("replies.toml is part of the program and checked by a test")
});

/// Reads rules. One that nothing can set off is a mistake.
fn read(text: &str) -> Result<Vec<Rule>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    for (n, rule) in file.rule.iter().enumerate() {
        let say = |what: &str| Err(format!("rule {}: {what}", rule.id));
        if file.rule[..n].iter().any(|other| other.id == rule.id) {
            return say("stands twice");
        }
        if let Some(group) = rule.groups.iter().find(|group| pack().group(group).is_none()) {
            return say(&format!("no group {group:?}, so it never matches"));
        }
        if rule.words.is_empty() && rule.status.is_empty() {
            return say("matches nothing: neither words nor status");
        }
        if rule.words.iter().any(|words| words.to_lowercase() != *words || words.len() < 3) {
            return say("words are compared in lower case, and have 3 letters or more");
        }
        if (rule.action == Action::SlowDown) == rule.limits.is_empty() {
            return say("limits belong to slow-down, and to nothing else");
        }
        if rule.threshold == Rate::None || rule.checked.len() != 10 || rule.sources.is_empty() {
            return say("lacks a threshold, a date or a source");
        }
        rule.limits.check().map_err(|why| format!("rule {}: {why}", rule.id))?;
    }
    Ok(file.rule)
}

impl Rule {
    fn matches(&self, group: &str, reply: &Reply, words: &str) -> bool {
        if !self.groups.is_empty() && !self.groups.iter().any(|known| known == group) {
            return false;
        }
        if !self.codes.is_empty() && !self.codes.contains(&reply.code) {
            return false;
        }
        let status = reply.status.map(|status| status.to_string());
        let by_status = self.status.iter().any(|known| status.as_deref() == Some(known));
        by_status || self.words.iter().any(|known| words.contains(known.as_str()))
    }

    fn change(&self) -> Change {
        match self.action {
            Action::Suspend => Change::Stop,
            Action::SwitchSource => Change::OtherSource,
            Action::SlowDown => Change::Slow { limits: self.limits.clone() },
        }
    }
}

/// A rule's name in Japanese and English, for pages.
#[must_use]
pub fn names(id: &str) -> Option<(&'static str, &'static str)> {
    RULES.iter().find(|rule| rule.id == id).map(|rule| (rule.ja.as_str(), rule.en.as_str()))
}

/// The rule that holds for a real reply of a group's servers, the most particular first.
#[must_use]
pub fn rule_of(group: &str, reply: &Reply) -> Option<&'static str> {
    found(group, reply).map(|rule| rule.id.as_str())
}

fn found(group: &str, reply: &Reply) -> Option<&'static Rule> {
    if reply.is_success() || reply.code < 400 {
        return None;
    }
    let words = reply.line().to_lowercase();
    let particular = RULES.iter().filter(|rule| !rule.groups.is_empty());
    let general = RULES.iter().filter(|rule| rule.groups.is_empty());
    particular.chain(general).find(|rule| rule.matches(group, reply, &words))
}

/// Counts hits per flow and rule, and says when a rule is set off.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    hits: Mutex<HashMap<(Flow, &'static str), VecDeque<i64>>>,
}

impl Watch {
    /// Looks at a real reply. Once set off, a rule starts to count anew.
    pub(crate) fn see(&self, flow: &Flow, reply: &Reply, now: i64) -> Option<NewHold> {
        let rule = found(&flow.group, reply)?;
        let Rate::Of { count, per_ms } = rule.threshold else { return None };
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        if hits.len() >= COUNTED_MAX {
            hits.retain(|_, times| times.back().is_some_and(|at| now - at < per_ms));
        }
        let times = hits.entry((flow.clone(), rule.id.as_str())).or_default();
        times.retain(|at| (0..per_ms).contains(&(now - at)));
        times.push_back(now);
        if times.len() < count as usize {
            return None;
        }
        times.clear();
        Some(NewHold {
            source: Some(flow.source),
            group: Some(flow.group.clone()),
            change: rule.change(),
            rule: rule.id.clone(),
            sample: reply.line().chars().take(500).collect(),
            until: Some(now + rule.lasts.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(line: &str) -> Reply {
        Reply::from_lines([line]).0
    }

    fn check(group: &str, line: &str, expected: &str) {
        assert_eq!(rule_of(group, &reply(line)).unwrap_or("-"), expected, "{group}: {line}");
    }

    #[test]
    fn replies_and_their_rules() {
        check("gmail", "421 4.7.28 unusual rate of mail from this address", "gmail.rate");
        check("gmail", "550 5.7.1 very low reputation of the sending domain", "gmail.reputation");
        check("gmail", "550 5.1.1 no such person", "-");
        check("gmail", "250 2.0.0 OK unusual rate", "-");
        check("yahoo_us", "421 4.7.0 [TSS04] temporarily deferred", "yahoo.tss04");
        check("yahoo_us", "421 4.7.0 [TSS05] deferred", "yahoo.tss05");
        check("yahoo_us", "553 5.7.1 [BL21] on a list", "yahoo.listed");
        check("yahoojp", "451 VS98-IP0 deferred", "yahoojp.vs98");
        check("microsoft", "451 4.7.650 the address has been limited for its reputation", "microsoft.rate");
        check("microsoft", "550 5.7.1 blocked (S3150)", "microsoft.listed");
        check("microsoft365", "451 4.7.500 server busy", "microsoft.rate");
        check("icloud", "421 4.7.1 excessive volume", "icloud.rate");
        check("docomo", "552 too many recipients", "docomo.recipients");
        check("docomo", "421 too many connections", "any.connections");
        check("jcom", "421 too many messages in this session", "jcom.session");
        check("mx.x.example", "421 4.7.0 too many connections from your host", "any.connections");
        check("mx.x.example", "450 4.7.1 rate limit exceeded", "any.rate");
        check("mx.x.example", "554 5.7.1 client host blocked using a list, listed at dnsbl", "any.listed");
        check("mx.x.example", "450 4.2.2 mailbox full", "-");
    }

    #[test]
    fn a_rule_is_set_off_at_its_threshold_and_counts_anew() {
        let watch = Watch::default();
        let flow = Flow { source: 1, group: "gmail".to_owned() };
        let said = reply("421 4.7.28 unusual rate");
        assert_eq!(watch.see(&flow, &said, 0), None);
        let hold = watch.see(&flow, &said, 1_000).expect("the second within the hour");
        assert_eq!(
            (hold.rule.as_str(), hold.group.as_deref(), hold.source),
            ("gmail.rate", Some("gmail"), Some(1))
        );
        assert_eq!(hold.sample, "421 4.7.28 unusual rate");
        assert_eq!(watch.see(&flow, &said, 2_000), None);
        assert_eq!(watch.see(&flow, &said, 9_000_000), None, "the earlier one is too old");
    }

    #[test]
    fn mistakes_are_told() {
        let text = include_str!("../../data/replies.toml");
        for (from, to, why) in [
            ("groups = [\"gmail\"]", "groups = [\"googel\"]", "never matches"),
            ("id = \"gmail.rate\"", "id = \"yahoo.tss04\"", "stands twice"),
            ("action = \"suspend\"", "action = \"stop\"", "unknown variant"),
            ("words = [\"[tss04]\"]", "words = [\"[TSS04]\"]", "lower case"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = read(&text.replacen(from, to, 1)).map(|_| ()).expect_err(why);
            assert!(error.contains(why), "{error}");
        }
    }
}
