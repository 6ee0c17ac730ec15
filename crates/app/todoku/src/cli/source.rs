//! `todoku source …`: what mail leaves by, at the machine.

use std::{
    io::{BufRead, IsTerminal},
    net::IpAddr,
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use delivery::{
    hop::{AuthMechanism, Login, TlsMode},
    ports::SourceStore,
    source::{
        DEFAULT_POOL, DayWindow, Direct, Quota, Rest, SmartHost, Source, SourceDraft, SourceId, USUAL_WEIGHT,
        Way, presets, warm_up,
    },
};
use dns::DnsResolver;
use doctor::{probe::ProbeRequest, test_route};
use smtp::{ClientLimits, ClientTls, Roots, SmtpProbe};
use storage::Store;

use crate::{config::Config, house::open_store, wire};

/// What can be done to sources.
#[derive(Debug, Subcommand)]
pub enum SourceCommand {
    /// Lists sources with how they stand.
    List,
    /// Adds a source; with --login the password is read from standard input.
    Add(Box<AddArgs>),
    /// Walks from DNS to RCPT and tells where it stopped. Sends nothing.
    Test {
        /// The source's number.
        id: SourceId,
        /// Recipient of the test.
        #[arg(long)]
        to: String,
        /// MAIL FROM of the test; the recipient when left out.
        #[arg(long)]
        from: Option<String>,
    },
    /// Lets a source rest: nothing leaves by it until it is lifted.
    Rest {
        /// The source's number.
        id: SourceId,
        /// For so many minutes only.
        #[arg(long)]
        minutes: Option<u32>,
    },
    /// Ends a rest.
    Lift {
        /// The source's number.
        id: SourceId,
    },
}

/// A new source.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// What people call it.
    name: String,
    /// Local address to send from; one of IPv4 and one of IPv6 at most.
    #[arg(long)]
    bind: Vec<IpAddr>,
    /// The name to greet with.
    #[arg(long, default_value = "")]
    helo: String,
    /// A smart host's name; without it mail goes directly to the receivers.
    #[arg(long, conflicts_with_all = ["bind", "helo"])]
    host: Option<String>,
    /// Its port.
    #[arg(long, default_value_t = 587)]
    port: u16,
    /// Its encryption: starttls, implicit, opportunistic or none.
    #[arg(long, default_value = "starttls")]
    tls: String,
    /// Login name at the smart host.
    #[arg(long, requires = "host")]
    login: Option<String>,
    /// Its pool.
    #[arg(long, default_value = DEFAULT_POOL)]
    pool: String,
    /// Its share of the pool.
    #[arg(long, default_value_t = USUAL_WEIGHT)]
    weight: u32,
    /// Messages in one hour at most.
    #[arg(long)]
    hourly: Option<u32>,
    /// Messages in one day at most.
    #[arg(long)]
    daily: Option<u32>,
    /// What a known service allows, such as xserver or gmail.
    #[arg(long, conflicts_with_all = ["hourly", "daily"])]
    preset: Option<String>,
    /// Warm-up curve: careful or quick.
    #[arg(long)]
    curve: Option<String>,
}

