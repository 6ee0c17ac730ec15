//! A trial run finds what the real run then does, whatever is in the file and in the house.

use std::collections::BTreeSet;

use audience::{
    AddressFailure, ContactDraft, ContactStore, Failure, FieldDraft, FieldKind, FieldStore, ImportBatch,
    ImportMode, ImportPlan, ImportRow, ImportState, ImportStore, ImportTrial, NewImport, OptOutRoute,
    PointDraft, PointOutcome, PointStore, SuppressionStore, ValiditySettings, ValidityStore,
};
use bounce::Reason;
use storage::Store;

use crate::{
    anything::Dice,
    people::draft,
    world::{NOW, cases},
};

const FILES: u64 = 12;

/// Few different values, so that rows meet each other and the house.
fn row_of(dice: &mut Dice) -> ContactDraft {
    let address = match dice.below(8) {
        0 => String::new(),
        n => format!("{}{n}@a.example", if dice.below(2) == 0 { "h" } else { "H" }),
    };
    let number = if dice.below(2) == 0 { String::new() } else { format!("{}", dice.below(6)) };
    let name = ["花子", "太郎", ""][usize::try_from(dice.below(3)).unwrap()];
    let mut row = draft(&address, name, &number);
    if row.address.is_none() && row.external_id.is_empty() {
        row.name = "名".to_owned();
    }
    if dice.below(3) == 0 {
        row.fields.insert("色".into(), ["赤", " 赤 ", "青"][usize::try_from(dice.below(3)).unwrap()].into());
    }
    if dice.below(4) == 0 {
        row.fields.insert("年".into(), ["７", "7", "8"][usize::try_from(dice.below(3)).unwrap()].into());
    }
    if dice.below(3) == 0 {
        let other = addressing::read(&format!("h{}@a.example", dice.below(8)));
        row.more.extend(PointDraft::address(&other, "会社"));
    }
    if dice.below(5) == 0 {
        row.more.extend(PointDraft::phone(&format!("090-1234-567{}", dice.below(3)), ""));
    }
    row.wants_mail = (dice.below(6) == 0).then_some(false);
    row.dm_wanted = (dice.below(6) == 0).then_some(dice.below(2) == 0);
    row
}

fn batches(dice: &mut Dice, rows: &[ContactDraft]) -> Vec<ImportBatch> {
    let mut batches = Vec::new();
    let mut done = 0;
    while done < rows.len() {
        let count = usize::try_from(1 + dice.below(9)).unwrap().min(rows.len() - done);
        let taken = (done..done + count).map(|at| ImportRow { row: at as u64 + 1, draft: rows[at].clone() });
        batches.push(ImportBatch {
            rows_before: done as u64,
            rows_after: (done + count) as u64,
            bytes_after: (done + count) as u64,
            rows: taken.collect(),
            errors: Vec::new(),
        });
        done += count;
    }
    batches
}

async fn uploaded(store: &Store, mode: ImportMode) -> i64 {
    let id = store.create(NewImport { file_name: "a.csv".into(), created_by: None }, NOW).await.unwrap();
    assert!(store.set_plan(id, &ImportPlan { mode, ..ImportPlan::default() }).await.unwrap());
    id
}

async fn tried(store: &Store, id: i64, batches: &[ImportBatch]) -> ImportTrial {
    assert!(store.start_trial(id, NOW).await.unwrap());
    for batch in batches {
        assert!(store.try_batch(id, batch).await.unwrap());
    }
    let found = ImportStore::get(store, id).await.unwrap().unwrap().trial.unwrap();
    store.end_trial(id, Some(&found)).await.unwrap();
    ImportStore::get(store, id).await.unwrap().unwrap().trial.unwrap()
}

/// How many of the customers with these numbers get no advertising, looked up one by one.
async fn without_mail(store: &Store, numbers: &BTreeSet<&str>, on_list: &str) -> u64 {
    let all = ContactStore::list(store, &Default::default(), 0, 100).await.unwrap().contacts;
    let out = all.iter().filter(|contact| {
        let key = contact.address.as_deref().unwrap_or_default().to_lowercase();
        let off =
            [contact.opted_out_at, contact.dm_refused_at, contact.invalid_at].iter().any(Option::is_some);
        !key.is_empty() && numbers.contains(contact.external_id.as_str()) && (off || key == on_list)
    });
    out.count() as u64
}

