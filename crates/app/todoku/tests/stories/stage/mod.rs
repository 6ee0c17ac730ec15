//! The stage the stories play on: the real program as its own process, simulated providers, a DNS of our own.

mod browser;
mod database;
mod dialogue;
mod need;
mod program;
mod shop;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use storage::Store;
use testkit::{SimulatorConfig, World};
use tokio::sync::{Mutex, MutexGuard};

pub use browser::{Browser, Page};
pub use database::Database;
pub use dialogue::Dialogue;
pub use need::{is_root, not_run};
pub use program::{Program, Said, todoku};
pub use shop::{SHOP, add_contacts, add_domain, import, plain, rows, start_broadcast, start_for, upload};

/// Our mail server's name.
pub const MAIL_HOST: &str = "mail.todoku.example";

/// Who logs in, and how.
const OWNER: &str = "midori";
const PASSWORD: &str = "hanaya no aikotoba";

const UNLIMITED: &str = "[delivery.pacing.all]\nconnections = 8\nrate = \"none\"\nconnect_rate = \"none\"\nhour_start_rest = 0\nmessages_per_connection = 1000\nrecipients_per_session = 1000";

/// One story at a time: each starts whole servers.
static STAGE: Mutex<()> = Mutex::const_new(());

/// What differs from story to story.
#[derive(Default)]
pub struct Settings {
    /// Empty for SQLite in the data folder.
    pub database: String,
    /// Where the data folder is; in the stage's folder when left out.
    pub data: Option<PathBuf>,
    /// The port of MX hosts; the simulator's when left out.
    pub mx_port: Option<u16>,
    /// Waits between tries, as TOML; short ones when empty.
    pub retry_delays: &'static str,
    /// Longest wait for an answer; 5 seconds when empty.
    pub timeouts_max: &'static str,
    /// More lines for the section `[delivery]`.
    pub delivery: &'static str,
    /// Limits by provider, as sections of their own; none at all when empty, because stories have no time.
    pub pacing: &'static str,
}

/// Folder, providers and addresses of one story.
pub struct Stage {
    /// Removed at the end.
    pub folder: tempfile::TempDir,
    /// Providers and DNS.
    pub world: World,
    /// The process that most stories need only one of.
    pub node: Node,
    /// What differs; after a change the configuration must be written again.
    pub settings: Settings,
    _alone: MutexGuard<'static, ()>,
}

/// One process: its configuration and its doors.
pub struct Node {
    /// The configuration file.
    pub config: PathBuf,
    /// Where its mail server listens.
    pub smtp: SocketAddr,
    /// Where its pages listen.
    pub web: SocketAddr,
}

impl Stage {
    /// Sets the stage.
    pub async fn set(simulator: SimulatorConfig, settings: Settings) -> Self {
        let alone = STAGE.lock().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let node = Node::new(folder.path(), "todoku");
        let simulator = SimulatorConfig { dsn_target: Some(node.smtp), ..simulator };
        let world = World::start(simulator).await.expect("a world");
        let stage = Self { folder, world, node, settings, _alone: alone };
        stage.configure(&stage.node, "");
        stage
    }

    /// Writes the configuration of a process, with more lines at the top.
    pub fn configure(&self, node: &Node, more: &str) {
        let settings = &self.settings;
        let or = |value: &'static str, usual| if value.is_empty() { usual } else { value };
        let text = format!(
            "{more}\ndata = {:?}\ndatabase = {:?}\nbase_url = \"http://{}\"\nlisten_web = \"{}\"\n\
             listen_smtp = \"{}\"\nmail_host = \"{MAIL_HOST}\"\nsending_ips = [\"127.0.0.1\"]\n\
             dns_servers = [\"{}\"]\n[delivery]\nmx_port = {}\nretry_delays = {}\ntimeouts_max = {:?}\n{}\n{}\n",
            self.data(),
            settings.database,
            node.web,
            node.web,
            node.smtp,
            self.world.dns_addr(),
            settings.mx_port.unwrap_or_else(|| self.world.smtp_port()),
            or(settings.retry_delays, "[\"500ms\", \"1s\"]"),
            or(settings.timeouts_max, "5s"),
            settings.delivery,
            or(settings.pacing, UNLIMITED),
        );
        std::fs::write(&node.config, text).expect("the configuration is written");
    }

    /// A further process over the same data, with doors of its own.
    pub fn another_node(&self, name: &str) -> Node {
        let node = Node::new(self.folder.path(), name);
        self.configure(&node, "");
        node
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.settings.data.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// Opens the store.
    pub async fn store(&self) -> Store {
        std::fs::create_dir_all(self.data()).expect("a data folder");
        let url = if self.settings.database.is_empty() {
            format!("sqlite://{}", self.data().join("todoku.db").display())
        } else {
            self.settings.database.clone()
        };
        Store::open(&url).await.expect("the store opens")
    }

    /// Starts the program and waits until its pages answer.
    pub fn serve(&self) -> Program {
        self.node.serve()
    }

    /// Runs a command of the program to its end, with this on its standard input.
    pub fn command(&self, args: &[&str], input: &str) -> Said {
        self.node.command(args, input)
    }

    /// Adds the owner at the machine.
    pub fn add_owner(&self) {
        self.command(&["operator", "add", OWNER, "--role", "owner"], PASSWORD).good();
    }

    /// A browser in which the owner has logged in.
    pub fn log_in(&self) -> Browser {
        let mut browser = self.node.browser();
        assert_eq!(browser.log_in(OWNER, PASSWORD).location, "/");
        browser
    }

    /// Messages the providers took.
    pub fn accepted(&self) -> usize {
        usize::try_from(self.world.simulator.accepted()).expect("small")
    }
}

impl Node {
    fn new(folder: &Path, name: &str) -> Self {
        Self { config: folder.join(name).with_extension("toml"), smtp: free_address(), web: free_address() }
    }

    /// Starts the program and waits until its pages answer.
    pub fn serve(&self) -> Program {
        let program = self.begin();
        wait_for("the pages", Duration::from_secs(60), || std::net::TcpStream::connect(self.web).is_ok());
        program
    }

    /// Starts the program.
    pub fn begin(&self) -> Program {
        Program::begin(&self.config)
    }

    /// Runs a command of the program to its end, with this on its standard input.
    pub fn command(&self, args: &[&str], input: &str) -> Said {
        let config = self.config.to_str().expect("a path in UTF-8");
        todoku(&[&["--config", config], args].concat(), input)
    }

    /// A browser at its pages.
    pub fn browser(&self) -> Browser {
        Browser::new(self.web)
    }
}

fn free_address() -> SocketAddr {
    testkit::port::free().expect("a free port")
}

/// Milliseconds UTC.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}

/// Waits until `done`; fails the story after `patience`.
pub fn wait_for(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < end, "{what}: not after {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The same, for what has to be asked of the store.
pub async fn wait_until(what: &str, patience: Duration, mut done: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + patience;
    while !done().await {
        assert!(Instant::now() < end, "{what}: not after {patience:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a number has not changed for this long.
pub async fn wait_until_steady(quiet: Duration, count: impl Fn() -> usize) {
    let (mut last, mut since) = (count(), Instant::now());
    while since.elapsed() < quiet {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let seen = count();
        if seen != last {
            (last, since) = (seen, Instant::now());
        }
    }
}
