//! Torture: a broadcast under one fault after another, with an account of who was lost and who got it twice.
//!
//! Each story plays a short form; with `TODOKU_TORTURE=full`, as `bin/torture` sets it, the long one. The line it
//! prints becomes a row of the table that `bin/torture` shows.

mod clock;
mod domains;
mod kills;
mod names;
mod peer;
mod read_only;
mod wire;

use std::{collections::BTreeMap, time::Duration};

use campaigns::{
    broadcast::{BroadcastId, BroadcastState},
    ports::BroadcastStore,
};
use delivery::recipient::State;
use storage::Store;

use crate::stage::{plain, rows, wait_until};

/// How often each address got the mail, as the other side counted.
pub type Got = BTreeMap<String, u64>;

/// The value of the form that is played.
fn short_or_full<T>(short: T, full: T) -> T {
    if std::env::var("TODOKU_TORTURE").is_ok_and(|form| form == "full") { full } else { short }
}

/// Waits until everybody has an outcome.
async fn until_finished(store: &Store, broadcast: BroadcastId, patience: Duration) {
    wait_until("everybody's outcome", patience, async || {
        let found = BroadcastStore::get(store, broadcast).await.expect("asked").expect("it exists");
        found.state == BroadcastState::Finished
    })
    .await;
    let counts = store.counts(broadcast).await.expect("counted");
    assert_eq!(counts.of(State::Waiting) + counts.of(State::Deferred), 0, "{counts:?}");
}

/// Prints the account of those whose address ends so, and fails when somebody is lost, doubled, or not told of.
pub async fn account(fault: &str, store: &Store, broadcast: BroadcastId, ending: &str, got: &Got) {
    let rows = rows(store, broadcast).await;
    let people: Vec<(String, State)> = rows
        .iter()
        .map(|row| (plain(&row.address), row.state))
        .filter(|(address, _)| address.ends_with(ending))
        .collect();
    let count = |wanted: &dyn Fn(&str, State) -> bool| {
        people.iter().filter(|(address, state)| wanted(address, *state)).count()
    };
    let has = |address: &str| got.contains_key(address);
    let delivered = count(&|address, _| has(address));
    let in_doubt = count(&|_, state| state == State::Doubtful);
    let refused = count(&|_, state| state == State::Refused);
    // Without the mail, and no row says that it may be so.
    let lost = count(&|address, state| !has(address) && !matches!(state, State::Doubtful | State::Refused));
    // With the mail, and the row says that it was refused.
    let denied = count(&|address, state| has(address) && state == State::Refused);
    let doubled = count(&|address, _| got.get(address).is_some_and(|count| *count > 1));
    let good = lost + doubled + denied == 0 && !people.is_empty();
    println!(
        "TORTURE | {fault} | {} | {delivered} | {in_doubt} | {refused} | {lost} | {doubled} | {}",
        people.len(),
        if good { "good" } else { "BAD" },
    );
    assert!(
        good,
        "{fault}: {lost} lost, {doubled} doubled, {denied} refused with the mail, of {}",
        people.len()
    );
}

/// A xorshift generator: the same bad luck in every run.
struct Dice(u64);

impl Dice {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        least + self.0 % (most - least + 1)
    }
}
