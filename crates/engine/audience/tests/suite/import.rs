//! An import reads every row once, whatever interrupts it, and ends with a state that says what happened.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::support::{MemoryStore, Trouble};
use audience::{FAILURES, ImportPlan, ImportState, failure_sentence, guess_mapping, run_import};
use encoding_rs::{EUC_JP, SHIFT_JIS};
use proptest::prelude::*;

fn plan(columns: &str, encoding: &str) -> ImportPlan {
    let columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
    let mapping = guess_mapping(&columns, &[]);
    ImportPlan {
        encoding: encoding.to_owned(),
        delimiter: ',',
        has_header: true,
        columns,
        mapping,
        ..ImportPlan::default()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// Runs as a worker would: again after each interruption.
fn run(store: &MemoryStore) -> ImportState {
    let clock = AtomicI64::new(0);
    let clock = || clock.fetch_add(1, Ordering::Relaxed);
    let runtime = runtime();
    for _ in 0..100 {
        if let Ok(state) = runtime.block_on(run_import(store, 1, &clock)) {
            return state;
        }
    }
    panic!("it never ends");
}

fn list(rows: usize) -> String {
    let row = |n: usize| match n % 10 {
        3 => format!("{n},\"花子\r\n{n}\",broken\r\n"),
        7 => format!("{n},\"閉じない,hanako{n}@shop.example\r\n"),
        _ => format!("{n},花子{n},hanako{n}@shop.example\r\n"),
    };
    format!("会員番号,氏名,メール\r\n{}", (1..=rows).map(row).collect::<String>())
}

fn names(store: &MemoryStore) -> Vec<u64> {
    store.inner().rows.iter().map(|row| row.row).collect()
}

#[test]
fn every_encoding_gives_the_same_rows() {
    let text = list(30);
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    let files = [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8", format!("\u{feff}{text}").into_bytes()),
        ("Shift_JIS", SHIFT_JIS.encode(&text).0.into_owned()),
        ("EUC-JP", EUC_JP.encode(&text).0.into_owned()),
        ("UTF-16LE", utf16(u16::to_le_bytes)),
        ("UTF-16BE", utf16(u16::to_be_bytes)),
    ];
    for (encoding, bytes) in files {
        for piece in [1, 13, 100_000] {
            let store = MemoryStore::running(&bytes, plan("会員番号,氏名,メール", encoding), piece);
            assert_eq!(run(&store), ImportState::Finished, "{encoding}");
            let job = store.job();
            assert_eq!((job.rows_done, job.added, job.failed, job.failure), (30, 24, 6, None), "{encoding}");
            assert_eq!((job.bytes_done, job.bytes_total), (bytes.len() as u64, bytes.len() as u64));
            assert_eq!(store.inner().rows[0].draft.name, "花子1");
        }
    }
}

#[test]
fn an_interrupted_import_goes_on() {
    let text = list(2600);
    let whole = MemoryStore::running(text.as_bytes(), plan("会員番号,氏名,メール", "UTF-8"), 10_000);
    assert_eq!(run(&whole), ImportState::Finished);
    let store = MemoryStore::running(text.as_bytes(), plan("会員番号,氏名,メール", "UTF-8"), 10_000);
    let trouble = [(0, Trouble::Before), (2, Trouble::Behind), (3, Trouble::Behind), (5, Trouble::Before)];
    store.inner().trouble.extend(trouble);
    assert_eq!(run(&store), ImportState::Finished);
    assert_eq!(store.inner().applies, 6 + 2);
    assert_eq!(names(&store), names(&whole));
    assert_eq!(store.inner().errors, whole.inner().errors);
    assert_eq!(store.job().rows_done, 2600);
}

#[test]
fn a_cancelled_import_stops() {
    let store = MemoryStore::running(list(2600).as_bytes(), plan("会員番号,氏名,メール", "UTF-8"), 10_000);
    store.inner().trouble.insert(2, Trouble::Cancel);
    assert_eq!(run(&store), ImportState::Cancelled);
    assert_eq!((store.job().rows_done, store.inner().applies), (1000, 3));
    assert_eq!(run(&store), ImportState::Cancelled);
    assert_eq!(store.inner().applies, 3);
}

fn check_failure(bytes: &[u8], plan: ImportPlan, expected: &str) {
    let store = MemoryStore::running(bytes, plan, 4000);
    assert_eq!(run(&store), ImportState::Failed);
    assert_eq!(store.job().failure.as_deref(), Some(expected));
    assert!(FAILURES.contains(&expected));
}

#[test]
fn failures() {
    let usual = || plan("氏名,メール", "UTF-8");
    check_failure(b"", usual(), "empty");
    check_failure("氏名,メール\r\n".as_bytes(), usual(), "empty");
    check_failure("氏名,メール\r\n,\r\n , \r\n\x1a".as_bytes(), usual(), "empty");
    check_failure(b"PK\x03\x04\x14\x00", usual(), "spreadsheet");
    check_failure(&[0, 1, 2, 3, 0, 5, 6, 7], usual(), "not_text");
    check_failure(&SHIFT_JIS.encode(&list(10)).0, usual(), "encoding");
    check_failure(b"a,b\n", plan("氏名,メール", "no such encoding"), "encoding");
    check_failure(b"a,b\nc,d\n", plan("色,形", "UTF-8"), "no_mapping");
    check_failure("氏名".repeat(100_000).as_bytes(), usual(), "line_too_long");
    check_failure("x,\"y\n".repeat(3000).replace("\"y", "\"y\n\"z").as_bytes(), usual(), "open_quotes");
    let mut many = plan(&(0..70).map(|n| format!("項目{n}")).collect::<Vec<_>>().join(","), "UTF-8");
    many.mapping = (0..70).map(|n| (n, if n == 0 { "name" } else { "field" }.to_owned())).collect();
    check_failure(b"a\nb\n", many, "too_many_fields");
    let store = MemoryStore::running("氏名,メール\r\n花子,a@b.example\r\n".as_bytes(), usual(), 20);
    store.inner().pieces.pop();
    assert_eq!(run(&store), ImportState::Failed);
    assert_eq!(store.job().failure.as_deref(), Some("incomplete"));
}

#[test]
fn every_failure_has_its_sentence() {
    for key in FAILURES {
        let sentence = failure_sentence(key).unwrap();
        assert!(sentence.ja.ends_with('。') && sentence.en.ends_with('.'), "{key}");
    }
    assert!(failure_sentence("no such key").is_none());
}

#[test]
fn a_line_of_fifty_megabytes_is_one_bad_row() {
    for (quote, megabytes) in [("", 50), ("\"", 5)] {
        let long = "あ".repeat(megabytes * 1024 * 1024 / 3);
        let text = format!("氏名,メール\r\n花子,a@b.example\r\n{quote}{long}\r\n次郎,c@d.example\r\n");
        let store = MemoryStore::running(text.as_bytes(), plan("氏名,メール", "UTF-8"), 1024 * 1024);
        assert_eq!(run(&store), ImportState::Finished);
        assert_eq!(names(&store), [1, 3]);
        let inner = store.inner();
        assert_eq!((inner.errors[0].row, inner.errors.len()), (2, 1));
        assert!(inner.errors[0].ja.contains("長すぎて"), "{}", inner.errors[0].ja);
        assert!(inner.errors[0].cells.iter().map(String::len).sum::<usize>() < 4000);
    }
}

#[test]
fn missing_imports_are_an_error() {
    let store = MemoryStore::default();
    assert!(runtime().block_on(run_import(&store, 1, &|| 0)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_interruptions_apply_each_row_once(
        rows in 1_usize..1800,
        piece in 1000_usize..50_000,
        trouble in proptest::collection::btree_map(0_usize..8, prop_oneof![Just(Trouble::Before), Just(Trouble::Behind)], 0..6),
    ) {
        let text = list(rows);
        let store = MemoryStore::running(text.as_bytes(), plan("会員番号,氏名,メール", "UTF-8"), piece);
        store.inner().trouble = trouble;
        prop_assert_eq!(run(&store), ImportState::Finished);
        let inner = store.inner();
        let mut seen: Vec<u64> = inner.rows.iter().map(|row| row.row).collect();
        seen.extend(inner.errors.iter().map(|error| error.row));
        seen.sort_unstable();
        prop_assert_eq!(seen, (1..=rows as u64).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_end_somehow(bytes in proptest::collection::vec(any::<u8>(), 0..3000), piece in 1_usize..500) {
        for encoding in ["UTF-8", "Shift_JIS", "EUC-JP", "UTF-16LE", "UTF-16BE", "ISO-2022-JP"] {
            let store = MemoryStore::running(&bytes, plan("氏名,メール", encoding), piece);
            prop_assert!(matches!(run(&store), ImportState::Finished | ImportState::Failed));
        }
    }
}
