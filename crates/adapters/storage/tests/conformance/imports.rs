//! Imports: pieces, plan, batches that count once, rows that refer to one another.

use audience::{
    BatchResult, ContactDraft, ContactFilter, ContactStore, ImportBatch, ImportPlan, ImportRow, ImportState,
    ImportStore, NewImport, OptOutRoute, RowError, event,
};
use storage::Store;

use crate::{
    people::{contact, draft, events, kinds_of},
    world::{NOW, cases},
};

async fn running(store: &dyn ImportStore) -> i64 {
    let new = NewImport { file_name: "名簿.csv".into(), created_by: Some(5) };
    let id = store.create(new, NOW).await.unwrap();
    assert!(store.start(id, NOW).await.unwrap());
    id
}

fn batch(rows_before: u64, drafts: Vec<ContactDraft>) -> ImportBatch {
    let rows_after = rows_before + drafts.len() as u64;
    let rows = (rows_before + 1..).zip(drafts).map(|(row, draft)| ImportRow { row, draft }).collect();
    ImportBatch { rows_before, rows_after, bytes_after: rows_after * 10, rows, errors: Vec::new() }
}

/// Takes rows in as an import of their own.
pub async fn imported(store: &Store, drafts: Vec<ContactDraft>) -> (u64, u64, u64) {
    let id = running(store).await;
    let result = store.apply(id, &batch(0, drafts), NOW).await.unwrap();
    assert!(result.applied);
    (result.added, result.updated, result.unchanged)
}

async fn everyone(store: &Store) -> Vec<(String, String, String)> {
    let page = ContactStore::list(store, &ContactFilter::default(), 0, 10_000).await.unwrap();
    let told =
        |contact: audience::Contact| (contact.external_id, contact.address.unwrap_or_default(), contact.name);
    page.contacts.into_iter().rev().map(told).collect()
}

fn person(external_id: &str, address: &str, name: &str) -> (String, String, String) {
    (external_id.into(), address.into(), name.into())
}

