//! Finds the recipients a notice is about, and the words that belong to each.

use super::addresses::{self, Spotted};
use super::knowledge::KNOWLEDGE;
use crate::merge::fill;
use crate::{RecipientReport, diagnosis, lines};

/// Most lines of a notice that are looked at.
const LINES_MAX: usize = 2000;
/// Most recipients of one notice.
const RECIPIENTS_MAX: usize = 500;
/// Most lines that belong to one recipient.
const SECTION_LINES_MAX: usize = 60;
/// Most bytes of them.
const SECTION_BYTES_MAX: usize = 4096;

/// How an address stands in its line; a later one is the stronger sign that it is a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// In a sentence.
    Mentioned,
    /// In a command of the quoted session.
    Dialogue,
    /// After words like `Recipient:`.
    Labelled,
    /// At the beginning of its line.
    Leading,
}

struct Candidate<'t> {
    line: usize,
    address: &'t str,
    after: &'t str,
    form: Form,
}

/// Who the notice is about. `own` are the addresses it was sent to, `failed` those of `X-Failed-Recipients`.
pub(crate) fn recipients(notice: &str, own: &[String], failed: &[String]) -> Vec<RecipientReport> {
    let lines: Vec<&str> =
        lines::with_ends(notice).map(|(_, line)| lines::without_end(line)).take(LINES_MAX).collect();
    let candidates: Vec<Candidate<'_>> = lines
        .iter()
        .enumerate()
        .filter(|(n, line)| memchr::memchr(b'@', line.as_bytes()).is_some() && !asks_to_write(&lines[..*n]))
        .filter(|(n, _)| !goes_on_as_sentence(lines.get(n + 1)))
        .filter_map(|(n, line)| candidate(n, line))
        .collect();
    let mut chosen = choose(&candidates, own, failed);
    chosen.dedup_by(|next, before| next.address.eq_ignore_ascii_case(before.address));
    if chosen.is_empty() {
        return failed.iter().map(|address| with_words(address, notice)).collect();
    }
    let mut reports: Vec<RecipientReport> = Vec::new();
    for (n, at) in chosen.iter().enumerate() {
        let until = chosen.get(n + 1).map_or(lines.len(), |next| next.line);
        let words = section(at, &lines[..until.max(at.line + 1)]);
        let known = reports.iter().position(|report| is(report, at.address));
        match known {
            Some(known) if has_words(&reports[known].diagnostic) => {}
            Some(known) => reports[known] = with_words(at.address, &words),
            None if reports.len() < RECIPIENTS_MAX => reports.push(with_words(at.address, &words)),
            None => {}
        }
    }
    for report in &mut reports {
        complete(report, &candidates, &lines);
        report.original_recipient = first_address(&report.diagnostic);
    }
    share(&mut reports, chosen.first().map(|first| first.line), &lines);
    reports
}

fn is(report: &RecipientReport, address: &str) -> bool {
    report.final_recipient.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(address))
}

/// True when the words right above ask to write to the address that follows.
fn asks_to_write(above: &[&str]) -> bool {
    let last = above.iter().rev().map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or("");
    let ends = |end: &&str| {
        let from = last.len().checked_sub(end.len());
        from.is_some_and(|from| last.as_bytes()[from..].eq_ignore_ascii_case(end.as_bytes()))
    };
    ["to the address", "contact", "contact:", "please write to", "send mail to", "for help:"].iter().any(ends)
}

/// True when the next line begins with a Japanese particle: the address is part of "please write to …".
fn goes_on_as_sentence(next: Option<&&str>) -> bool {
    next.is_some_and(|line| line.trim_start().starts_with(['へ', 'に', 'ま', 'を']))
}

/// The recipient a line is about, if any.
fn candidate<'t>(number: usize, line: &'t str) -> Option<Candidate<'t>> {
    let spotted = addresses::spot(line);
    let mut best: Option<Candidate<'t>> = None;
    for (n, spot) in spotted.iter().enumerate() {
        // `Name or address <address>`: the one in brackets counts.
        let shown_again = spot.after.trim_start().starts_with('<') && spotted.len() > n + 1;
        let spot = if shown_again { &spotted[n + 1] } else { spot };
        let begins = if shown_again { &spotted[n] } else { spot };
        let Some(form) = form(begins, line) else { continue };
        if best.as_ref().is_none_or(|best| form > best.form) {
            best = Some(Candidate { line: number, address: spot.address, after: spot.after, form });
        }
    }
    best
}

