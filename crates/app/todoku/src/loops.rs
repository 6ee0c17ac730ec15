//! The small loops that drive broadcasts and imports; all progress is durable, so they may stop anywhere.

use std::{sync::Arc, time::Duration};

use audience::ImportStore;
use campaigns::{ports::BroadcastStore, runner};
use delivery::{
    health::{Health, Work},
    recorder::Clock,
};
use tokio_util::sync::CancellationToken;

/// How long a loop rests when there is nothing to do.
const IDLE: Duration = Duration::from_millis(250);
/// How long it rests when the store cannot be asked.
const TROUBLE: Duration = Duration::from_secs(2);

/// Writes audiences down and notices finished broadcasts.
pub async fn run_broadcasts(
    store: Arc<dyn BroadcastStore>,
    clock: Clock,
    health: Arc<Health>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let pause = match runner::step(store.as_ref(), clock()).await {
            Ok(more) => {
                health.store_works(Work::Broadcasts);
                if more {
                    continue;
                }
                IDLE
            }
            Err(error) => {
                health.store_fails(Work::Broadcasts, error.as_ref());
                TROUBLE
            }
        };
        rest(pause, &shutdown).await;
    }
}

/// Takes started imports in, also those a crash interrupted.
pub async fn run_imports(
    store: Arc<dyn ImportStore>,
    clock: Clock,
    health: Arc<Health>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let done = tokio::select! {
            done = take_in(store.as_ref(), &clock) => done,
            () = shutdown.cancelled() => return,
        };
        let pause = match done {
            Ok(()) => {
                health.store_works(Work::Imports);
                IDLE
            }
            Err(error) => {
                health.store_fails(Work::Imports, error.as_ref());
                TROUBLE
            }
        };
        rest(pause, &shutdown).await;
    }
}

async fn take_in(store: &dyn ImportStore, clock: &Clock) -> Result<(), audience::StoreFailure> {
    let mut done = Ok(());
    for job in store.running().await? {
        // One that cannot go on does not keep the others.
        done = audience::run_import(store, job.id, clock.as_ref()).await.map(drop).and(done);
    }
    done
}

async fn rest(pause: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = shutdown.cancelled() => {}
    }
}