cases! {
    async fn an_upload_is_kept_in_pieces(store: Store) {
        let store: &dyn ImportStore = &store;
        let new = NewImport { file_name: "名簿.csv".into(), created_by: None };
        let id = store.create(new, NOW).await.unwrap();
        for (seq, bytes) in [(0, &b"a\0\xff"[..]), (1, b"bc"), (1, b"again")] {
            store.append(id, seq, bytes).await.unwrap();
        }
        let plan = ImportPlan {
            encoding: "Shift_JIS".into(),
            delimiter: ',',
            has_header: true,
            columns: vec!["氏名".into()],
            mapping: [(0, "name".into())].into(),
            ..ImportPlan::default()
        };
        assert!(store.set_plan(id, &plan).await.unwrap());
        let job = store.get(id).await.unwrap().unwrap();
        assert_eq!((job.bytes_total, job.state, job.plan), (5, ImportState::Uploaded, plan.clone()));
        assert_eq!(store.piece(id, 0).await.unwrap().as_deref(), Some(&b"a\0\xff"[..]));
        assert_eq!(store.piece(id, 2).await.unwrap(), None);
        assert!(store.start(id, NOW).await.unwrap());
        assert!(!store.start(id, NOW).await.unwrap());
        assert!(!store.set_plan(id, &plan).await.unwrap());
        assert!(store.append(id, 2, b"late").await.is_err());
        assert_eq!(store.running().await.unwrap().len(), 1);
        assert!(store.end(id, ImportState::Failed, Some("import.failed.x"), NOW + 1).await.unwrap());
        assert!(!store.end(id, ImportState::Finished, None, NOW + 1).await.unwrap());
        let job = store.list(10).await.unwrap().remove(0);
        assert_eq!((job.failure.as_deref(), job.finished_at), (Some("import.failed.x"), Some(NOW + 1)));
        assert_eq!(store.running().await.unwrap(), []);
    }

    async fn a_batch_counts_once(store: Store) {
        let id = running(&store).await;
        let mut one = batch(0, vec![draft("a@a.example", "一", "1"), draft("b@a.example", "二", "")]);
        one.rows_after = 3;
        one.errors =
            vec![RowError { row: 3, cells: vec!["x".into(), "\0".into()], ja: "宛先".into(), en: "address".into() }];
        let expected = BatchResult { applied: true, added: 2, updated: 0, unchanged: 0, skipped: 0 };
        assert_eq!(store.apply(id, &one, NOW).await.unwrap(), expected);
        assert_eq!(store.apply(id, &one, NOW).await.unwrap(), BatchResult::default());
        let job = ImportStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((job.rows_done, job.bytes_done, job.added, job.failed), (3, 20, 2, 1));
        let mut bad = one.errors[0].clone();
        bad.cells[1] = "\u{fffd}".into();
        assert_eq!(store.errors(id, 0, 10).await.unwrap(), [bad]);
        assert_eq!(store.errors(id, 3, 10).await.unwrap(), []);
        store.end(id, ImportState::Cancelled, None, NOW).await.unwrap();
        let late = batch(3, vec![draft("c@a.example", "三", "")]);
        assert!(!store.apply(id, &late, NOW).await.unwrap().applied);
        assert_eq!(everyone(&store).await.len(), 2);
        let told = events(&store, 4).await;
        let kinds: Vec<_> = told.iter().map(|event| (event.kind.as_str(), event.operator_id)).collect();
        assert_eq!(kinds[0], (event::IMPORT_STARTED, Some(5)));
        assert_eq!(kinds[1], (event::CONTACT_IMPORTED, Some(5)));
        assert_eq!(kinds[3], (event::IMPORT_FINISHED, Some(5)));
        assert_eq!(told[3].detail["added"], 2);
    }

    async fn of_two_workers_one_takes_the_batch_in(store: Store) {
        let id = running(&store).await;
        let work = |store: Store| {
            tokio::spawn(async move {
                let rows = batch(0, vec![draft("a@a.example", "一", "1")]);
                store.apply(id, &rows, NOW).await.unwrap().applied
            })
        };
        let (one, two) = (work(store.clone()), work(store.clone()));
        assert!(one.await.unwrap() ^ two.await.unwrap());
        assert_eq!(everyone(&store).await, [person("1", "a@a.example", "一")]);
    }

    async fn rows_find_the_contact_they_mean(store: Store) {
        imported(&store, vec![draft("a@a.example", "一", "1"), draft("b@a.example", "二", "")]).await;
        let counts = imported(&store, vec![
            draft("", "一郎", "1"),             // by number
            draft("B@a.example", "", ""),       // by address: another spelling
            draft("a@a.example", "一郎", ""),   // by address, the same
            draft("a@a.example", "別人", "9"),  // an unknown number is a new contact
        ]).await;
        assert_eq!(counts, (1, 2, 1));
        assert_eq!(everyone(&store).await, [
            person("1", "a@a.example", "一郎"), person("", "B@a.example", "二"), person("9", "a@a.example", "別人"),
        ]);
        assert_eq!(imported(&store, vec![draft("a@a.example", "最新", "")]).await, (0, 1, 0));
        assert_eq!(everyone(&store).await[2], person("9", "a@a.example", "最新"), "the newest with the address");
    }

    async fn rows_of_a_batch_refer_to_one_another(store: Store) {
        let mut later = draft("", "", "1");
        later.phone = "090".into();
        later.fields.insert("色".into(), "赤".into());
        let counts = imported(&store, vec![
            draft("a@a.example", "一", "1"),
            draft("b@a.example", "", "1"),
            later,
            draft("b@a.example", "一郎", ""),
            draft("c@a.example", "二", ""),
            draft("c@a.example", "二", ""),
            draft("", "名前だけ", ""),
        ]).await;
        assert_eq!(counts, (3, 3, 1));
        assert_eq!(everyone(&store).await, [
            person("1", "b@a.example", "一郎"), person("", "c@a.example", "二"), person("", "", "名前だけ"),
        ]);
        assert_eq!(store.field_names().await.unwrap(), ["色"]);
        let id = ContactStore::list(&store, &ContactFilter { search: "090 b@".into(), ..ContactFilter::default() }, 0, 1)
            .await.unwrap().contacts[0].id;
        assert_eq!(kinds_of(&store, id, 4).await, [event::CONTACT_IMPORTED]);
    }

    async fn a_row_may_mean_an_address_an_earlier_row_took_away(store: Store) {
        imported(&store, vec![
            draft("a@a.example", "古い", "1"), draft("a@a.example", "新しい", "2"), draft("z@a.example", "三", "3"),
        ]).await;
        let counts = imported(&store, vec![
            draft("new@a.example", "", "2"),   // the newest of a@ moves away
            draft("a@a.example", "残り", ""),  // so this means the older one
            draft("new@a.example", "移動", ""),
            draft("q@a.example", "", "3"),
            draft("z@a.example", "別人", ""),  // nobody is left here
        ]).await;
        assert_eq!(counts, (1, 4, 0));
        assert_eq!(everyone(&store).await, [
            person("1", "a@a.example", "残り"), person("2", "new@a.example", "移動"),
            person("3", "q@a.example", "三"), person("", "z@a.example", "別人"),
        ]);
    }

    async fn an_import_stops_mail_and_never_starts_it(store: Store) {
        imported(&store, vec![draft("a@a.example", "一", "1"), draft("a@a.example", "二", "2")]).await;
        let mut refusing = draft("a@a.example", "", "2");
        refusing.wants_mail = Some(false);
        assert_eq!(imported(&store, vec![refusing.clone(), draft("a@a.example", "三", "3")]).await, (1, 1, 0));
        let page = ContactStore::list(&store, &ContactFilter::default(), 0, 10).await.unwrap();
        for kept in &page.contacts {
            assert_eq!(kept.opt_out_route, Some(OptOutRoute::Import), "{}", kept.name);
        }
        let newest = page.contacts[0].id;
        assert_eq!(kinds_of(&store, newest, 9).await, [event::CONTACT_IMPORTED, event::CONTACT_OPTED_OUT]);
        refusing.wants_mail = Some(true);
        assert_eq!(imported(&store, vec![refusing]).await, (0, 0, 1));
        assert!(contact(&store, newest).await.opted_out_at.is_some());
    }

    async fn an_imported_change_of_address_counts_as_working(store: Store) {
        imported(&store, vec![draft("a@a.example", "一", "1")]).await;
        store.mark_invalid("a@a.example", "userunknown", None, NOW).await.unwrap();
        assert_eq!(imported(&store, vec![draft("a@a.example", "", "1")]).await, (0, 0, 1));
        let filter = ContactFilter::default();
        let id = ContactStore::list(&store, &filter, 0, 1).await.unwrap().contacts[0].id;
        assert!(contact(&store, id).await.invalid_at.is_some());
        assert_eq!(imported(&store, vec![draft("b@a.example", "", "1")]).await, (0, 1, 0));
        assert!(contact(&store, id).await.invalid_at.is_none());
        let told = events(&store, 6).await.pop().unwrap();
        assert_eq!((told.kind.as_str(), told.contact_id), (event::CONTACT_EDITED, Some(id)));
        assert_eq!(told.detail["address_before"], "a@a.example");
    }

    async fn a_large_batch_is_one_transaction(store: Store) {
        let drafts: Vec<_> = (0..1200)
            .map(|number| draft(&format!("p{number}@a.example"), "お客様", &format!("{number}")))
            .collect();
        assert_eq!(imported(&store, drafts.clone()).await, (1200, 0, 0));
        assert_eq!(imported(&store, drafts).await, (0, 0, 1200));
        assert_eq!(ContactStore::count(&store, &ContactFilter::default()).await.unwrap(), 1200);
        assert_eq!(events(&store, 1202).await.len(), 1202);
    }

    async fn another_sheet_takes_the_place_of_the_first(store: Store) {
        let new = NewImport { file_name: "a.xlsx [1]".into(), created_by: None };
        let id = store.create(new, NOW).await.unwrap();
        for (seq, piece) in [(0, b"PK1".as_slice()), (1, b"PK2"), (1, b"twice")] {
            store.keep_book(id, seq, piece).await.unwrap();
        }
        for (seq, piece) in [(0, b"a,b".as_slice()), (1, b"c,d")] {
            store.append(id, seq, piece).await.unwrap();
        }
        let book = audience::Book { file_name: "a.xlsx".into(), sheets: vec!["1".into(), "2".into()], chosen: "1".into() };
        let plan = ImportPlan { encoding: "UTF-8".into(), delimiter: ',', book: Some(book), ..ImportPlan::default() };
        assert!(store.set_plan(id, &plan).await.unwrap());
        let job = ImportStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((job.bytes_total, job.plan), (6, plan), "the workbook's own bytes are not read");
        assert!(store.start_over(id, "a.xlsx [2]").await.unwrap());
        let job = ImportStore::get(&store, id).await.unwrap().unwrap();
        assert_eq!((job.file_name.as_str(), job.bytes_total, job.plan), ("a.xlsx [2]", 0, ImportPlan::default()));
        assert_eq!(store.piece(id, 0).await.unwrap(), None);
        let mut pieces = Vec::new();
        while let Some(piece) = store.book_piece(id, pieces.len() as u64).await.unwrap() {
            pieces.push(piece);
        }
        assert_eq!(pieces, [b"PK1", b"PK2"]);
        store.append(id, 0, b"e,f").await.unwrap();
        assert!(store.start(id, NOW).await.unwrap());
        assert!(!store.start_over(id, "late").await.unwrap(), "not while it is taken in");
        store.keep_book(id, 2, b"late").await.unwrap();
        assert_eq!(store.book_piece(id, 2).await.unwrap(), None);
        assert_eq!(store.piece(id, 0).await.unwrap().as_deref(), Some(b"e,f".as_slice()));
    }
}
