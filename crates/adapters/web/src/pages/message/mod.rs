//! One message to one person: what happened to it, what that means, what was sent, and the bounce that came back.

pub(crate) mod bounce;
mod chain;
mod conclusion;
mod quote;
pub(crate) mod sent;
pub(crate) mod show;
mod talk;

use evidence::history::MessageStory;

use crate::{problem::Problem, visit::Visit};

/// The message.
async fn find(visit: &Visit, id: i64) -> Result<MessageStory, Problem> {
    visit.house.history.message(id).await?.ok_or(Problem::NotFound)
}
