//! `todoku queue explain …`: why mail waits, in the words and numbers of the page 「送信待ち」.

use std::process::ExitCode;

use anyhow::{bail, ensure};
use campaigns::ports::BroadcastStore;
use clap::{Args, Subcommand};
use delivery::{
    pacing::{
        explain::{self, Why},
        facts::FlowFacts,
        rulebook::{Rulebook, Tries},
        store::{Hold, PacingStore, Scope, Standing, Told},
    },
    ports::SourceStore,
    recipient::Lane,
};
use serde_json::{Value, json};
use storage::Store;

use crate::{config::Config, house::open_store};

/// What a process told longer ago than this is not shown.
const HEARD_MS: i64 = 15_000;
const SHARDS_MAX: u64 = 50;

/// What can be asked about the queue.
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// Says why a message, a provider, a source or a broadcast waits.
    Explain(ExplainArgs),
}

/// About what.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A message, by the number in its page's address.
    message: Option<i64>,
    /// A provider or domain, such as docomo.
    #[arg(long)]
    site: Option<String>,
    /// A source, by its number.
    #[arg(long)]
    source: Option<i64>,
    /// A broadcast, by the number in its page's address.
    #[arg(long)]
    broadcast: Option<i64>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

struct Moment {
    now: i64,
    standing: Standing,
    told: Vec<Told>,
    book: Rulebook,
    tries: Tries,
}

