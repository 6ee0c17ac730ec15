//! The one place that decides what an attempt became.

use bounce::{Fault, Permanence, Reason, Refusal, Verdict};
use mail::Reply;

use crate::{
    attempt::{Attempt, Trouble},
    ports::Claimed,
    recipient::State,
    retry::{RetryPolicy, asked_wait},
};

/// What an attempt became.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// [`State::Accepted`], [`State::Deferred`], [`State::Refused`] or [`State::Doubtful`].
    pub state: State,
    /// When it is tried again; with [`State::Deferred`] only.
    pub next_at: Option<i64>,
    /// Why, unless it was accepted or nobody knows.
    pub verdict: Option<Verdict>,
}

/// Decides.
///
/// A success reply to the content is acceptance, a 4yz or any trouble that may pass is a deferral, a 5yz ends it
/// (RFC 5321 section 4.2.1); a deferral whose next try would come after the deadline ends it too, with the reason
/// that held it up where that reason says something of its own. Whole content without an answer is in doubt, and
/// follows the lane as after a crash.
#[must_use]
pub fn decide(claimed: &Claimed, attempt: &Attempt, policy: RetryPolicy<'_>) -> Outcome {
    let Some(verdict) = judge(claimed, attempt) else {
        return Outcome { state: State::Accepted, next_at: None, verdict: None };
    };
    if ends_it(attempt) {
        return Outcome { state: State::Refused, next_at: None, verdict: Some(verdict) };
    }
    if is_in_doubt(attempt) && !claimed.lane.resends_in_doubt() {
        return Outcome { state: State::Doubtful, next_at: None, verdict: None };
    }
    let next_at = policy.next_at_asked(
        claimed.id,
        claimed.attempts + 1,
        attempt.reply.as_ref().and_then(asked_wait),
        attempt.ended_at,
    );
    if next_at > claimed.expires_at {
        return Outcome { state: State::Refused, next_at: None, verdict: Some(expired(verdict)) };
    }
    Outcome { state: State::Deferred, next_at: Some(next_at), verdict: Some(verdict) }
}

/// `None` for a success.
fn judge(claimed: &Claimed, attempt: &Attempt) -> Option<Verdict> {
    let host = attempt.peer.as_ref().map(|peer| peer.host.as_str());
    match (&attempt.reply, attempt.trouble) {
        (Some(reply), None) if reply.is_success() => None,
        (Some(reply), _) if reply.is_transient() || reply.is_permanent() => {
            Some(understand(claimed, attempt, reply, host))
        }
        (_, Some(trouble)) => Some(own_verdict(trouble, &attempt.detail)),
        (reply, None) => {
            let words = reply.as_ref().map_or_else(|| attempt.detail.clone(), Reply::line);
            Some(own_verdict(Trouble::NotSmtp, &words))
        }
    }
}

fn understand(claimed: &Claimed, attempt: &Attempt, reply: &Reply, host: Option<&str>) -> Verdict {
    bounce::understand(&Refusal {
        provider: Some(claimed.provider.as_str()).filter(|id| !id.is_empty()),
        recipient: Some(&claimed.to),
        remote_host: host,
        ..Refusal::new(reply, attempt.stage, attempt.ended_at)
    })
}

fn ends_it(attempt: &Attempt) -> bool {
    match (&attempt.reply, attempt.trouble) {
        (_, Some(trouble)) if is_final(trouble) => true,
        // A refusal of the whole connection says nothing about this recipient; another day or host may do.
        (Some(reply), _) if reply.is_permanent() => attempt.stage > mail::Stage::Auth,
        _ => false,
    }
}

/// The server may have taken the message and not lived, or not got through, to say so (RFC 1047).
fn is_in_doubt(attempt: &Attempt) -> bool {
    let cut_off =
        matches!(attempt.trouble, Some(Trouble::TimedOut | Trouble::Disconnected | Trouble::NotSmtp));
    let refused = attempt.reply.as_ref().is_some_and(|reply| reply.is_transient() || reply.is_permanent());
    attempt.stage == mail::Stage::Content && cut_off && !refused
}

