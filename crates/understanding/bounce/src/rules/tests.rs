//! The knowledge files are right: each rule recognises its own sample, and no rule hides another.

use mail::{Reply, Stage};

use super::PACK;
use super::load::Rule;
use crate::{Refusal, understand};

/// A time at which the rule is valid.
fn time_of(rule: &Rule) -> i64 {
    match (rule.from_at, rule.before_at) {
        (from, _) if from > i64::MIN => from,
        (_, before) if before < i64::MAX => before - 1,
        _ => 1_790_000_000_000,
    }
}

fn reply_of(sample: &str) -> Reply {
    if let Some(status) = mail::EnhancedStatus::strip_from(sample) {
        return Reply { code: 0, status: Some(status.0), text: status.1.to_owned() };
    }
    Reply::from_lines(sample.split('\n')).0
}

#[test]
fn each_rule_recognises_its_sample() {
    let mut wrong = Vec::new();
    for (_, rule) in &PACK.rules {
        let provider = PACK.providers.names(rule.providers).next();
        let stages = if rule.stages.is_empty() { vec![Stage::Later] } else { rule.stages.clone() };
        for stage in stages {
            let reply = reply_of(&rule.sample);
            let mut refusal = Refusal::new(&reply, stage, time_of(rule));
            refusal.provider = provider;
            refusal.tags = &rule.tags;
            refusal.mta = rule.mta.first().map(String::as_str);
            let verdict = understand(&refusal);
            if verdict.rule != rule.id {
                let (got, evidence) = (&verdict.rule, &verdict.evidence);
                wrong.push(format!("{} at {}: {got} ({evidence})", rule.id, stage.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} rules miss their sample:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn ids_are_unique_and_sources_given() {
    let mut ids: Vec<&str> = PACK.rules.iter().map(|(_, rule)| rule.id.as_str()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "two rules have one id");
    for (_, rule) in &PACK.rules {
        assert!(!rule.source.is_empty(), "{} has no source", rule.id);
        assert!((1..=100).contains(&rule.confidence), "{} has confidence {}", rule.id, rule.confidence);
    }
}
