//! Reads what a person pasted: a whole error mail, or only the words of one.

use bounce::Reason;

use crate::{ArrivalKind, Recognised, recognise};

/// Fields that a mail has at its head; two of them make a text a mail.
const FIELDS: [&str; 8] =
    ["from:", "to:", "subject:", "date:", "received:", "return-path:", "message-id:", "mime-version:"];
/// Lines at the head in which they are looked for.
const HEAD_LINES: usize = 60;
/// Below this confidence words without a mail around them prove nothing.
const CONFIDENCE_MIN: u8 = 50;

/// What was pasted.
#[derive(Debug, Clone, PartialEq)]
pub struct Pasted {
    /// What reading found.
    pub seen: Recognised,
    /// True when there was no mail around the words, so that less is known.
    pub words_only: bool,
}

/// Reads a pasted or dropped text. Pure and total.
#[must_use]
pub fn read_pasted(bytes: &[u8], now: i64) -> Pasted {
    let seen = recognise(bytes, now);
    if seen.kind != ArrivalKind::Correspondence || has_head(bytes) {
        return Pasted { seen, words_only: false };
    }
    let around = "From: Mail Delivery System <MAILER-DAEMON@localhost>\nSubject: Undelivered Mail Returned to Sender\n\
                  MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
    let guess = recognise(&[around.as_bytes(), bytes].concat(), now);
    let proves = guess.findings.iter().any(|finding| {
        let verdict = &finding.verdict;
        verdict.confidence >= CONFIDENCE_MIN && !matches!(verdict.reason, Reason::OnHold | Reason::Undefined)
    });
    if proves { Pasted { seen: guess, words_only: true } } else { Pasted { seen, words_only: false } }
}

fn has_head(bytes: &[u8]) -> bool {
    let lines = bytes.split(|byte| *byte == b'\n').take(HEAD_LINES);
    let head: Vec<String> =
        lines.map(|line| String::from_utf8_lossy(&line[..line.len().min(20)]).to_ascii_lowercase()).collect();
    FIELDS.iter().filter(|field| head.iter().any(|line| line.starts_with(**field))).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(Reason, bool)>) {
        let pasted = read_pasted(text.as_bytes(), 0);
        let seen = pasted.seen.findings.first().map(|finding| (finding.verdict.reason, pasted.words_only));
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn words_are_enough() {
        check(
            "550 5.1.1 <hanako@midori.example>: Recipient address rejected: User unknown",
            Some((Reason::UserUnknown, true)),
        );
        check(
            "This is the mail system at host mx.midori.example.\n\n<hanako@midori.example>: host mx.example[192.0.2.1] \
             said: 552 5.2.2 Mailbox full (in reply to RCPT TO command)\n",
            Some((Reason::MailboxFull, true)),
        );
        check(
            "From: MAILER-DAEMON@midori.example\nTo: info@hanaya.example\nSubject: Undelivered Mail Returned to Sender\n\n\
             <hanako@midori.example>: host mx.example said: 550 5.1.1 User unknown\n",
            Some((Reason::UserUnknown, false)),
        );
    }

    #[test]
    fn letters_stay_letters() {
        check("", None);
        check("お世話になっております。先日の花束、とてもきれいでした。", None);
        check(
            "From: hanako@midori.example\nTo: info@hanaya.example\nSubject: order\n\n550 roses please\n",
            None,
        );
        check("550 roses and 421 tulips, please.", None);
    }
}
