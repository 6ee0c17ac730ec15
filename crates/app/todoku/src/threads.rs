//! The threads that delivery has for itself: what a page works on keeps no dialogue waiting, and dialogues keep no page.

use std::thread;

use anyhow::Context;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinHandle,
};

/// Processors for each of them. The other processors make the messages, which takes several times as long as handing
/// them over; a thread more than needed costs one message in thirty, because threads that share work wake each other.
const PROCESSORS_EACH: usize = 2;

/// The threads. What still runs on them when this is dropped is cut off at its next pause.
#[derive(Debug)]
pub(crate) struct DeliveryThreads {
    threads: Option<Runtime>,
    handle: Handle,
}

impl DeliveryThreads {
    /// Starts them.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let threads = Builder::new_multi_thread()
            .worker_threads((processors / PROCESSORS_EACH).max(1))
            .thread_name("delivery")
            .enable_all()
            .build()
            .context("the threads of delivery could not be started")?;
        Ok(Self { handle: threads.handle().clone(), threads: Some(threads) })
    }

    /// Does `work` on them.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(work)
    }
}

impl Drop for DeliveryThreads {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            // Waiting for them would hold up whoever closes the house.
            threads.shutdown_background();
        }
    }
}
