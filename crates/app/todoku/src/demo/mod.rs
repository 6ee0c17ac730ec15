//! The demonstration: a shop, 300 customers, one letter, and what became of each.

mod scene;
mod table;

use std::{collections::BTreeMap, time::Duration};

use accounts::{Language, NewOperator, OperatorStore, Role, hash_password};
use anyhow::{Context, bail};
use audience::{ContactFilter, ContactStore, ImportPlan, ImportState, ImportStore, NewImport};
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, BroadcastId, BroadcastState, Purpose},
    ports::{BroadcastStore, TemplateStore},
    report::{Row, RowFilter},
    template::TemplateDraft,
};
use delivery::{ports::SourceStore, recipient::State};
use doctor::sending::{HouseNames, new_domain, plan_of};
use testkit::{DEMO_DOMAIN, Expected};

pub use scene::{Scene, Stage};

use crate::secret;

/// How long the demonstration waits for mail that is refused for now, before it is given up.
const TRIES_MS: i64 = 12_000;
/// How long everything may take.
const PATIENCE: Duration = Duration::from_secs(150);
/// Pieces of the upload.
const PIECE_BYTES: usize = 256 * 1024;

/// Plays it to the end of the sending and prints what became of every mail.
///
/// # Errors
/// When a step cannot be done.
pub async fn play(scene: Scene) -> anyhow::Result<Stage> {
    let mut stage = Stage::open(scene).await?;
    add_owner(&mut stage).await?;
    add_domain(&stage).await?;
    let customers = import(&stage).await?;
    let broadcast = send(&stage).await?;
    wait(&stage, broadcast).await?;
    let rows = all_rows(&stage, broadcast).await?;
    stage.foretold = table::print(&stage, broadcast, customers, &rows).await?;
    Ok(stage)
}

async fn add_owner(stage: &mut Stage) -> anyhow::Result<()> {
    let password = stage.scene.password.clone().unwrap_or_else(secret::short);
    let password_hash = hash_password(&password, secret::bytes())?;
    let owner = NewOperator {
        login: "owner".to_owned(),
        name: "店主".to_owned(),
        role: Role::Owner,
        language: Language::Ja,
        password_hash,
    };
    stage.store().create_first_owner(owner, stage.now()).await.map_err(anyhow::Error::from_boxed)?;
    stage.password = password;
    Ok(())
}

/// Adds the shop's domain and publishes in the small DNS what a shop publishes at its DNS company.
async fn add_domain(stage: &Stage) -> anyhow::Result<()> {
    let new = new_domain(DEMO_DOMAIN, "202611")?;
    let store = stage.store();
    store.add_domain(&new, None, stage.now()).await.map_err(anyhow::Error::from_boxed)?;
    let domain = store.domain_by_name(DEMO_DOMAIN).await.map_err(anyhow::Error::from_boxed)?;
    let domain = domain.context("the domain was just added")?;
    let house = HouseNames {
        mail_host: stage.mail_host.clone(),
        sending_ips: vec![[127, 0, 0, 1].into()],
        smart_host_spf: None,
    };
    for record in authentication::wanted_records(&plan_of(&domain, &house)) {
        stage.world.dns.zone().add(&record.name, record.kind, &record.value)?;
    }
    stage.world.dns.zone().add(&stage.mail_host, "A", "127.0.0.1")?;
    Ok(())
}

