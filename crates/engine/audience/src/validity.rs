//! When failed messages make an address count as not working: thresholds per reason, kept as data. Pure.

use std::sync::LazyLock;

use bounce::{Fault, Permanence, Reason, Verdict};
use serde::Deserialize;

const HOUR_MS: i64 = 3_600_000;

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    toml::from_str(include_str!("../tables/validity.toml")).expect("a test reads tables/validity.toml")
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    arrived_after_hours: i64,
    guessed_below: u8,
    rule: Vec<Rule>,
    in_a_row: InARow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    reason: Vec<Reason>,
    failures: u32,
    hours: i64,
    temporary_counts_as: Option<Reason>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InARow {
    also: Vec<Reason>,
}

/// What the house decides about the thresholds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValiditySettings {
    /// Switches an address off after so many failures in a row whatever their reasons, besides the rules; those that
    /// are our own fault or the message's never count.
    pub failures_in_a_row: Option<u32>,
    /// When a preferred address is switched off by failures and the contact has another one that works, that becomes
    /// the preferred one by itself. Otherwise the pages propose it.
    pub prefers_another: bool,
}

/// One message that did not reach an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The message.
    pub recipient_id: i64,
    /// When it failed, in milliseconds UTC.
    pub at: i64,
    /// Why.
    pub reason: Reason,
    /// True when the refusal proves no lasting failure: it called itself temporary and the time for retries ran out, or
    /// its reason is guessed from a number alone.
    pub is_temporary: bool,
}

/// A failure to be recorded, with the address it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFailure {
    /// [`mail::Address::key`].
    pub address_key: String,
    /// What happened.
    pub failure: Failure,
    /// The mail that told of it, where one did.
    pub arrival_id: Option<i64>,
}

/// One message that an address's server took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// When, in milliseconds UTC.
    pub at: i64,
    /// True when there is evidence that it arrived; otherwise a bounce may still come.
    pub is_proven: bool,
}

/// What is known about messages to one address, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressHistory {
    /// Failures that nobody has lifted.
    pub failures: Vec<Failure>,
    /// What was taken since the oldest of them.
    pub delivered: Vec<Delivered>,
}

/// Failures in a row for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The reason of the last one.
    pub reason: Reason,
    /// How many.
    pub failures: u32,
    /// How many switch the address off.
    pub failures_max: u32,
    /// The first.
    pub first_at: i64,
    /// The last.
    pub last_at: i64,
}

/// What the failures of an address mean for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing counts against it.
    None,
    /// It goes on to be used; the run that is nearest to its end.
    Watched(Run),
    /// It counts as not working.
    SwitchedOff(Run),
}

/// The reasons of which one permanent failure shows that an address is dead.
pub fn dead_at_once() -> impl Iterator<Item = Reason> {
    RULES.rule.iter().filter(|rule| rule.failures == 1).flat_map(|rule| rule.reason.iter().copied())
}

/// Whether a failure of this kind is counted against an address at all.
#[must_use]
pub fn counts(reason: Reason, fault: Fault) -> bool {
    let ours = matches!(fault, Fault::OurConfiguration | Fault::Content);
    !ours && (rule_of(reason).is_some() || RULES.in_a_row.also.contains(&reason))
}

/// The failure that a verdict is.
#[must_use]
pub fn failure_of(verdict: &Verdict, recipient_id: i64, at: i64) -> Failure {
    let is_guess = verdict.confidence < RULES.guessed_below;
    let is_temporary = verdict.permanence == Permanence::Temporary || is_guess;
    Failure { recipient_id, at, reason: verdict.reason, is_temporary }
}

/// What the failures of an address mean for it now.
#[must_use]
pub fn consequence(history: &AddressHistory, now: i64, settings: &ValiditySettings) -> Consequence {
    let arrived =
        |taken: &&Delivered| taken.is_proven || now - taken.at >= RULES.arrived_after_hours * HOUR_MS;
    let last_arrival = history.delivered.iter().filter(arrived).map(|taken| taken.at).max();
    let mut row: Vec<&Failure> =
        history.failures.iter().filter(|failure| last_arrival.is_none_or(|at| failure.at > at)).collect();
    row.sort_unstable_by_key(|failure| failure.at);
    let mut nearest: Option<Run> = None;
    for (run, is_over) in runs(&row, settings) {
        if is_over {
            return Consequence::SwitchedOff(run);
        }
        let left = |run: &Run| run.failures_max.saturating_sub(run.failures);
        if nearest.as_ref().is_none_or(|best| left(&run) < left(best)) {
            nearest = Some(run);
        }
    }
    nearest.map_or(Consequence::None, Consequence::Watched)
}

