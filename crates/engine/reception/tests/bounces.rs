//! Measures the reading and judging of reports against the shared corpus of real bounce mails, and shows each miss.
//!
//! The corpus belongs to others and is not part of this project; without it the test says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reception::{Judged, judge};
use report::Report;
use serde_json::Value;

/// Mails whose date is missing were written about then (2015-01-01).
const WRITTEN_AT: i64 = 1_420_070_400_000;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("TODOKU_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"));
    let folder = shared.join("corpus/bounces");
    folder.join("expected.json").exists().then_some(folder)
}

/// How many of how many.
#[derive(Default, Clone, Copy)]
struct Score {
    right: usize,
    of: usize,
}

impl Score {
    fn add(&mut self, right: bool) {
        self.of += 1;
        self.right += usize::from(right);
    }

    fn percent(self) -> f64 {
        if self.of == 0 { 100.0 } else { 100.0 * self.right as f64 / self.of as f64 }
    }
}

#[derive(Default)]
struct Table {
    scores: BTreeMap<&'static str, Score>,
    modules: BTreeMap<String, Score>,
    misses: Vec<String>,
}

impl Table {
    fn add(&mut self, name: &'static str, right: bool) {
        self.scores.entry(name).or_default().add(right);
    }

    fn percent(&self, name: &str) -> f64 {
        self.scores.get(name).copied().unwrap_or_default().percent()
    }

    fn print(&self) {
        for miss in &self.misses {
            println!("{miss}");
        }
        for (name, score) in self.modules.iter().filter(|(_, score)| score.right < score.of) {
            println!("  {name:<28} {:>3}/{:<3}", score.right, score.of);
        }
        for (name, score) in &self.scores {
            println!("{name:<24} {:>4}/{:<4} {:6.2} %", score.right, score.of, score.percent());
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

/// The reasons that either table of the reference accepts for this record.
fn accepted(entry: &Value, expected: &Value) -> Vec<String> {
    let mut reasons = vec![text(expected, "reason_v56").to_owned(), text(expected, "reason").to_owned()];
    for list in entry["also_accepted_reasons"].as_array().into_iter().flatten() {
        reasons.extend(list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    reasons.iter_mut().for_each(|reason| {
        if let Some(known) = bounce::Reason::from_name(reason) {
            *reason = known.name().to_owned();
        }
    });
    reasons
}

fn score(entry: &Value, report: &Report, judged: &[Judged], table: &mut Table) {
    let file = text(entry, "file").trim_start_matches("emails/");
    let none = Vec::new();
    let expected = entry["expected"].as_array().unwrap_or(&none);
    if entry["is_bounce"] == Value::Bool(false) {
        let quiet = judged.is_empty();
        table.add("not a bounce", quiet);
        if !quiet {
            table.misses.push(format!("FALSE BOUNCE {file}: {:?} {judged:?}", report.kind));
        }
        return;
    }
    if !expected.is_empty() {
        table.add("number of records", expected.len() == judged.len());
    }
    for (n, want) in expected.iter().enumerate() {
        let address = text(want, "recipient").to_ascii_lowercase();
        let same = |j: &&Judged| {
            j.recipient.final_recipient.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&address))
                || j.recipient.original_recipient.as_deref().is_some_and(|a| a.eq_ignore_ascii_case(&address))
        };
        let in_place = judged.get(n).filter(same);
        let got = in_place.or_else(|| judged.iter().find(same)).or_else(|| judged.get(n));
        score_one(entry, file, (want, got, &address), table);
    }
}

fn score_one(entry: &Value, file: &str, record: (&Value, Option<&Judged>, &str), table: &mut Table) {
    let (want, got, address) = record;
    let module = text(entry, "module").to_owned();
    let seen = got.and_then(|j| j.recipient.final_recipient.clone()).unwrap_or_default();
    let first = got.and_then(|j| j.recipient.original_recipient.clone()).unwrap_or_default();
    let found = seen.eq_ignore_ascii_case(address) || first.eq_ignore_ascii_case(address);
    if !address.is_empty() {
        table.add("recipient", found);
        if want["recipient_in_dsn"] == Value::Bool(true) {
            table.add("recipient (DSN confirms)", found);
        }
        if !found {
            table.misses.push(format!("RECIPIENT {file}: want {address}, got {seen:?} {first:?}"));
        }
    }
    if text(want, "reason").is_empty() {
        return;
    }
    let reasons = accepted(entry, want);
    let reason = got.map_or("(none)", |j| j.verdict.reason.name());
    let right = reasons.iter().any(|r| r == reason);
    table.add("reason", right);
    table.modules.entry(module).or_default().add(right);
    if !right {
        let rule = got.map_or(String::new(), |j| {
            format!(
                "{} [{}] at {} status {:?} said {:?}",
                j.verdict.rule,
                j.verdict.evidence,
                j.recipient.stage.name(),
                j.recipient.status.map(|s| s.to_string()),
                j.recipient.reply().line()
            )
        });
        let rule: String = rule.chars().take(420).collect();
        table.misses.push(format!("REASON {file}: want {}, got {reason} by {rule}", reasons[0]));
    }
    if std::env::var_os("TODOKU_BOUNCE_ALL").is_some()
        && let Some(got) = got
    {
        let line: String = got.recipient.reply().line().chars().take(300).collect();
        println!(
            "RECORD {}|{}|{}|{file}|{}|{line}",
            reasons[0],
            got.verdict.rule,
            got.recipient.stage.name(),
            text(want, "deliverystatus")
        );
    }
    if let Some(hard) = want["hardbounce"].as_bool() {
        let ours = got.is_some_and(|j| bounce::is_hard(&j.verdict));
        table.add("hard or soft", ours == hard);
    }
    if let Some(got) = got {
        let code = got.recipient.reply_code.map(|c| c.to_string()).unwrap_or_default();
        table.add("reply code (told only)", code == text(want, "replycode"));
    }
}

#[test]
fn corpus_of_real_bounces() {
    let Some(folder) = corpus() else {
        println!("not run: no corpus");
        return;
    };
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let only = std::env::var("TODOKU_BOUNCE_ONLY").ok();
    let mut table = Table::default();
    for entry in expected["entries"].as_array().unwrap() {
        let file = text(entry, "file");
        if only.as_ref().is_some_and(|only| !file.contains(only.as_str())) {
            continue;
        }
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let mut reports =
            report::messages(&bytes).into_iter().map(|mail| report::read(&mail)).collect::<Vec<_>>();
        let judged: Vec<Judged> =
            reports.iter().flat_map(|(report, _)| judge(report, &|_| None, WRITTEN_AT)).collect();
        let (report, defects) = reports.swap_remove(0);
        if only.is_some() {
            println!(
                "{file}: {report:#?} {defects:?} {:#?}",
                judged.iter().map(|j| &j.verdict).collect::<Vec<_>>()
            );
        }
        score(entry, &report, &judged, &mut table);
    }
    table.print();
    if only.is_none() {
        assert!(table.percent("reason") >= 98.5, "too many wrong reasons");
        assert!(table.percent("recipient (DSN confirms)") >= 99.5, "too many wrong recipients");
        assert!(table.percent("hard or soft") >= 98.0, "too many wrong hard bounces");
        assert!(table.percent("not a bounce") >= 100.0, "a mail that is none is called a bounce");
    }
}
