//! Story: the disk under the data folder is full, or cannot be written to. Nothing is lost, and it is said.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use audience::{ContactFilter, ContactStore, ImportState, ImportStore};
use campaigns::{broadcast::BroadcastState, ports::BroadcastStore};
use delivery::recipient::State;
use testkit::{Keep, SimulatorConfig};

use crate::stage::{
    Browser, Dialogue, SHOP, Settings, Stage, add_domain, is_root, not_run, start_broadcast, upload,
    wait_for, wait_until, wait_until_steady,
};
use crate::torture::account;

const PEOPLE: usize = 4_000;
const SOON: Duration = Duration::from_secs(60);
/// What could not be written down is tried again every two seconds; the page believes it when it has worked.
const TRIED_AGAIN: Duration = Duration::from_secs(5);
/// How long nothing may happen before it counts as standing still.
const STILL: Duration = Duration::from_millis(2_500);

/// What every page says while nothing can be written down.
const STANDSTILL: &str = "ディスクがいっぱいのため、送信と取り込みを止めています";

/// A small disk of its own, which can be filled to the last byte; taken away when dropped.
struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Self {
        let disk = Self { at: tempfile::tempdir().expect("a folder") };
        disk.run("mount", &["-t", "tmpfs", "-o", &format!("size={size},mode=755"), "tmpfs"]);
        disk
    }

    fn run(&self, program: &str, args: &[&str]) {
        let status = Command::new(program).args(args).arg(self.at.path()).status().expect("it starts");
        assert!(status.success(), "{program} {args:?}");
    }

    fn data(&self) -> PathBuf {
        self.at.path().join("data")
    }

    fn ballast(&self) -> PathBuf {
        self.at.path().join("ballast")
    }

    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.ballast()).expect("a file");
        for size in [64 * 1024, 4 * 1024, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).expect("the ballast was there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _already_gone = Command::new("umount").arg("-l").arg(self.at.path()).status();
    }
}

