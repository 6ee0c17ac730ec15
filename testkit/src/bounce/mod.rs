//! Bounce mails that come after a message was accepted, in the forms the mail servers of the world write them.

mod compose;
mod post;

use std::sync::Arc;

pub(crate) use compose::has_style;

use crate::{
    providers::{Later, ReplyValues},
    record::SentBounce,
    simulator::Shared,
};

/// What a bounce tells of.
pub(crate) struct Bounced {
    pub(crate) later: Later,
    /// The server that took the message.
    pub(crate) host: String,
    /// Whom it took the message from.
    pub(crate) peer: String,
    pub(crate) recipient: String,
    /// Where the bounce goes. The null path never gets one (RFC 5321 section 4.5.5).
    pub(crate) reverse_path: String,
    /// The header section of the message.
    pub(crate) header: Vec<u8>,
    pub(crate) id: u64,
}

/// Sends the bounce when its time has come, on its own task.
pub(crate) fn begin(shared: &Arc<Shared>, bounced: Bounced) {
    if bounced.reverse_path.is_empty() {
        return;
    }
    let owner = Arc::clone(shared);
    shared.bounce_begins();
    let cancel = shared.cancel.clone();
    shared.tasks.spawn(async move {
        let sending = send(&owner, &bounced);
        cancel.run_until_cancelled(sending).await;
        owner.bounce_ends();
    });
}

async fn send(shared: &Shared, bounced: &Bounced) {
    shared.pause(bounced.later.after_ms).await;
    let Some(target) = shared.dsn_target() else { return };
    let content = compose::compose(bounced, &date());
    let reply = match post::post(target, bounced, &content).await {
        Ok(reply) => reply,
        Err(error) => format!("not sent: {error}"),
    };
    shared.recorder.bounced(SentBounce {
        at_ms: shared.recorder.now_ms(),
        recipient: bounced.recipient.clone(),
        reverse_path: bounced.reverse_path.clone(),
        style: bounced.later.style.clone(),
        reply,
    });
}

fn date() -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    jiff::fmt::rfc2822::to_string(&now).unwrap_or_default()
}

impl Bounced {
    fn values(&self) -> ReplyValues<'_> {
        ReplyValues {
            address: &self.recipient,
            reverse_path: &self.reverse_path,
            host: &self.host,
            peer: &self.peer,
            id: self.id,
        }
    }
}
