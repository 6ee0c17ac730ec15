//! A trial run finds what the real run then does, whatever is in the file and in the house.

use audience::{
    ContactDraft, ContactStore, FieldDraft, FieldKind, FieldStore, ImportBatch, ImportMode, ImportPlan,
    ImportRow, ImportState, ImportStore, ImportTrial, NewImport, OptOutRoute, PointDraft, PointStore,
};
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
    found
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
