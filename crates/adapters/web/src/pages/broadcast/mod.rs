//! Broadcasts: compose, choose people, confirm, watch, and read what became of it.

pub(crate) mod act;
pub(crate) mod audience;
pub(crate) mod by_hand;
pub(crate) mod clicks;
pub(crate) mod compose;
pub(crate) mod confirm;
pub(crate) mod csv;
pub(crate) mod difference;
mod entry;
pub(crate) mod from;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod members;
pub(crate) mod pick;
mod reasons;
mod report;
pub(crate) mod rows;
pub(crate) mod show;
mod steps;

use campaigns::broadcast::{Broadcast, BroadcastState};

use crate::{problem::Problem, visit::Visit};

/// The broadcast.
async fn find(visit: &Visit, id: i64) -> Result<Broadcast, Problem> {
    visit.house.broadcasts.get(id).await?.ok_or(Problem::NotFound)
}

/// The broadcast while it can be changed; `None` once it has started.
async fn find_draft(visit: &Visit, id: i64) -> Result<Option<Broadcast>, Problem> {
    let broadcast = find(visit, id).await?;
    Ok(Some(broadcast).filter(|broadcast| broadcast.state == BroadcastState::Draft))
}
