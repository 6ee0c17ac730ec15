//! Joins what the machine-readable part and the words for people say about the same recipient.

use mail::Stage;

use crate::{RecipientReport, diagnosis};

/// The recipients of the machine-readable part, with what only the words tell. Without any, those of the words.
pub(crate) fn merge(fields: Vec<RecipientReport>, told: Vec<RecipientReport>) -> Vec<RecipientReport> {
    if fields.is_empty() {
        return told;
    }
    let single = fields.len() == 1 && told.len() == 1;
    let mut joined: Vec<RecipientReport> = Vec::new();
    for mut report in fields {
        let same = |other: &&RecipientReport| {
            same_person(&report, other) || (single && report.final_recipient.is_none())
        };
        let other = told.iter().find(same).or_else(|| told.first().filter(|_| single));
        if let Some(other) = other {
            complete(&mut report, other);
        }
        let twice = joined.iter().any(|known| known.final_recipient == report.final_recipient);
        if !twice || report.final_recipient.is_none() {
            joined.push(report);
        }
    }
    joined
}

/// True when the words for people can add nothing to what the machine-readable part says.
pub(crate) fn is_complete(report: &RecipientReport) -> bool {
    report.final_recipient.is_some()
        && report.stage != Stage::Later
        && !report.diagnostic.is_empty()
        && !is_vague(report)
        && report.reply_code.is_some()
        && report.remote_mta.is_some()
}

fn is_vague(report: &RecipientReport) -> bool {
    report.status.is_none_or(|status| status.subject == 0)
}

fn same_person(a: &RecipientReport, b: &RecipientReport) -> bool {
    let theirs = addresses_of(b);
    let is_theirs = |x: &str| theirs.iter().flatten().any(|y| x.eq_ignore_ascii_case(y));
    addresses_of(a).into_iter().flatten().any(is_theirs)
}

fn addresses_of(report: &RecipientReport) -> [Option<&str>; 2] {
    [report.final_recipient.as_deref(), report.original_recipient.as_deref()]
}

fn complete(report: &mut RecipientReport, other: &RecipientReport) {
    if report.final_recipient.is_none() {
        report.final_recipient.clone_from(&other.final_recipient);
    }
    if report.stage == Stage::Later {
        report.stage = other.stage;
    }
    if report.diagnostic.is_empty() {
        report.diagnostic.clone_from(&other.diagnostic);
    }
    if is_vague(report) {
        report.status = other.status.or(report.status);
    }
    report.reply_code = report.reply_code.or(other.reply_code);
    if report.remote_mta.is_none() {
        report.remote_mta.clone_from(&other.remote_mta);
    }
}

/// Adds what the quoted session tells: the step, and the rest of an answer of which only the first line is known.
pub(crate) fn answer(report: &mut RecipientReport, stage: Stage, answer: &str) {
    if report.stage == Stage::Later {
        report.stage = stage;
    }
    let first = answer.lines().next().unwrap_or("");
    let begun = !report.diagnostic.is_empty() && first.starts_with(report.diagnostic.as_str());
    let local = report.action.is_none() && !report.diagnostic.contains(first);
    if begun {
        fill(report, answer);
    } else if local {
        let words = format!("{}\n{answer}", report.diagnostic);
        fill(report, words.trim_start());
    }
}

/// Puts a diagnostic text into a report, with the codes it holds.
pub(crate) fn fill(report: &mut RecipientReport, words: &str) {
    let seen = diagnosis::read(words);
    report.diagnostic = diagnosis::shorten(words);
    report.reply_code = seen.code.or(report.reply_code);
    report.status = seen.status.or(report.status);
    report.stage = seen.stage.unwrap_or(report.stage);
    report.remote_mta = seen.host.or(report.remote_mta.take());
}
