//! The ledger of consents, imports that bring them, and the erasure of a person's data.

use audience::{
    ConsentBasis, ConsentEntry, ConsentStore, ContactDraft, ContactStore, FileConsent, ImportBatch,
    ImportMode, ImportPlan, ImportRow, ImportState, ImportStore, ImportTrial, NewConsent, NewImport,
    OptOutRoute, TopicStore, kept_until,
};
use storage::Store;

use crate::{
    people::{contact, draft},
    world::{NOW, cases},
};

fn agreed(contact_id: i64) -> NewConsent {
    NewConsent {
        contact_id,
        topic_id: None,
        basis: ConsentBasis::Consent,
        at: NOW - 5,
        route: "form".into(),
        wording: "お知らせを受け取る".into(),
        evidence: "https://shop.example/form".into(),
        ip: Some("192.0.2.7".into()),
        user_agent: Some("Mozilla".into()),
        confirmation: None,
    }
}

fn told(entries: &[ConsentEntry]) -> Vec<String> {
    let basis = |entry: &ConsentEntry| entry.basis.map_or("-", ConsentBasis::name);
    entries.iter().map(|entry| format!("{} {} {}", basis(entry), entry.route, entry.address)).collect()
}

async fn uploaded(store: &Store, plan: &ImportPlan) -> i64 {
    let id = store.create(NewImport { file_name: "a.csv".into(), created_by: Some(5) }, NOW).await.unwrap();
    assert!(store.set_plan(id, plan).await.unwrap());
    id
}

fn batch(drafts: Vec<ContactDraft>) -> ImportBatch {
    let rows_after = drafts.len() as u64;
    let rows = (1..).zip(drafts).map(|(row, draft)| ImportRow { row, draft }).collect();
    ImportBatch { rows_before: 0, rows_after, bytes_after: rows_after, rows, errors: Vec::new() }
}

fn refusing(address: &str, number: &str) -> ContactDraft {
    ContactDraft { wants_mail: Some(false), ..draft(address, "客", number) }
}

