//! The words of notices, read once from `notices.toml` and found in one pass.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use literals::Finder;
use mail::Stage;
use serde::Deserialize;

/// The words of this build.
pub(crate) static KNOWLEDGE: LazyLock<Knowledge> =
    LazyLock::new(|| Knowledge::load().expect("notices.toml is checked by the tests of this crate"));

/// Longest line before a returned message, in bytes, without what stands around its words.
const BOUNDARY_BYTES_MAX: usize = 120;
/// Most places of one text at which the name of a host is looked for.
const HOSTS_MAX: usize = 200;

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
    hosts: Vec<String>,
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
    finder: Finder,
    /// For each word, the number of its group.
    groups: Vec<usize>,
}

impl Words {
    fn new(groups: &[Vec<String>]) -> Self {
        let finder = Finder::new(groups.iter().flatten());
        let groups = groups.iter().enumerate().flat_map(|(n, words)| words.iter().map(move |_| n)).collect();
        Self { finder, groups }
    }

    /// True when one of the words occurs.
    pub(crate) fn occurs(&self, text: &str) -> bool {
        self.finder.occurs(text.as_bytes())
    }

    /// The groups that occur, as bits; at most 64 groups. `at` is told where words of them end.
    fn groups_in(&self, text: &[u8], mut at: impl FnMut(usize, usize)) -> u64 {
        let mut seen = 0;
        let _all = self.finder.each(text, |hit| {
            let group = self.groups[hit.literal];
            seen |= 1 << group;
            at(group, hit.end);
            ControlFlow::Continue(())
        });
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
    /// By their first byte.
    boundaries: Vec<Vec<String>>,
    /// Without the colon that may stand behind them.
    labels: Vec<String>,
    /// The words of each step of the session, then those before the name of a host.
    said: Words,
    stage_names: Vec<Stage>,
    mta_names: Vec<String>,
}

/// What the words of the body hint at.
pub(crate) struct BodyHints<'k> {
    /// It speaks as a notice does.
    pub(crate) opening: bool,
    /// It has words that nothing but a notice has.
    pub(crate) certain: bool,
    /// It says that mail is only late.
    pub(crate) delay: bool,
    /// The program that writes such words.
    pub(crate) mta: Option<&'k str>,
}

impl Knowledge {
    fn load() -> Result<Self, String> {
        let written: Written =
            toml::from_str(include_str!("../../notices.toml")).map_err(|error| error.to_string())?;
        let stage_names = written.stage.iter().map(|stage| stage.name).collect();
        let mut said: Vec<Vec<String>> = written.stage.into_iter().map(|stage| stage.words).collect();
        said.push(written.hosts);
        let mta_names = written.mta.iter().map(|mta| mta.name.clone()).collect();
        let mut body = vec![written.openings, written.delays, written.certain];
        body.extend(written.mta.into_iter().map(|mta| mta.words));
        let mut boundaries = vec![Vec::new(); 256];
        for begin in written.boundaries {
            boundaries[usize::from(begin.as_bytes()[0])].push(begin);
        }
        if body.len() > 64 {
            return Err("over 61 programs".to_owned());
        }
        Ok(Self {
            senders: Words::new(&[written.senders]),
            unattended: Words::new(&[written.unattended]),
            subjects: Words::new(&[written.subjects]),
            body: Words::new(&body),
            not_recipients: Words::new(&[written.not_recipients]),
            boundaries,
            labels: written.labels.iter().map(|label| label.trim_end_matches(':').to_owned()).collect(),
            said: Words::new(&said),
            stage_names,
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
    pub(crate) fn body_hints(&self, text: &[u8]) -> BodyHints<'_> {
        let seen = self.body.groups_in(text, |_, _| ());
        let mta =
            (3..64).find(|group| seen >> group & 1 == 1).and_then(|group| self.mta_names.get(group - 3));
        BodyHints {
            opening: seen & 1 != 0,
            delay: seen & 2 != 0,
            certain: seen & 4 != 0,
            mta: mta.map(String::as_str),
        }
    }

    /// True when an address in this line is somebody else's.
    pub(crate) fn is_about_others(&self, line: &str) -> bool {
        self.not_recipients.occurs(line)
    }

    /// True for the line that stands before a returned message.
    pub(crate) fn is_boundary(&self, line: &str) -> bool {
        let is_ornament = |c: char| c.is_whitespace() || "-=*_#|+>:".contains(c);
        let plain = line.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        let line = if plain { line } else { line.trim_start_matches(is_ornament) };
        let Some(first) = line.as_bytes().first() else { return false };
        let begins = &self.boundaries[usize::from(first.to_ascii_lowercase())];
        if begins.is_empty() {
            return false;
        }
        let line = line.trim_end_matches(is_ornament);
        let is_begin = |begin: &String| {
            line.as_bytes().get(..begin.len()).is_some_and(|l| l.eq_ignore_ascii_case(begin.as_bytes()))
        };
        line.len() <= BOUNDARY_BYTES_MAX && begins.iter().any(is_begin)
    }

    /// True when these words stand right before the address of a recipient.
    pub(crate) fn is_label(&self, before: &str) -> bool {
        let lower = before.trim_end().to_lowercase();
        let lower = lower.trim_end_matches([':', ' ', '=']);
        let ends = |label: &&String| lower.as_bytes().last() == label.as_bytes().last();
        self.labels.iter().filter(ends).any(|label| {
            lower
                .strip_suffix(label.as_str())
                .is_some_and(|rest| rest.chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric()))
        })
    }

    /// The step of the session that these words tell, and what follows words like `host` and `connect to`.
    pub(crate) fn said<'t>(&self, text: &'t str) -> (Option<Stage>, impl Iterator<Item = &'t str> + use<'t>) {
        let mut hosts = Vec::new();
        let seen = self.said.groups_in(text.as_bytes(), |group, end| {
            if group == self.stage_names.len() {
                hosts.push(end);
            }
        });
        hosts.sort_unstable();
        let after = hosts.into_iter().take(HOSTS_MAX).filter_map(|end| text.get(end..));
        (self.stage_names.get(seen.trailing_zeros() as usize).copied(), after)
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
            |text: &str, expected: Option<Stage>| assert_eq!(KNOWLEDGE.said(text).0, expected, "{text}");
        check("550 no (in reply to RCPT TO command)", Some(Stage::Rcpt));
        check("552 big (in reply to end of DATA command)", Some(Stage::Content));
        check("192.0.2.1 does not like recipient.", Some(Stage::Rcpt));
        check("550 no", None);
    }
}
