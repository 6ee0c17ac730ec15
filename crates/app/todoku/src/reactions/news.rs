//! A message came in: recognise it, and record what it tells about a message of ours.

use audience::OptOutRoute;
use bounce::Reason;
use delivery::ports::Later;
use evidence::history::{Event, MessageStory};
use reception::{ArrivalKind, Finding, JoinedBy, Recognised, recognise};

use super::{Outcome, Reactions};

/// Feedback reports that are no complaint of a person (RFC 5965 section 7.3, RFC 6430, RFC 6591).
const NO_COMPLAINTS: [&str; 4] = ["auth-failure", "not-spam", "dmarc", "virus"];

impl Reactions {
    /// A message was kept: recognise it, and record what it tells.
    pub(super) async fn read_arrival(&self, event: &Event) -> Outcome {
        let Some(id) = event.detail["arrival_id"].as_i64() else { return Ok(()) };
        let (Some(arrival), Some(raw)) = (self.arrivals.get(id).await?, self.arrivals.raw(id).await?) else {
            return Ok(());
        };
        let arrived_at = arrival.arrived_at;
        // Large mails are read on their own thread, so that pages and sockets are not kept waiting.
        let seen = tokio::task::spawn_blocking(move || recognise(&raw, arrived_at)).await?;
        let joined = self.join(&arrival, &seen).await?;
        let is_report = seen.kind != ArrivalKind::Correspondence;
        let kind = if joined.is_none() && is_report { ArrivalKind::Unmatched } else { seen.kind };
        if let Some((joined, message)) = &joined {
            self.record_news(message, &seen, joined.by, id).await?;
        }
        self.arrivals.recognise(id, kind, joined.map(|(joined, _)| joined), (self.clock)()).await
    }

    async fn record_news(
        &self,
        message: &MessageStory,
        seen: &Recognised,
        joined_by: JoinedBy,
        arrival_id: i64,
    ) -> Outcome {
        let now = (self.clock)();
        let later = match seen.kind {
            ArrivalKind::Bounce => bounced(message, seen, joined_by),
            ArrivalKind::Delivered => confirmed(&seen.findings),
            ArrivalKind::AutoReply => Some(Later::Evidenced { kind: "auto_reply" }),
            ArrivalKind::Complaint if is_complaint(seen) => {
                let route = OptOutRoute::Complaint;
                self.contacts.opt_out_after(message.contact_id, route, message.id, now).await?;
                self.sources.count_complaint(message.id, now).await?;
                Some(Later::Evidenced { kind: "complaint" })
            }
            _ => None,
        };
        if let Some(later) = later {
            self.queue.record_later(message.id, &later, arrival_id, now).await?;
        }
        Ok(())
    }
}

/// What a bounce means for the message. A bounce about somebody else, such as a forwarding target that the customer's
/// server tried, still is this message's bounce; it says nothing about the customer's own address.
fn bounced(message: &MessageStory, seen: &Recognised, joined_by: JoinedBy) -> Option<Later> {
    let key = mail::Address::parse(&message.address).ok()?.key();
    let told = || seen.findings.iter().filter(|told| !told.is_late());
    let is_delivered = |told: &&Finding| told.verdict.reason == Reason::Delivered;
    // One copy of a forwarded mail may have arrived while another failed.
    let failed = told().find(|told| told.is_about(&key) && !is_delivered(told));
    let arrived = || told().find(|told| told.is_about(&key) && is_delivered(told));
    let finding = failed.or_else(arrived).or_else(|| told().find(|told| !is_delivered(told)));
    let finding = finding.or_else(|| seen.findings.first())?;
    if is_delivered(&finding) {
        return confirmed(std::slice::from_ref(finding));
    }
    let (verdict, reply) = (finding.verdict.clone(), finding.reply());
    Some(if joined_by.is_signed() && finding.is_own(&key) {
        Later::Bounced { verdict, reply }
    } else {
        Later::BouncedAside { verdict, reply, about: finding.recipient.clone() }
    })
}

/// Evidence where a server or the reader's program confirms delivery itself; "relayed" and "expanded" only say that
/// it went on (RFC 3464 section 2.3.3).
fn confirmed(findings: &[Finding]) -> Option<Later> {
    let went_on = |finding: &Finding| matches!(finding.action.as_deref(), Some("relayed" | "expanded"));
    let all_went_on = !findings.is_empty() && findings.iter().all(went_on);
    (!all_went_on).then_some(Later::Evidenced { kind: "delivered_dsn" })
}

fn is_complaint(seen: &Recognised) -> bool {
    let kind = seen.feedback_type.as_deref().unwrap_or_default();
    !NO_COMPLAINTS.iter().any(|other| kind.eq_ignore_ascii_case(other))
}
