//! States in words first, colour second.

use audience::Standing;
use delivery::recipient::State;
use maud::{Markup, html};

use crate::say::Say;

/// Where a message stands on the evidence ladder.
pub(crate) fn state(say: Say, state: State) -> Markup {
    // Bounced looks like refused: both mean the customer has nothing.
    let class = if state == State::Bounced { "refused" } else { state.name() };
    html! { span class={ "chip " (class) } { (state_name(say, state)) } }
}

/// The words alone.
pub(crate) fn state_name(say: Say, state: State) -> String {
    say.with(&format!("state-{}", state.name().replace('_', "-")), None)
}

/// Whether mail may and can go to a contact.
pub(crate) fn standing(say: Say, standing: Standing) -> Markup {
    let class = match standing {
        Standing::Sendable => "evidenced",
        Standing::OptedOut | Standing::DmRefused | Standing::Resigned | Standing::NoAddress => "withheld",
        Standing::Invalid => "refused",
        Standing::Lookalike => "doubtful",
    };
    html! { span class={ "chip " (class) } { (standing_name(say, standing)) } }
}

/// The words alone.
pub(crate) fn standing_name(say: Say, standing: Standing) -> String {
    say.with(&format!("standing-{}", standing.name().replace('_', "-")), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_words() {
        for &value in State::ALL {
            assert_ne!(state_name(Say::default(), value), format!("state-{}", value.name()));
        }
        for value in Standing::ALL {
            let words = standing_name(Say::default(), value);
            assert!(!words.starts_with("standing-"), "{}", value.name());
        }
    }
}
