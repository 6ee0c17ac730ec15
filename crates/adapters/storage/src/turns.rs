//! Whose turn it is to write on SQLite, which has one writer: what somebody waits for goes before what runs in masses. On
//! PostgreSQL only batches take turns, and only beside something urgent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// After so many prompt writers in a row one of the masses has its turn, so that it always goes on.
const PROMPT_IN_A_ROW: u32 = 32;

/// Who waits for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Haste {
    /// A person before a page, or a message that is to leave at once.
    Prompt,
    /// A batch of many rows; nobody waits for this one more than for the next.
    Masses,
}

/// The writers that wait.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    taken: bool,
    prompt: VecDeque<oneshot::Sender<Turn>>,
    masses: VecDeque<oneshot::Sender<Turn>>,
    prompt_in_a_row: u32,
    /// Turns that were asked for so far.
    given: u64,
}

impl Waiting {
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let goes_on = self.prompt_in_a_row < PROMPT_IN_A_ROW || self.masses.is_empty();
        if let Some(next) = self.prompt.pop_front_if(|_| goes_on) {
            self.prompt_in_a_row += 1;
            return Some(next);
        }
        self.prompt_in_a_row = 0;
        self.masses.pop_front()
    }
}

/// The turn; it passes to the next one when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(Option<Arc<Turns>>);

impl Turns {
    /// Waits for one's turn. Who goes away while waiting is passed over.
    pub(crate) async fn take(self: &Arc<Self>, haste: Haste) -> Turn {
        let coming = {
            let mut waiting = self.lock();
            waiting.given += 1;
            if !waiting.taken {
                waiting.taken = true;
                return Turn(Some(Arc::clone(self)));
            }
            let (passed, coming) = oneshot::channel();
            match haste {
                Haste::Prompt => waiting.prompt.push_back(passed),
                Haste::Masses => waiting.masses.push_back(passed),
            }
            coming
        };
        // Nobody drops a place in the queue but the one who waits in it.
        coming.await.unwrap_or(Turn(None))
    }

    /// Turns that were asked for so far.
    pub(crate) fn given(&self) -> u64 {
        self.lock().given
    }

    fn pass_on(self: Arc<Self>) {
        let mut turn = Turn(None);
        loop {
            let next = {
                let mut waiting = self.lock();
                let next = waiting.next();
                waiting.taken = next.is_some();
                next
            };
            let Some(next) = next else { return };
            turn.0 = Some(Arc::clone(&self));
            match next.send(turn) {
                Ok(()) => return,
                // It does not wait any more.
                Err(back) => turn = back,
            }
            turn.0 = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::Pin, task::Poll};

    use super::*;

    type Coming = Pin<Box<dyn Future<Output = Turn>>>;

    /// Somebody who has asked for a turn.
    async fn asked(turns: &Arc<Turns>, haste: Haste) -> Coming {
        let turns = Arc::clone(turns);
        let mut coming: Coming = Box::pin(async move { turns.take(haste).await });
        assert!(has_it(&mut coming).await.is_none());
        coming
    }

    async fn has_it(coming: &mut Coming) -> Option<Turn> {
        poll_fn(|context| match coming.as_mut().poll(context) {
            Poll::Ready(turn) => Poll::Ready(Some(turn)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[tokio::test]
    async fn the_prompt_come_first_and_each_kind_in_its_order() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(Haste::Masses).await;
        let mut many = asked(&turns, Haste::Masses).await;
        let mut one = asked(&turns, Haste::Prompt).await;
        let mut other = asked(&turns, Haste::Prompt).await;
        drop(first);
        assert!(has_it(&mut many).await.is_none());
        assert!(has_it(&mut other).await.is_none());
        drop(has_it(&mut one).await.unwrap());
        assert!(has_it(&mut many).await.is_none());
        drop(has_it(&mut other).await.unwrap());
        drop(has_it(&mut many).await.unwrap());
        drop(turns.take(Haste::Masses).await);
    }

    #[tokio::test]
    async fn who_went_away_is_passed_over() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(Haste::Prompt).await;
        let gone = asked(&turns, Haste::Prompt).await;
        let mut stays = asked(&turns, Haste::Masses).await;
        drop(gone);
        drop(first);
        let turn = has_it(&mut stays).await.unwrap();
        // Given the turn, but gone before it was looked at.
        let told = asked(&turns, Haste::Prompt).await;
        drop(turn);
        drop(told);
        drop(turns.take(Haste::Masses).await);
    }

    #[tokio::test]
    async fn the_masses_are_not_forgotten() {
        let turns = Arc::new(Turns::default());
        let mut turn = turns.take(Haste::Prompt).await;
        let mut many = asked(&turns, Haste::Masses).await;
        let mut had = 0;
        while had <= PROMPT_IN_A_ROW {
            let mut next = asked(&turns, Haste::Prompt).await;
            drop(turn);
            if let Some(its) = has_it(&mut many).await {
                drop(its);
                drop(has_it(&mut next).await.unwrap());
                break;
            }
            turn = has_it(&mut next).await.unwrap();
            had += 1;
        }
        assert_eq!(had, PROMPT_IN_A_ROW);
    }
}
