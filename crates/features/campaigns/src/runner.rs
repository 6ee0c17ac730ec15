//! The small loop behind running broadcasts: writes audiences down in batches and notices when a queue is empty.

use crate::ports::{BroadcastStore, StoreFailure};

/// Contacts written down in one transaction: small enough that other writers wait only a few milliseconds.
const AUDIENCE_BATCH: u64 = 1_000;

/// Does one step of every broadcast in preparation; `true` when there is more to do at once.
///
/// # Errors
/// When the store cannot be asked; the cursor is durable, so the next step goes on where this one failed.
pub async fn step(store: &dyn BroadcastStore, now: i64) -> Result<bool, StoreFailure> {
    let preparing = store.preparing().await?;
    let mut more = false;
    for id in preparing {
        more |= !store.write_audience(id, AUDIENCE_BATCH, now).await?;
    }
    if !more {
        store.finish_idle(now).await?;
    }
    Ok(more)
}