/// The run of each rule, and whether it has reached its end.
fn runs(row: &[&Failure], settings: &ValiditySettings) -> Vec<(Run, bool)> {
    let of_rule = |rule: &Rule| {
        let counted = row.iter().filter(|failure| rule.reason.contains(&counted_as(failure)));
        let run = run(counted.copied(), rule.failures)?;
        Some((run, run.failures >= rule.failures && run.last_at - run.first_at >= rule.hours * HOUR_MS))
    };
    let mut runs: Vec<(Run, bool)> = RULES.rule.iter().filter_map(of_rule).collect();
    let plain = settings.failures_in_a_row.and_then(|max| run(row.iter().copied(), max.max(1)));
    runs.extend(plain.map(|run| (run, run.failures >= run.failures_max)));
    runs
}

fn run<'a>(counted: impl Iterator<Item = &'a Failure>, failures_max: u32) -> Option<Run> {
    counted.fold(None, |run: Option<Run>, failure| {
        Some(Run {
            reason: failure.reason,
            failures: run.map_or(1, |run| run.failures + 1),
            failures_max,
            first_at: run.map_or(failure.at, |run| run.first_at),
            last_at: failure.at,
        })
    })
}

fn counted_as(failure: &Failure) -> Reason {
    let instead = rule_of(failure.reason).and_then(|rule| rule.temporary_counts_as);
    instead.filter(|_| failure.is_temporary).unwrap_or(failure.reason)
}

