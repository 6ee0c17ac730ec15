//! The small loops that drive broadcasts and imports; all progress is durable, so they may stop anywhere.

use std::{sync::Arc, time::Duration};

use audience::{ConsentStore, FieldStore, ImportStore};
use campaigns::{clicks::ClickDesk, ports::BroadcastStore, runner};
use delivery::{
    health::{Health, Work},
    recorder::Clock,
    transcript::store::TranscriptStore,
};
use doctor::source_care::SourceCare;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long a loop rests when there is nothing to do.
const IDLE: Duration = Duration::from_millis(250);
/// How long it rests when the store cannot be asked.
const TROUBLE: Duration = Duration::from_secs(2);
/// How often fields are looked at: another kind is a rare decision, and nobody waits for the last value.
const FIELDS: Duration = Duration::from_secs(2);
/// How often it is looked for what may be forgotten.
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How often transcripts are looked at whose time is over.
const TRANSCRIPTS: Duration = Duration::from_secs(3600);
/// Attempts whose transcripts are forgotten in one transaction, and how long others may write before the next one.
const FORGOTTEN: u64 = 1_000;
const BREATH: Duration = Duration::from_millis(200);
/// Values read anew in one transaction.
const RETYPED: u64 = 2_000;

/// How often sources are taken care of; each is looked at once an hour.
const SOURCES: Duration = Duration::from_secs(60);

/// Looks at the health of the sources and moves their warm-up on.
pub async fn run_source_care(care: SourceCare, clock: Clock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let done = tokio::select! {
            done = care.round(clock()) => done,
            () = shutdown.cancelled() => return,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "the sources could not be looked at; it is tried again");
        }
        rest(SOURCES, &shutdown).await;
    }
}

/// Writes audiences down and notices finished broadcasts; `bell` rings when one was started here.
pub async fn run_broadcasts(
    (store, bell): (Arc<dyn BroadcastStore>, Arc<Notify>),
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
        tokio::select! {
            () = rest(pause, &shutdown) => {}
            () = bell.notified() => {}
        }
    }
}

/// Writes down who followed links, and judges what has waited long enough; at the end, what came in last.
pub async fn run_clicks(
    desk: Arc<ClickDesk>,
    clock: Clock,
    health: Arc<Health>,
    shutdown: CancellationToken,
) {
    loop {
        let closing = shutdown.is_cancelled();
        let pause = match desk.step(clock()).await {
            Ok(more) => {
                health.store_works(Work::Clicks);
                if more && !closing {
                    continue;
                }
                IDLE
            }
            Err(error) => {
                health.store_fails(Work::Clicks, error.as_ref());
                TROUBLE
            }
        };
        if closing {
            return;
        }
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

/// Drops, once a day, what was kept of erased persons and need not be kept any longer.
pub async fn forget_expired(store: Arc<dyn ConsentStore>, clock: Clock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = store.forget_expired(clock()).await {
            tracing::error!(%error, "what may be forgotten is kept until tomorrow");
        }
        rest(DAY, &shutdown).await;
    }
}

/// Forgets, a little at a time, what was said in attempts longer ago than it is kept.
pub async fn forget_transcripts(
    store: Arc<dyn TranscriptStore>,
    kept_ms: i64,
    clock: Clock,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let pause = match store.forget_transcripts(clock() - kept_ms, FORGOTTEN).await {
            Ok(true) => BREATH,
            Ok(false) => TRANSCRIPTS,
            Err(error) => {
                tracing::error!(%error, "transcripts stay a while longer");
                TRANSCRIPTS
            }
        };
        rest(pause, &shutdown).await;
    }
}

/// Reads the values of fields anew whose kind was changed, also where a crash interrupted that.
pub async fn run_fields(store: Arc<dyn FieldStore>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match retype(store.as_ref()).await {
            Ok(true) => {}
            Ok(false) => rest(FIELDS, &shutdown).await,
            Err(error) => {
                tracing::error!(%error, "fields wait: the store cannot be asked");
                rest(TROUBLE, &shutdown).await;
            }
        }
    }
}

/// True when there may be more to do.
async fn retype(store: &dyn FieldStore) -> Result<bool, audience::StoreFailure> {
    let fields = store.fields().await?;
    let Some(field) = fields.into_iter().find(|field| field.retyping_up_to.is_some()) else {
        return Ok(false);
    };
    store.retype_step(field.id, RETYPED).await?;
    Ok(true)
}

async fn rest(pause: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = shutdown.cancelled() => {}
    }
}
