//! Our side: a whole house with people in it, and a broadcast to them.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use audience::{ContactDraft, ImportBatch, ImportPlan, ImportRow, ImportState, ImportStore, NewImport};
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, BroadcastId, BroadcastState, Purpose},
    ports::{BroadcastStore, TemplateStore},
    template::TemplateDraft,
};
use delivery::{
    pacing::{
        limits::{LimitSet, Rate},
        rulebook::ALL,
    },
    ports::SourceStore,
    recipient::State,
};
use doctor::sending::new_domain;
use storage::Store;
use testkit::{Dns, Zone, port};
use todoku::{
    config::{Config, DeliverySection, TlsSection},
    house::{Running, open_store, wall_clock},
};

/// Domains of the recipients; all lead to the sink. Nobody knows them, so no provider's own limits are kept.
pub const DOMAINS: [&str; 6] =
    ["ame.example", "yuki.example", "kaze.example", "hana.example", "tori.example", "tsuki.example"];
const SHOP: &str = "hanaya-midori.example";
/// Six sites and this many connections to each are about the 50 connections Postfix may open.
const CONNECTIONS_PER_SITE: u32 = 8;
/// People taken in with one transaction.
const IMPORT_ROWS: usize = 2_000;
/// No broadcast of a measurement takes longer.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// What a house is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// People.
    pub contacts: usize,
    /// What their local parts begin with.
    pub prefix: &'static str,
    /// Size of a message in kilobytes.
    pub kilobytes: usize,
    /// Links of the message, each of which is recorded when it is followed.
    pub links: usize,
    /// `postgres://…`, or empty for SQLite in the house's folder.
    pub database: String,
}

/// What is measured is the program, not the politeness towards one provider.
fn unlimited() -> LimitSet {
    LimitSet {
        connections: Some(8),
        connect_rate: Some(Rate::None),
        messages_per_connection: Some(10_000),
        recipients_per_session: Some(10_000),
        rate: Some(Rate::None),
        hour_start_rest: Some(0),
        ..LimitSet::default()
    }
}

/// The DNS that leads to the sink.
pub async fn dns_to(sink: SocketAddr) -> anyhow::Result<Dns> {
    let zone = Zone::default();
    for domain in DOMAINS {
        let host = format!("mx.{domain}");
        zone.add(domain, "MX", &format!("10 {host}"))?;
        zone.add(&host, "A", &sink.ip().to_string())?;
    }
    Ok(Dns::start(zone).await?)
}

/// Delivery without the caution towards strangers: the sink bears what comes, as Postfix is told too.
pub fn delivery_to(mx_port: u16) -> DeliverySection {
    let unlimited = LimitSet {
        connections: Some(CONNECTIONS_PER_SITE),
        connections_per_site: Some(CONNECTIONS_PER_SITE),
        connect_rate: Some(Rate::None),
        messages_per_connection: Some(1_000),
        recipients_per_session: Some(1_000),
        rate: Some(Rate::None),
        ..LimitSet::default()
    };
    DeliverySection { mx_port, pacing: [("all".to_owned(), unlimited)].into(), ..DeliverySection::default() }
}

/// The sink speaks no TLS, and nobody asks for policies about it.
pub fn no_policies() -> TlsSection {
    TlsSection { mta_sts: false, dane: false, reports: false, ..TlsSection::default() }
}

/// The configuration of a house whose mail goes to the sink.
pub fn config(folder: &Path, plan: &Plan, dns: SocketAddr, sink: SocketAddr) -> anyhow::Result<Config> {
    Ok(Config {
        data: folder.to_owned(),
        database: plan.database.clone(),
        listen_web: port::free()?,
        listen_smtp: port::free()?,
        mail_host: "mail.todoku.example".to_owned(),
        dns_servers: vec![dns],
        delivery: DeliverySection {
            mx_port: sink.port(),
            pacing: [(ALL.to_owned(), unlimited())].into(),
            ..DeliverySection::default()
        },
        ..Config::default()
    })
}

/// Takes people in and writes a template; gives the draft of a broadcast to everybody.
pub async fn furnish(config: &Config, plan: &Plan) -> anyhow::Result<BroadcastDraft> {
    let store = open_store(config).await?;
    let now = wall_clock()();
    let boxed = anyhow::Error::from_boxed;
    let mut domain = new_domain(SHOP, "202611")?;
    // Measured with one signature, RSA-2048.
    domain.keys.ed25519_private.clear();
    // There already when the database was furnished before.
    let _known = store.add_domain(&domain, None, now).await.map_err(boxed)?;
    add_contacts(&store, plan, now).await?;
    let draft = draft(&store, plan, now).await?;
    store.close().await;
    Ok(draft)
}

