//! A few threads that only make messages: an RSA signature takes a fifth of a millisecond, and no socket shall wait for it.
//!
//! There are as many as processors, so that they neither wait for each other nor crowd out the rest, and they stand
//! behind every other thread. What is urgent has a thread of its own, which stands where the others do.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use delivery::{hurry::Hurry, recipient::Lane};
use tokio::sync::oneshot;

/// Makes messages and gives back how their maker is told.
type Work = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce() + Send>;

/// Messages of a broadcast that a thread makes before it tells of them, at most: telling wakes the threads that serve
/// the sockets, which costs more the more often it happens.
const TOLD_AT_ONCE_MAX: usize = 8;

/// How far the threads that make masses stand behind (nice(2)): an eighth of the time of others, where there are others.
const NICENESS: i32 = 10;

/// Beside something urgent, a thread of the masses gives its processor away for a moment after each run. Where it never
/// does, Linux lets the kernel's own threads of the disk wait for 50 ms at times, and with them whoever writes.
const BREATH: Duration = Duration::from_micros(50);

/// The work did not come to its end: it panicked, or the house is closing.
#[derive(Debug, thiserror::Error)]
#[error("a message was not made: {0}")]
pub(crate) struct NotMade(String);

/// The threads. They end when the last handle is gone and nothing is left to do.
#[derive(Debug)]
pub(crate) struct Workshop {
    bench: Arc<Bench>,
}

#[derive(Default)]
struct Waiting {
    /// One queue per lane, the most urgent first, each work with the number of its messages.
    lanes: [VecDeque<(usize, Work)>; 4],
    /// Messages of the last lane.
    bulk: usize,
    closed: bool,
}

impl Waiting {
    fn urgent(&self) -> usize {
        Lane::URGENT.iter().map(|lane| self.lanes[*lane as usize].len()).sum()
    }

    fn next_urgent(&mut self) -> Option<Work> {
        Lane::URGENT.iter().find_map(|lane| self.lanes[*lane as usize].pop_front()).map(|(_, work)| work)
    }
}

/// Where work waits.
#[derive(Default)]
struct Bench {
    waiting: Mutex<Waiting>,
    news: Condvar,
    urgent_news: Condvar,
    hurry: Arc<Hurry>,
    threads: usize,
}

impl Workshop {
    /// Starts the threads; those of the masses stand still while there is a hurry.
    pub(crate) fn open(hurry: Arc<Hurry>) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let bench = Arc::new(Bench { threads, hurry, ..Bench::default() });
        for n in 0..threads {
            let bench = Arc::clone(&bench);
            start(format!("make-{n}"), move || {
                stand_behind();
                bench.serve();
            });
        }
        let urgent = Arc::clone(&bench);
        start("make-urgent".to_owned(), move || urgent.serve_urgent());
        Self { bench }
    }

    /// Does `work`, which makes `count` messages, on one of the threads. A caller that goes away does not stop it.
    pub(crate) async fn make<T: Send + 'static>(
        &self,
        lane: Lane,
        count: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotMade> {
        let (done, made) = oneshot::channel();
        self.bench.put(
            lane,
            count,
            Box::new(move || {
                let made = catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words_of(panic.as_ref()));
                Box::new(move || {
                    // Nobody waits for it when the caller went away.
                    let _gone = done.send(made);
                })
            }),
        );
        match made.await {
            Ok(made) => made.map_err(NotMade),
            Err(_) => Err(NotMade("nobody is left to make it".to_owned())),
        }
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        self.bench.lock().closed = true;
        self.bench.news.notify_all();
        self.bench.urgent_news.notify_all();
    }
}

impl Bench {
    fn put(&self, lane: Lane, count: usize, work: Work) {
        let mut waiting = self.lock();
        if lane == Lane::Broadcast {
            waiting.bulk += count;
        }
        waiting.lanes[lane as usize].push_back((count, work));
        // One thread is enough for the urgent until several wait.
        let several = waiting.urgent() > 1;
        drop(waiting);
        if lane.is_urgent() {
            self.urgent_news.notify_one();
        }
        if several || !lane.is_urgent() {
            self.news.notify_one();
        }
    }

    fn serve_urgent(&self) {
        let mut waiting = self.lock();
        loop {
            if let Some(work) = waiting.next_urgent() {
                drop(waiting);
                let tell = work();
                tell();
                waiting = self.lock();
            } else if waiting.closed {
                return;
            } else {
                waiting = self.urgent_news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn serve(&self) {
        while let Some(works) = self.take() {
            let told: Vec<Tell> = works.into_iter().map(|work| self.do_one(work)).collect();
            told.into_iter().for_each(|tell| tell());
        }
    }

    fn do_one(&self, work: Work) -> Tell {
        while let Some(pause) = self.hurry.pause_left() {
            thread::sleep(pause);
        }
        let tell = work();
        if self.hurry.lately() {
            thread::sleep(BREATH);
        }
        tell
    }

    /// The next work, one that is urgent where several are, or several that are not; `None` when there is none and none will come.
    fn take(&self) -> Option<Vec<Work>> {
        let mut waiting = self.lock();
        loop {
            if waiting.urgent() > 1 {
                return waiting.next_urgent().map(|work| vec![work]);
            }
            if let Some((_, work)) = waiting.lanes[Lane::StepMail as usize].pop_front() {
                return Some(vec![work]);
            }
            let most = (waiting.bulk / (2 * self.threads.max(1))).clamp(1, TOLD_AT_ONCE_MAX);
            let mut works = Vec::new();
            let mut messages = 0;
            while messages < most
                && let Some((count, work)) = waiting.lanes[Lane::Broadcast as usize].pop_front()
            {
                messages += count;
                works.push(work);
            }
            if !works.is_empty() {
                waiting.bulk = waiting.bulk.saturating_sub(messages);
                return Some(works);
            }
            if waiting.closed {
                return None;
            }
            waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").finish_non_exhaustive()
    }
}

fn start(name: String, work: impl FnOnce() + Send + 'static) {
    if let Err(error) = thread::Builder::new().name(name).spawn(work) {
        tracing::error!(%error, "a thread that makes messages could not be started");
    }
}

/// Signing takes all the time there is; sockets and the database need little, and at once. On Linux each thread has a
/// place of its own; elsewhere the whole program would step back.
fn stand_behind() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the threads that make messages stand where all others do");
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_and_a_panic_stays_its_own() {
        let workshop = Workshop::open(Arc::default());
        for n in 0..100 {
            assert_eq!(workshop.make(Lane::Broadcast, 1, move || n + 1).await.unwrap(), n + 1);
        }
        for _ in 0..20 {
            let made = workshop.make(Lane::Broadcast, 1, || -> u32 { panic!("no ink") }).await;
            assert_eq!(made.unwrap_err().to_string(), "a message was not made: no ink");
        }
        assert_eq!(workshop.make(Lane::Transactional, 1, || 7).await.unwrap(), 7);
    }

    #[test]
    fn the_urgent_comes_first() {
        let bench = Bench::default();
        let told = Arc::new(Mutex::new(Vec::new()));
        let lanes = [Lane::Broadcast, Lane::StepMail, Lane::Reply, Lane::Transactional, Lane::Transactional];
        for (n, lane) in lanes.into_iter().enumerate() {
            let told = Arc::clone(&told);
            bench.put(lane, 1, Box::new(move || Box::new(move || told.lock().unwrap().push(n))));
        }
        bench.lock().closed = true;
        // The last urgent one is left to the thread for those.
        bench.serve();
        bench.serve_urgent();
        assert_eq!(*told.lock().unwrap(), [3, 4, 1, 0, 2]);
    }
}
