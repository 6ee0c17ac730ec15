//! Reads the addresses people really write: provider, typos, hostile look-alikes, legacy carrier forms.
//!
//! Start at [`read`]: it takes what somebody typed and gives the address mail would be sent to, what was changed
//! or looks odd, and what was probably meant. A suggestion is never applied unasked. What is known about providers,
//! typos and the sentences shown stands in `tables/*.toml`.

mod clean;
mod domain;
mod local;
mod provider;
mod reading;
mod sentence;
mod spaces;
mod typo;
mod width;

pub use provider::{AcceptWorth, Limits, Provider, provider_by_id, provider_of, provider_of_mx, providers};
pub use reading::{AddressVerdict, Note, NoteKind, Reading, Suggestion, SuggestionStrength, read};
pub use width::to_half_width;