fn form(spot: &Spotted<'_>, line: &str) -> Option<Form> {
    let before = spot.before.trim_matches(|c: char| c.is_whitespace() || "<\"'*([•・-".contains(c));
    let dialogue = line.trim_start();
    let lower_before = before.to_ascii_lowercase();
    if dialogue.starts_with(">>>") || dialogue.starts_with("<<<") || lower_before.contains("<<<") {
        if before == ">>>" {
            return Some(Form::Leading);
        }
        let to = lower_before.contains("rcpt");
        return if to {
            Some(Form::Dialogue)
        } else {
            others(&lower_before, spot.after).then_some(Form::Mentioned)
        };
    }
    if before.is_empty() || is_reply_code(before) {
        return (!spot.after.starts_with("://")).then_some(Form::Leading);
    }
    if !others(&lower_before, spot.after) {
        return None;
    }
    match KNOWLEDGE.is_label(before) {
        true => Some(Form::Labelled),
        false => Some(Form::Mentioned),
    }
}

/// False when the words around the address say that it is somebody else's.
fn others(before: &str, after: &str) -> bool {
    let last = before.trim_end_matches([' ', ':', '<', '"']);
    if ["generated from", "expanded from", "forwarded from"].iter().any(|words| last.ends_with(words)) {
        return true;
    }
    !(last.ends_with("from") || KNOWLEDGE.is_about_others(before) || KNOWLEDGE.is_about_others(after))
}

fn is_reply_code(before: &str) -> bool {
    let code = before.trim_end_matches(['-', ' ']);
    code.len() == 3 && matches!(code.as_bytes()[0], b'4' | b'5') && code.bytes().all(|b| b.is_ascii_digit())
}

