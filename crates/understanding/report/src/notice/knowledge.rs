//! The words of notices, read once from `notices.toml` and found in one pass.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use mail::Stage;
use serde::Deserialize;

/// The words of this build.
pub(crate) static KNOWLEDGE: LazyLock<Knowledge> =
    LazyLock::new(|| Knowledge::load().expect("notices.toml is checked by the tests of this crate"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    senders: Vec<String>,
    subjects: Vec<String>,
    openings: Vec<String>,
    boundaries: Vec<String>,
    labels: Vec<String>,
    not_recipients: Vec<String>,
    delays: Vec<String>,
    certain: Vec<String>,
    unattended: Vec<String>,
    stage: Vec<WrittenStage>,
    mta: Vec<WrittenMta>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStage {
    name: Stage,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMta {
    name: String,
    words: Vec<String>,
}

/// A list of words, found anywhere in a text.
pub(crate) struct Words {
    automaton: AhoCorasick,
    /// For each word, the number of its group.
    groups: Vec<usize>,
}

impl Words {
    fn new(groups: &[Vec<String>]) -> Result<Self, String> {
        let words: Vec<&String> = groups.iter().flatten().collect();
        let groups = groups.iter().enumerate().flat_map(|(n, words)| words.iter().map(move |_| n)).collect();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(true)
            .build(words)
            .map_err(|error| error.to_string())?;
        Ok(Self { automaton, groups })
    }

    /// True when one of the words occurs.
    pub(crate) fn occurs(&self, text: &str) -> bool {
        self.automaton.is_match(text)
    }

    /// The first group (in the order of the file) of which a word occurs.
    fn first_group(&self, text: &str) -> Option<usize> {
        let found = self.automaton.find_overlapping_iter(text).take(2000);
        found.map(|hit| self.groups[hit.pattern().as_usize()]).min()
    }

    /// How many groups occur.
    fn groups_in(&self, text: &str, count: usize) -> Vec<bool> {
        let mut seen = vec![false; count];
        for hit in self.automaton.find_overlapping_iter(text).take(2000) {
            seen[self.groups[hit.pattern().as_usize()]] = true;
        }
        seen
    }
}

/// All words.
pub(crate) struct Knowledge {
    senders: Words,
    unattended: Words,
    subjects: Words,
    body: Words,
    not_recipients: Words,
    boundaries: Vec<String>,
    labels: Vec<String>,
    stages: Words,
    stage_names: Vec<Stage>,
    mtas: Words,
    mta_names: Vec<String>,
}

/// What the words of the body hint at.
pub(crate) struct BodyHints {
    /// It speaks as a notice does.
    pub(crate) opening: bool,
    /// It has words that nothing but a notice has.
    pub(crate) certain: bool,
    /// It says that mail is only late.
    pub(crate) delay: bool,
}

impl Knowledge {
    fn load() -> Result<Self, String> {
        let written: Written =
            toml::from_str(include_str!("../../notices.toml")).map_err(|error| error.to_string())?;
        let stage_names = written.stage.iter().map(|stage| stage.name).collect();
        let stages: Vec<Vec<String>> = written.stage.into_iter().map(|stage| stage.words).collect();
        let mta_names = written.mta.iter().map(|mta| mta.name.clone()).collect();
        let mtas: Vec<Vec<String>> = written.mta.into_iter().map(|mta| mta.words).collect();
        Ok(Self {
            senders: Words::new(&[written.senders])?,
            unattended: Words::new(&[written.unattended])?,
            subjects: Words::new(&[written.subjects])?,
            body: Words::new(&[written.openings, written.delays, written.certain])?,
            not_recipients: Words::new(&[written.not_recipients])?,
            boundaries: written.boundaries,
            labels: written.labels,
            stages: Words::new(&stages)?,
            stage_names,
            mtas: Words::new(&mtas)?,
            mta_names,
        })
    }

    /// True for the names programs give themselves.
    pub(crate) fn is_sender(&self, from: &str) -> bool {
        self.senders.occurs(from)
    }

    /// True for addresses that nobody reads: a program may have written, but not only notices come from there.
    pub(crate) fn is_unattended(&self, from: &str) -> bool {
        self.unattended.occurs(from)
    }

    /// True for the subjects of notices.
    pub(crate) fn is_subject(&self, subject: &str) -> bool {
        self.subjects.occurs(subject)
    }

    /// What the text of the body hints at; the text has its white space collapsed.
    pub(crate) fn body_hints(&self, text: &str) -> BodyHints {
        let seen = self.body.groups_in(text, 3);
        BodyHints { opening: seen[0], delay: seen[1], certain: seen[2] }
    }

    /// True when an address in this line is somebody else's.
    pub(crate) fn is_about_others(&self, line: &str) -> bool {
        self.not_recipients.occurs(line)
    }

    /// True for the line that stands before a returned message.
    pub(crate) fn is_boundary(&self, line: &str) -> bool {
        let line = line.trim_matches(|c: char| c.is_whitespace() || "-=*_#|+>:".contains(c));
        if line.is_empty() || line.len() > 120 {
            return false;
        }
        let lower = line.to_lowercase();
        self.boundaries.iter().any(|begin| lower.starts_with(begin.as_str()))
    }

    /// True when these words stand right before the address of a recipient.
    pub(crate) fn is_label(&self, before: &str) -> bool {
        let lower = before.trim_end().to_lowercase();
        let lower = lower.trim_end_matches([':', ' ', '=']);
        self.labels.iter().any(|label| {
            lower
                .strip_suffix(label.trim_end_matches(':'))
                .is_some_and(|rest| rest.chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric()))
        })
    }

    /// The step of the session that these words tell.
    pub(crate) fn stage(&self, text: &str) -> Option<Stage> {
        self.stages.first_group(text).map(|group| self.stage_names[group])
    }

    /// The program that writes such words.
    pub(crate) fn mta(&self, text: &str) -> Option<&str> {
        self.mtas.first_group(text).map(|group| self.mta_names[group].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries() {
        let check = |line: &str, expected: bool| assert_eq!(KNOWLEDGE.is_boundary(line), expected, "{line}");
        check("--- Below this line is a copy of the message.", true);
        check("------ This is a copy of the message, including all the headers. ------", true);
        check("   ----- Unsent message follows -----", true);
        check("----- Original message -----", true);
        check("--- ", false);
        check("The mail could not be delivered", false);
    }

    #[test]
    fn labels() {
        let check =
            |before: &str, expected: bool| assert_eq!(KNOWLEDGE.is_label(before), expected, "{before}");
        check("Recipient: ", true);
        check("Your message to ", true);
        check("undeliverable to", true);
        check("photo", false);
        check("from", false);
    }

    #[test]
    fn stages() {
        let check =
            |text: &str, expected: Option<Stage>| assert_eq!(KNOWLEDGE.stage(text), expected, "{text}");
        check("550 no (in reply to RCPT TO command)", Some(Stage::Rcpt));
        check("552 big (in reply to end of DATA command)", Some(Stage::Content));
        check("192.0.2.1 does not like recipient.", Some(Stage::Rcpt));
        check("550 no", None);
    }
}
