//! Opens the whole house: the store, the loops that work in it, the doors people and servers come in by.

use std::{
    fs::File,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use campaigns::{clicks::ClickDesk, messages::CampaignMessages};
use delivery::{
    dispatcher::{Delivery, Ports},
    health::Health,
    ports::SourceStore,
    recorder::Clock,
    verp::Seal,
};
use dns::DnsResolver;
use doctor::source_care::SourceCare;
use smtp::{
    ClientLimits, ClientTls, SmtpProbe,
    server::{ReceptionConfig, ReceptionServer},
};
use storage::Store;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    loops,
    reactions::{self, Reactions},
    return_paths::OurPaths,
    secret,
    threads::DeliveryThreads,
    tls::{self, TlsParts},
    tokens::TokenCare,
    wire,
};

/// How long open pages and dialogues may take to end.
const GRACE: Duration = Duration::from_secs(30);

/// A house that is open.
pub struct Running {
    /// Everything durable.
    pub store: Arc<Store>,
    /// Where the pages listen.
    pub web: SocketAddr,
    /// Where the mail server listens.
    pub smtp: SocketAddr,
    /// The secret the house signs with.
    pub house_secret: String,
    /// Whether delivery can do its work.
    pub health: Arc<Health>,
    shutdown: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
    _threads: DeliveryThreads,
    _lock: Option<File>,
}

/// The wall clock.
#[must_use]
pub fn wall_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Opens the store alone, for the command line.
///
/// # Errors
/// When the folder cannot be made or the database cannot be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    std::fs::create_dir_all(&config.data).with_context(|| {
        format!("データフォルダ {0} を作れません / cannot create {0}", config.data.display())
    })?;
    let url = config.database_url();
    Store::open(&url)
        .await
        .with_context(|| format!("データベースを開けません / cannot open the database: {url}"))
}

impl Running {
    /// Opens the house.
    ///
    /// # Errors
    /// When a folder, the database, a port or the DNS settings cannot be had; the message says which.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let lock = lock_data(&config)?;
        let store = Arc::new(open_store(&config).await?);
        let house_secret = store.house_secret(&secret::hex()).await.map_err(anyhow::Error::from_boxed)?;
        let web_listener = listen(config.listen_web).await?;
        let web = web_listener.local_addr()?;
        let config = with_web_address(config, web);
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();

        let resolver = Arc::new(DnsResolver::new(&wire::dns(&config))?);
        let parts = TlsParts::open(&config, &store, &resolver, &clock)?;
        let tls = ClientTls::new(&parts.roots)?;
        let transport = Arc::new(parts.transport(&config, &tls));
        tasks.spawn(ever(tls::write_counts(store.clone(), parts.tally.clone(), shutdown.clone())));
        let reports = parts.reports(&config, &store, &resolver, (&transport, &clock));
        tasks.spawn(ever(tls::run_reports(reports, shutdown.clone())));
        let https = Arc::clone(&parts.https);
        let tokens = TokenCare { store: store.clone(), https, clock: Arc::clone(&clock) };
        tasks.spawn(ever(tokens.run(shutdown.clone())));
        let hands = Ports {
            queue: store.clone(),
            pacing: store.clone(),
            sources: store.clone(),
            resolver: parts.policies.clone(),
            transport,
            messages: Arc::new(messages(&config, &store, &house_secret)),
            clock: Arc::clone(&clock),
        };
        let delivery = Delivery::new(wire::delivery(&config)?, hands, &house_secret);
        let delivery = delivery.woken_by(store.queue_bell(), store.hurry());
        let health = delivery.health();
        health.metrics.tell_addresses(config.log.addresses);
        open_watch(&mut tasks, &config, (&store, &health), &clock, &shutdown).await?;
        let threads = DeliveryThreads::start()?;
        let delivered = threads.spawn(delivery.run(shutdown.clone().cancelled_owned()));
        tasks.spawn(async move { delivered.await.context("delivery ended badly") });

        let paths = Arc::new(OurPaths::new(store.clone(), &house_secret, Arc::clone(&clock)));
        let reception_config = ReceptionConfig::new(&config.mail_host);
        let reception = ReceptionServer::bind(
            config.listen_smtp,
            reception_config,
            paths,
            store.clone(),
            Arc::clone(&clock),
        )
        .await
        .with_context(|| cannot_listen(config.listen_smtp))?;
        let smtp = reception.local_addr();
        let token = shutdown.clone();
        tasks.spawn(async move {
            reception.run(token).await;
            Ok(())
        });

