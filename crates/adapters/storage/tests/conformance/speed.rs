//! Prints how fast the hot path is on SQLite. `TODOKU_SPEED_ROWS` sets the size; the small default only shows that it
//! runs. Numbers of an unoptimised build say little.

use std::time::Instant;

use campaigns::ports::BroadcastStore;
use delivery::{
    ports::{CommitMark, Leaving, QueueStore},
    recipient::{Lane, State},
};
use sqlx::{Connection, Executor, SqliteConnection};
use storage::Store;

use crate::{
    mailing::{DAY, drafted, request, tried},
    world::NOW,
};

const CONTACTS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ROWS)
    INSERT INTO contacts (id, address, address_key, name, fields, search_text, created_at, updated_at)
    SELECT i, 'k' || i || '@' || site, 'k' || i || '@' || site, '客' || i, '{\"会員\":\"金\"}', 'k' || i, 1, 1
    FROM (SELECT i, CASE WHEN i * 7919 % 10 < 3 THEN 'gmail.example' WHEN i * 7919 % 10 < 7 THEN 'slow.example'
                    ELSE 'firm' || (i * 7919 % 20000) || '.example' END AS site FROM n) AS made";

fn print(what: &str, rows: usize, since: Instant) {
    let seconds = since.elapsed().as_secs_f64();
    println!("{what}: {rows} rows, {:.0} rows/s, {:.2} s", rows as f64 / seconds, seconds);
}

async fn measure(store: &Store, rows: usize) {
    let id = drafted(store, campaigns::broadcast::AudienceKind::All).await;
    let since = Instant::now();
    store.preview(id, NOW).await.unwrap();
    print("preview", rows, since);
    assert!(BroadcastStore::start(store, id, NOW + DAY, None, NOW).await.unwrap());
    let since = Instant::now();
    while !store.write_audience(id, 2_000, NOW).await.unwrap() {}
    print("audience", rows, since);
    let mut left = rows.min(20_000);
    let (mut claiming, mut marking, mut recording) = (0.0, 0.0, 0.0);
    let (mut sent, mut claims) = (0, 0);
    while left > 0 {
        let since = Instant::now();
        let claimed = store.claim(&request("n", NOW)).await.unwrap();
        claiming += since.elapsed().as_secs_f64();
        claims += 1;
        let marks: Vec<_> = claimed
            .iter()
            .map(|row| CommitMark {
                id: row.id,
                values: Some(row.values.clone()),
                source: Leaving::default(),
            })
            .collect();
        let since = Instant::now();
        store.mark_committing("n", &marks, NOW).await.unwrap();
        marking += since.elapsed().as_secs_f64();
        let ended = |n: usize| {
            if n.is_multiple_of(20) {
                (State::Refused, "550 5.1.1 no")
            } else {
                (State::Accepted, "250 2.0.0 ok")
            }
        };
        let records: Vec<_> =
            claimed.iter().enumerate().map(|(n, row)| tried(row.id, ended(n).0, ended(n).1)).collect();
        let since = Instant::now();
        store.record("n", &records, NOW).await.unwrap();
        recording += since.elapsed().as_secs_f64();
        sent += claimed.len();
        left = left.saturating_sub(claimed.len().max(1));
    }
    for (what, seconds) in [("claim", claiming), ("mark", marking), ("record", recording)] {
        println!(
            "{what}: {sent} rows in {claims} batches, {:.0} rows/s",
            f64::from(u32::try_from(sent).unwrap()) / seconds
        );
    }
    behind_slow_sites(store).await;
    let since = Instant::now();
    assert!(store.pause(id, None, NOW).await.unwrap());
    print("pause", rows - sent, since);
    let since = Instant::now();
    assert!(store.cancel(id, None, NOW).await.unwrap());
    print("cancel", rows - sent, since);
    let since = Instant::now();
    assert_eq!(store.counts(id).await.unwrap().total(), rows as u64);
    print("counts", rows, since);
    let since = Instant::now();
    store.by_reason(id).await.unwrap();
    print("by_reason", rows, since);
    let since = Instant::now();
    BroadcastStore::rows(store, id, &campaigns::report::RowFilter::default(), 100, 50).await.unwrap();
    print("first rows", rows, since);
}

/// Claims while the two large sites are full: first the small sites' rows, then nothing is left for anybody.
async fn behind_slow_sites(store: &Store) {
    let mut wanted = request("n", NOW);
    wanted.per_site = 200;
    wanted.full_sites =
        ["gmail.example", "slow.example"].map(|site| (site.to_owned(), Lane::Transactional)).to_vec();
    let since = Instant::now();
    let mut found = 0;
    for _ in 0..10 {
        found += store.claim(&wanted).await.unwrap().len();
    }
    println!(
        "ten claims behind full sites: {found} rows, {:.1} ms each",
        since.elapsed().as_secs_f64() * 100.0
    );
}

#[test]
fn hot_path_on_sqlite() {
    let rows: usize =
        std::env::var("TODOKU_SPEED_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(2_000);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/house.db", folder.path().display());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(
        async {
            let store = Store::open(&url).await.unwrap();
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            connection
                .execute(sqlx::AssertSqlSafe(CONTACTS.replace("ROWS", &rows.to_string())))
                .await
                .unwrap();
            connection.close().await.unwrap();
            measure(&store, rows).await;
            store.close().await;
        },
    );
}
