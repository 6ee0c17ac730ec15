//! Answers that took long are given again for a while: many pages and probes ask for the same counts of a long queue.

use std::{
    collections::HashMap,
    future::Future,
    hash::Hash,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::StorageError;

/// What is counted faster is counted anew each time.
const LONG: Duration = Duration::from_millis(100);
/// An answer is given again for this many times what it took, so that counting takes a twentieth of a core at most.
const WORTH: u32 = 20;
/// Answers that are kept.
const KEPT_MAX: usize = 32;

/// Answers by question.
#[derive(Debug)]
pub(crate) struct Lately<K, T>(Mutex<HashMap<K, Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    until: Instant,
    answer: T,
}

impl<K, T> Default for Lately<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, T: Clone> Lately<K, T> {
    /// The answer, from a while ago where counting takes long. Who asks while it is counted waits for that answer.
    pub(crate) async fn ask(
        &self,
        question: K,
        count: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        let mut kept = self.0.lock().await;
        if let Some(found) = kept.get(&question).filter(|kept| kept.until > Instant::now()) {
            return Ok(found.answer.clone());
        }
        let began = Instant::now();
        let answer = count.await?;
        let took = began.elapsed();
        kept.retain(|_, kept| kept.until > Instant::now());
        if took >= LONG && kept.len() < KEPT_MAX {
            kept.insert(question, Kept { until: Instant::now() + took * WORTH, answer: answer.clone() });
        }
        Ok(answer)
    }

    /// Somebody has changed something and wants to see it.
    pub(crate) async fn forget(&self) {
        self.0.lock().await.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_took_long_is_given_again() {
        let lately = Lately::<u8, u8>::default();
        let slow = |answer| async move {
            std::thread::sleep(LONG);
            Ok(answer)
        };
        assert_eq!(lately.ask(1, async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(lately.ask(1, slow(2)).await.unwrap(), 2, "the first took no time");
        assert_eq!(lately.ask(1, async { Ok(3) }).await.unwrap(), 2);
        assert_eq!(lately.ask(2, async { Ok(4) }).await.unwrap(), 4, "another question");
        lately.forget().await;
        assert_eq!(lately.ask(1, async { Ok(5) }).await.unwrap(), 5);
        let failed = async { Err(StorageError::Busy(String::new())) };
        assert!(lately.ask(1, failed).await.is_err());
    }
}
