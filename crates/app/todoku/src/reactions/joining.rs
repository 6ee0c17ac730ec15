//! Which message of ours an arrival is about: by what only its reader can know, else by a careful guess.

use evidence::history::MessageStory;
use mail::Address;
use reception::{Arrival, ArrivalKind, Joined, JoinedBy, Recognised};

use super::Reactions;

/// A bounce without any mark of ours is joined to a message its address took within this time.
const WINDOW_MS: i64 = 5 * 24 * 3_600_000;

impl Reactions {
    /// The message an arrival is about, surest first: the signed return path it came to, a Message-ID of ours, our
    /// trace field, and for bounces the only message that the named address took lately.
    pub(super) async fn join(
        &self,
        arrival: &Arrival,
        seen: &Recognised,
    ) -> Result<Option<(Joined, MessageStory)>, audience::StoreFailure> {
        let quoted = |text: Option<&str>| self.message_ids.read(text?.split('@').next()?);
        let marks = [
            (JoinedBy::ReturnPath, arrival.recipient_id),
            (JoinedBy::MessageId, quoted(seen.about_message_id.as_deref())),
            (JoinedBy::Trace, quoted(seen.about_trace.as_deref())),
        ];
        for (by, recipient_id) in marks {
            let Some(recipient_id) = recipient_id else { continue };
            if let Some(message) = self.history.message(recipient_id).await? {
                return Ok(Some((Joined { recipient_id, by }, message)));
            }
        }
        let Some(recipient_id) = self.only_taken_by(arrival, seen).await? else { return Ok(None) };
        let message = self.history.message(recipient_id).await?;
        Ok(message.map(|message| (Joined { recipient_id, by: JoinedBy::Recipient }, message)))
    }

    async fn only_taken_by(
        &self,
        arrival: &Arrival,
        seen: &Recognised,
    ) -> Result<Option<i64>, audience::StoreFailure> {
        if seen.kind != ArrivalKind::Bounce {
            return Ok(None);
        }
        let [finding] = seen.findings.as_slice() else { return Ok(None) };
        let mut taken = Vec::new();
        for address in [&finding.original_recipient, &finding.recipient].into_iter().flatten() {
            let Ok(address) = Address::parse(address) else { continue };
            taken.extend(self.history.taken_since(&address.key(), arrival.arrived_at - WINDOW_MS).await?);
        }
        taken.dedup();
        Ok(if let [only] = taken.as_slice() { Some(*only) } else { None })
    }
}
