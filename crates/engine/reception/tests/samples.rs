//! The project's own samples: each is read and judged as its row in `corpus/bounces/expected.tsv` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use reception::judge;

/// The samples were written about then (2026-11-12), where they tell no date.
const RECEIVED_AT: i64 = 1_794_441_600_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../corpus/bounces")
}

fn rows() -> BTreeMap<String, Vec<String>> {
    let text =
        std::fs::read_to_string(folder().join("expected.tsv")).expect("the rows are in the repository");
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (file, rest) = line.split_once('\t').expect("a row has tabs");
        rows.entry(file.to_owned()).or_default().push(rest.to_owned());
    }
    rows
}

fn seen(bytes: &[u8]) -> Vec<String> {
    let (report, _) = report::read(bytes);
    let kind = report.kind.name();
    let rows: Vec<String> = judge(&report, &|_| None, RECEIVED_AT)
        .iter()
        .map(|judged| {
            let verdict = &judged.verdict;
            let hard = if bounce::is_hard(verdict) { "hard" } else { "soft" };
            let recipient = judged.recipient.final_recipient.as_deref().unwrap_or("-");
            format!("{kind}\t{recipient}\t{}\t{}\t{hard}", verdict.reason.name(), verdict.permanence.name())
        })
        .collect();
    if rows.is_empty() { vec![format!("{kind}\t-\t-\t-\t-")] } else { rows }
}

#[test]
fn each_sample_is_judged_as_its_row_says() {
    let rows = rows();
    let mut wrong = Vec::new();
    for (file, expected) in &rows {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let seen = seen(&bytes);
        if seen != *expected {
            wrong.push(format!("{file}\n  want {expected:?}\n  got  {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} samples:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn each_sample_has_a_row() {
    let rows = rows();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "expected.tsv" || rows.contains_key(&name), "{name} has no row");
    }
}

#[test]
fn line_ends_make_no_difference() {
    for file in rows().keys() {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        let lf = report::messages(&bytes).concat();
        let with = |end: &[u8]| lf.split(|b| *b == b'\n').collect::<Vec<_>>().join(end);
        let expected = report::read(&lf);
        assert_eq!(report::read(&with(b"\r\n")), expected, "{file} with CRLF");
        assert_eq!(report::read(&with(b"\r")), expected, "{file} with CR");
    }
}

/// A xorshift generator: the same broken mails in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn break_something(&mut self, mail: &mut Vec<u8>) {
        let at = self.below(mail.len());
        match self.below(5) {
            0 => mail[at] = self.below(256) as u8,
            1 => drop(mail.drain(at..(at + self.below(200)).min(mail.len()))),
            2 => mail.truncate(at.max(1)),
            3 => mail.insert(at, b"\n\r\0@<>\"-=:;\x1b\xe3\xff"[self.below(14)]),
            _ => {
                let piece: Vec<u8> = mail[at..(at + self.below(300)).min(mail.len())].to_vec();
                let to = self.below(mail.len());
                mail.splice(to..to, piece);
            }
        }
        if mail.is_empty() {
            mail.push(b'\n');
        }
    }
}

/// Mails made to cost time: each must be cut short by a written limit.
#[test]
fn hostile_sizes_are_cut_short() {
    const HEAD: &str = "From: MAILER-DAEMON@x.example\nSubject: Returned mail\n";
    let nested: String =
        (0..300).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    let check = |name: &str, mail: String| {
        let (report, defects) = report::read(mail.as_bytes());
        assert!(report.recipients.len() <= 1000, "{name}: {} recipients", report.recipients.len());
        assert!(report.text.len() <= 64 * 1024, "{name}: {} bytes of text", report.text.len());
        assert!(judge(&report, &|_| None, RECEIVED_AT).len() <= 1000, "{name}");
        defects
    };
    let parts = "--b\n\nx\n".repeat(5_000);
    let many = check("parts", format!("{HEAD}Content-Type: multipart/mixed; boundary=b\n\n{parts}"));
    assert!(many.contains(&report::Defect::TooManyParts));
    check("nesting", format!("{HEAD}{nested}"));
    check("header line", format!("{HEAD}X-Long: {}\n\nx", "a ".repeat(1 << 19)));
    check("addresses", format!("{HEAD}\nundeliverable\n{}", "<a@b.example>: no\n".repeat(50_000)));
    check("one line", format!("{HEAD}\nundeliverable {}", "a@b.example ".repeat(50_000)));
    check("boundaries", format!("{HEAD}\nundeliverable\n{}", "original message\nfrom: x\n".repeat(20_000)));
    let fields = "Final-Recipient: rfc822; a@b.example\nAction: failed\n".repeat(20_000);
    check("fields", format!("{HEAD}Content-Type: message/delivery-status\n\n{fields}"));
    check("no fields", format!("{HEAD}Content-Type: message/delivery-status\n\n{}", "x\n".repeat(200_000)));
    check(
        "session",
        format!("{HEAD}\nundeliverable\n<a@b.example>\n{}", ">>> DATA\n<<< 550 no\n".repeat(20_000)),
    );
    check("words", format!("{HEAD}\n{}", "user unknown mailbox full quota ".repeat(50_000)));
}

#[test]
fn no_bytes_make_it_fail() {
    let rounds = std::env::var("TODOKU_FUZZ_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let mut dice = Dice(0x7065_6172_6c21);
    for file in rows().keys() {
        let whole = std::fs::read(folder().join(file)).unwrap();
        for _ in 0..rounds {
            let mut mail = whole.clone();
            for _ in 0..=dice.below(8) {
                dice.break_something(&mut mail);
            }
            let (report, _) = report::read(&mail);
            for judged in judge(&report, &|_| None, RECEIVED_AT) {
                assert!(judged.verdict.confidence <= 100);
            }
        }
    }
}
