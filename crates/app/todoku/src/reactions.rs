//! When X happened, do Y: the one place where siblings meet.
//!
//! Events are read with a durable cursor, at least once, in order; every reaction can be done twice without harm.

mod joining;
mod news;

use std::{sync::Arc, time::Duration};

use audience::{AddressFailure, ContactStore, ValiditySettings, ValidityStore, counts, failure_of};
use bounce::{Fault, Reason};
use delivery::{
    health::{Health, Work},
    ports::{QueueStore, SourceStore},
    recorder::Clock,
    verp::Seal,
};
use evidence::{
    history::Event,
    ports::{EventLog, HistoryStore},
};
use reception::ArrivalStore;

/// The cursor's name.
pub const READER: &str = "reactions";
/// Events read at once.
const BATCH: u64 = 1_000;
/// Pause when little or nothing is new: few large steps cost less than many small ones.
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
    /// Whether their addresses work.
    pub validity: Arc<dyn ValidityStore>,
    /// When an address counts as not working.
    pub validity_settings: ValiditySettings,
    /// Where later news about a message is recorded.
    pub queue: Arc<dyn QueueStore>,
    /// What arrived.
    pub arrivals: Arc<dyn ArrivalStore>,
    /// The sources that complaints count against.
    pub sources: Arc<dyn SourceStore>,
    /// Reads our Message-IDs.
    pub message_ids: Seal,
    /// Where trouble with the store is told.
    pub health: Arc<Health>,
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
                Ok(events) => {
                    self.health.store_works(Work::Reactions);
                    if (events as u64) < BATCH / 2 {
                        tokio::time::sleep(IDLE).await;
                    }
                }
                Err(error) => {
                    self.health.store_fails(Work::Reactions, error.as_ref());
                    tokio::time::sleep(TROUBLE).await;
                }
            }
        }
    }

    /// Reacts to the next batch of events; how many there were.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn step(&self) -> Result<usize, audience::StoreFailure> {
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
            delivery::event::REFUSED | delivery::event::BOUNCED => self.count_failure(event).await,
            _ => Ok(()),
        }
    }

    /// A message did not reach an address: what that means for the address, `audience` decides. Only the recipient's
    /// own failure counts, and only what somebody who had the message can have told.
    async fn count_failure(&self, event: &Event) -> Outcome {
        let text = |key: &str| event.detail[key].as_str().unwrap_or_default();
        let (reason, fault) = (Reason::from_name(text("reason")), Fault::from_name(text("fault")));
        let counted = matches!((reason, fault), (Some(reason), Some(fault)) if counts(reason, fault));
        if !counted || event.detail["aside"] == true {
            return Ok(());
        }
        let Some(recipient_id) = event.recipient_id else { return Ok(()) };
        let Some(message) = self.history.message(recipient_id).await? else { return Ok(()) };
        let (Some(verdict), Ok(address)) = (&message.verdict, mail::Address::parse(&message.address)) else {
            return Ok(());
        };
        let failure = AddressFailure {
            address_key: address.key(),
            failure: failure_of(verdict, recipient_id, event.at),
            arrival_id: event.detail["arrival_id"].as_i64(),
        };
        self.validity.record_failure(&failure, &self.validity_settings, (self.clock)()).await?;
        Ok(())
    }
}