/// Imports the shipped file as the page does: upload, guess, start, wait.
async fn import(stage: &Stage) -> anyhow::Result<u64> {
    let path = stage.scene.files.join("customers.csv");
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let store = stage.store();
    let new = NewImport { file_name: "customers.csv".to_owned(), created_by: None };
    let id = ImportStore::create(store, new, stage.now()).await.map_err(anyhow::Error::from_boxed)?;
    for (seq, piece) in (0..).zip(bytes.chunks(PIECE_BYTES)) {
        store.append(id, seq, piece).await.map_err(anyhow::Error::from_boxed)?;
    }
    let seen = audience::detect(&bytes);
    let mut plan = ImportPlan {
        encoding: seen.encoding.to_owned(),
        delimiter: seen.delimiter,
        has_header: seen.has_header,
        ..ImportPlan::default()
    };
    let preview = audience::preview(&bytes, &plan, 20);
    plan.mapping = audience::guess_mapping(&preview.columns, &preview.rows);
    plan.columns = preview.columns;
    store.set_plan(id, &plan).await.map_err(anyhow::Error::from_boxed)?;
    ImportStore::start(store, id, stage.now()).await.map_err(anyhow::Error::from_boxed)?;
    let job = loop {
        let job = ImportStore::get(store, id).await.map_err(anyhow::Error::from_boxed)?;
        let job = job.context("the import was just started")?;
        if job.state != ImportState::Running {
            break job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    println!(
        "取り込み: {}({}) {}行 → 追加 {}、更新 {}、エラー {}",
        job.file_name, plan.encoding, job.rows_done, job.added, job.updated, job.failed
    );
    for error in store.errors(id, 0, 100).await.map_err(anyhow::Error::from_boxed)? {
        println!("  {}行目: {}", error.row, error.ja);
    }
    ContactStore::count(store, &ContactFilter::default()).await.map_err(anyhow::Error::from_boxed)
}

async fn send(stage: &Stage) -> anyhow::Result<BroadcastId> {
    let read = |name: &str| {
        let path = stage.scene.files.join(name);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let store = stage.store();
    let template = TemplateDraft {
        name: "冬のご予約".to_owned(),
        subject: read("subject.txt")?.trim().to_owned(),
        text: read("template.txt")?,
        html: Some(read("template.html")?),
    };
    let template_id =
        store.save(None, &template, None, stage.now()).await.map_err(anyhow::Error::from_boxed)?;
    let draft = BroadcastDraft {
        records_clicks: false,
        purpose: Purpose::Advertising,
        pool: None,
        name: "冬のご予約".to_owned(),
        template_id,
        from_name: "花屋みどり".to_owned(),
        from_address: format!("info@{DEMO_DOMAIN}"),
        reply_to: String::new(),
        audience: AudienceKind::All,
    };
    let id =
        BroadcastStore::create(store, &draft, None, stage.now()).await.map_err(anyhow::Error::from_boxed)?;
    let expires_at = stage.now() + TRIES_MS;
    let started = BroadcastStore::start(store, id, expires_at, None, stage.now()).await;
    if !started.map_err(anyhow::Error::from_boxed)? {
        bail!("the broadcast did not start");
    }
    Ok(id)
}

/// Waits until the queue is empty and the late bounces that were foretold have come back.
async fn wait(stage: &Stage, broadcast: BroadcastId) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let counts = stage.store().counts(broadcast).await.map_err(anyhow::Error::from_boxed)?;
        let found = BroadcastStore::get(stage.store(), broadcast).await.map_err(anyhow::Error::from_boxed)?;
        let finished = found.is_some_and(|broadcast| broadcast.state == BroadcastState::Finished);
        let open = counts.of(State::Waiting) + counts.of(State::Deferred);
        if finished && open == 0 && stage.late_bounces_missing(broadcast).await? == 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            let missing = stage.late_bounces_missing(broadcast).await?;
            println!("まだ終わっていません: 送信待ち・再試行中 {open}、後日の不達 {missing}");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Every row of the broadcast.
async fn all_rows(stage: &Stage, broadcast: BroadcastId) -> anyhow::Result<Vec<Row>> {
    let (rows, _) = stage
        .store()
        .rows(broadcast, &RowFilter::default(), 0, 10_000)
        .await
        .map_err(anyhow::Error::from_boxed)?;
    Ok(rows)
}

/// What the simulator said it would do, by address.
pub type Foretold = BTreeMap<String, Expected>;