        spawn_loops(&mut tasks, &config, (&store, &health), (&clock, &house_secret), &shutdown);
        let probe = Arc::new(SmtpProbe::new(resolver.clone(), tls, ClientLimits::interactive()));
        let care = source_care(&config, &store, &resolver);
        tasks.spawn(ever(loops::run_source_care(care.clone(), Arc::clone(&clock), shutdown.clone())));
        let app = web_app(&config, (&store, &health), (care, &resolver, probe), &clock, &house_secret)?;
        let (desk, tick) = (Arc::clone(&app.click_desk), Arc::clone(&clock));
        tasks.spawn(ever(loops::run_clicks(desk, tick, Arc::clone(&health), shutdown.clone())));
        let token = shutdown.clone();
        tasks.spawn(async move {
            let service = web::router(app).into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(web_listener, service).with_graceful_shutdown(token.cancelled_owned()).await?;
            Ok(())
        });
        Ok(Self { store, web, smtp, house_secret, health, shutdown, tasks, _threads: threads, _lock: lock })
    }

    /// Waits until a part of the house ends by itself, which only happens when it failed.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn failed(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            Some(ended) => ended.context("a part of the house ended badly")?,
            None => Ok(()),
        }
    }

    /// Closes the house: no new work, what is under way ends, everything is durable.
    ///
    /// # Errors
    /// When a part did not end well.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let ended = tokio::time::timeout(GRACE, async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.context("a part of the house ended badly")??;
            }
            anyhow::Ok(())
        });
        // What does not end in time is cut off; leases and durable cursors make that harmless.
        ended.await.unwrap_or(Ok(()))?;
        self.store.close().await;
        Ok(())
    }
}

/// One process per data folder: two would each believe the other's leases dead.
fn lock_data(config: &Config) -> anyhow::Result<Option<File>> {
    if config.database_url().starts_with("postgres") {
        return Ok(None);
    }
    std::fs::create_dir_all(&config.data).with_context(|| {
        format!("データフォルダ {0} を作れません / cannot create {0}", config.data.display())
    })?;
    let path = config.data.join("todoku.lock");
    let file = File::create(&path).with_context(|| {
        format!(
            "データフォルダ {0} に書き込めません(読み取り専用か、権限がないか、空きがありません) / cannot write to {0}",
            config.data.display()
        )
    })?;
    file.try_lock().map_err(|_| {
        anyhow::anyhow!(
            "このデータフォルダは、動いているもう1つの Todoku が使っています: {0} / another Todoku is using {0}",
            config.data.display()
        )
    })?;
    Ok(Some(file))
}

async fn ever(work: impl Future<Output = ()>) -> anyhow::Result<()> {
    work.await;
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| cannot_listen(address))
}

fn cannot_listen(address: SocketAddr) -> String {
    format!("{address} で待ち受けできません(使用中か、権限がありません) / cannot listen on {address}")
}

/// With port 0 the address people reach is known only now.
fn with_web_address(mut config: Config, web: SocketAddr) -> Config {
    if config.listen_web.port() == 0 {
        config.base_url = format!("http://{web}");
    }
    config
}

fn messages(config: &Config, store: &Arc<Store>, house_secret: &str) -> CampaignMessages {
    let stores = (store.clone() as Arc<_>, store.clone() as Arc<_>);
    CampaignMessages::new(
        stores,
        store.clone(),
        store.clone(),
        &config.base_url,
        (house_secret, store.hurry()),
    )
}

