//! The real program as a process of its own: started, ended well, killed, listened to.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// How long it may take to end when it is asked to.
const ENDING_MAX: Duration = Duration::from_secs(45);

/// The running program; killed when dropped.
pub struct Program {
    child: Child,
    log: PathBuf,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Fails unless it ended well.
    pub fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// Fails unless it ended with a failure that says all of these.
    pub fn refuses(&self, parts: &[&str]) {
        assert_ne!(self.code, 0, "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is not in {self:?}");
        }
    }
}

/// Runs the program with these arguments to its end.
pub fn todoku(args: &[&str], input: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_todoku"))
        .args(args)
        .env_remove("TODOKU_CONFIG")
        .env("TODOKU_LOG", "warn")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses early does not read; that is no failure of the story.
    let _unread = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ended");
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl Program {
    /// Starts `todoku serve`; what it says goes to a file beside its configuration.
    pub fn begin(config: &Path) -> Self {
        Self::begin_with(config, &[])
    }

    /// The same with more environment variables.
    pub fn begin_with(config: &Path, environment: &[(&str, &str)]) -> Self {
        let log = config.with_extension("log");
        let file = File::options().create(true).append(true).open(&log).expect("a file for the log");
        let child = Command::new(env!("CARGO_BIN_EXE_todoku"))
            .arg("--config")
            .arg(config)
            .arg("serve")
            .env("TODOKU_LOG", "info,sqlx=warn,hyper=warn,hickory=error")
            .env("NO_COLOR", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .expect("the program starts");
        Self { child, log }
    }

    /// How many files and sockets it has open.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    /// The most memory it ever had, in MB.
    pub fn memory_mb_max(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        line.trim().split(' ').next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
    }

    /// SIGKILL, at once.
    pub fn kill(&mut self) {
        self.child.kill().expect("the program runs");
        self.child.wait().expect("it ended");
    }

    /// SIGTERM, and how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill(1)");
        assert!(sent.success(), "the program runs");
        self.ended(ENDING_MAX)
    }

    /// Waits until it ends by itself.
    pub fn ended(&mut self, patience: Duration) -> ExitStatus {
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < end, "it has not ended after {patience:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _reaped = self.child.wait();
        if std::thread::panicking() {
            println!(
                "--- {}\n{}",
                self.log.display(),
                std::fs::read_to_string(&self.log).unwrap_or_default()
            );
        }
    }
}
