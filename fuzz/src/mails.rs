//! Whole mails: read as reports, and recognised with their verdicts.

use reception::ArrivalKind;

use crate::NOW;

/// Most recipients of one report.
const RECIPIENTS_MAX: usize = 1000;
/// Longest text of a report, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// Reads a mail and the same mail with other line ends; splits it as a mailbox.
pub fn report(bytes: &[u8]) {
    let (seen, _) = report::read(bytes);
    assert!(seen.recipients.len() <= RECIPIENTS_MAX);
    assert!(seen.text.len() <= TEXT_BYTES_MAX);
    let mails = report::messages(bytes);
    assert!(!mails.is_empty());
    let joined = mails.concat();
    assert!(!joined.contains(&b'\r') && joined.len() <= bytes.len());
    let other_ends = joined.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    assert_eq!(report::read(&other_ends).0, seen);
}

/// Does all that is done with a message that came in.
pub fn recognise(bytes: &[u8]) {
    let seen = reception::recognise(bytes, NOW);
    match seen.kind {
        ArrivalKind::Correspondence => assert!(seen.findings.is_empty()),
        ArrivalKind::Bounce | ArrivalKind::Complaint => assert!(!seen.findings.is_empty()),
        _ => {}
    }
    for finding in &seen.findings {
        assert!(finding.verdict.confidence <= 100);
        let _ = finding.is_about("hanako@midori.example");
        let provider = finding.provider().map(|provider| provider.id.as_str());
        let _ = std::hint::black_box(bounce::explain(finding.verdict.reason, provider));
    }
}