fn is_final(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::NoSuchDomain | Trouble::NullMx | Trouble::NoMailHost | Trouble::Unrenderable)
}

/// A verdict on what no server said. Our own words never go through the rules for servers' words.
fn own_verdict(trouble: Trouble, detail: &str) -> Verdict {
    use Trouble as T;
    let (reason, permanence, fault) = match trouble {
        T::NoSuchDomain | T::NoMailHost => (Reason::HostUnknown, Permanence::Permanent, Fault::Recipient),
        T::NullMx => (Reason::NotAccept, Permanence::Permanent, Fault::Recipient),
        T::DnsTrouble | T::Refused | T::TimedOut | T::Disconnected | T::Unreachable => {
            (Reason::NetworkError, Permanence::Temporary, Fault::Transient)
        }
        T::TlsFailed => (Reason::FailedStartTls, Permanence::Temporary, Fault::Transient),
        // A certificate renewed or a policy mended tomorrow lets it through: never permanent by itself.
        T::TlsUnproven | T::MxNotInPolicy | T::DnssecBroken => {
            (Reason::SecurityError, Permanence::Temporary, Fault::Transient)
        }
        T::NotOffered => (Reason::NotCompliantRfc, Permanence::Permanent, Fault::Recipient),
        T::TooLarge => (Reason::EmailTooLarge, Permanence::Permanent, Fault::Content),
        T::NotSmtp => (Reason::SystemError, Permanence::Temporary, Fault::Transient),
        T::AuthRefused => (Reason::SecurityError, Permanence::Temporary, Fault::OurConfiguration),
        T::Unrenderable => (Reason::ContentError, Permanence::Permanent, Fault::Content),
    };
    Verdict {
        reason,
        permanence,
        fault,
        evidence: detail.to_owned(),
        rule: format!("own.{}", trouble.name()),
        rule_pack: bounce::rule_pack().to_owned(),
        confidence: 100,
    }
}

/// The verdict when an operator gives a message up that waits: nobody's fault but a decision, in her words.
#[must_use]
pub fn given_up(words: &str) -> Verdict {
    Verdict {
        reason: Reason::Expired,
        permanence: Permanence::Permanent,
        fault: Fault::OurConfiguration,
        evidence: words.to_owned(),
        rule: "own.given_up".to_owned(),
        rule_pack: bounce::rule_pack().to_owned(),
        confidence: 100,
    }
}

/// The verdict when the deadline passed. A full mailbox stays a full mailbox; a server that never answered is
/// "expired".
fn expired(verdict: Verdict) -> Verdict {
    use Reason as R;
    let says_nothing_itself = matches!(
        verdict.reason,
        R::NetworkError | R::SystemError | R::MailerError | R::Greylisted | R::OnHold | R::Undefined
    );
    if !says_nothing_itself {
        return verdict;
    }
    Verdict { reason: Reason::Expired, rule: format!("own.expired<{}", verdict.rule), ..verdict }
}

#[cfg(test)]
mod tests {
    use mail::Stage;

    use super::*;
    use crate::{attempt::Peer, recipient::Lane};

    const HOUR: i64 = 3_600_000;
    /// 2026-11-20 00:00 UTC.
    const NOW: i64 = 1_795_132_800_000;

    fn row(to: &str, provider: &str, attempts: u32, expires_at: i64) -> Claimed {
        Claimed {
            id: 7,
            broadcast_id: Some(1),
            template_version_id: 1,
            contact_id: 1,
            lane: Lane::Broadcast,
            to: to.into(),
            site: "example.jp".into(),
            provider: provider.into(),
            attempts,
            queued_at: NOW,
            expires_at,
            values: std::collections::BTreeMap::new(),
            values_fixed: false,
            from_domain: "shop.example".into(),
            pool: None,
            sticky_source: None,
        }
    }

    fn attempt(stage: Stage, reply: Option<&str>, trouble: Option<Trouble>) -> Attempt {
        Attempt {
            started_at: NOW,
            ended_at: NOW,
            source: crate::source::FIRST_SOURCE,
            peer: Some(Peer { host: "mx.example.jp".into(), ..Peer::default() }),
            stage,
            reply: reply.map(|line| Reply::from_lines(line.split('\n')).0),
            trouble,
            detail: "words".into(),
        }
    }

