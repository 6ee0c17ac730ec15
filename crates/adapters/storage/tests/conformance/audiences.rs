//! The audience of a broadcast: conditions and people, by hand, the rules that leave people out; whatever is chosen, the
//! numbers add up and are those of the rows.

use std::collections::BTreeSet;

use audience::{
    ConsentBasis, ContactStore, OptOutRoute, SuppressionStore, TopicStore,
    segment::{Rule, Saved, SegmentDraft, SegmentStore, Test},
};
use campaigns::{
    audience::{AudienceRules, ByHand, ConsentDemand, DemandOf, Duplicates, FrequencyCap, HouseRules},
    broadcast::{AudienceKind, AudiencePart, BroadcastDraft, BroadcastId, Waterfall},
    ports::BroadcastStore,
};
use delivery::{
    ports::{Grant, QueueStore},
    recipient::{State, WithheldReason},
};
use storage::Store;

use crate::{
    anything::Dice,
    mailing::{DAY, begin, claim, drafted, mark, people, person, plan, send, states},
    people::draft,
    segments::one,
    world::{NOW, cases},
};

const DUPLICATES: [Option<Duplicates>; 5] = [
    None,
    Some(Duplicates::Newest),
    Some(Duplicates::Oldest),
    Some(Duplicates::Consented),
    Some(Duplicates::Each),
];

fn any_house_rules(dice: &mut Dice) -> HouseRules {
    let of = dice.one_of(&[DemandOf::Nobody, DemandOf::Since(NOW), DemandOf::Everybody]).unwrap();
    let bases = if dice.below(2) == 0 { ConsentBasis::ALL.to_vec() } else { vec![ConsentBasis::Consent] };
    HouseRules { duplicates: dice.one_of(&Duplicates::ALL).unwrap(), consent: ConsentDemand { of, bases } }
}

pub async fn segment(store: &Store, name: &str, rule: Rule) -> i64 {
    let draft = SegmentDraft { name: name.into(), rule };
    match SegmentStore::save(store, None, &draft, None, NOW).await.unwrap() {
        Saved::Yes(id) => id,
        other => panic!("{other:?}"),
    }
}

/// A draft whose audience are the people of a segment.
pub async fn to_segment(store: &Store, segment_id: i64) -> BroadcastId {
    let id = drafted(store, AudienceKind::Conditions).await;
    let rules = AudienceRules { segment_id: Some(segment_id), ..AudienceRules::default() };
    assert!(store.set_audience_rules(id, &rules).await.unwrap());
    id
}

pub fn number(shown: &Waterfall, reason: WithheldReason) -> u64 {
    shown.withheld.iter().find(|(known, _)| *known == reason).map_or(0, |(_, people)| *people)
}

/// The numbers add up, behind every number stand that many people, and nobody stands behind two.
pub async fn adds_up(store: &Store, id: BroadcastId, now: i64) -> Waterfall {
    let shown = store.preview(id, now).await.unwrap();
    let left_out: u64 = shown.withheld.iter().map(|(_, people)| people).sum();
    assert_eq!(shown.asked, left_out + shown.remaining, "{shown:?}");
    let everyone = store.audience(id, AudiencePart::Everyone, (0, 1_000), now).await.unwrap();
    assert_eq!(everyone.len() as u64, shown.asked);
    let mut seen = BTreeSet::new();
    let mut parts = vec![(AudiencePart::Remaining, shown.remaining)];
    parts.extend(
        WithheldReason::ALL.iter().map(|reason| (AudiencePart::LeftOut(*reason), number(&shown, *reason))),
    );
    for (part, expected) in parts {
        let people = store.audience(id, part, (0, 1_000), now).await.unwrap();
        assert_eq!(people.len() as u64, expected, "{part:?} of {shown:?}");
        assert!(
            people.iter().all(|one| seen.insert(one.contact_id)),
            "{part:?}: somebody stands behind two numbers"
        );
    }
    shown
}