/// Opens the house.
pub async fn open(config: Config) -> anyhow::Result<Running> {
    Running::open(config, wall_clock()).await
}

/// Starts a broadcast.
pub async fn start(store: &Arc<Store>, draft: &BroadcastDraft) -> anyhow::Result<BroadcastId> {
    let now = wall_clock()();
    let boxed = anyhow::Error::from_boxed;
    let id = BroadcastStore::create(store.as_ref(), draft, None, now).await.map_err(boxed)?;
    BroadcastStore::start(store.as_ref(), id, now + 24 * 3_600_000, None, now).await.map_err(boxed)?;
    Ok(id)
}

/// Waits until every outcome of a broadcast is durable and the broadcast has ended, and all were accepted.
pub async fn finish(store: &Arc<Store>, id: BroadcastId, recipients: usize) -> anyhow::Result<()> {
    let boxed = anyhow::Error::from_boxed;
    let started = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let found = BroadcastStore::get(store.as_ref(), id).await.map_err(boxed)?;
        if found.is_some_and(|found| found.state == BroadcastState::Finished) {
            break;
        }
        ensure!(started.elapsed() < PATIENCE, "the broadcast did not end");
    }
    let counts = store.counts(id).await.map_err(boxed)?;
    ensure!(counts.of(State::Accepted) == recipients as u64, "not everything was accepted: {counts:?}");
    Ok(())
}

async fn add_contacts(store: &Store, plan: &Plan, now: i64) -> anyhow::Result<()> {
    let boxed = anyhow::Error::from_boxed;
    let new = NewImport { file_name: "bench.csv".to_owned(), created_by: None };
    let id = ImportStore::create(store, new, now).await.map_err(boxed)?;
    store.set_plan(id, &ImportPlan::default()).await.map_err(boxed)?;
    ImportStore::start(store, id, now).await.map_err(boxed)?;
    let mut begin = 0;
    while begin < plan.contacts {
        let end = plan.contacts.min(begin + IMPORT_ROWS);
        let rows: Vec<ImportRow> =
            (begin..end).map(|n| ImportRow { row: n as u64 + 1, draft: contact(plan.prefix, n) }).collect();
        let batch =
            ImportBatch { rows_before: begin as u64, rows_after: end as u64, rows, ..ImportBatch::default() };
        let applied = store.apply(id, &batch, now).await.map_err(boxed)?.applied;
        ensure!(applied, "the import was ended by somebody");
        begin = end;
    }
    store.end(id, ImportState::Finished, None, now).await.map_err(boxed)?;
    Ok(())
}

fn contact(prefix: &str, n: usize) -> ContactDraft {
    let domain = DOMAINS[n % DOMAINS.len()];
    let address = format!("{prefix}{n}@{domain}");
    ContactDraft {
        address_key: Some(address.clone()),
        address: Some(address),
        provider: addressing::provider_of(domain).map(|p| p.id.clone()).unwrap_or_default(),
        name: format!("山田 花子{n}"),
        ..ContactDraft::default()
    }
}

async fn draft(store: &Store, plan: &Plan, now: i64) -> anyhow::Result<BroadcastDraft> {
    let line = "冬のお花のご案内です。シクラメン、ポインセチア、お正月のアレンジメントをご用意しました。\n";
    // Japanese text grows by a third in base64.
    let lines = (plan.kilobytes * 1024 * 3 / 4).saturating_sub(900) / line.len();
    let template = TemplateDraft {
        name: "bench".to_owned(),
        subject: "{{ name | default(\"お客様\") }}さまへ".to_owned(),
        text: format!(
            "{{{{ name | default(\"お客様\") }}}} 様\n\n{}\n{}{{{{ unsubscribe_url }}}}\n",
            line.repeat(lines),
            (1..=plan.links).map(|n| format!("https://{SHOP}/season/{n}\n")).collect::<String>()
        ),
        html: None,
    };
    let template_id = store.save(None, &template, None, now).await.map_err(anyhow::Error::from_boxed)?;
    Ok(BroadcastDraft {
        records_clicks: plan.links > 0,
        purpose: Purpose::Advertising,
        pool: None,
        name: "bench".to_owned(),
        template_id,
        from_name: "花屋みどり".to_owned(),
        from_address: format!("info@{SHOP}"),
        reply_to: String::new(),
        audience: AudienceKind::All,
    })
}