fn spawn_loops(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    config: &Config,
    (store, health): (&Arc<Store>, &Arc<Health>),
    (clock, house_secret): (&Clock, &str),
    shutdown: &CancellationToken,
) {
    let reactions = Reactions {
        log: store.clone(),
        history: store.clone(),
        contacts: store.clone(),
        validity: store.clone(),
        validity_settings: wire::validity(config),
        queue: store.clone(),
        arrivals: store.clone(),
        sources: store.clone(),
        message_ids: Seal::message_ids(house_secret),
        health: Arc::clone(health),
        clock: Arc::clone(clock),
    };
    let token = shutdown.clone();
    tasks.spawn(async move {
        reactions.run(token.cancelled_owned()).await;
        Ok(())
    });
    let broadcasts = (store.clone() as Arc<_>, store.broadcast_bell());
    let (tick, token) = (Arc::clone(clock), shutdown.clone());
    let worry = Arc::clone(health);
    tasks.spawn(async move {
        loops::run_broadcasts(broadcasts, tick, worry, token).await;
        Ok(())
    });
    let (consents, tick, token) = (store.clone(), Arc::clone(clock), shutdown.clone());
    tasks.spawn(async move {
        loops::forget_expired(consents, tick, token).await;
        Ok(())
    });
    let (transcripts, tick, token) = (store.clone(), Arc::clone(clock), shutdown.clone());
    let kept_ms = config.transcripts_kept_ms();
    tasks.spawn(async move {
        loops::forget_transcripts(transcripts, kept_ms, tick, token).await;
        Ok(())
    });
    let (fields, token) = (store.clone(), shutdown.clone());
    tasks.spawn(async move {
        loops::run_fields(fields, token).await;
        Ok(())
    });
    let (imports, tick, token) = (store.clone(), Arc::clone(clock), shutdown.clone());
    let worry = Arc::clone(health);
    tasks.spawn(async move {
        loops::run_imports(imports, tick, worry, token).await;
        Ok(())
    });
}

/// Opens the door for monitoring, where there is to be one.
async fn open_watch(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    config: &Config,
    (store, health): (&Arc<Store>, &Arc<Health>),
    clock: &Clock,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let Some(address) = config.listen_metrics else { return Ok(()) };
    let listener = listen(address).await?;
    let watch = web::Watch {
        health: Arc::clone(health),
        queue: store.clone(),
        events: (store.clone(), reactions::READER),
        clock: Arc::clone(clock),
        token: config.metrics_token.clone(),
    };
    let token = shutdown.clone();
    tasks.spawn(async move {
        axum::serve(listener, web::watch_router(watch))
            .with_graceful_shutdown(token.cancelled_owned())
            .await?;
        Ok(())
    });
    Ok(())
}

fn source_care(config: &Config, store: &Arc<Store>, resolver: &Arc<DnsResolver>) -> SourceCare {
    SourceCare {
        sources: store.clone(),
        dns: resolver.clone(),
        mail_host: config.mail_host.clone(),
        sending_ips: config.sending_ips.clone(),
        rest_when_listed: config.sources.rest_when_listed,
    }
}

fn web_app(
    config: &Config,
    (store, health): (&Arc<Store>, &Arc<Health>),
    (source_care, resolver, probe): (SourceCare, &Arc<DnsResolver>, Arc<SmtpProbe>),
    clock: &Clock,
    house_secret: &str,
) -> anyhow::Result<web::App> {
    Ok(web::App {
        operators: store.clone(),
        sessions: store.clone(),
        contacts: store.clone(),
        segments: store.clone(),
        fields: store.clone(),
        topics: store.clone(),
        suppressions: store.clone(),
        consents: store.clone(),
        merges: store.clone(),
        points: store.clone(),
        validity: store.clone(),
        validity_settings: wire::validity(config),
        imports: store.clone(),
        templates: store.clone(),
        broadcasts: store.clone(),
        clicks: store.clone(),
        click_desk: Arc::new(ClickDesk::new(store.clone())),
        desk: store.clone(),
        history: store.clone(),
        transcripts: store.clone(),
        transcripts_kept_ms: config.transcripts_kept_ms(),
        queue: store.clone(),
        pacing: store.clone(),
        pacing_config: config.limits()?,
        sources: store.clone(),
        tokens: store.clone(),
        tls: store.clone(),
        tls_config: config.tls_rules()?,
        arrivals: store.clone(),
        health: Arc::clone(health),
        source_care,
        dns: resolver.clone(),
        route_probe: probe,
        mail_host: config.mail_host.clone(),
        sending_ips: config.sending_ips.clone(),
        smart_host_spf: config.smart_host_spf.clone(),
        mx_port: config.delivery.mx_port,
        tries: config.tries()?,
        clock: Arc::clone(clock),
        base_url: config.base_url.clone(),
        secure_cookies: config.base_url.starts_with("https://"),
        trust_forwarded_for: config.trust_forwarded_for,
        house_secret: house_secret.to_owned(),
    })
}
