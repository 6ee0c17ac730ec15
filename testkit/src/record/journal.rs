//! An append-only file of what happened, one JSON object per line.

use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use crate::TestkitError;

#[derive(Debug)]
pub(super) struct Journal {
    file: Mutex<File>,
}

#[derive(Serialize)]
struct Line<'a, T> {
    kind: &'a str,
    #[serde(flatten)]
    what: &'a T,
}

impl Journal {
    pub(super) fn open(path: &Path) -> Result<Self, TestkitError> {
        let opened = File::options().create(true).append(true).open(path);
        let file =
            opened.map_err(|source| TestkitError::File { path: path.display().to_string(), source })?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// A line that cannot be written is told in the log; the simulation goes on.
    pub(super) fn write<T: Serialize>(&self, kind: &str, what: &T) {
        let line = serde_json::to_string(&Line { kind, what }).map(|line| line + "\n");
        let written = line.map_err(std::io::Error::from).and_then(|line| {
            self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())
        });
        if let Err(error) = written {
            tracing::warn!(%error, "the journal of the simulator cannot be written");
        }
    }
}