/// Does it.
///
/// # Errors
/// With the sentence for the terminal.
pub async fn run(command: SourceCommand, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let now = crate::house::wall_clock()();
    match command {
        SourceCommand::List => list(&store, now).await?,
        SourceCommand::Add(args) => {
            let draft = draft(*args, now)?;
            let id = store.save_source(None, &draft, None, now).await.map_err(anyhow::Error::from_boxed)?;
            println!("送信元 {0} を追加しました / source {0} added", id.unwrap_or_default());
        }
        SourceCommand::Test { id, to, from } => {
            let good = test(&find(&store, id).await?, config, (&to, from.as_deref())).await?;
            store.close().await;
            return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        SourceCommand::Rest { id, minutes } => {
            find(&store, id).await?;
            let until = minutes.map(|minutes| now + i64::from(minutes) * 60_000);
            let rest = Rest { since_at: now, until, reason: "operator".into(), sample: String::new() };
            store.rest_source(id, &rest, None, now).await.map_err(anyhow::Error::from_boxed)?;
            println!("送信元 {id} を休ませました / it rests");
        }
        SourceCommand::Lift { id } => {
            find(&store, id).await?;
            store.lift_source(id, None, now).await.map_err(anyhow::Error::from_boxed)?;
            println!("送信元 {id} を再開しました / it goes on");
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

async fn find(store: &Store, id: SourceId) -> anyhow::Result<Source> {
    let found = store.source(id).await.map_err(anyhow::Error::from_boxed)?;
    found.with_context(|| format!("送信元 {id} はありません / there is no source {id}"))
}

async fn list(store: &Store, now: i64) -> anyhow::Result<()> {
    for source in store.sources().await.map_err(anyhow::Error::from_boxed)? {
        let draft = &source.draft;
        let way = match &draft.way {
            Way::Direct(direct) if direct.bind.is_empty() => "direct".to_owned(),
            Way::Direct(direct) => direct.bind.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            Way::SmartHost(host) => format!("{}:{}", host.host, host.port),
        };
        let standing = match (draft.enabled, source.resting(now)) {
            (false, _) => "使わない / off".to_owned(),
            (true, Some(rest)) => format!("休み / resting ({})", rest.reason),
            (true, None) => "使用中 / in use".to_owned(),
        };
        println!("{}\t{}\t{way}\t{}\t{}\t{standing}", source.id, draft.name, draft.pool, draft.weight);
    }
    Ok(())
}

fn draft(args: AddArgs, now: i64) -> anyhow::Result<SourceDraft> {
    let families = |is: fn(&IpAddr) -> bool| args.bind.iter().filter(|ip| is(ip)).count();
    if families(IpAddr::is_ipv4) > 1 || families(IpAddr::is_ipv6) > 1 {
        bail!("--bind: IPv4 と IPv6 は1つずつです / one of IPv4 and one of IPv6 at most");
    }
    let curve = match &args.curve {
        None => None,
        Some(id) => {
            let known = warm_up::curve(id);
            let known = known.with_context(|| format!("--curve: {id} はありません / unknown"))?;
            Some((known.id.clone(), now))
        }
    };
    let quota = match &args.preset {
        None => Quota { hourly: args.hourly, daily: args.daily, window: DayWindow::default() },
        Some(id) => {
            let known = presets::presets().iter().find(|preset| preset.id == *id);
            known.with_context(|| format!("--preset: {id} はありません / unknown"))?.quota()
        }
    };
    let way = match args.host {
        None => Way::Direct(Direct { bind: args.bind, helo_name: args.helo, seen_as: Vec::new() }),
        Some(host) => {
            let login = args.login.map(login).transpose()?;
            Way::SmartHost(SmartHost { host, port: args.port, tls: tls_mode(&args.tls)?, login })
        }
    };
    let weight = args.weight.clamp(1, 1_000);
    Ok(SourceDraft { name: args.name, way, pool: args.pool, weight, enabled: true, quota, curve })
}

fn login(name: String) -> anyhow::Result<Login> {
    if std::io::stdin().is_terminal() {
        eprintln!("パスワード / password:");
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("パスワードを標準入力に渡してください / give the password on standard input");
    }
    Ok(Login { mechanism: AuthMechanism::Any, name, password })
}

fn tls_mode(name: &str) -> anyhow::Result<TlsMode> {
    Ok(match name {
        "starttls" => TlsMode::StartTls,
        "implicit" => TlsMode::Implicit,
        "opportunistic" => TlsMode::Opportunistic,
        "none" => TlsMode::None,
        _ => bail!("--tls: starttls, implicit, opportunistic, none のどれかです / is one of these"),
    })
}

/// `true` when the walk went through to the end.
async fn test(source: &Source, config: &Config, (to, from): (&str, Option<&str>)) -> anyhow::Result<bool> {
    let address = |text: &str| {
        mail::Address::parse(text)
            .with_context(|| format!("{text} はメールアドレスではありません / is no address"))
    };
    let recipient = address(to)?;
    let reverse_path = from.map_or_else(|| Ok(recipient.clone()), address)?;
    let own_house = (config.mail_host.as_str(), config.delivery.mx_port);
    let request = ProbeRequest::through(&source.draft.way, own_house, (reverse_path, recipient));
    let resolver = Arc::new(DnsResolver::new(&wire::dns(config))?);
    let probe = SmtpProbe::new(resolver, ClientTls::new(&Roots::default())?, ClientLimits::interactive());
    let steps = test_route(&probe, &request).await;
    for (_, words) in &steps {
        let mark = if words.ok { "○" } else { "×" };
        println!("{mark} {} / {}", words.title_ja, words.title_en);
        if !words.ok {
            println!("  {}\n  {}", words.what_ja, words.what_en);
            println!("  → {}\n  → {}", words.todo_ja, words.todo_en);
        }
        if !words.original.is_empty() {
            println!("  | {}", words.original.replace('\n', "\n  | "));
        }
    }
    Ok(!steps.is_empty() && steps.iter().all(|(_, words)| words.ok))
}
