//! Conditions on consents and on the state of addresses: what the ledger says, read a second time, plainly.

use std::collections::BTreeMap;

use audience::{
    ConsentBasis, ConsentEntry, ConsentStore, Contact, ContactStore, MergeStore, NewConsent, OptOutRoute,
    TopicStore, plan_by_hand,
    segment::{Condition, DAY_MS, Rule, SegmentStore, Test, day_of, problems, read_day, written},
};
use storage::Store;

use crate::{
    anything::Dice,
    mailing::{people, person},
    people::draft,
    segments::one,
    world::{NOW, cases},
};

pub async fn agree(store: &Store, contact_id: i64, topic_id: Option<i64>, basis: ConsentBasis, at: i64) {
    let new = NewConsent {
        contact_id,
        topic_id,
        basis,
        at,
        route: "paper".into(),
        wording: "お知らせを受け取る".into(),
        evidence: String::new(),
        ip: None,
        user_agent: None,
        confirmation: None,
    };
    assert!(store.record_consent(&new, None, at).await.unwrap());
}

async fn found(store: &Store, condition: &Condition, now: i64) -> Vec<i64> {
    let rule = Rule::of(vec![condition.clone()]);
    let known = store.known().await.unwrap();
    assert_eq!(problems(&rule, &known, None), [], "{condition:?}");
    let people = store.people(&rule, now, 0, 1_000).await.unwrap().unwrap();
    let mut ids: Vec<i64> = people.iter().map(|contact| contact.id).collect();
    ids.sort_unstable();
    assert_eq!(SegmentStore::count(store, &rule, now).await.unwrap(), Ok(ids.len() as u64));
    ids
}

/// What one person's ledger and refusals say.
struct Person {
    contact: Contact,
    entries: Vec<ConsentEntry>,
    refused: Vec<i64>,
}

impl Person {
    async fn read(store: &Store, id: i64) -> Self {
        let refusals = store.topic_refusals(id).await.unwrap();
        Self {
            contact: ContactStore::get(store, id).await.unwrap().unwrap(),
            entries: store.ledger(id).await.unwrap(),
            refused: refusals.iter().map(|refusal| refusal.topic_id).collect(),
        }
    }

    fn holds(&self, condition: &Condition) -> bool {
        let topic: Option<i64> = condition.value(0).parse().ok();
        let (from, until) = (read_day(condition.value(1)), read_day(condition.value(2)));
        let basis = ConsentBasis::from_name(condition.value(3));
        let then =
            |at: i64| from.is_none_or(|day| day_of(at) >= day) && until.is_none_or(|day| day_of(at) <= day);
        let covers = |entry: &ConsentEntry| entry.topic_id.is_none() || entry.topic_id == topic;
        let given = |entry: &ConsentEntry| entry.basis.is_some();
        if condition.test == Test::Withdrawn {
            return self.entries.iter().enumerate().any(|(n, entry)| {
                let later = &self.entries[n + 1..];
                !given(entry)
                    && covers(entry)
                    && then(entry.at)
                    && !later.iter().any(|one| given(one) && covers(one))
            });
        }
        let fits =
            |entry: &ConsentEntry| then(entry.at) && basis.is_none_or(|basis| entry.basis == Some(basis));
        // The last agreement to everything is the one in force.
        let general = self.entries.iter().rev().find(|entry| entry.topic_id.is_none());
        let mut holds = general.is_some_and(|entry| given(entry) && fits(entry));
        if topic.is_some() {
            holds |= self.entries.iter().enumerate().any(|(n, entry)| {
                let later = &self.entries[n + 1..];
                entry.topic_id == topic
                    && given(entry)
                    && fits(entry)
                    && !later.iter().any(|one| !given(one) && covers(one))
            });
            holds &= !topic.is_some_and(|topic| self.refused.contains(&topic));
        }
        holds == (condition.test == Test::Given)
    }
}

