//! Who is left out and why: the list of suppressions, topics, consent on record, and who stands for an address.

use audience::{ConsentBasis, ContactStore, OptOutRoute, SuppressionStore, TopicStore};
use campaigns::{
    audience::{AudienceRules, ConsentDemand, DemandOf, Duplicates, HouseRules},
    broadcast::{AudienceKind, AudiencePart, BroadcastId},
    ports::BroadcastStore,
};
use delivery::{
    ports::{Grant, QueueStore, Submission, Submitted},
    recipient::{Lane, WithheldReason},
};
use storage::Store;

use crate::{
    anything::Dice,
    audiences::{adds_up, number},
    consent_conditions::agree,
    mailing::{DAY, begin, claim, drafted, mark, people, person},
    people::draft,
    world::{NOW, cases},
};

/// Lets a ledger grow by chance: agreements of several kinds, and refusals of a topic.
pub async fn any_ledger(store: &Store, dice: &mut Dice, (id, topic): (i64, i64), now: i64) {
    if dice.below(3) == 0 {
        let basis = dice.one_of(&ConsentBasis::ALL).unwrap();
        agree(store, id, (dice.below(2) == 0).then_some(topic), basis, now).await;
    }
    if dice.below(6) == 0 {
        store.set_topic((id, topic), false, (OptOutRoute::Page, None), now).await.unwrap();
    }
}

async fn house(store: &Store, duplicates: Duplicates, of: DemandOf, bases: &[ConsentBasis]) {
    let rules = HouseRules { duplicates, consent: ConsentDemand { of, bases: bases.to_vec() } };
    store.set_house_rules(&rules, Some(1), NOW).await.unwrap();
    assert_eq!(store.house_rules().await.unwrap(), rules);
}

async fn remaining(store: &Store, id: BroadcastId) -> Vec<i64> {
    adds_up(store, id, NOW).await;
    let found = store.audience(id, AudiencePart::Remaining, (0, 100), NOW).await.unwrap();
    found.iter().map(|person| person.contact_id).collect()
}