/// The candidates of the strongest form that is not the notice's own address.
fn choose<'c, 't>(
    candidates: &'c [Candidate<'t>],
    own: &[String],
    failed: &[String],
) -> Vec<&'c Candidate<'t>> {
    let is_own = |c: &&Candidate<'_>| {
        own.iter().any(|address| address.eq_ignore_ascii_case(c.address))
            || c.address.to_ascii_lowercase().starts_with("mailer-daemon@")
    };
    let of =
        |form: Form| -> Vec<&'c Candidate<'t>> { candidates.iter().filter(|c| c.form == form).collect() };
    let leading = of(Form::Leading);
    let foreign: Vec<_> = leading.iter().copied().filter(|c| !is_own(c)).collect();
    if !foreign.is_empty() {
        return foreign;
    }
    if !failed.is_empty() {
        let named = |c: &&Candidate<'_>| failed.iter().any(|address| address.eq_ignore_ascii_case(c.address));
        return candidates.iter().filter(named).collect();
    }
    for form in [Form::Labelled, Form::Dialogue] {
        let found: Vec<_> = of(form).into_iter().filter(|c| !is_own(c)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    if !leading.is_empty() {
        return leading;
    }
    let labelled = of(Form::Labelled);
    if !labelled.is_empty() {
        return labelled;
    }
    of(Form::Mentioned).into_iter().filter(|c| !is_own(c)).collect()
}

/// The words behind the address, to the next recipient or the end of the paragraph that tells something.
fn section(at: &Candidate<'_>, lines: &[&str]) -> String {
    let quoted =
        at.form != Form::Leading || is_reply_code(lines[at.line].trim_start().get(..3).unwrap_or(""));
    let mut words = String::with_capacity(256);
    words.push_str(match quoted {
        true => lines[at.line].trim(),
        false => at.after.trim_start_matches(['>', '"', '\'', ':', ')', ']', ',', ' ']).trim_end(),
    });
    for line in lines[at.line + 1..].iter().take(SECTION_LINES_MAX) {
        let line = line.trim();
        if line.is_empty() && tells(&words, at.form) {
            break;
        }
        if (line.starts_with("--") && has_words(&words)) || words.len() > SECTION_BYTES_MAX {
            break;
        }
        if !line.is_empty() {
            if !words.is_empty() {
                words.push('\n');
            }
            words.push_str(line);
        }
    }
    words
}

fn has_words(words: &str) -> bool {
    words.chars().filter(|c| c.is_alphabetic()).take(6).count() > 5
}

/// True when nothing more needs to be read: a heading or an announcement is not enough.
fn tells(words: &str, form: Form) -> bool {
    let sentence = has_words(words) && !words.trim_end().ends_with(':') && words.len() > 15;
    sentence && (form == Form::Leading || diagnosis::has_code(words))
}

fn with_words(address: &str, words: &str) -> RecipientReport {
    let mut report = RecipientReport::of(Some(address.to_owned()));
    fill(&mut report, words);
    report
}

/// The address that was written to, where an alias led on: `(expanded from: <a@b>)`.
fn first_address(words: &str) -> Option<String> {
    let begins = |mark: &&str| {
        memchr::memchr_iter(b'(', words.as_bytes())
            .find(|at| words.as_bytes()[*at..].starts_with(mark.as_bytes()))
    };
    let at = ["(expanded from", "(generated from", "(forwarded from"].iter().find_map(begins)?;
    addresses::spot(words[at..].lines().next()?).first().map(|spot| spot.address.to_owned())
}

/// Where a section tells no code, a line of the quoted session about the same address may.
fn complete(report: &mut RecipientReport, candidates: &[Candidate<'_>], lines: &[&str]) {
    if report.reply_code.is_some() && has_words(&report.diagnostic) {
        return;
    }
    let Some(address) = report.final_recipient.clone() else { return };
    let about = candidates.iter().filter(|c| c.address.eq_ignore_ascii_case(&address));
    for line in about.map(|c| lines[c.line].trim()) {
        if diagnosis::has_code(line) {
            let words = format!("{line}\n{}", report.diagnostic);
            fill(report, words.trim_end());
            return;
        }
    }
}

/// A list of addresses with one explanation below: it belongs to all of them. Without any, the paragraph above
/// tells, and the codes of the whole notice count.
fn share(reports: &mut [RecipientReport], first: Option<usize>, lines: &[&str]) {
    let mut below: Option<String> = None;
    for report in reports.iter_mut().rev() {
        if has_words(&report.diagnostic) {
            below = Some(report.diagnostic.clone());
        } else if let Some(words) = &below {
            fill(report, words);
        } else {
            fill(report, &lines.join("\n"));
            report.diagnostic = first.map(|first| above(&lines[..first])).unwrap_or_default();
        }
    }
}

/// The paragraph that ends right above; a heading is none.
fn above(lines: &[&str]) -> String {
    let lines = lines.iter().rev().map(|line| line.trim());
    let paragraph: Vec<&str> =
        lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()).take(10).collect();
    if paragraph.first().is_none_or(|last| last.ends_with([':', '：', '-', '='])) {
        return String::new();
    }
    paragraph.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(notice: &str, expected: &str) {
        let own = ["shop@shop.example".to_owned()];
        let seen: Vec<String> = recipients(notice, &own, &[])
            .iter()
            .map(|r| {
                let words = r.diagnostic.replace('\n', " / ");
                format!(
                    "{} {} {words}",
                    r.final_recipient.as_deref().unwrap_or("-"),
                    r.reply_code.unwrap_or(0)
                )
            })
            .collect();
        assert_eq!(seen.join("\n"), expected, "{notice}");
    }

    #[test]
    fn styles() {
        check(
            "<a@b.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n",
            "a@b.example 0 Sorry, no mailbox here by that name. (#5.1.1)",
        );
        check(
            "  a@b.example\n    host mx.b.example [192.0.2.1]\n    550 unknown user\n\n  c@d.example\n    retry timeout exceeded\n",
            "a@b.example 550 host mx.b.example [192.0.2.1] / 550 unknown user\nc@d.example 0 retry timeout exceeded",
        );
        check(
            "Your mail to shop@shop.example\nUser mailbox exceeds allowed size: a@b.example\n",
            "a@b.example 0 User mailbox exceeds allowed size: a@b.example",
        );
        check(
            "Could not reach:\na@b.example\nc@d.example\n\nThe mailbox is full for these people.\n",
            "a@b.example 0 The mailbox is full for these people.\nc@d.example 0 The mailbox is full for these people.",
        );
        check(
            "While talking to mx:\n>>> RCPT To:<a@b.example>\n<<< 550 no such user\n550 <a@b.example>... User unknown\n",
            "a@b.example 550 550 <a@b.example>... User unknown",
        );
        check("nobody here\n", "");
    }

    #[test]
    fn others_are_left_out() {
        check(
            "For help contact postmaster@b.example\n\n<a@b.example>: user unknown here\n",
            "a@b.example 0 user unknown here",
        );
        check(
            "From: x@y.example\nTo: a@b.example\nthis person left us\n",
            "a@b.example 0 To: a@b.example / this person left us",
        );
    }
}
