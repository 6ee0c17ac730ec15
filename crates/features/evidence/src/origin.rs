//! The five-digit delivery codes of older Japanese mail systems beside our reasons, for people who know them by heart.

use bounce::{Reason, Verdict};
use delivery::recipient::State;

/// The server took it.
const TAKEN: &str = "40000";
/// Every bounce that came later, whatever its reason.
const CAME_LATER: &str = "90000";

/// The codes a message would have there: for a later bounce that of its reason, and the one for all of them.
#[must_use]
pub fn codes_of(state: State, verdict: Option<&Verdict>) -> Vec<&'static str> {
    let reason = verdict.map(|verdict| bounce::explain(verdict.reason, None).origin_code);
    let mut codes = match state {
        State::Accepted | State::Evidenced => vec![TAKEN],
        State::Deferred | State::Refused | State::Doubtful => reason.into_iter().collect(),
        State::Bounced => reason.into_iter().chain([CAME_LATER]).collect(),
        State::Withheld | State::Waiting => Vec::new(),
    };
    codes.retain(|code| !code.is_empty());
    codes.dedup();
    codes
}

/// What is found under a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The reasons that have it.
    pub reasons: Vec<Reason>,
    /// True where it stands for every bounce that came later.
    pub is_later: bool,
}

/// The meaning of a code; `None` where `text` is none.
#[must_use]
pub fn meaning(text: &str) -> Option<Meaning> {
    let has_code = |reason: &Reason| bounce::explain(*reason, None).origin_code == text;
    let reasons: Vec<Reason> = Reason::ALL.iter().copied().filter(has_code).collect();
    let is_code = text.len() == 5 && !reasons.is_empty();
    is_code.then(|| Meaning { reasons, is_later: text == CAME_LATER })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let check = |state, reason: Option<Reason>, expected: &[&str]| {
            let verdict = reason.map(|reason| bounce::known(reason, ""));
            assert_eq!(codes_of(state, verdict.as_ref()), expected, "{state:?} {reason:?}");
        };
        check(State::Accepted, None, &["40000"]);
        check(State::Refused, Some(Reason::HostUnknown), &["41605"]);
        check(State::Refused, Some(Reason::Expired), &["41606"]);
        check(State::Refused, Some(Reason::UserUnknown), &["42550"]);
        check(State::Bounced, Some(Reason::Filtered), &["42550", "90000"]);
        check(State::Bounced, Some(Reason::OnHold), &["90000"]);
        check(State::Waiting, None, &[]);
    }

    #[test]
    fn meanings() {
        let check = |text: &str, reason: Reason, expected: bool| {
            assert_eq!(
                meaning(text).is_some_and(|meaning| meaning.reasons.contains(&reason)),
                expected,
                "{text}"
            );
        };
        check("42550", Reason::UserUnknown, true);
        check("42550", Reason::Filtered, true);
        check("42552", Reason::MailboxFull, true);
        check("42551", Reason::UserUnknown, false);
        assert!(meaning("90000").is_some_and(|meaning| meaning.is_later));
        for text in ["", "550", "12345", "hanako"] {
            assert_eq!(meaning(text), None, "{text}");
        }
    }
}