cases! {
    async fn the_list_of_suppressions_holds_for_everything(store: Store) {
        let who = people(&store, &["a@x.example", "b@x.example", "c@y.example", "d@sub.y.example"]).await;
        let id = drafted(&store, AudienceKind::All).await;
        let keys = ["b@x.example".to_owned(), "@y.example".to_owned()];
        assert_eq!(store.suppress(&keys, "お電話で", Some(1), NOW).await.unwrap(), 2);
        assert_eq!(store.suppress(&keys, "again", None, NOW + 1).await.unwrap(), 0);
        let (found, total) = store.suppressions("お電話", 0, 10).await.unwrap();
        assert_eq!((found.len(), total, found[0].added_by, found[0].added_at), (2, 2, Some(1), NOW));
        assert_eq!(store.suppressions("Y.Example", 0, 10).await.unwrap().1, 1);
        assert_eq!(number(&adds_up(&store, id, NOW).await, WithheldReason::Suppressed), 2);
        assert_eq!(remaining(&store, id).await, [who[0], who[3]]);
        begin(&store, id).await;
        let single = Submission {
            broadcast_id: id,
            contact_id: who[2],
            lane: Lane::Transactional,
            resend_of: None,
            expires_at: NOW + DAY,
            actor: None,
        };
        let told = store.submit(&single, NOW).await.unwrap();
        assert!(matches!(told, Submitted::Withheld(_, WithheldReason::Suppressed)), "{told:?}");
        let claimed = claim(&store, NOW).await;
        store.suppress(&["a@x.example".to_owned()], "", None, NOW).await.unwrap();
        let late = claimed.iter().find(|row| row.to == "a@x.example").unwrap();
        assert_eq!(mark(&store, late).await, Grant::Withheld(WithheldReason::Suppressed), "checked again at the end");
        assert!(store.lift_suppression("@y.example", None, NOW).await.unwrap());
        assert!(!store.lift_suppression("@y.example", None, NOW).await.unwrap());
        assert_eq!(store.suppressions("", 0, 10).await.unwrap().1, 2);
    }

    async fn who_refused_the_topic_is_left_out_until_the_last_moment(store: Store) {
        let who = people(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let topic = store.save_topic(None, ("新商品", ""), NOW).await.unwrap().unwrap();
        store.set_topic((who[1], topic), false, (OptOutRoute::Page, None), NOW).await.unwrap();
        let id = drafted(&store, AudienceKind::All).await;
        assert_eq!(remaining(&store, id).await, who);
        let rules = AudienceRules { topic_id: Some(topic), ..AudienceRules::default() };
        store.set_audience_rules(id, &rules).await.unwrap();
        assert_eq!(remaining(&store, id).await, [who[0], who[2]]);
        begin(&store, id).await;
        let claimed = claim(&store, NOW).await;
        store.set_topic((who[2], topic), false, (OptOutRoute::Page, None), NOW).await.unwrap();
        for (address, expected) in [
            ("a@x.example", Grant::Proceed),
            ("c@x.example", Grant::Withheld(WithheldReason::TopicRefused)),
        ] {
            let row = claimed.iter().find(|row| row.to == address).unwrap();
            assert_eq!(mark(&store, row).await, expected, "{address}");
        }
    }

    async fn consent_is_demanded_as_the_house_decides(store: Store) {
        use ConsentBasis::{Business, Consent};
        assert_eq!(store.house_rules().await.unwrap(), HouseRules::default());
        let mut who = people(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let topic = store.save_topic(None, ("新商品", ""), NOW).await.unwrap().unwrap();
        agree(&store, who[0], None, Consent, NOW).await;
        agree(&store, who[1], Some(topic), Business, NOW).await;
        let later = NOW + 5 * DAY;
        who.push(ContactStore::add(&store, &draft("d@x.example", "客", ""), None, later).await.unwrap().unwrap());
        let id = drafted(&store, AudienceKind::All).await;
        assert_eq!(remaining(&store, id).await, who, "nobody is withheld to begin with");
        assert_eq!(store.unrecorded(id, NOW).await.unwrap(), 3);
        let without = store.audience(id, AudiencePart::Unrecorded, (0, 10), NOW).await.unwrap();
        assert_eq!(without.iter().map(|one| one.contact_id).collect::<Vec<_>>(), who[1..]);
        house(&store, Duplicates::Newest, DemandOf::Since(later), &ConsentBasis::ALL).await;
        assert_eq!(remaining(&store, id).await, who[..3]);
        house(&store, Duplicates::Newest, DemandOf::Everybody, &ConsentBasis::ALL).await;
        assert_eq!(remaining(&store, id).await, who[..1]);
        assert_eq!(store.unrecorded(id, NOW).await.unwrap(), 0);
        let rules = AudienceRules { topic_id: Some(topic), ..AudienceRules::default() };
        store.set_audience_rules(id, &rules).await.unwrap();
        assert_eq!(remaining(&store, id).await, who[..2]);
        house(&store, Duplicates::Newest, DemandOf::Everybody, &[Business]).await;
        assert_eq!(remaining(&store, id).await, who[1..2]);
        begin(&store, id).await;
        house(&store, Duplicates::Newest, DemandOf::Nobody, &ConsentBasis::ALL).await;
        assert_eq!(store.waterfall(id).await.unwrap().remaining, 1);
        let kept = store.audience_rules(id).await.unwrap();
        assert_eq!(kept.consent.map(|demand| demand.of), Some(DemandOf::Everybody), "as it stood at the start");
        assert_eq!(kept.duplicates, Some(Duplicates::Newest));
    }

    async fn one_of_several_stands_for_an_address(store: Store) {
        let first = person(&store, draft("Twin@x.example", "一", "")).await;
        let second = person(&store, draft("twin@x.example", "二", "")).await;
        let third = person(&store, draft("TWIN@x.example", "三", "")).await;
        agree(&store, second, None, ConsentBasis::Consent, NOW).await;
        let id = drafted(&store, AudienceKind::All).await;
        for (way, expected) in [
            (Duplicates::Newest, vec![third]),
            (Duplicates::Oldest, vec![first]),
            (Duplicates::Consented, vec![second]),
            (Duplicates::Each, vec![first, second, third]),
        ] {
            let rules = AudienceRules { duplicates: Some(way), ..AudienceRules::default() };
            store.set_audience_rules(id, &rules).await.unwrap();
            assert_eq!(remaining(&store, id).await, expected, "{way:?}");
            store.set_audience_rules(id, &AudienceRules::default()).await.unwrap();
            house(&store, way, DemandOf::Nobody, &ConsentBasis::ALL).await;
            assert_eq!(remaining(&store, id).await, expected, "{way:?} of the house");
        }
        // Two with consent: the newer of them; taken out by hand, nobody stands for the address by it.
        agree(&store, first, None, ConsentBasis::Business, NOW).await;
        house(&store, Duplicates::Consented, DemandOf::Nobody, &ConsentBasis::ALL).await;
        assert_eq!(remaining(&store, id).await, [second]);
        store.exclude(id, &[second], true).await.unwrap();
        assert_eq!(remaining(&store, id).await, [first]);
    }

    async fn importing_while_a_send_is_written_down_and_runs(store: Store) {
        for n in 0..12 {
            person(&store, draft(&format!("k{n}@x.example"), "客", &format!("C-{n}"))).await;
        }
        let id = drafted(&store, AudienceKind::All).await;
        assert!(BroadcastStore::start(&store, id, NOW + DAY, None, NOW).await.unwrap());
        assert!(!store.write_audience(id, 5, NOW).await.unwrap(), "five are written down");
        let refusing = |n: u32| {
            let mut row = draft(&format!("k{n}@x.example"), "客", &format!("C-{n}"));
            row.wants_mail = Some(false);
            row
        };
        let rows = vec![
            draft("moved1@x.example", "客", "C-1"),
            refusing(2),
            refusing(8),
            draft("moved9@x.example", "客", "C-9"),
            draft("new@x.example", "新", "C-90"),
        ];
        assert_eq!(crate::imports::imported(&store, rows).await, (1, 4, 0));
        while !store.write_audience(id, 5, NOW).await.unwrap() {}
        let shown = store.waterfall(id).await.unwrap();
        assert_eq!((shown.asked, shown.remaining), (12, 11), "who came with the file is not in it: {shown:?}");
        let claimed = claim(&store, NOW).await;
        let mut told = Vec::new();
        for row in &claimed {
            told.push((row.to.clone(), mark(&store, row).await));
        }
        let grant = |to: &str| told.iter().find(|(one, _)| one == to).map(|(_, grant)| *grant);
        assert_eq!(grant("k1@x.example"), Some(Grant::Withheld(WithheldReason::Changed)));
        assert_eq!(grant("k2@x.example"), Some(Grant::Withheld(WithheldReason::OptedOut)));
        assert_eq!((grant("k8@x.example"), grant("new@x.example")), (None, None));
        assert_eq!(grant("moved9@x.example"), Some(Grant::Proceed));
        assert_eq!(told.iter().filter(|(_, grant)| *grant == Grant::Proceed).count(), 9);
    }
}
