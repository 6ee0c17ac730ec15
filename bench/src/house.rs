//! Our side: a whole house with a broadcast, from the start to the last durable outcome.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use anyhow::ensure;
use audience::{ContactDraft, ImportBatch, ImportPlan, ImportRow, ImportState, ImportStore, NewImport};
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, BroadcastState},
    ports::{BroadcastStore, TemplateStore},
    template::TemplateDraft,
};
use delivery::{ports::SourceStore, recipient::State};
use doctor::sending::new_domain;
use storage::Store;
use testkit::World;
use todoku::{
    config::{Config, DeliverySection},
    house::{Running, open_store, wall_clock},
};

/// Domains of the recipients; all lead to the sink.
const DOMAINS: [&str; 6] =
    ["docomo.ne.jp", "ezweb.ne.jp", "gmail.com", "softbank.ne.jp", "yahoo.co.jp", "icloud.com"];
const SHOP: &str = "hanaya-midori.example";

/// What was measured.
pub struct Measured {
    /// Messages a second, outcomes durable.
    pub per_second: f64,
    /// Processor time of the whole process, the sink included, for 1,000 messages.
    pub cpu_seconds_per_1000: f64,
}

/// Sends one broadcast.
pub async fn broadcast(world: &World, recipients: usize, kilobytes: usize) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let free = || TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let config = Config {
        data: folder.path().to_owned(),
        listen_web: free()?,
        listen_smtp: free()?,
        mail_host: "mail.todoku.example".to_owned(),
        dns_servers: vec![world.dns_addr()],
        delivery: DeliverySection { mx_port: world.smtp_port(), ..DeliverySection::default() },
        ..Config::default()
    };
    let clock = wall_clock();
    let now = clock();
    let boxed = anyhow::Error::from_boxed;
    let prepared = open_store(&config).await?;
    prepared.add_domain(&new_domain(SHOP, "202611")?, None, now).await.map_err(boxed)?;
    add_contacts(&prepared, recipients, now).await?;
    let draft = draft(&prepared, kilobytes, now).await?;
    prepared.close().await;
    let running = Running::open(config, clock.clone()).await?;
    let store = running.store.clone();
    let id = BroadcastStore::create(store.as_ref(), &draft, None, now).await.map_err(boxed)?;
    let cpu_before = cpu_seconds();
    let started = Instant::now();
    BroadcastStore::start(store.as_ref(), id, now + 3_600_000, None, now).await.map_err(boxed)?;
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let found = BroadcastStore::get(store.as_ref(), id).await.map_err(boxed)?;
        if found.is_some_and(|found| found.state == BroadcastState::Finished) {
            break;
        }
        ensure!(started.elapsed() < Duration::from_secs(900), "the broadcast did not end");
    }
    let took = started.elapsed();
    let cpu = cpu_seconds() - cpu_before;
    let counts = store.counts(id).await.map_err(boxed)?;
    ensure!(counts.of(State::Accepted) == recipients as u64, "not everything was accepted: {counts:?}");
    let per_second = recipients as f64 / took.as_secs_f64();
    println!("Todoku: {recipients} messages of {kilobytes} kB in {took:.1?}: {per_second:.0}/s");
    running.close().await?;
    Ok(Measured { per_second, cpu_seconds_per_1000: cpu / recipients as f64 * 1000.0 })
}

async fn add_contacts(store: &Store, count: usize, now: i64) -> anyhow::Result<()> {
    let boxed = anyhow::Error::from_boxed;
    let new = NewImport { file_name: "bench.csv".to_owned(), created_by: None };
    let id = ImportStore::create(store, new, now).await.map_err(boxed)?;
    store.set_plan(id, &ImportPlan::default()).await.map_err(boxed)?;
    ImportStore::start(store, id, now).await.map_err(boxed)?;
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(500) {
        let rows: Vec<ImportRow> =
            chunk.iter().map(|n| ImportRow { row: *n as u64 + 1, draft: contact(*n) }).collect();
        let rows_before = chunk[0] as u64;
        let rows_after = rows_before + rows.len() as u64;
        let batch = ImportBatch { rows_before, rows_after, rows, ..ImportBatch::default() };
        ensure!(
            store.apply(id, &batch, now).await.map_err(boxed)?.applied,
            "the import was ended by somebody"
        );
    }
    store.end(id, ImportState::Finished, None, now).await.map_err(boxed)?;
    Ok(())
}

fn contact(n: usize) -> ContactDraft {
    let domain = DOMAINS[n % DOMAINS.len()];
    let address = format!("hanako{n}@{domain}");
    ContactDraft {
        address_key: Some(address.clone()),
        address: Some(address),
        provider: addressing::provider_of(domain).map(|p| p.id.clone()).unwrap_or_default(),
        name: format!("山田 花子{n}"),
        ..ContactDraft::default()
    }
}

async fn draft(store: &Store, kilobytes: usize, now: i64) -> anyhow::Result<BroadcastDraft> {
    let line = "冬のお花のご案内です。シクラメン、ポインセチア、お正月のアレンジメントをご用意しました。\n";
    // Japanese text grows by a third in base64.
    let lines = (kilobytes * 1024 * 3 / 4).saturating_sub(900) / line.len();
    let template = TemplateDraft {
        name: "bench".to_owned(),
        subject: "{{ name | default(\"お客様\") }}さまへ".to_owned(),
        text: format!(
            "{{{{ name | default(\"お客様\") }}}} 様\n\n{}\n{{{{ unsubscribe_url }}}}\n",
            line.repeat(lines)
        ),
        html: None,
    };
    let template_id = store.save(None, &template, None, now).await.map_err(anyhow::Error::from_boxed)?;
    Ok(BroadcastDraft {
        name: "bench".to_owned(),
        template_id,
        from_name: "花屋みどり".to_owned(),
        from_address: format!("info@{SHOP}"),
        reply_to: String::new(),
        audience: AudienceKind::All,
    })
}

/// Processor seconds this process has used (utime + stime of proc(5), 100 ticks a second on Linux).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    ticks / 100.0
}
