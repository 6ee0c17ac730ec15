//! The small loops that drive broadcasts and imports; all progress is durable, so they may stop anywhere.

use std::{sync::Arc, time::Duration};

use audience::ImportStore;
use campaigns::{ports::BroadcastStore, runner};
use delivery::{health::Health, recorder::Clock};
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
            Ok(true) => {
                health.store_works();
                continue;
            }
            Ok(false) => IDLE,
            Err(error) => {
                health.store_fails(&error.to_string());
                tracing::error!(%error, "broadcasts wait: the store cannot be asked");
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
        let mut pause = IDLE;
        match store.running().await {
            Ok(jobs) => {
                for job in jobs {
                    let done = tokio::select! {
                        done = audience::run_import(store.as_ref(), job.id, clock.as_ref()) => done,
                        () = shutdown.cancelled() => return,
                    };
                    match done {
                        Ok(_) => health.store_works(),
                        Err(error) => {
                            health.store_fails(&error.to_string());
                            tracing::error!(import = job.id, %error, "an import waits: the store cannot be asked");
                            pause = TROUBLE;
                        }
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "imports wait: the store cannot be asked");
                pause = TROUBLE;
            }
        }
        rest(pause, &shutdown).await;
    }
}

async fn rest(pause: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = shutdown.cancelled() => {}
    }
}