async fn run(store: &Store, id: i64, batches: &[ImportBatch], now: i64) -> [u64; 4] {
    assert!(store.start(id, now).await.unwrap());
    for batch in batches {
        assert!(store.apply(id, batch, now).await.unwrap().applied);
    }
    assert!(store.end(id, ImportState::Finished, None, now).await.unwrap());
    let job = ImportStore::get(store, id).await.unwrap().unwrap();
    [job.added, job.updated, job.unchanged, job.skipped]
}

cases! {
    async fn a_trial_finds_what_the_run_does(store: Store) {
        let number = FieldDraft { label: "年".into(), kind: FieldKind::Number, choices: vec![], required: false };
        store.add_field(&number, None, NOW).await.unwrap();
        for seed in 0..FILES {
            let mut dice = Dice(seed);
            let rows: Vec<_> = (0..10 + dice.below(50)).map(|_| row_of(&mut dice)).collect();
            let cut = batches(&mut dice, &rows);
            let mode = [ImportMode::Both, ImportMode::New, ImportMode::Update][usize::try_from(seed % 3).unwrap()];
            let now = NOW + i64::try_from(seed).unwrap() * 1000;
            let id = uploaded(&store, mode).await;
            let count = ContactStore::count(&store, &Default::default()).await.unwrap();
            let found = tried(&store, id, &cut).await;
            let again = tried(&store, id, &cut).await;
            assert_eq!(ContactStore::count(&store, &Default::default()).await.unwrap(), count, "a trial changes nothing");
            let expected = run(&store, id, &cut, now).await;
            assert_eq!([found.added, found.updated, found.unchanged, found.skipped], expected, "file {seed} {mode:?}");
            let also = [again.added, again.updated, again.unchanged, again.skipped];
            assert_eq!(also, expected, "a second trial starts anew, file {seed} {mode:?}");
            assert_eq!(again.suppressed, found.suppressed, "file {seed} {mode:?}");
        }
    }

    async fn a_trial_counts_who_gets_no_advertising_after_the_run(store: Store) {
        let on_list = "h5@a.example";
        store.suppress(&[on_list.to_owned()], "", None, NOW).await.unwrap();
        for (at, dead) in ["h2@a.example", "h6@a.example"].into_iter().enumerate() {
            let gone = store.add(&draft(dead, "前の方", &format!("x{at}")), None, NOW).await.unwrap().unwrap();
            store.switch_off(gone, "", None, NOW).await.unwrap();
        }
        let mut counted = 0;
        for seed in 0..FILES {
            let mut dice = Dice(seed + 100);
            let mut rows: Vec<_> = (0..5 + dice.below(30)).map(|_| row_of(&mut dice)).collect();
            for row in &mut rows {
                row.external_id = format!("{}-{}", seed / 3, dice.below(9));
            }
            let cut = batches(&mut dice, &rows);
            let id = uploaded(&store, ImportMode::Both).await;
            let found = tried(&store, id, &cut).await;
            run(&store, id, &cut, NOW + 1000 + i64::try_from(seed).unwrap()).await;
            let numbers = rows.iter().map(|row| row.external_id.as_str()).collect();
            assert_eq!(found.suppressed, without_mail(&store, &numbers, on_list).await, "file {seed}");
            counted += found.suppressed;
        }
        assert!(counted > 50, "hardly anybody was left out: {counted}");
    }

    async fn a_trial_knows_addresses_that_are_new_and_do_not_work(store: Store) {
        let gone = store.add(&draft("gone@a.example", "前", "1"), None, NOW).await.unwrap().unwrap();
        store.switch_off(gone, "", None, NOW).await.unwrap();
        let office = PointDraft::address(&addressing::read("old@a.example"), "会社").unwrap();
        let PointOutcome::Done(point) = store.add_point(gone, &office, (None, NOW)).await.unwrap() else { panic!() };
        assert!(store.judge_point((gone, point), (false, "moved"), (None, NOW)).await.unwrap());
        let found_dead = AddressFailure {
            address_key: "bounced@a.example".into(),
            failure: Failure { recipient_id: 1, at: NOW, reason: Reason::UserUnknown, is_temporary: false },
            arrival_id: None,
        };
        store.record_failure(&found_dead, &ValiditySettings::default(), NOW).await.unwrap();
        store.suppress(&["listed@a.example".to_owned(), "@tomeru.example".to_owned()], "", None, NOW).await.unwrap();
        let files: &[(&[&str], u64)] = &[
            (&["new@a.example"], 0),
            (&["Gone@a.example"], 1),
            (&["old@a.example"], 1),
            (&["bounced@a.example"], 1),
            (&["listed@a.example"], 1),
            (&["a@tomeru.example", "b@tomeru.example"], 2),
            (&["", "new@a.example", "listed@a.example"], 1),
            (&["listed@a.example", "new@a.example", "Listed@a.example"], 1),
        ];
        for (addresses, expected) in files {
            let rows: Vec<_> = addresses.iter().map(|address| draft(address, "名", "")).collect();
            let id = uploaded(&store, ImportMode::Both).await;
            let found = tried(&store, id, &batches(&mut Dice(3), &rows)).await;
            assert_eq!(found.suppressed, *expected, "{addresses:?}");
        }
    }

    async fn a_repeated_new_customer_is_new_once_and_a_duplicate_once(store: Store) {
        let id = uploaded(&store, ImportMode::Both).await;
        let rows = [draft("h@a.example", "花子", ""), draft("x@a.example", "他", ""), draft("H@a.example", "花子", "")];
        for cut in [1, 2, 3] {
            let cut: Vec<ImportBatch> = (0..rows.len())
                .step_by(cut)
                .map(|at| {
                    let end = rows.len().min(at + cut);
                    let taken = (at..end).map(|at| ImportRow { row: at as u64 + 1, draft: rows[at].clone() });
                    ImportBatch {
                        rows_before: at as u64, rows_after: end as u64, bytes_after: 1, rows: taken.collect(), errors: vec![],
                    }
                })
                .collect();
            let found = tried(&store, id, &cut).await;
            assert_eq!((found.added, found.unchanged, found.updated, found.duplicates), (2, 0, 1, 1));
        }
    }

    async fn a_file_brings_further_addresses_and_finds_by_them(store: Store) {
        let known = store.add(&draft("h@a.example", "花子", "1"), None, NOW).await.unwrap().unwrap();
        let office = PointDraft::address(&addressing::read("office@b.example"), "会社").unwrap();
        let mut with = draft("h@a.example", "", "");
        with.more = vec![office.clone(), PointDraft::phone("090-1234-5678", "携帯").unwrap()];
        let mut fresh = draft("", "新", "2");
        fresh.more = vec![PointDraft::address(&addressing::read("new@b.example"), "").unwrap()];
        let rows = [with.clone(), with, draft("office@b.example", "花代", ""), fresh];
        let cut = batches(&mut Dice(1), &rows);
        let id = uploaded(&store, ImportMode::Both).await;
        let found = tried(&store, id, &cut).await;
        assert!(store.points(known).await.unwrap().is_empty());
        let expected = run(&store, id, &cut, NOW + 1).await;
        assert_eq!(expected, [1, 2, 1, 0]);
        assert_eq!([found.added, found.updated, found.unchanged, found.skipped], expected);
        let kept = ContactStore::get(&store, known).await.unwrap().unwrap();
        assert_eq!((kept.name.as_str(), kept.address.as_deref()), ("花代", Some("h@a.example")));
        let points = store.points(known).await.unwrap();
        let shown: Vec<_> = points.iter().map(|point| (point.draft.value.as_str(), point.draft.label.as_str())).collect();
        assert_eq!(shown, [("office@b.example", "会社"), ("090-1234-5678", "携帯")]);
        let listed = ContactStore::list(&store, &Default::default(), 0, 5).await.unwrap().contacts;
        assert_eq!(listed[0].address.as_deref(), Some("new@b.example"), "the only address is the preferred one");
        store.opt_out(known, OptOutRoute::Page, None, NOW + 2).await.unwrap();
    }
}
