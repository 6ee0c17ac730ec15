//! The peer of the bounce benchmark: Sisimai (Perl) in one warm process of its own.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, bail, ensure};

/// One round over the corpus.
pub struct Round {
    /// By the clock.
    pub seconds: f64,
    /// On a processor.
    pub cpu_seconds: f64,
    /// Verdicts given in one pass.
    pub records: usize,
}

/// A running `bench/sisimai.pl`.
pub struct Sisimai {
    /// With its version.
    pub name: String,
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    // Holds the list of files as long as the process may read it.
    _list: tempfile::NamedTempFile,
}

impl Sisimai {
    /// Starts it over these files; an error says what is missing.
    pub fn start(files: &[PathBuf]) -> anyhow::Result<Self> {
        let mut list = tempfile::NamedTempFile::new()?;
        for file in files {
            writeln!(list, "{}", file.display())?;
        }
        let mut process = Command::new("perl")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("sisimai.pl"))
            .arg(list.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("there is no perl")?;
        let asks = process.stdin.take().context("a pipe to perl")?;
        let answers = BufReader::new(process.stdout.take().context("a pipe from perl")?);
        let mut peer = Self { name: String::new(), process, asks, answers, _list: list };
        let first = peer.line()?;
        let Some(version) = first.strip_prefix("ready ") else {
            bail!("perl cannot load Sisimai; Debian's package is libsisimai-perl");
        };
        peer.name = format!("Sisimai {version} (Perl)");
        Ok(peer)
    }

    /// One round over all mails.
    pub fn round(&mut self) -> anyhow::Result<Round> {
        writeln!(self.asks, "go")?;
        let line = self.line()?;
        let numbers: Vec<f64> = line.split(' ').map_while(|word| word.parse().ok()).collect();
        ensure!(numbers.len() == 3, "Sisimai said {line:?}");
        Ok(Round { seconds: numbers[0], cpu_seconds: numbers[1], records: numbers[2] as usize })
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Sisimai {
    fn drop(&mut self) {
        // Nothing is lost when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