cases! {
    async fn conditions_are_asked_when_it_starts(store: Store) {
        let shops = segment(&store, "花屋", Rule::of(vec![one("address", Test::Ends, &["@flower.example"])])).await;
        people(&store, &["a@flower.example", "b@x.example", "c@flower.example"]).await;
        let id = to_segment(&store, shops).await;
        assert_eq!(adds_up(&store, id, NOW).await.asked, 2);
        let used = store.used_by(shops).await.unwrap();
        assert_eq!(used.broadcasts, [(id, "冬のご案内".to_owned())]);
        people(&store, &["d@flower.example"]).await;
        assert_eq!(adds_up(&store, id, NOW).await.remaining, 3, "live");
        assert!(BroadcastStore::start(&store, id, NOW + DAY, None, NOW).await.unwrap());
        let changed = SegmentDraft { name: "花屋".into(), rule: Rule::of(vec![one("name", Test::Empty, &[])]) };
        SegmentStore::save(&store, Some(shops), &changed, None, NOW).await.unwrap();
        while !store.write_audience(id, 2, NOW).await.unwrap() {}
        assert_eq!(store.waterfall(id).await.unwrap().remaining, 3, "as it stood at the start");
    }

    async fn what_cannot_be_asked_sends_nothing(store: Store) {
        people(&store, &["a@x.example"]).await;
        let id = drafted(&store, AudienceKind::Conditions).await;
        assert_eq!(store.audience_problems(id).await.unwrap().len(), 1, "no segment is chosen");
        let broken = segment(&store, "古い項目", Rule::of(vec![one("field:5", Test::Filled, &[])])).await;
        let rules = AudienceRules { segment_id: Some(broken), ..AudienceRules::default() };
        store.set_audience_rules(id, &rules).await.unwrap();
        let problems = store.audience_problems(id).await.unwrap();
        assert!(problems[0].words.en.contains("was deleted"), "{problems:?}");
        assert_eq!(store.preview(id, NOW).await.unwrap(), Waterfall::default());
        begin(&store, id).await;
        assert_eq!(store.counts(id).await.unwrap().total(), 0);
        assert!(!store.set_audience_rules(id, &rules).await.unwrap(), "no draft any more");
    }

    async fn people_are_put_in_and_taken_out_by_hand(store: Store) {
        let who = people(&store, &["a@x.example", "b@x.example", "c@y.example", "d@y.example"]).await;
        let xs = segment(&store, "x", Rule::of(vec![one("address", Test::Contains, &["@x."])])).await;
        let id = to_segment(&store, xs).await;
        assert!(store.pick(id, &[who[2]], true).await.unwrap());
        assert!(store.exclude(id, &[who[0]], true).await.unwrap());
        let shown = adds_up(&store, id, NOW).await;
        assert_eq!((shown.asked, number(&shown, WithheldReason::Excluded), shown.remaining), (3, 1, 2));
        assert_eq!(store.by_hand(id).await.unwrap(), ByHand { included: 1, excluded: 1 });
        let out = store.hand_picked(id, true, 0, 10).await.unwrap();
        assert_eq!((out.len(), out[0].contact_id), (1, who[0]));
        assert!(store.exclude(id, &[who[0]], false).await.unwrap());
        assert_eq!(adds_up(&store, id, NOW).await.remaining, 3);
        let frozen = store.freeze(id, xs, NOW + 1).await.unwrap();
        assert_eq!(frozen, Ok(2));
        assert_eq!(store.audience_rules(id).await.unwrap().frozen.map(|frozen| frozen.people), Some(2));
        let draft = BroadcastDraft { audience: AudienceKind::Picked, ..plan(1, AudienceKind::Picked) };
        let template = BroadcastStore::get(&store, id).await.unwrap().unwrap().draft.template_id;
        store.update(id, &BroadcastDraft { template_id: template, ..draft }).await.unwrap();
        people(&store, &["e@x.example"]).await;
        assert_eq!(adds_up(&store, id, NOW).await.remaining, 2, "frozen");
    }

    async fn every_rule_leaves_out_its_own(store: Store) {
        let who = people(&store, &["twin@x.example", "had@x.example", "dm@x.example", "plain@x.example"]).await;
        let twin = person(&store, draft("TWIN@x.example", "双子", "")).await;
        let mut refusing = draft("dm@x.example", "客2", "");
        refusing.dm_wanted = Some(false);
        assert!(ContactStore::edit(&store, who[2], &refusing, None, NOW).await.unwrap());
        let earlier = drafted(&store, AudienceKind::Picked).await;
        store.pick(earlier, &[who[1]], true).await.unwrap();
        begin(&store, earlier).await;
        send(&store, State::Accepted, "250 ok").await;
        let template = BroadcastStore::get(&store, earlier).await.unwrap().unwrap().draft.template_id;
        let id = BroadcastStore::create(&store, &plan(template, AudienceKind::All), None, NOW).await.unwrap();
        use WithheldReason::{AlreadySent, DmRefused, Duplicate, FrequencyCap as Cap};
        let shown = adds_up(&store, id, NOW).await;
        assert_eq!(shown.withheld, [(Duplicate, 1), (DmRefused, 1), (AlreadySent, 1)]);
        let rules = AudienceRules { duplicates: Some(Duplicates::Each), send_again: true, ..AudienceRules::default() };
        store.set_audience_rules(id, &rules).await.unwrap();
        assert_eq!(adds_up(&store, id, NOW).await.withheld, [(DmRefused, 1)]);
        let cap = FrequencyCap { mails: 1, days: 7 };
        store.set_frequency_cap(Some(cap), Some(1), NOW).await.unwrap();
        assert_eq!(store.frequency_cap().await.unwrap(), Some(cap));
        assert_eq!(adds_up(&store, id, NOW).await.withheld, [(DmRefused, 1), (Cap, 1)]);
        assert_eq!(adds_up(&store, id, NOW + 8 * DAY).await.withheld, [(DmRefused, 1)]);
        store.set_frequency_cap(None, Some(1), NOW).await.unwrap();
        begin(&store, id).await;
        assert!(states(&store, id).await.contains(&"withheld(dm_refused)".to_owned()));
        let claimed = claim(&store, NOW).await;
        let mine = claimed.iter().find(|row| row.to == "TWIN@x.example").unwrap();
        let mut later = draft("TWIN@x.example", "双子", "");
        later.dm_wanted = Some(false);
        assert!(ContactStore::edit(&store, twin, &later, None, NOW).await.unwrap());
        assert_eq!(mark(&store, mine).await, Grant::Withheld(WithheldReason::DmRefused), "checked again at the end");
    }

    async fn whatever_is_chosen_the_numbers_add_up(store: Store) {
        let mut dice = Dice(7);
        let mut who = Vec::new();
        let mut seen = BTreeSet::new();
        let topic = store.save_topic(None, ("新商品", ""), NOW).await.unwrap().unwrap();
        for n in 0..40_u64 {
            let address = match dice.below(5) {
                0 => String::new(),
                1 => format!("k{}@x.example", dice.below(6)),
                _ => format!("k{n}@{}.example", if dice.below(2) == 0 { "x" } else { "y" }),
            };
            let mut new = draft(&address, &format!("客{n}"), "");
            new.dm_wanted = (dice.below(6) == 0).then_some(false);
            new.lookalike_of = (dice.below(12) == 0).then(|| "z.example".into());
            who.push(person(&store, new).await);
            if dice.below(7) == 0 {
                store.opt_out(who[who.len() - 1], OptOutRoute::Page, None, NOW).await.unwrap();
            }
            if dice.below(9) == 0 && !address.is_empty() {
                store.mark_invalid(&address, "userunknown", None, NOW).await.unwrap();
            }
            crate::left_out::any_ledger(&store, &mut dice, (who[who.len() - 1], topic), NOW).await;
        }
        let on_list: Vec<String> = (0..40).step_by(4).map(|n| format!("k{n}@y.example")).collect();
        store.suppress(&on_list, "", None, NOW).await.unwrap();
        let xs = segment(&store, "x", Rule::of(vec![one("address", Test::Contains, &["@x."])])).await;
        let lot = segment(&store, "lot", Rule::of(vec![one("share", Test::Is, &["0", "60", "a"])])).await;
        let template = {
            let first = drafted(&store, AudienceKind::All).await;
            BroadcastStore::get(&store, first).await.unwrap().unwrap().draft.template_id
        };
        for round in 0..14_u64 {
            let kinds = [AudienceKind::All, AudienceKind::Picked, AudienceKind::Sendable, AudienceKind::Conditions];
            let kind = dice.one_of(&kinds).unwrap();
            let id = BroadcastStore::create(&store, &plan(template, kind), None, NOW).await.unwrap();
            let rules = AudienceRules {
                segment_id: dice.one_of(&[xs, lot]),
                duplicates: dice.one_of(&DUPLICATES).unwrap(),
                topic_id: (dice.below(2) == 0).then_some(topic),
                send_again: dice.below(2) == 0,
                ..AudienceRules::default()
            };
            store.set_audience_rules(id, &rules).await.unwrap();
            for _ in 0..dice.below(8) {
                let one = dice.one_of(&who).unwrap();
                if dice.below(2) == 0 { store.pick(id, &[one], true).await.unwrap() } else { store.exclude(id, &[one], true).await.unwrap() };
            }
            let cap = (dice.below(3) == 0).then_some(FrequencyCap { mails: 1, days: 3 });
            store.set_house_rules(&any_house_rules(&mut dice), None, NOW).await.unwrap();
            seen.extend(store.preview(id, NOW).await.unwrap().withheld.iter().map(|(reason, _)| *reason));
            store.set_frequency_cap(cap, None, NOW).await.unwrap();
            let now = NOW + i64::try_from(round).unwrap() * DAY / 2;
            let shown = adds_up(&store, id, now).await;
            assert!(BroadcastStore::start(&store, id, now + DAY, None, now).await.unwrap());
            while !store.write_audience(id, 7, now).await.unwrap() {}
            assert_eq!(store.waterfall(id).await.unwrap(), shown, "{kind:?} {rules:?} {cap:?}");
            for row in store.claim(&crate::mailing::request("n", now)).await.unwrap().into_iter().take(9) {
                let state = dice.one_of(&[State::Accepted, State::Refused]).unwrap();
                let words = if state == State::Accepted { "250 ok" } else { "550 5.1.1 no" };
                if mark(&store, &row).await == Grant::Proceed {
                    store.record("n", &[crate::mailing::tried(row.id, state, words)], now).await.unwrap();
                }
            }
        }
        use WithheldReason::{NoConsent, Suppressed, TopicRefused};
        assert!([NoConsent, Suppressed, TopicRefused].iter().all(|reason| seen.contains(reason)), "{seen:?}");
    }
}