fn any_condition(dice: &mut Dice, topics: &[i64]) -> Condition {
    let topic = if dice.below(3) == 0 { String::new() } else { dice.one_of(topics).unwrap().to_string() };
    let day = |dice: &mut Dice| match dice.below(3) {
        0 => written(day_of(NOW) + i64::try_from(dice.below(30)).unwrap()),
        _ => String::new(),
    };
    let (mut from, mut until) = (day(dice), day(dice));
    if !from.is_empty() && !until.is_empty() && from > until {
        std::mem::swap(&mut from, &mut until);
    }
    let basis = dice.one_of(&["", "", "consent", "business"]).unwrap();
    match dice.below(3) {
        0 => one("consent", Test::Withdrawn, &[&topic, &from, &until]),
        n => {
            one("consent", if n == 1 { Test::Given } else { Test::NotGiven }, &[&topic, &from, &until, basis])
        }
    }
}

cases! {
    async fn consents_are_found_by_topic_basis_and_time(store: Store) {
        let who = people(&store, &["a@x.example", "b@x.example", "c@x.example", "d@x.example"]).await;
        let topic = store.save_topic(None, ("新商品", ""), NOW).await.unwrap().unwrap();
        agree(&store, who[0], None, ConsentBasis::Consent, NOW).await;
        agree(&store, who[1], Some(topic), ConsentBasis::Business, NOW + DAY_MS).await;
        agree(&store, who[2], None, ConsentBasis::Business, NOW + 2 * DAY_MS).await;
        store.opt_out(who[2], OptOutRoute::Page, None, NOW + 3 * DAY_MS).await.unwrap();
        let key = topic.to_string();
        let later = written(day_of(NOW) + 1);
        let now = NOW + 9 * DAY_MS;
        let check = async |test: Test, values: &[&str], expected: &[i64]| {
            let found = found(&store, &one("consent", test, values), now).await;
            assert_eq!(found, expected, "{test:?} {values:?}");
        };
        check(Test::Given, &["", "", "", ""], &who[..1]).await;
        check(Test::Given, &[&key, "", "", ""], &who[..2]).await;
        check(Test::Given, &[&key, "", "", "business"], &who[1..2]).await;
        check(Test::Given, &[&key, &later, "", ""], &who[1..2]).await;
        check(Test::Given, &["", &later, "", ""], &[]).await;
        check(Test::NotGiven, &["", "", "", ""], &who[1..]).await;
        check(Test::Withdrawn, &["", "", ""], &who[2..3]).await;
        check(Test::Withdrawn, &[&key, "", ""], &who[2..3]).await;
        store.set_topic((who[0], topic), false, (OptOutRoute::Page, None), NOW + 4 * DAY_MS).await.unwrap();
        check(Test::Given, &[&key, "", "", ""], &who[1..2]).await;
        check(Test::Given, &["", "", "", ""], &who[..1]).await;
        agree(&store, who[2], None, ConsentBasis::Written, NOW + 5 * DAY_MS).await;
        check(Test::Withdrawn, &["", "", ""], &[]).await;
    }

    async fn a_topic_that_is_gone_is_said(store: Store) {
        let known = store.known().await.unwrap();
        let rule = Rule::of(vec![one("consent", Test::Given, &["77", "", "", ""])]);
        let found = problems(&rule, &known, None);
        assert!(found[0].words.en.contains("topic"), "{found:?}");
        assert!(SegmentStore::count(&store, &rule, NOW).await.unwrap().is_err());
    }

    async fn the_state_of_an_address_stands_by_itself(store: Store) {
        let who = people(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let nowhere = person(&store, draft("", "番地なし", "")).await;
        let mut mistyped = draft("e@x.example", "打ち間違い", "");
        mistyped.lookalike_of = Some("z.example".into());
        let mistyped = person(&store, mistyped).await;
        // Somebody who refused mail and whose address is dead as well is found by both.
        store.opt_out(who[1], OptOutRoute::Page, None, NOW).await.unwrap();
        store.mark_invalid("b@x.example", "userunknown", None, NOW).await.unwrap();
        let check = async |test: Test, values: &[&str], expected: &[i64]| {
            assert_eq!(found(&store, &one("validity", test, values), NOW).await, expected, "{test:?} {values:?}");
        };
        check(Test::OneOf, &["works"], &[who[0], who[2]]).await;
        check(Test::OneOf, &["invalid"], &[who[1]]).await;
        check(Test::OneOf, &["missing", "lookalike"], &[nowhere, mistyped]).await;
        check(Test::NoneOf, &["works"], &[who[1], nowhere, mistyped]).await;
        let rule = Rule::of(vec![one("validity", Test::OneOf, &["invalid"])]);
        let why = store.why(&rule, who[1], NOW).await.unwrap().unwrap().unwrap();
        assert!(why.belongs);
        assert_eq!(why.ticks[1].value, "invalid");
    }

    async fn the_ledger_read_plainly_says_the_same(store: Store) {
        let mut dice = Dice(5);
        let addresses: Vec<String> = (0..24).map(|n| format!("k{n}@x.example")).collect();
        let who = people(&store, &addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let mut topics = Vec::new();
        for name in ["新商品", "催し"] {
            topics.push(store.save_topic(None, (name, ""), NOW).await.unwrap().unwrap());
        }
        for step in 0..140_i64 {
            let (id, now) = (dice.one_of(&who).unwrap(), NOW + step * DAY_MS / 5);
            let topic = dice.one_of(&topics).unwrap();
            match dice.below(5) {
                0 => store.opt_out(id, OptOutRoute::Page, None, now).await.unwrap(),
                1 => store.set_topic((id, topic), false, (OptOutRoute::Page, None), now).await.unwrap(),
                2 => store.set_topic((id, topic), true, (OptOutRoute::Page, None), now).await.unwrap(),
                _ => {
                    let basis = dice.one_of(&ConsentBasis::ALL).unwrap();
                    let about = (dice.below(2) == 0).then_some(topic);
                    agree(&store, id, about, basis, now).await;
                }
            }
        }
        let now = NOW + 40 * DAY_MS;
        let mut village = Vec::new();
        for id in &who {
            village.push(Person::read(&store, *id).await);
        }
        let mut some = 0;
        for _ in 0..90 {
            let condition = any_condition(&mut dice, &topics);
            let expected: Vec<i64> =
                village.iter().filter(|one| one.holds(&condition)).map(|one| one.contact.id).collect();
            assert_eq!(found(&store, &condition, now).await, expected, "{condition:?}");
            let asked = &village[usize::try_from(dice.below(24)).unwrap()];
            let rule = Rule::of(vec![condition.clone()]);
            let why = store.why(&rule, asked.contact.id, now).await.unwrap().unwrap().unwrap();
            assert_eq!(why.belongs, asked.holds(&condition), "{condition:?}");
            some += u32::from(!expected.is_empty() && expected.len() < who.len());
        }
        assert!(some > 40, "conditions that say something: {some}");
    }

    async fn what_went_into_an_entry_counts_for_it(store: Store) {
        let who = people(&store, &["a@x.example", "b@x.example"]).await;
        let topic = store.save_topic(None, ("新商品", ""), NOW).await.unwrap().unwrap();
        agree(&store, who[0], Some(topic), ConsentBasis::Consent, NOW).await;
        let mut both = Vec::new();
        for id in &who {
            both.push(ContactStore::get(&store, *id).await.unwrap().unwrap());
        }
        let plan = plan_by_hand(&both, who[1], &BTreeMap::new()).unwrap();
        assert!(store.merge(&plan, None, NOW + 1).await.unwrap().is_some());
        let key = topic.to_string();
        assert_eq!(found(&store, &one("consent", Test::Given, &[&key, "", "", ""]), NOW).await, [who[1]]);
        store.opt_out(who[1], OptOutRoute::Page, None, NOW + 2).await.unwrap();
        assert!(found(&store, &one("consent", Test::Given, &[&key, "", "", ""]), NOW).await.is_empty());
    }
}