/// Does it.
///
/// # Errors
/// With the sentence for the terminal.
pub async fn run(command: QueueCommand, config: &Config) -> anyhow::Result<ExitCode> {
    let QueueCommand::Explain(args) = command;
    let store = open_store(config).await?;
    let now = crate::house::wall_clock()();
    let boxed = anyhow::Error::from_boxed;
    let standing = store.standing(now).await.map_err(boxed)?;
    let told = store.told(now - HEARD_MS).await.map_err(boxed)?;
    let book = Rulebook::new(config.limits()?, standing.owner.clone());
    let moment = Moment { now, standing, told, book, tries: config.tries()? };
    let (answer, lines) = match (args.message, &args.site, args.source, args.broadcast) {
        (Some(id), None, None, None) => message(&store, &moment, id).await?,
        (None, Some(site), None, None) => site_of(&store, &moment, site).await?,
        (None, None, Some(source), None) => source_of(&store, &moment, source).await?,
        (None, None, None, Some(id)) => broadcast(&store, &moment, id).await?,
        _ => bail!(
            "メッセージの番号か --site, --source, --broadcast のどれか1つを指定してください / give one of: a message, --site, --source, --broadcast"
        ),
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        lines.iter().for_each(|line| println!("{line}"));
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

type Explained = (Value, Vec<String>);

async fn message(store: &Store, moment: &Moment, id: i64) -> anyhow::Result<Explained> {
    let found = store.queued(id).await.map_err(anyhow::Error::from_boxed)?;
    let Some(row) = found else {
        bail!("送信待ちにありません(送り終えたか、番号が違います): {id} / not in the queue: {id}");
    };
    let pace = moment.standing.paces.iter().find(|pace| pace.broadcast_id == row.broadcast_id);
    let why = explain::of_row(&row, &moment.told, pace, &moment.book, moment.now);
    let held = explain::of_holds(&moment.standing.holds, &row.shard, moment.now);
    let why = held.filter(|_| why.name == "due").unwrap_or(why);
    let lines = vec![
        sentence(&why),
        format!("  {} · {}", row.shard, instant(row.due_at)),
        format!("  あきらめる時刻 / given up at: {}", instant(row.expires_at)),
    ];
    let answer = json!({
        "message": row.id, "broadcast": row.broadcast_id, "site": row.shard, "due_at": row.due_at,
        "expires_at": row.expires_at,
        "node": row.node, "why": why,
    });
    Ok((answer, lines))
}

async fn site_of(store: &Store, moment: &Moment, site: &str) -> anyhow::Result<Explained> {
    let counts =
        store.waiting(None, moment.now, u64::from(u32::MAX)).await.map_err(anyhow::Error::from_boxed)?;
    let counts = counts.into_iter().find(|counts| counts.shard == site);
    ensure!(
        !site.is_empty() && !site.contains(|c: char| c.is_whitespace() || c == '@'),
        "「{site}」は宛先として読めません(docomo のような名前か、ドメインです) / {site:?} is no provider and no domain"
    );
    let flow = explain::flow_of(&moment.told, site);
    let group = flow.map_or(site, |flow| flow.group.as_str());
    let of_book = moment.book.limits(group);
    let limits = flow.map_or(&*of_book, |flow| &flow.limits);
    let ceiling = explain::ceiling(limits);
    let held = explain::of_holds(&moment.standing.holds, group, moment.now);
    let why =
        held.or_else(|| flow.and_then(|flow| Some(explain::of_wait(flow.wait.as_ref()?, Some(limits)))));
    let concerns = |hold: &&Hold| hold.group.as_deref().is_none_or(|known| known == group);
    let holds: Vec<Value> = moment.standing.holds.iter().filter(concerns).map(hold_json).collect();
    let mut lines = vec![format!("{site} ({group})")];
    lines.push(format!("  待ち / waiting: {}", counts.as_ref().map_or(0, |counts| counts.rows)));
    lines.extend(why.as_ref().map(|why| format!("  {}", sentence(why))));
    lines.extend(said_limits(limits)?);
    for lane in Lane::ALL {
        let minutes = moment.tries.ms(*lane) / 60_000;
        lines.push(format!(
            "  あきらめるまで / given up after ({}): {}h{:02}m",
            lane.name(),
            minutes / 60,
            minutes % 60
        ));
    }
    lines.push(match ceiling.per_hour {
        Some(most) => format!("  最大 / at most {most:.0}/h ({} / {})", ceiling.by.ja, ceiling.by.en),
        None => "  上限なし / no limit".to_owned(),
    });
    lines.extend(holds.iter().map(|hold| format!("  {hold}")));
    lines.extend(
        flow.into_iter()
            .flat_map(|flow| &flow.replies)
            .map(|(at, words)| format!("  {} {words}", instant(*at))),
    );
    let answer = json!({
        "site": site, "group": group, "waiting": counts, "why": why, "limits": limits, "ceiling": ceiling,
        "holds": holds, "flow": flow,
    });
    Ok((answer, lines))
}

async fn source_of(store: &Store, moment: &Moment, source: i64) -> anyhow::Result<Explained> {
    let known = store.source(source).await.map_err(anyhow::Error::from_boxed)?;
    let Some(known) = known else {
        bail!(
            "送信元 {source} はありません(todoku source list で番号を確かめてください) / there is no source {source}"
        );
    };
    let waiting = store.count(&Scope::Source(source)).await.map_err(anyhow::Error::from_boxed)?;
    let all = moment.told.iter().flat_map(|told| &told.flows);
    let flows: Vec<&FlowFacts> = all.filter(|flow| flow.source == source).collect();
    let holds: Vec<Value> = moment
        .standing
        .holds
        .iter()
        .filter(|hold| hold.source.is_none_or(|known| known == source))
        .map(hold_json)
        .collect();
    let mut lines = vec![format!("送信元 / source {source} {}", known.draft.name).trim_end().to_owned()];
    lines.push(format!("  試して待っている / tried and waiting: {waiting}"));
    if let Some(rest) = known.resting(moment.now) {
        let until = rest.until.map(|at| format!(" → {}", instant(at))).unwrap_or_default();
        lines.push(
            format!("  休んでいます / resting ({}){until} {}", rest.reason, rest.sample)
                .trim_end()
                .to_owned(),
        );
    }
    for flow in &flows {
        let ready: usize = flow.ready.iter().sum();
        let why = flow.wait.as_ref().map(|wait| sentence(&explain::of_wait(wait, Some(&flow.limits))));
        lines.push(format!(
            "  {}: 準備済み / ready {ready}, 接続 / connections {}, {}/min {}",
            flow.group,
            flow.connections,
            flow.per_minute,
            why.unwrap_or_default()
        ));
    }
    lines.extend(holds.iter().map(|hold| format!("  {hold}")));
    Ok((json!({ "source": source, "waiting": waiting, "flows": flows, "holds": holds }), lines))
}

async fn broadcast(store: &Store, moment: &Moment, id: i64) -> anyhow::Result<Explained> {
    let boxed = anyhow::Error::from_boxed;
    ensure!(
        BroadcastStore::get(store, id).await.map_err(boxed)?.is_some(),
        "配信 {id} はありません(配信のページのアドレスにある番号です) / there is no broadcast {id}"
    );
    let pace = store.pace(id).await.map_err(boxed)?;
    let shards = store.waiting(Some(id), moment.now, SHARDS_MAX).await.map_err(boxed)?;
    let total: u64 = shards.iter().map(|shard| shard.rows).sum();
    let end = explain::finish_at(&shards, &moment.told, Some(&pace), &moment.book, moment.now)
        .filter(|_| total > 0);
    let opens = pace.opens_at(moment.now);
    let mut lines = vec![format!("配信 / broadcast {id}: 待ち / waiting {total}")];
    lines.extend(opens.map(|at| format!("  送ってよい時間帯 / its hours begin: {}", instant(at))));
    lines.extend(end.map(|at| format!("  終わる見込み / expected end: {}", instant(at))));
    lines.extend(shards.iter().map(|shard| format!("  {}: {}", shard.shard, shard.rows)));
    let answer = json!({
        "broadcast": id, "waiting": total, "pace": pace, "opens_at": opens, "finish_at": end, "sites": shards,
    });
    Ok((answer, lines))
}

fn said_limits(limits: &delivery::pacing::limits::Limits) -> anyhow::Result<Vec<String>> {
    let Value::Object(limits) = serde_json::to_value(limits)? else { return Ok(Vec::new()) };
    Ok(limits
        .iter()
        .map(|(name, said)| format!("  {name} = {} ({})", said["value"], said["origin"]))
        .collect())
}

fn hold_json(hold: &Hold) -> Value {
    json!({
        "hold": hold.id, "source": hold.source, "group": hold.group, "change": hold.change, "rule": hold.rule,
        "sample": hold.sample, "since_at": hold.since_at, "until": hold.until,
    })
}

fn sentence(why: &Why) -> String {
    let until = why.until.map(|at| format!(" → {}", instant(at))).unwrap_or_default();
    format!("{} / {}{until}", why.words.ja, why.words.en)
}

fn instant(at: i64) -> String {
    let zone = jiff::tz::TimeZone::get(delivery::pacing::hours::ZONE).unwrap_or(jiff::tz::TimeZone::UTC);
    let time = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(zone);
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
