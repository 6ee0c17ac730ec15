//! The stage of the demonstration: a fresh house, the simulated providers, the small DNS.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use anyhow::{Context, bail};
use campaigns::broadcast::BroadcastId;
use delivery::{
    pacing::{
        limits::{LimitSet, Rate, Span},
        rulebook::ALL,
    },
    recipient::State,
    recorder::Clock,
};
use storage::Store;
use testkit::{ExpectedOutcome, SimulatorConfig, World};

use crate::{
    config::{Config, DeliverySection},
    house::{Running, wall_clock},
};

/// A file that says the folder is ours to empty.
const MARK: &str = "demo-folder";
/// The simulator's waits are shortened by this: a late bounce comes after seconds.
const TIME_SCALE: f64 = 0.02;

/// Nobody waits for a demonstration at the top of the hour.
fn unhurried() -> LimitSet {
    LimitSet {
        hour_start_rest: Some(0),
        connect_rate: Some(Rate::None),
        rate: Some(Rate::None),
        ..LimitSet::default()
    }
}

/// What was asked for.
pub struct Scene {
    /// Folder that is emptied.
    pub data: PathBuf,
    /// Where the pages listen.
    pub listen: SocketAddr,
    /// Where the shipped files are.
    pub files: PathBuf,
    /// Another database, or empty.
    pub database: String,
    /// The owner's password, or none.
    pub password: Option<String>,
}

/// Everything that runs.
pub struct Stage {
    /// What was asked for.
    pub scene: Scene,
    /// Providers and DNS.
    pub world: World,
    /// The name of our mail server.
    pub mail_host: String,
    /// The owner's password.
    pub password: String,
    /// Whether everything became as the simulator foretold.
    pub foretold: bool,
    running: Running,
    clock: Clock,
}

impl Stage {
    /// Empties the folder and opens everything.
    ///
    /// # Errors
    /// When the folder is not ours, or a port cannot be had.
    pub async fn open(scene: Scene) -> anyhow::Result<Self> {
        empty(&scene.data)?;
        let listen_smtp = free_address()?;
        let world = World::start(SimulatorConfig {
            dsn_target: Some(listen_smtp),
            time_scale: TIME_SCALE,
            journal: Some(scene.data.join("simulator.jsonl")),
            ..SimulatorConfig::default()
        })
        .await?;
        let mail_host = "mail.todoku.example".to_owned();
        let config = Config {
            data: scene.data.clone(),
            database: scene.database.clone(),
            base_url: format!("http://{}", scene.listen),
            listen_web: scene.listen,
            listen_smtp,
            mail_host: mail_host.clone(),
            sending_ips: vec![[127, 0, 0, 1].into()],
            dns_servers: vec![world.dns_addr()],
            delivery: DeliverySection {
                mx_port: world.smtp_port(),
                retry_delays: [1_000, 2_000, 3_000].map(Span).to_vec(),
                timeouts_max: "2s".to_owned(),
                pacing: [(ALL.to_owned(), unhurried())].into(),
                ..DeliverySection::default()
            },
            ..Config::default()
        };
        let clock = wall_clock();
        let running = Running::open(config, clock.clone()).await?;
        Ok(Self { scene, world, mail_host, password: String::new(), foretold: false, running, clock })
    }

    /// Everything durable.
    pub fn store(&self) -> &Store {
        &self.running.store
    }

    /// Now.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Whether everything became as the simulator foretold.
    pub fn as_foretold(&self) -> bool {
        self.foretold
    }

    /// Rows the simulator will still bounce.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn late_bounces_missing(&self, broadcast: BroadcastId) -> anyhow::Result<usize> {
        let rows = super::all_rows(self, broadcast).await?;
        let waits = rows.iter().filter(|row| row.state == State::Accepted).filter(|row| {
            let foretold = self.world.simulator.expected_outcome(&plain(&row.address));
            foretold.is_some_and(|expected| expected.outcome == ExpectedOutcome::Bounced)
        });
        Ok(waits.count())
    }

    /// Prints where to look.
    pub fn print_login(&self) {
        println!("\n画面: http://{}   担当者: owner   パスワード: {}", self.running.web, self.password);
    }

    /// Ends everything.
    ///
    /// # Errors
    /// When the house does not close well.
    pub async fn close(self) -> anyhow::Result<()> {
        self.running.close().await?;
        self.world.stop().await;
        Ok(())
    }
}

/// The address without quotes, as the simulator knows it.
pub fn plain(address: &str) -> String {
    mail::Address::parse(address)
        .map_or_else(|_| address.to_owned(), |read| format!("{}@{}", read.local(), read.domain()))
}

fn empty(folder: &std::path::Path) -> anyhow::Result<()> {
    if folder.exists() {
        let is_ours = folder.join(MARK).exists() || folder.read_dir()?.next().is_none();
        if !is_ours {
            bail!(
                "{0} は demo のフォルダではないので、空にしません / {0} is not a demo folder and is left alone",
                folder.display()
            );
        }
        std::fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    std::fs::write(folder.join(MARK), "")?;
    Ok(())
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