    fn check(row: &Claimed, attempt: &Attempt, expected: &str) {
        assert_eq!(outcome_words(row, attempt), expected, "{attempt:?}");
    }

    fn outcome_words(row: &Claimed, attempt: &Attempt) -> String {
        let outcome = decide(row, attempt, RetryPolicy::of(&[crate::pacing::limits::Span(300_000)]));
        assert_eq!(outcome.next_at.is_some(), outcome.state == State::Deferred);
        match &outcome.verdict {
            None => outcome.state.name().to_owned(),
            Some(verdict) => {
                format!("{} {} {}", outcome.state.name(), verdict.reason.name(), verdict.fault.name())
            }
        }
    }

    #[test]
    fn replies() {
        let au = row("hanako@ezweb.ne.jp", "au", 0, NOW + 24 * HOUR);
        let said = |stage, line| attempt(stage, Some(line), None);
        check(&au, &said(Stage::Content, "250 OK"), "accepted");
        check(
            &au,
            &said(Stage::Rcpt, "550 <hanako@ezweb.ne.jp>: User unknown"),
            "refused userunknown recipient",
        );
        check(&au, &said(Stage::Content, "550 : User unknown"), "refused filtered recipient");
        check(&au, &said(Stage::Rcpt, "450 4.7.1 Greylisted, try later"), "deferred greylisted transient");
        check(
            &au,
            &said(
                Stage::Greeting,
                "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using dnsbl.example",
            )
            .with(Trouble::NotSmtp),
            "deferred blocked sender",
        );
    }

    #[test]
    fn troubles() {
        let row = row("hanako@example.jp", "", 0, NOW + 24 * HOUR);
        let met = |trouble| attempt(Stage::Connect, None, Some(trouble));
        check(&row, &met(Trouble::NoSuchDomain), "refused hostunknown recipient");
        check(&row, &met(Trouble::NullMx), "refused notaccept recipient");
        check(&row, &met(Trouble::DnsTrouble), "deferred networkerror transient");
        check(&row, &met(Trouble::Refused), "deferred networkerror transient");
        check(&row, &met(Trouble::Unrenderable), "refused contenterror content");
        check(&row, &attempt(Stage::Rcpt, Some("354 what"), None), "deferred systemerror transient");
    }

    #[test]
    fn content_without_an_answer_is_in_doubt() {
        let broadcast = row("hanako@example.jp", "", 0, NOW + 24 * HOUR);
        let order = Claimed { lane: Lane::Transactional, ..row("hanako@example.jp", "", 0, NOW + 24 * HOUR) };
        for trouble in [Trouble::TimedOut, Trouble::Disconnected, Trouble::NotSmtp] {
            let met = |stage| attempt(stage, None, Some(trouble));
            check(&broadcast, &met(Stage::Content), "doubtful");
            let again = outcome_words(&order, &met(Stage::Content));
            assert!(again.starts_with("deferred"), "an order mail is sent again: {again}");
            let not_whole = outcome_words(&broadcast, &met(Stage::Data));
            assert!(
                not_whole.starts_with("deferred"),
                "what was not sent whole cannot have been taken: {not_whole}"
            );
        }
        let said = attempt(Stage::Content, Some("451 4.3.0 Try again"), Some(Trouble::Disconnected));
        check(&broadcast, &said, "deferred systemerror transient");
    }

    #[test]
    fn the_deadline_ends_it_with_the_reason_that_held_it_up() {
        let late = row("hanako@example.jp", "", 40, NOW + 60_000);
        check(&late, &attempt(Stage::Connect, None, Some(Trouble::TimedOut)), "refused expired transient");
        check(
            &late,
            &attempt(Stage::Rcpt, Some("452 4.2.2 mailbox full"), None),
            "refused mailboxfull recipient",
        );
    }

    impl Attempt {
        fn with(mut self, trouble: Trouble) -> Self {
            self.trouble = Some(trouble);
            self
        }
    }
}
