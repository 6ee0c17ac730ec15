//! Whatever happens in whatever order, everybody who was asked for is in exactly one state.

use audience::{ContactStore, OptOutRoute};
use bounce::Reason;
use campaigns::{
    broadcast::BroadcastState,
    ports::BroadcastStore,
    report::{Row, RowFilter},
};
use delivery::{
    ports::{Claimed, CommitMark, Later, Leaving, QueueStore},
    recipient::{RecipientId, State},
};
use storage::Store;

use crate::{
    mailing::{DAY, begin, bounced, drafted, people, request, resend, rows, tried},
    people::draft,
    world::{NOW, cases},
};

const PEOPLE: u64 = 24;
const STEPS: u64 = 120;

/// Made-up dice: the same seed throws the same numbers.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn one_of<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        let n = values.len() as u64;
        (n > 0).then(|| values[usize::try_from(self.below(n)).unwrap()])
    }
}

struct Run<'a> {
    store: &'a Store,
    dice: Dice,
    id: i64,
    contacts: Vec<i64>,
    /// Lives of the program so far; the last one is alive.
    life: u64,
    held: Vec<Claimed>,
    now: i64,
}

impl Run<'_> {
    fn node(&self) -> String {
        format!("life {}", self.life)
    }

    async fn step(&mut self) {
        self.now += i64::try_from(self.dice.below(20_000)).unwrap();
        match self.dice.below(20) {
            0..5 => self.claim().await,
            5..8 => self.mark().await,
            8..12 => self.record().await,
            12 => self.release().await,
            13 => self.die().await,
            14 => self.steer().await,
            15 => self.resend().await,
            16..18 => self.hear_later().await,
            18 => self.change_a_contact().await,
            _ => drop(self.store.finish_idle(self.now).await.unwrap()),
        }
    }

    async fn claim(&mut self) {
        let mut wanted = request(&self.node(), self.now);
        wanted.limit = 5;
        let claimed = self.store.claim(&wanted).await.unwrap();
        for row in &claimed {
            assert!(!self.held.iter().any(|held| held.id == row.id), "held already: {row:?}");
        }
        self.held.extend(claimed);
    }

    async fn mark(&mut self) {
        let marks: Vec<_> = self
            .held
            .iter()
            .take(3)
            .map(|row| CommitMark {
                id: row.id,
                values: Some(row.values.clone()),
                source: Leaving::default(),
            })
            .collect();
        let grants = self.store.mark_committing(&self.node(), &marks, self.now).await.unwrap();
        assert_eq!(grants.len(), marks.len());
        for (mark, grant) in marks.iter().zip(grants) {
            if grant != delivery::ports::Grant::Proceed {
                // Lost is also said of a row that has its mark already; giving it back is harmless.
                self.store.release(&self.node(), &[mark.id], self.now).await.unwrap();
                self.held.retain(|row| row.id != mark.id);
            }
        }
    }

    async fn record(&mut self) {
        let count = usize::try_from(self.dice.below(4)).unwrap().min(self.held.len());
        let ended = [State::Accepted, State::Accepted, State::Deferred, State::Refused];
        let mut records = Vec::new();
        for row in self.held.drain(..count) {
            let state = self.dice.one_of(&ended).unwrap();
            let mut record = tried(row.id, state, if state == State::Accepted { "250 ok" } else { "550 no" });
            record.outcome.next_at = record.outcome.next_at.map(|_| self.now + 5_000);
            records.push(record);
        }
        self.store.record(&self.node(), &records, self.now).await.unwrap();
    }

    async fn release(&mut self) {
        if let Some(row) = self.held.pop() {
            self.store.release(&self.node(), &[row.id], self.now).await.unwrap();
        }
    }

    async fn die(&mut self) {
        self.life += 1;
        self.held.clear();
        self.now += DAY;
        self.store.recover(&self.node(), 0, self.now).await.unwrap();
    }

    async fn steer(&mut self) {
        let (store, id, now) = (self.store, self.id, self.now);
        let _changed = match self.dice.below(20) {
            0..9 => store.pause(id, None, now).await.unwrap(),
            9..19 => store.resume(id, None, now).await.unwrap(),
            _ => store.cancel(id, None, now).await.unwrap(),
        };
    }

    async fn any_row(&mut self, wanted: fn(&Row) -> bool) -> Option<(RecipientId, i64)> {
        let rows: Vec<_> = rows(self.store, self.id).await.into_iter().filter(wanted).collect();
        let keys: Vec<_> = rows.iter().map(|row| (row.id, row.contact_id)).collect();
        self.dice.one_of(&keys)
    }

    async fn resend(&mut self) {
        if let Some((row, contact)) = self.any_row(|row| row.state.needs_somebody()).await {
            resend(self.store, self.id, contact, row).await;
        }
    }

    async fn hear_later(&mut self) {
        let Some((row, _)) = self.any_row(|row| row.attempts > 0).await else { return };
        let later = match self.dice.below(2) {
            0 => bounced(Reason::UserUnknown, "550 5.1.1 unknown"),
            _ => Later::Evidenced { kind: "auto_reply" },
        };
        self.store.record_later(row, &later, 1, self.now).await.unwrap();
    }

    async fn change_a_contact(&mut self) {
        let contact = self.dice.one_of(&self.contacts).unwrap();
        match self.dice.below(3) {
            0 => self.store.opt_out(contact, OptOutRoute::Page, None, self.now).await.unwrap(),
            1 => self.store.opt_in(contact, None, self.now).await.unwrap(),
            _ => {
                let moved = draft(&format!("moved{}@x.example", self.dice.below(1_000_000)), "客", "");
                assert!(self.store.edit(contact, &moved, None, self.now).await.unwrap());
            }
        }
    }

    async fn check(&self, step: u64) {
        let counts = self.store.counts(self.id).await.unwrap();
        assert_eq!(counts.total(), PEOPLE, "step {step}: {counts:?}");
        let waterfall = self.store.waterfall(self.id).await.unwrap();
        let withheld: u64 = waterfall.withheld.iter().map(|(_, people)| people).sum();
        assert_eq!((waterfall.asked, withheld + waterfall.remaining), (PEOPLE, PEOPLE), "step {step}");
        assert_eq!(withheld, counts.of(State::Withheld), "step {step}");
        for (state, people) in &counts.by_state {
            let filter = RowFilter { state: Some(*state), ..RowFilter::default() };
            let (rows, total) = BroadcastStore::rows(self.store, self.id, &filter, 0, 100).await.unwrap();
            assert_eq!((rows.len() as u64, total), (*people, *people), "step {step} {state:?}");
        }
        let cells = self.store.by_provider(self.id).await.unwrap();
        assert_eq!(cells.iter().map(|cell| cell.recipients).sum::<u64>(), PEOPLE, "step {step}");
    }

    /// Everything that may still go goes.
    async fn drain(&mut self) {
        self.store.resume(self.id, None, self.now).await.unwrap();
        for _ in 0..20 {
            self.die().await;
            self.claim().await;
            let held = std::mem::take(&mut self.held);
            let records: Vec<_> = held.iter().map(|row| tried(row.id, State::Accepted, "250 ok")).collect();
            self.store.record(&self.node(), &records, self.now).await.unwrap();
        }
        assert_eq!(self.store.next_due_at().await.unwrap(), None);
        let counts = self.store.counts(self.id).await.unwrap();
        assert_eq!(counts.of(State::Waiting) + counts.of(State::Deferred), 0, "{counts:?}");
        self.store.finish_idle(self.now).await.unwrap();
        let state = BroadcastStore::get(self.store, self.id).await.unwrap().unwrap().state;
        assert!(matches!(state, BroadcastState::Finished | BroadcastState::Cancelled), "{state:?}");
    }
}

async fn play(store: &Store, seed: u64) {
    let mut contacts = Vec::new();
    for n in 0..PEOPLE {
        let address = if n % 8 == 7 { String::new() } else { format!("k{}@s{}.example", n % 22, n % 3) };
        contacts.extend(people(store, &[&address]).await);
    }
    let id = drafted(store, campaigns::broadcast::AudienceKind::Picked).await;
    store.pick(id, &contacts, true).await.unwrap();
    begin(store, id).await;
    let mut run = Run { store, dice: Dice(seed), id, contacts, life: 0, held: Vec::new(), now: NOW };
    for step in 0..STEPS {
        run.step().await;
        run.check(step).await;
    }
    run.drain().await;
    run.check(STEPS).await;
}

cases! {
    async fn everybody_stays_in_one_state(store: Store) {
        for seed in 1..=3 {
            play(&store, seed).await;
        }
    }
}