fn rule_of(reason: Reason) -> Option<&'static Rule> {
    RULES.rule.iter().find(|rule| rule.reason.contains(&reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `userunknown@0h` a failure, `450userunknown@0h` a temporary one, `ok@5h` accepted, `proof@5h` evidence.
    fn history(told: &str) -> AddressHistory {
        let mut history = AddressHistory::default();
        for (n, word) in told.split_whitespace().enumerate() {
            let (what, at) = word.split_once('@').unwrap();
            let at = at.strip_suffix('h').unwrap().parse::<i64>().unwrap() * HOUR_MS;
            if let "ok" | "proof" = what {
                history.delivered.push(Delivered { at, is_proven: what == "proof" });
                continue;
            }
            let name = what.trim_start_matches("450");
            let reason = Reason::from_name(name).unwrap();
            history.failures.push(Failure { recipient_id: n as i64, at, reason, is_temporary: name != what });
        }
        history
    }

    /// `off reason failures`, `watched reason failures/max`, or nothing; judged right after the last word.
    fn check_with(settings: ValiditySettings, told: &str, expected: &str) {
        let history = history(told);
        let taken = history.delivered.iter().map(|taken| taken.at);
        let now = history.failures.iter().map(|failure| failure.at).chain(taken).max().unwrap_or(0);
        let seen = match consequence(&history, now, &settings) {
            Consequence::None => String::new(),
            Consequence::Watched(run) => {
                format!("watched {} {}/{}", run.reason.name(), run.failures, run.failures_max)
            }
            Consequence::SwitchedOff(run) => format!("off {} {}", run.reason.name(), run.failures),
        };
        assert_eq!(seen, expected, "{told}");
    }

    fn check(told: &str, expected: &str) {
        check_with(ValiditySettings::default(), told, expected);
    }

    #[test]
    fn a_dead_address_goes_at_once() {
        check("", "");
        check("userunknown@0h", "off userunknown 1");
        check("hasmoved@0h", "off hasmoved 1");
        check("notaccept@0h", "off notaccept 1");
        check("450userunknown@0h", "watched userunknown 1/3");
        check("450userunknown@0h expired@200h 450userunknown@336h", "off userunknown 3");
    }

    #[test]
    fn others_need_several_over_time() {
        check("hostunknown@0h", "watched hostunknown 1/2");
        check("hostunknown@0h hostunknown@47h", "watched hostunknown 2/2");
        check("hostunknown@0h hostunknown@48h", "off hostunknown 2");
        check("mailboxfull@0h mailboxfull@100h mailboxfull@336h", "watched mailboxfull 3/4");
        check("mailboxfull@0h mailboxfull@1h mailboxfull@2h mailboxfull@3h", "watched mailboxfull 4/4");
        check("mailboxfull@0h mailboxfull@1h mailboxfull@2h mailboxfull@336h", "off mailboxfull 4");
        check("suspend@0h suspend@9h suspend@336h", "off suspend 3");
        check("expired@0h expired@9h expired@336h", "off expired 3");
        check(
            "networkerror@0h networkerror@1h networkerror@2h networkerror@3h networkerror@720h",
            "off networkerror 5",
        );
        check("undefined@0h onhold@1h undefined@2h onhold@3h", "watched onhold 4/5");
        check("undefined@0h onhold@1h undefined@2h onhold@3h undefined@4h", "off undefined 5");
        check("suspend@0h mailboxfull@9h expired@336h", "watched suspend 1/3");
    }

    #[test]
    fn what_arrived_ends_a_row() {
        check("hostunknown@0h proof@20h hostunknown@48h", "watched hostunknown 1/2");
        check("mailboxfull@0h proof@1h", "");
        check("hostunknown@0h ok@20h hostunknown@48h", "off hostunknown 2");
        check("hostunknown@0h ok@20h hostunknown@92h", "watched hostunknown 1/2");
        check("proof@0h userunknown@1h", "off userunknown 1");
    }

    #[test]
    fn living_customers_and_our_own_faults_never_count() {
        check("filtered@0h filtered@400h filtered@800h filtered@1200h filtered@9000h", "");
        for (reason, fault, expected) in [
            (Reason::UserUnknown, Fault::Recipient, true),
            (Reason::UserUnknown, Fault::OurConfiguration, false),
            (Reason::Filtered, Fault::Recipient, true),
            (Reason::AuthFailure, Fault::OurConfiguration, false),
            (Reason::SpamDetected, Fault::Content, false),
            (Reason::RateLimited, Fault::Transient, false),
            (Reason::Feedback, Fault::Recipient, false),
            (Reason::Vacation, Fault::Unknown, false),
        ] {
            assert_eq!(counts(reason, fault), expected, "{reason:?} {fault:?}");
        }
    }

    #[test]
    fn a_guess_switches_nobody_off_at_once() {
        for (line, expected) in [
            ("550 5.1.1 <hanako@shop.example>: User unknown", false),
            ("550 5.1.1 no", false),
            ("550 5.1.0 no", true),
            ("550 kurage", true),
            ("450 4.1.1 <hanako@shop.example>: User unknown", true),
        ] {
            let (reply, _) = mail::Reply::from_lines([line]);
            let verdict = bounce::understand(&bounce::Refusal::new(&reply, mail::Stage::Rcpt, 0));
            assert_eq!(verdict.reason, Reason::UserUnknown, "{line}");
            assert_eq!(failure_of(&verdict, 1, 0).is_temporary, expected, "{line}");
        }
    }

    #[test]
    fn any_three_in_a_row_where_the_house_wants_it() {
        let three = ValiditySettings { failures_in_a_row: Some(3), ..ValiditySettings::default() };
        check_with(three, "filtered@0h mailboxfull@1h", "watched mailboxfull 2/3");
        check_with(three, "filtered@0h mailboxfull@1h expired@2h", "off expired 3");
        check_with(three, "filtered@0h mailboxfull@1h proof@2h expired@3h", "watched expired 1/3");
        check_with(three, "userunknown@0h", "off userunknown 1");
    }

    #[test]
    fn the_table_names_each_reason_once() {
        let mut named: Vec<Reason> = RULES.rule.iter().flat_map(|rule| rule.reason.clone()).collect();
        named.extend(&RULES.in_a_row.also);
        let all = named.len();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.len(), all);
        assert!(RULES.rule.iter().all(|rule| rule.failures > 0 && rule.hours >= 0));
    }
}