fn customers() -> String {
    let people = (0..PEOPLE).map(|n| format!("山田 花子{n},hanako{n}@docomo.ne.jp\r\n"));
    format!("お名前,メールアドレス\r\n{}", people.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_the_work_and_loses_nobody() {
    if !is_root() {
        return not_run("only root can mount a small disk");
    }
    let disk = SmallDisk::mount("48m");
    let simulator = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..SimulatorConfig::default() };
    let settings = Settings { data: Some(disk.data()), ..Settings::default() };
    let stage = Stage::set(simulator, settings).await;
    stage.add_owner();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let mut program = stage.serve();
    let mut browser = stage.log_in();

    // It fills while customers are taken in: the import stands still and goes on later, each of them once.
    let job = upload(&store, customers().as_bytes()).await;
    let at = async || ImportStore::get(&store, job).await.expect("asked").expect("it exists");
    wait_until("the first rows", SOON, async || at().await.rows_done > 0).await;
    disk.fill();
    let seen = stands_still(async || at().await.rows_done).await;
    assert!(seen < PEOPLE as u64, "it filled in the middle, not at the end");
    assert_eq!(at().await.state, ImportState::Running);
    let page = browser.get(&format!("/imports/{job}"));
    assert_eq!(page.status, 200, "pages can be read");
    page.says(&[STANDSTILL]);
    let added = add_until_full(&mut browser);
    says_full(&browser.upload(&customers()));
    disk.free();
    wait_until("the import", SOON, async || at().await.state == ImportState::Finished).await;
    let done = at().await;
    assert_eq!((done.rows_done, done.added, done.failed), (PEOPLE as u64, PEOPLE as u64, 0));
    let people = ContactStore::count(&store, &ContactFilter::default()).await.expect("counted");
    assert_eq!(people, (PEOPLE + added) as u64, "nobody twice, and nothing of what was refused");

    // It fills while mail goes out: sending stops, pages say why, bounces are asked to come again.
    let everybody = PEOPLE + added;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    wait_for("messages", SOON, || stage.accepted() >= 200);
    disk.fill();
    wait_until_steady(STILL, || stage.accepted()).await;
    let sent = stage.accepted();
    assert!(sent < everybody, "it filled in the middle, not at the end");
    let page = browser.get(&format!("/broadcasts/{broadcast}"));
    assert_eq!(page.status, 200, "pages can be read");
    page.says(&[STANDSTILL]);
    add_until_full(&mut browser);
    let said = bring_until_full(&stage);
    assert!(said.starts_with('4'), "what cannot be kept is not acknowledged: {said}");

    // Even a start with a full disk opens the pages; nothing is sent until there is room.
    program.kill();
    let _program = stage.serve();
    add_until_full(&mut browser);
    wait_until_steady(STILL, || stage.accepted()).await;
    browser.get("/").says(&[STANDSTILL]);
    assert_eq!(stage.accepted(), sent, "nothing is sent that cannot be written down");

    // There is room again: everybody gets it, or is shown as in doubt because of the kill.
    disk.free();
    let counts = async || store.counts(broadcast).await.expect("counted");
    wait_until("everybody", SOON * 2, async || {
        let found = BroadcastStore::get(&store, broadcast).await.expect("asked").expect("it exists");
        found.state == BroadcastState::Finished
    })
    .await;
    wait_for("the end of the trouble", TRIED_AGAIN, || !browser.get("/").body.contains(STANDSTILL));
    let (counts, got) = (counts().await, stage.world.simulator.counts_by_recipient());
    let in_doubt = counts.of(State::Doubtful);
    account("the disk is full, and a kill -9 meanwhile", &store, broadcast, "", &got).await;
    assert_eq!(counts.of(State::Accepted) + in_doubt, everybody as u64, "{counts:?}");
    assert!((everybody - got.len()) as u64 <= in_doubt, "nobody is lost without a word");
    assert!(got.values().all(|count| *count == 1), "nobody gets it twice");
}

/// Brings letters, each of its own, until one is not taken: the database's log may have room that it had before.
fn bring_until_full(stage: &Stage) -> String {
    let mut answers = (0..200).map(|n| {
        let words = format!("hello {n}\r\n").repeat(10_000);
        let letter = format!("From: taro@elsewhere.example\r\nSubject: hello\r\n\r\n{words}");
        Dialogue::open(stage.node.smtp).bring(&format!("postmaster@{SHOP}"), &letter)
    });
    answers.find(|said| !said.starts_with('2')).unwrap_or_else(|| "all of them were taken".to_owned())
}

/// Adds customers by hand until the page says that the disk is full; small changes may still fit for a while.
fn add_until_full(browser: &mut Browser) -> usize {
    for n in 0..500 {
        let person = format!("name=Jiro&address=jiro{}-{n}@docomo.ne.jp", crate::stage::now());
        let page = browser.fill("/contacts/new", "/contacts", &person);
        if page.status != 303 {
            says_full(&page);
            assert_eq!(browser.get("/readyz").status, 503, "and monitoring is told");
            return n;
        }
    }
    panic!("a full disk takes no end of customers");
}

/// The number at which something stands still.
async fn stands_still(number: impl AsyncFn() -> u64) -> u64 {
    let mut last = number().await;
    loop {
        tokio::time::sleep(STILL).await;
        let seen = number().await;
        if seen == last {
            return seen;
        }
        last = seen;
    }
}

fn says_full(page: &crate::stage::Page) {
    assert_eq!(page.status, 507, "{}", page.body);
    page.says(&["ディスクがいっぱいです", "すでに保存した記録は失われていません"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_to_is_named_at_the_start() {
    if !is_root() {
        return not_run("only root can mount a disk that is read-only");
    }
    let disk = SmallDisk::mount("8m");
    let settings = Settings { data: Some(disk.data()), ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    let check = |parts: &[&str]| {
        let started = std::time::Instant::now();
        let said = stage.command(&["serve"], "");
        said.refuses(parts);
        said.refuses(&[stage.data().to_str().expect("UTF-8")]);
        assert!(started.elapsed() < Duration::from_secs(20), "it does not wait for nothing");
    };
    let read_only = ["データフォルダ", "書き込めません", "cannot write to"];

    disk.run("mount", &["-o", "remount,ro"]);
    check(&["データフォルダ", "作れません", "cannot create"]);
    disk.run("mount", &["-o", "remount,rw"]);
    stage.command(&["operator", "list"], "").good();
    disk.run("mount", &["-o", "remount,ro"]);
    check(&read_only);
    assert!(!Path::new(&disk.data().join("todoku.lock")).exists());
    disk.run("mount", &["-o", "remount,rw"]);

    // A full disk with no database yet is another trouble, and has its own words.
    fs::remove_dir_all(disk.data()).expect("it was there");
    disk.fill();
    check(&["データベースを開けません", "full"]);
    disk.free();
    let mut program = stage.serve();
    assert!(program.terminate().success());
}
