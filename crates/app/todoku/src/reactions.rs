//! When X happened, do Y: the one place where siblings meet.
//!
//! Events are read with a durable cursor, at least once, in order; every reaction can be done twice without harm.

use std::{sync::Arc, time::Duration};

use audience::{ContactStore, OptOutRoute};
use bounce::{Fault, Permanence, Reason, Verdict};
use delivery::{
    ports::{Later, QueueStore},
    recorder::Clock,
    verp::Seal,
};
use evidence::{
    history::{Event, MessageStory},
    ports::{EventLog, HistoryStore},
};
use reception::{ArrivalKind, ArrivalStore, Recognised, recognise};

/// The cursor's name.
const READER: &str = "reactions";
/// Events read at once.
const BATCH: u64 = 300;
/// Pause when nothing is new.
const IDLE: Duration = Duration::from_millis(200);
/// Pause when the store cannot be asked.
const TROUBLE: Duration = Duration::from_secs(2);

/// What reactions ask of the house.
#[derive(Clone)]
pub struct Reactions {
    /// The events.
    pub log: Arc<dyn EventLog>,
    /// Messages and their recipients.
    pub history: Arc<dyn HistoryStore>,
    /// Contacts.
    pub contacts: Arc<dyn ContactStore>,
    /// Where later news about a message is recorded.
    pub queue: Arc<dyn QueueStore>,
    /// What arrived.
    pub arrivals: Arc<dyn ArrivalStore>,
    /// Reads our Message-IDs.
    pub message_ids: Seal,
    /// Where trouble with the store is told.
    pub health: Arc<delivery::health::Health>,
    /// The time.
    pub clock: Clock,
}

type Outcome = Result<(), audience::StoreFailure>;

impl Reactions {
    /// Reacts until `shutdown`.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.follow() => {}
            () = shutdown => {}
        }
    }

    async fn follow(&self) {
        loop {
            match self.step().await {
                Ok(0) => tokio::time::sleep(IDLE).await,
                Ok(_) => self.health.store_works(),
                Err(error) => {
                    self.health.store_fails(&error.to_string());
                    tracing::error!(%error, "reactions wait: the store cannot be asked");
                    tokio::time::sleep(TROUBLE).await;
                }
            }
        }
    }

    /// Reacts to the next batch of events; how many there were.
    async fn step(&self) -> Result<usize, audience::StoreFailure> {
        let events = self.log.unread(READER, BATCH).await?;
        for event in &events {
            self.react(event).await?;
        }
        if let Some(last) = events.last() {
            self.log.read_up_to(READER, last.id).await?;
        }
        Ok(events.len())
    }

    async fn react(&self, event: &Event) -> Outcome {
        match event.kind.as_str() {
            reception::event::ARRIVED => self.read_arrival(event).await,
            delivery::event::REFUSED | delivery::event::BOUNCED => self.judge_address(event).await,
            _ => Ok(()),
        }
    }

    /// A message was kept: recognise it, and record what it tells.
    async fn read_arrival(&self, event: &Event) -> Outcome {
        let Some(id) = event.detail["arrival_id"].as_i64() else { return Ok(()) };
        let (Some(arrival), Some(raw)) = (self.arrivals.get(id).await?, self.arrivals.raw(id).await?) else {
            return Ok(());
        };
        let arrived_at = arrival.arrived_at;
        // Large mails are read on their own thread, so that pages and sockets are not kept waiting.
        let seen = tokio::task::spawn_blocking(move || recognise(&raw, arrived_at)).await?;
        let about = arrival.recipient_id.or_else(|| self.named_by(&seen));
        let known = match about {
            Some(recipient_id) => self.history.message(recipient_id).await?,
            None => None,
        };
        let kind = if known.is_none() && seen.kind != ArrivalKind::Correspondence {
            ArrivalKind::Unmatched
        } else {
            seen.kind
        };
        if let Some(message) = &known {
            self.record_news(message, &seen, id).await?;
        }
        self.arrivals.recognise(id, kind, known.map(|message| message.id), (self.clock)()).await
    }

    fn named_by(&self, seen: &Recognised) -> Option<i64> {
        let (token, _domain) = seen.about_message_id.as_deref()?.split_once('@')?;
        self.message_ids.read(token)
    }

    async fn record_news(&self, message: &MessageStory, seen: &Recognised, arrival_id: i64) -> Outcome {
        let now = (self.clock)();
        let later = match seen.kind {
            ArrivalKind::Bounce => own_finding(message, seen),
            ArrivalKind::Delivered => Some(Later::Evidenced { kind: "delivered_dsn" }),
            ArrivalKind::AutoReply => Some(Later::Evidenced { kind: "auto_reply" }),
            ArrivalKind::Complaint => {
                self.contacts.opt_out(message.contact_id, OptOutRoute::Complaint, None, now).await?;
                Some(Later::Evidenced { kind: "complaint" })
            }
            _ => None,
        };
        if let Some(later) = later {
            self.queue.record_later(message.id, &later, arrival_id, now).await?;
        }
        Ok(())
    }

    /// A refusal that is the address's own fault, for good, switches the address off. Refusals by a receive filter,
    /// full mailboxes and our own faults never do.
    async fn judge_address(&self, event: &Event) -> Outcome {
        let Some(recipient_id) = event.recipient_id else { return Ok(()) };
        let Some(message) = self.history.message(recipient_id).await? else { return Ok(()) };
        let Some(verdict) = message.verdict.as_ref().filter(|verdict| proves_address_dead(verdict)) else {
            return Ok(());
        };
        let Ok(address) = mail::Address::parse(&message.address) else { return Ok(()) };
        self.contacts
            .mark_invalid(&address.key(), verdict.reason.name(), Some(recipient_id), (self.clock)())
            .await
    }
}

/// What is told of this very recipient. A report about somebody else, such as a forwarding target that the
/// customer's server tried, still is this message's bounce.
fn own_finding(message: &MessageStory, seen: &Recognised) -> Option<Later> {
    let key = mail::Address::parse(&message.address).ok()?.key();
    // One copy of a forwarded mail may have arrived while another failed.
    let failed =
        || seen.findings.iter().filter(|told| told.verdict.reason != Reason::Delivered && !told.is_late());
    let own = failed().find(|told| told.is_about(&key));
    let found = own.or_else(|| failed().next()).or_else(|| seen.findings.first())?;
    Some(Later::Bounced { verdict: found.verdict.clone(), reply: found.reply() })
}

fn proves_address_dead(verdict: &Verdict) -> bool {
    verdict.fault == Fault::Recipient
        && verdict.permanence == Permanence::Permanent
        && matches!(verdict.reason, Reason::UserUnknown | Reason::HasMoved | Reason::NotAccept)
}
