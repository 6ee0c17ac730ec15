//! Measures how many rows of an import a second the store takes in: `cargo run --release --example import_speed`.

use std::time::Instant;

use audience::{ContactDraft, ImportBatch, ImportRow, ImportStore, NewImport};
use storage::Store;

const ROWS: u64 = 60_000;
const BATCH: u64 = 500;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let url =
        std::env::args().nth(1).unwrap_or_else(|| format!("sqlite:{}/house.db", folder.path().display()));
    let store = Store::open(&url).await?;
    for round in ["all new", "all known", "all changed"] {
        let id = store.create(NewImport { file_name: "a.csv".into(), created_by: None }, 0).await?;
        store.start(id, 0).await?;
        let began = Instant::now();
        let mut making = std::time::Duration::ZERO;
        for first in (0..ROWS).step_by(usize::try_from(BATCH)?) {
            let made = Instant::now();
            let batch = batch(first, round == "all changed");
            making += made.elapsed();
            assert!(store.apply(id, &batch, 0).await?.applied);
        }
        let seconds = (began.elapsed() - making).as_secs_f64();
        println!("{round}: {:.0} rows/s", ROWS as f64 / seconds);
    }
    store.close().await;
    Ok(())
}

fn batch(first: u64, changed: bool) -> ImportBatch {
    let rows =
        (first..first + BATCH).map(|number| ImportRow { row: number + 1, draft: draft(number, changed) });
    ImportBatch {
        rows_before: first,
        rows_after: first + BATCH,
        bytes_after: first,
        rows: rows.collect(),
        errors: vec![],
    }
}

fn draft(number: u64, changed: bool) -> ContactDraft {
    let address = format!("okyakusama{}@mail{}.example", number.wrapping_mul(7_919) % 1_000_003, number % 20);
    ContactDraft {
        address_key: Some(address.clone()),
        address: Some(address),
        provider: "docomo".into(),
        name: format!("山田 花子{number}"),
        kana: "ヤマダ ハナコ".into(),
        phone: format!("090-{:04}-{:04}", number / 10_000, number % 10_000),
        company: if changed { "有限会社花屋".into() } else { "株式会社花屋".into() },
        external_id: format!("C{number:07}"),
        fields: [("誕生日".to_owned(), "1月2日".to_owned())].into(),
        ..ContactDraft::default()
    }
}
