//! The shop of the stories: its domain, its customers, its letter.

use std::time::Duration;

use audience::{
    ContactDraft, ImportBatch, ImportId, ImportJob, ImportPlan, ImportRow, ImportState, ImportStore,
    NewImport, segment::SegmentId,
};
use campaigns::{
    audience::AudienceRules,
    broadcast::{AudienceKind, BroadcastDraft, BroadcastId, Purpose},
    ports::{BroadcastStore, TemplateStore},
    report::{Row, RowFilter},
    template::TemplateDraft,
};
use delivery::ports::SourceStore;
use doctor::sending::{HouseNames, new_domain, plan_of};
use storage::Store;

use super::{MAIL_HOST, Stage, now, wait_until};

/// The shop's domain.
pub const SHOP: &str = "hanaya-midori.example";
/// Pieces of an upload.
const PIECE_BYTES: usize = 256 * 1024;

/// Adds the shop's domain and publishes its records.
pub async fn add_domain(stage: &Stage, store: &Store) {
    let new = new_domain(SHOP, "202611").expect("keys");
    store.add_domain(&new, None, now()).await.expect("stored");
    let domain = store.domain_by_name(SHOP).await.expect("asked").expect("just added");
    let house = HouseNames {
        mail_host: MAIL_HOST.to_owned(),
        sending_ips: vec![[127, 0, 0, 1].into()],
        smart_host_spf: None,
    };
    for record in authentication::wanted_records(&plan_of(&domain, &house)) {
        stage.world.dns.zone().add(&record.name, record.kind, &record.value).expect("published");
    }
    stage.world.dns.zone().add(MAIL_HOST, "A", "127.0.0.1").expect("published");
}

/// Adds contacts with these addresses, as an import does.
pub async fn add_contacts(store: &Store, addresses: &[String]) {
    let new = NewImport { file_name: "customers.csv".into(), created_by: None };
    let id = ImportStore::create(store, new, now()).await.expect("created");
    store.set_plan(id, &ImportPlan::default()).await.expect("planned");
    ImportStore::start(store, id, now()).await.expect("started");
    let mut done = 0;
    for chunk in addresses.chunks(500) {
        let rows = chunk.iter().enumerate().map(|(n, address)| ImportRow {
            row: done + n as u64 + 1,
            draft: draft(address, done + n as u64 + 1),
        });
        let rows: Vec<_> = rows.collect();
        let rows_after = done + rows.len() as u64;
        let batch = ImportBatch { rows_before: done, rows_after, rows, ..ImportBatch::default() };
        assert!(store.apply(id, &batch, now()).await.expect("applied").applied);
        done = rows_after;
    }
    store.end(id, ImportState::Finished, None, now()).await.expect("ended");
}

fn draft(address: &str, number: u64) -> ContactDraft {
    let read = mail::Address::parse(address).expect("the story's address");
    ContactDraft {
        provider: addressing::provider_of(read.domain()).map(|p| p.id.clone()).unwrap_or_default(),
        address_key: Some(read.key()),
        address: Some(read.to_string()),
        name: format!("山田 花子{number}"),
        external_id: format!("H-{number:06}"),
        ..ContactDraft::default()
    }
}

/// Uploads a file of customers and starts the import; the running program takes it in.
pub async fn upload(store: &Store, bytes: &[u8]) -> ImportId {
    let new = NewImport { file_name: "customers.csv".to_owned(), created_by: None };
    let id = ImportStore::create(store, new, now()).await.expect("created");
    for (seq, piece) in (0..).zip(bytes.chunks(PIECE_BYTES)) {
        store.append(id, seq, piece).await.expect("kept");
    }
    let seen = audience::detect(bytes);
    let mut plan = ImportPlan {
        encoding: seen.encoding.to_owned(),
        delimiter: seen.delimiter,
        has_header: seen.has_header,
        ..ImportPlan::default()
    };
    let preview = audience::preview(bytes, &plan, 20);
    plan.mapping = audience::guess_mapping(&preview.columns, &preview.rows);
    plan.columns = preview.columns;
    store.set_plan(id, &plan).await.expect("planned");
    ImportStore::start(store, id, now()).await.expect("started");
    id
}

/// Uploads a file and waits until the running program has taken it in.
pub async fn import(store: &Store, bytes: &[u8]) -> ImportJob {
    let id = upload(store, bytes).await;
    let job = async || ImportStore::get(store, id).await.expect("asked").expect("it exists");
    wait_until("the import", Duration::from_secs(60), async || job().await.state != ImportState::Running)
        .await;
    job().await
}

/// Creates and starts a broadcast to everybody.
pub async fn start_broadcast(store: &Store, tries_ms: i64) -> BroadcastId {
    start_for(store, None, tries_ms).await
}

/// Creates and starts a broadcast to those for whom a segment holds, or to everybody.
pub async fn start_for(store: &Store, segment_id: Option<SegmentId>, tries_ms: i64) -> BroadcastId {
    let template = TemplateDraft {
        name: "お知らせ".into(),
        subject: "{{ name }}さまへ".into(),
        text: "{{ name }} 様\n\nお花のご案内です。\n{{ unsubscribe_url }}\n".into(),
        html: None,
    };
    let template_id = store.save(None, &template, None, now()).await.expect("saved");
    let draft = BroadcastDraft {
        records_clicks: false,
        purpose: Purpose::Advertising,
        pool: None,
        name: "お知らせ".into(),
        template_id,
        from_name: "花屋みどり".into(),
        from_address: format!("info@{SHOP}"),
        reply_to: String::new(),
        audience: if segment_id.is_some() { AudienceKind::Conditions } else { AudienceKind::All },
    };
    let id = BroadcastStore::create(store, &draft, None, now()).await.expect("created");
    let rules = AudienceRules { segment_id, ..AudienceRules::default() };
    assert!(store.set_audience_rules(id, &rules).await.expect("decided"));
    assert!(BroadcastStore::start(store, id, now() + tries_ms, None, now()).await.expect("started"));
    id
}

/// Every person's row of a broadcast.
pub async fn rows(store: &Store, broadcast: BroadcastId) -> Vec<Row> {
    let (rows, all) = store.rows(broadcast, &RowFilter::default(), 0, 100_000).await.expect("asked");
    assert_eq!(rows.len() as u64, all);
    rows
}

/// The address without quotation marks, as the simulator knows it.
pub fn plain(address: &str) -> String {
    let read = mail::Address::parse(address).expect("a stored address");
    format!("{}@{}", read.local(), read.domain())
}