cases! {
    async fn the_ledger_keeps_what_was_said_and_how(store: Store) {
        let id = store.add(&draft("h@a.example", "花子", "1"), None, NOW).await.unwrap().unwrap();
        assert!(!store.record_consent(&agreed(77), None, NOW).await.unwrap());
        assert!(store.record_consent(&agreed(id), Some(3), NOW).await.unwrap());
        let kept = contact(&store, id).await;
        assert_eq!((kept.consent, kept.consented_at), (Some(ConsentBasis::Consent), Some(NOW - 5)));
        store.edit(id, &draft("new@a.example", "花子", "1"), None, NOW).await.unwrap();
        store.opt_out(id, OptOutRoute::Page, None, NOW + 1).await.unwrap();
        assert_eq!(contact(&store, id).await.consent, None);
        store.opt_out(id, OptOutRoute::Page, None, NOW + 2).await.unwrap();
        let topic = store.save_topic(None, ("催し", ""), NOW).await.unwrap().unwrap();
        store.set_topic((id, topic), false, (OptOutRoute::Operator, Some(3)), NOW + 3).await.unwrap();
        let entries = store.ledger(id).await.unwrap();
        assert_eq!(told(&entries), ["consent form h@a.example", "- page new@a.example", "- operator new@a.example"]);
        let first = &entries[0];
        assert_eq!((first.wording.as_str(), first.at, first.actor), ("お知らせを受け取る", NOW - 5, Some(3)));
        assert_eq!((first.ip.as_deref(), first.recorded_at), (Some("192.0.2.7"), NOW));
        assert_eq!(entries[2].topic_id, Some(topic));
    }

    async fn a_file_brings_its_consent_once(store: Store) {
        let consent = FileConsent {
            basis: ConsentBasis::Written, at: NOW - 9, wording: String::new(), evidence: "展示会の名刺".into(),
        };
        let plan = ImportPlan { consent: Some(consent), ..ImportPlan::default() };
        let known = store.add(&draft("k@a.example", "既存", "1"), None, NOW).await.unwrap().unwrap();
        let id = uploaded(&store, &plan).await;
        store.start(id, NOW).await.unwrap();
        let rows = vec![draft("k@a.example", "既存", "1"), draft("n@a.example", "新規", "2"), refusing("r@a.example", "3")];
        let result = store.apply(id, &batch(rows), NOW).await.unwrap();
        assert_eq!((result.added, result.updated, result.unchanged), (2, 1, 0));
        let entries = store.ledger(known).await.unwrap();
        assert_eq!(told(&entries), ["written import k@a.example"]);
        assert_eq!((entries[0].evidence.as_str(), entries[0].import_id), ("展示会の名刺", Some(id)));
        let people = ContactStore::list(&store, &audience::ContactFilter::default(), 0, 9).await.unwrap().contacts;
        assert_eq!(people[0].consent, None, "who refuses in the same file does not agree");
        assert_eq!(told(&store.ledger(people[0].id).await.unwrap()), ["- import r@a.example"]);
        assert_eq!(people[1].consent, Some(ConsentBasis::Written));
    }

    async fn the_mode_decides_which_rows_count(store: Store) {
        store.add(&draft("k@a.example", "既存", "1"), None, NOW).await.unwrap();
        for (mode, expected) in [(ImportMode::New, (1, 0, 1)), (ImportMode::Update, (0, 2, 1))] {
            let id = uploaded(&store, &ImportPlan { mode, ..ImportPlan::default() }).await;
            store.start(id, NOW).await.unwrap();
            let name = mode.name();
            let strangers = if mode == ImportMode::New { "2" } else { "9" };
            let mut rows = vec![draft("k@a.example", name, "1"), draft("n@a.example", name, strangers)];
            if mode == ImportMode::Update {
                rows.push(draft("", name, "2"));
            }
            let result = store.apply(id, &batch(rows), NOW).await.unwrap();
            assert_eq!((result.added, result.updated, result.skipped), expected, "{name}");
            assert_eq!(ImportStore::get(&store, id).await.unwrap().unwrap().skipped, 1);
        }
    }

    async fn a_trial_counts_and_changes_nothing(store: Store) {
        let known = store.add(&draft("k@a.example", "既存", "1"), None, NOW).await.unwrap().unwrap();
        store.opt_out(known, OptOutRoute::Page, None, NOW).await.unwrap();
        let id = uploaded(&store, &ImportPlan::default()).await;
        assert!(store.start_trial(id, NOW).await.unwrap());
        assert!(!store.start_trial(id, NOW).await.unwrap());
        assert_eq!(store.running().await.unwrap().len(), 1);
        let mut rows = batch(vec![
            draft("k@a.example", "変更", "1"), draft("n@a.example", "新規", "2"), draft("n2@a.example", "新規", "2"),
            draft("k@a.example", "既存", "1"),
        ]);
        rows.errors = vec![audience::RowError { row: 5, cells: vec![], ja: String::new(), en: String::new() }];
        rows.rows_after = 5;
        assert!(store.try_batch(id, &rows).await.unwrap());
        assert!(!store.try_batch(id, &rows).await.unwrap(), "a batch counts once");
        let found = ImportStore::get(&store, id).await.unwrap().unwrap().trial.unwrap();
        assert_eq!((found.added, found.updated, found.unchanged, found.failed), (1, 3, 0, 1));
        store.end_trial(id, Some(&found)).await.unwrap();
        let found = ImportTrial { suppressed: 1, duplicates: 2, ..found };
        let job = ImportStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((job.state, job.rows_done, job.trial), (ImportState::Uploaded, 0, Some(found)));
        assert_eq!(contact(&store, known).await.name, "既存");
        let other = ImportPlan { mode: ImportMode::New, ..ImportPlan::default() };
        assert!(store.set_plan(id, &other).await.unwrap());
        assert_eq!(ImportStore::get(&store, id).await.unwrap().unwrap().trial, None, "another plan, another result");
        store.save_preset("通販", &other, NOW).await.unwrap();
        store.save_preset("通販", &ImportPlan::default(), NOW + 1).await.unwrap();
        store.save_preset("展示会", &other, NOW).await.unwrap();
        let names: Vec<_> = store.presets().await.unwrap().into_iter().map(|(name, plan)| (name, plan.mode)).collect();
        assert_eq!(names, [("通販".into(), ImportMode::Both), ("展示会".into(), ImportMode::New)]);
    }

    async fn erased_data_leave_only_the_proof(store: Store) {
        let mut person = draft("Hanako@a.example", "花子", "1");
        person.fields.insert("色".into(), "赤".into());
        let id = store.add(&person, None, NOW).await.unwrap().unwrap();
        store.record_consent(&agreed(id), None, NOW).await.unwrap();
        store.opt_out(id, OptOutRoute::OneClick, None, NOW + 1).await.unwrap();
        let erased = store.erase(id, Some(3), NOW + 2).await.unwrap().unwrap();
        assert_eq!((erased.ledger_entries, erased.stays_opted_out), (2, true));
        assert_eq!(erased.kept_until, kept_until(NOW + 1, None));
        assert_eq!(store.erase(id, None, NOW).await.unwrap(), None);
        assert!(ContactStore::get(&store, id).await.unwrap().is_none());
        let kept = store.ledger_of_erased("hanako@a.example").await.unwrap();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|entry| entry.address.starts_with("sha256:") && entry.ip.is_none()));
        assert_eq!(store.ledger_of_erased("x@a.example").await.unwrap(), []);
        let again = store.add(&draft("hanako@a.example", "花子", "1"), None, NOW + 3).await.unwrap().unwrap();
        assert_eq!(contact(&store, again).await.opt_out_route, Some(OptOutRoute::OneClick), "a refusal outlives");
        store.erase(again, None, NOW + 4).await.unwrap();
        let import = uploaded(&store, &ImportPlan::default()).await;
        store.start(import, NOW).await.unwrap();
        store.apply(import, &batch(vec![draft("HANAKO@a.example", "花子", "1")]), NOW).await.unwrap();
        let people = ContactStore::list(&store, &audience::ContactFilter::default(), 0, 9).await.unwrap().contacts;
        assert!(people[0].opted_out_at.is_some());
        assert_eq!(store.forget_expired(erased.kept_until).await.unwrap(), 0);
        assert!(store.forget_expired(erased.kept_until + 1_000_000_000).await.unwrap() >= 2);
        assert_eq!(store.ledger_of_erased("hanako@a.example").await.unwrap(), []);
    }
}
