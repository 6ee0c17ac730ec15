//! Waits until what was committed to SQLite's log is on the disk: outside the writer's turn, and once for all who wait.
//!
//! A commit writes its pages to the log and lets the next writer go on; that takes a fraction of a millisecond, the disk
//! takes several at times. Nobody is told that a change is kept before the log is on the disk up to it. The log is
//! written from one end to the other, so a later change on the disk has all earlier ones before it.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::watch;

use crate::StorageError;

/// Who waits for the disk. Cheap to clone; its thread ends with the last handle.
#[derive(Debug, Clone)]
pub(crate) struct LogOnDisk(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    done: watch::Receiver<Result<u64, String>>,
}

#[derive(Debug)]
struct Shared {
    log: PathBuf,
    asked: Mutex<Asked>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Asked {
    /// How often somebody asked so far.
    times: u64,
    closed: bool,
}

impl LogOnDisk {
    /// For the database in this file.
    pub(crate) fn of(database: &Path) -> io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let shared = Arc::new(Shared { log: log.into(), asked: Mutex::default(), news: Condvar::new() });
        let (tell, done) = watch::channel(Ok(0));
        let served = Arc::clone(&shared);
        thread::Builder::new().name("log-on-disk".to_owned()).spawn(move || served.serve(&tell))?;
        Ok(Self(Arc::new(Handle { shared, done })))
    }

    /// Waits until everything that was committed before this call is on the disk.
    ///
    /// # Errors
    /// [`StorageError::Lost`] when the disk failed now or earlier. What it lost then cannot be known (a second request
    /// would be answered as if nothing had happened), so nothing is called kept any more until the program starts anew.
    pub(crate) async fn reached(&self) -> Result<(), StorageError> {
        let mine = self.0.shared.ask();
        let mut done = self.0.done.clone();
        let reached = done.wait_for(|done| done.as_ref().map_or(true, |times| *times >= mine)).await;
        match reached.as_deref() {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(words)) => Err(StorageError::Lost(words.clone())),
            Err(_) => Err(StorageError::Lost("nobody asks the disk any more".to_owned())),
        }
    }
}

#[cfg(test)]
impl LogOnDisk {
    /// How often somebody waited for the disk.
    pub(crate) fn times(&self) -> u64 {
        self.0.shared.lock().times
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.news.notify_all();
    }
}

impl Shared {
    fn ask(&self) -> u64 {
        let mut asked = self.lock();
        asked.times += 1;
        self.news.notify_one();
        asked.times
    }

    fn serve(&self, tell: &watch::Sender<Result<u64, String>>) {
        let mut done = 0;
        loop {
            let mut asked = self.lock();
            while asked.times == done && !asked.closed {
                asked = self.news.wait(asked).unwrap_or_else(PoisonError::into_inner);
            }
            if asked.closed {
                return;
            }
            // Who asks while the disk is at work may have committed too late for it.
            let up_to = asked.times;
            drop(asked);
            if let Err(error) = onto_disk(&self.log) {
                tracing::error!(%error, "the disk did not keep what was written");
                let _before = tell.send_replace(Err(format!(
                    "the disk did not keep what was written ({error}); start the program anew when it works"
                )));
                return;
            }
            done = up_to;
            let _before = tell.send_replace(Ok(done));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The log is opened each time, so that it is the one that is written to; SQLite holds no locks on it that closing would
/// give up. Where there is none, SQLite has closed its file, and with that moved all of the log into it.
fn onto_disk(log: &Path) -> io::Result<()> {
    match File::open(log) {
        Ok(log) => log.sync_data(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn everybody_who_waits_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("house.db");
        std::fs::write(folder.path().join("house.db-wal"), "pages").unwrap();
        let disk = LogOnDisk::of(&database).unwrap();
        let waiting: Vec<_> = (0..100)
            .map(|_| {
                let disk = disk.clone();
                tokio::spawn(async move { disk.reached().await })
            })
            .collect();
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        assert_eq!(*disk.0.done.borrow(), Ok(100));
        std::fs::remove_file(folder.path().join("house.db-wal")).unwrap();
        disk.reached().await.unwrap();
    }

    #[tokio::test]
    async fn a_disk_that_failed_is_not_believed_again() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("house.db-wal");
        // A name that cannot be opened for reading: a link to itself.
        std::os::unix::fs::symlink(&log, &log).unwrap();
        let disk = LogOnDisk::of(&folder.path().join("house.db")).unwrap();
        let failed = disk.reached().await.unwrap_err();
        assert!(matches!(&failed, StorageError::Lost(words) if words.contains("did not keep")), "{failed}");
        std::fs::remove_file(&log).unwrap();
        std::fs::write(&log, "pages").unwrap();
        let again = tokio::time::timeout(Duration::from_secs(10), disk.reached()).await.unwrap();
        assert!(matches!(again, Err(StorageError::Lost(_))));
    }
}
