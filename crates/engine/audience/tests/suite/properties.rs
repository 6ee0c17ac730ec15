//! Any bytes are read without a panic, and well-formed files are read as the `csv` crate reads them.

use crate::support::MemoryStore;
use audience::{
    ImportPlan, ImportState, RowOutcome, detect, guess_mapping, preview, read_row, run_import, suggest_plan,
};
use proptest::prelude::*;

/// Cells with everything that makes a writer use quotation marks.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1_usize..6).prop_flat_map(|width| {
        let row = proptest::collection::vec("[a-c,;\"あ漢\r\n\t ]{0,6}", width);
        proptest::collection::vec(row, 1..30)
    })
}

fn written(rows: &[Vec<String>], delimiter: char) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter as u8)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(vec![]);
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn well_formed_files(rows in table(), delimiter in prop_oneof![Just(','), Just(';'), Just('\t')]) {
        let bytes = written(&rows, delimiter);
        let plan = ImportPlan { encoding: "UTF-8".to_owned(), delimiter, ..ImportPlan::default() };
        let filled = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
        prop_assert_eq!(preview(&bytes, &plan, 100).rows, filled.collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let seen = detect(&bytes);
        prop_assert!([',', ';', '\t'].contains(&seen.delimiter));
        let (plan, preview, _) = suggest_plan(&bytes, 20);
        prop_assert_eq!(plan.mapping.len(), preview.columns.len());
        for (row, cells) in preview.rows.into_iter().enumerate() {
            let cells_before = cells.clone();
            if let RowOutcome::Bad(error) = read_row(row as u64, cells, &plan, &[]) {
                prop_assert_eq!(error.cells, cells_before);
                prop_assert!(!error.ja.is_empty() && !error.en.is_empty());
            }
        }
    }

    #[test]
    fn any_text(text in "[\",\r\n;あ名@.a-c0-9]{0,400}", piece in 1_usize..50) {
        let columns = vec!["氏名".to_owned(), "メール".to_owned()];
        let mapping = guess_mapping(&columns, &[]);
        let plan =
            ImportPlan { encoding: "UTF-8".to_owned(), delimiter: ',', has_header: false, columns, mapping, ..ImportPlan::default() };
        let whole = MemoryStore::running(text.as_bytes(), plan.clone(), 10_000);
        let cut = MemoryStore::running(text.as_bytes(), plan, piece);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for store in [&whole, &cut] {
            let state = runtime.block_on(run_import(store, 1, &|| 0)).unwrap();
            prop_assert!(matches!(state, ImportState::Finished | ImportState::Failed));
        }
        prop_assert_eq!(&whole.inner().rows, &cut.inner().rows);
        prop_assert_eq!(&whole.inner().errors, &cut.inner().errors);
    }
}
