//! The stage the stories play on: the real program as its own process, simulated providers, a DNS of our own.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use audience::{ContactDraft, ImportBatch, ImportPlan, ImportRow, ImportStore, NewImport};
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, BroadcastId},
    ports::{BroadcastStore, TemplateStore},
    template::TemplateDraft,
};
use delivery::ports::SourceStore;
use doctor::sending::{HouseNames, new_domain, plan_of};
use storage::Store;
use testkit::{SimulatorConfig, World};

/// The shop's domain.
pub const SHOP: &str = "hanaya-midori.example";
/// Our mail server's name.
pub const MAIL_HOST: &str = "mail.todoku.example";

/// Folder, providers and addresses of one story.
pub struct Stage {
    /// Removed at the end.
    pub folder: tempfile::TempDir,
    /// Providers and DNS.
    pub world: World,
    /// Where the program's mail server listens.
    pub smtp: SocketAddr,
    /// Where the pages listen.
    pub web: SocketAddr,
    database: String,
}

/// The running program; killed when dropped.
pub struct Program {
    child: Child,
}

impl Program {
    /// SIGKILL, at once.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program runs");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Milliseconds UTC.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292 million")
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port")
}

impl Stage {
    /// Sets the stage. `database` is empty for SQLite.
    pub async fn set(simulator: SimulatorConfig, database: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let smtp = free_address();
        let world =
            World::start(SimulatorConfig { dsn_target: Some(smtp), ..simulator }).await.expect("a world");
        let stage = Self { folder, world, smtp, web: free_address(), database: database.to_owned() };
        stage.write_config("");
        stage
    }

    /// Writes the configuration; `more` is added to the `[delivery]` section.
    pub fn write_config(&self, more: &str) {
        let text = format!(
            "data = {:?}\ndatabase = {:?}\nbase_url = \"http://{}\"\nlisten_web = \"{}\"\nlisten_smtp = \"{}\"\n\
             mail_host = \"{MAIL_HOST}\"\nsending_ips = [\"127.0.0.1\"]\ndns_servers = [\"{}\"]\n[delivery]\n\
             mx_port = {}\nretry_delays = [\"500ms\", \"1s\"]\ntimeouts_max = \"5s\"\n{more}\n",
            self.folder.path().join("data"),
            self.database,
            self.web,
            self.web,
            self.smtp,
            self.world.dns_addr(),
            self.world.smtp_port(),
        );
        std::fs::write(self.config_path(), text).expect("the configuration is written");
    }

    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("todoku.toml")
    }

    /// Opens the store; with SQLite only while the program does not run.
    pub async fn store(&self) -> Store {
        std::fs::create_dir_all(self.folder.path().join("data")).expect("a data folder");
        let url = if self.database.is_empty() {
            format!("sqlite://{}", self.folder.path().join("data/todoku.db").display())
        } else {
            self.database.clone()
        };
        Store::open(&url).await.expect("the store opens")
    }

    /// Starts the program and waits until its pages answer.
    pub fn serve(&self) -> Program {
        let child = Command::new(env!("CARGO_BIN_EXE_todoku"))
            .arg("--config")
            .arg(self.config_path())
            .arg("serve")
            .env("TODOKU_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let program = Program { child };
        wait_for("the pages", Duration::from_secs(30), || std::net::TcpStream::connect(self.web).is_ok());
        program
    }

    /// Adds the shop's domain and publishes its records.
    pub async fn add_domain(&self, store: &Store) {
        let new = new_domain(SHOP, "202611").expect("keys");
        store.add_domain(&new, None, now()).await.expect("stored");
        let domain = store.domain_by_name(SHOP).await.expect("asked").expect("just added");
        let house = HouseNames {
            mail_host: MAIL_HOST.to_owned(),
            sending_ips: vec![[127, 0, 0, 1].into()],
            smart_host_spf: None,
        };
        for record in authentication::wanted_records(&plan_of(&domain, &house)) {
            self.world.dns.zone().add(&record.name, record.kind, &record.value).expect("published");
        }
        self.world.dns.zone().add(MAIL_HOST, "A", "127.0.0.1").expect("published");
    }
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
    store.end(id, audience::ImportState::Finished, None, now()).await.expect("ended");
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

/// Creates and starts a broadcast to everybody.
pub async fn start_broadcast(store: &Store, tries_ms: i64) -> BroadcastId {
    let template = TemplateDraft {
        name: "お知らせ".into(),
        subject: "{{ name }}さまへ".into(),
        text: "{{ name }} 様\n\nお花のご案内です。\n{{ unsubscribe_url }}\n".into(),
        html: None,
    };
    let template_id = store.save(None, &template, None, now()).await.expect("saved");
    let draft = BroadcastDraft {
        name: "お知らせ".into(),
        template_id,
        from_name: "花屋みどり".into(),
        from_address: format!("info@{SHOP}"),
        reply_to: String::new(),
        audience: AudienceKind::All,
    };
    let id = BroadcastStore::create(store, &draft, None, now()).await.expect("created");
    assert!(BroadcastStore::start(store, id, now() + tries_ms, None, now()).await.expect("started"));
    id
}

/// Waits until `done`; fails the story after `patience`.
pub fn wait_for(what: &str, patience: Duration, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !done() {
        assert!(Instant::now() < end, "{what}: not after {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
