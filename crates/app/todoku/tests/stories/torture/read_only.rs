//! Torture: the file system under the data folder becomes read-only while mail goes out, as Linux does on a disk error.

use std::{fs::File, path::Path, process::Command, time::Duration};

use testkit::{Keep, SimulatorConfig};

use super::{account, short_or_full, until_finished};
use crate::stage::{
    Settings, Stage, add_contacts, add_domain, is_root, not_run, start_broadcast, wait_for, wait_until_steady,
};

/// A file system of its own in a file; taken away when dropped.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    fn make(bytes: u64) -> Self {
        let disk = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(disk.at()).expect("a folder");
        File::create(disk.image()).and_then(|file| file.set_len(bytes)).expect("room");
        run("mkfs.ext4", &["-q", path(&disk.image())]);
        disk.mount();
        disk
    }

    fn image(&self) -> std::path::PathBuf {
        self.folder.path().join("image")
    }

    fn at(&self) -> std::path::PathBuf {
        self.folder.path().join("disk")
    }

    fn mount(&self) {
        run("mount", &["-o", "loop", path(&self.image()), path(&self.at())]);
    }

    /// What the kernel does when the disk fails: nothing more is written, also by who has files open.
    fn fail(&self) {
        run("mount", &["-o", "remount,abort", path(&self.at())]);
    }

    fn unmount(&self) {
        run("umount", &[path(&self.at())]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _already_gone = Command::new("umount").args(["-l", path(&self.at())]).status();
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn run(program: &str, args: &[&str]) {
    let status = Command::new(program).args(args).status().expect("it starts");
    assert!(status.success(), "{program} {args:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_becomes_read_only_loses_nobody() {
    if !is_root() {
        return not_run("only root can mount a disk");
    }
    let people = short_or_full(2_000, 20_000);
    let disk = Disk::make(512 * 1024 * 1024);
    let simulator = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..SimulatorConfig::default() };
    let settings = Settings { data: Some(disk.at().join("data")), ..Settings::default() };
    let stage = Stage::set(simulator, settings).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let addresses: Vec<String> = (0..people).map(|n| format!("hanako{n}@docomo.ne.jp")).collect();
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    store.close().await;
    let mut program = stage.serve();
    wait_for("messages", Duration::from_secs(120), || stage.accepted() >= people / 4);
    disk.fail();
    wait_until_steady(Duration::from_secs(3), || stage.accepted()).await;
    let sent = stage.accepted();
    assert!(sent < people, "it was in the middle, not at the end");
    program.kill();

    // Mounted again, the journal is played back, and the work goes on.
    disk.unmount();
    disk.mount();
    let program = stage.serve();
    let store = stage.store().await;
    until_finished(&store, broadcast, Duration::from_secs(240)).await;
    let got = stage.world.simulator.counts_by_recipient();
    account("the disk becomes read-only", &store, broadcast, "", &got).await;
    store.close().await;
    drop(program);
}
