//! Files of customers, as browsers upload them.

use audience::{ImportPlan, RowOutcome, RowReader};

/// Rows shown and read.
const ROWS_MAX: usize = 200;

/// Guesses how a file is written, shows it in that and in other ways, and reads its rows.
pub fn import(bytes: &[u8]) {
    let (plan, preview, detected) = audience::suggest_plan(bytes, ROWS_MAX);
    assert!(preview.rows.len() <= ROWS_MAX);
    assert!(matches!(detected.delimiter, ',' | ';' | '\t'));
    assert_eq!(plan.columns.len(), preview.columns.len());
    let reader = RowReader::new(&plan, &[]);
    for (n, cells) in preview.rows.into_iter().enumerate() {
        let row = n as u64 + 1;
        match reader.read(row, cells) {
            RowOutcome::Good(good) => assert_eq!(good.row, row),
            RowOutcome::Bad(bad) => assert_eq!(bad.row, row),
        }
    }
    for encoding in ["Shift_JIS", "UTF-16LE", "EUC-JP", "ISO-2022-JP", "no such thing"] {
        let other = ImportPlan { encoding: encoding.to_owned(), delimiter: ';', ..plan.clone() };
        let _ = audience::preview(bytes, &other, ROWS_MAX);
    }
}
