//! What somebody typed, read: the address to send to, what was changed, and what was probably meant.

use mail::{Address, AddressError};
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    clean,
    domain::read_domain,
    local::read_local,
    provider::{Provider, provider_of},
    sentence::{Level, level, note, suggestion},
    typo::{self, Guess},
};

/// Longest address: RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, two of them brackets.
const ADDRESS_BYTES_MAX: usize = 254;

/// Longest input that is looked at, in octets; no address with its display name needs more.
const INPUT_BYTES_MAX: usize = 1000;

/// Result of reading what somebody typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// As given.
    pub input: String,
    /// What we would send to; none when it cannot be delivered.
    pub address: Option<Address>,
    /// Whether somebody should look.
    pub verdict: AddressVerdict,
    /// What was changed or is odd, in the order it was found.
    pub notes: Vec<Note>,
    /// What was probably meant. Never applied silently.
    pub suggestion: Option<Suggestion>,
    /// Whose mailbox it is; written as its id.
    #[serde(serialize_with = "provider_id")]
    pub provider: Option<&'static Provider>,
}

/// Whether an address can be sent to as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressVerdict {
    /// Send; notes are for information.
    Good,
    /// It can be sent to, but a person should look first.
    Warning,
    /// It cannot be sent to; the last note says why.
    Rejected,
}

/// One thing that was changed or is odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// One plain sentence in Japanese.
    pub ja: String,
    /// The same in English.
    pub en: String,
}

macro_rules! note_kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// What a note is about. Its sentence and its weight stand in `tables/sentences.toml`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum NoteKind { $($(#[$doc])* $kind,)* }

        impl NoteKind {
            /// Every kind, in the order of this list.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];
        }
    };
}

note_kinds! {
    /// Full-width letters became half-width.
    FullWidth,
    /// A wide dash or long vowel mark became a hyphen.
    Dash,
    /// Spaces around it were removed.
    Space,
    /// Spaces beside the @ or a dot were removed.
    SpaceInside,
    /// Zero-width or direction characters were removed.
    Invisible,
    /// `mailto:` or `http://` was removed.
    MailtoPrefix,
    /// `<` and `>` were removed.
    AngleBrackets,
    /// Quotation marks around it were removed.
    Quotes,
    /// A name, a label or a comment beside the address was left out.
    DisplayName,
    /// A dot or other mark at the end was removed.
    TrailingDot,
    /// `www.` at the start was removed.
    WwwPrefix,
    /// The domain was turned into its A-label form (RFC 5890).
    Idn,
    /// Dots as in a carrier's old addresses; sent quoted.
    LegacyForm,
    /// The same dots where no carrier gave them out.
    LegacyFormElsewhere,
    /// A local part that needs quotation marks for another reason.
    Quoted,
    /// An underscore in the domain.
    DomainUnderscore,
    /// A look-alike domain that swallows mail.
    Hostile,
    /// Probably a slip of the finger.
    Typo,
    /// A real domain that is easily mixed up with another.
    LiveDomain,
    /// An address nobody reads.
    NoReply,
    /// An address several people read.
    RoleAddress,
    /// Nothing was entered.
    Empty,
    /// No `@`.
    NoAt,
    /// More than one `@`.
    TwoAts,
    /// A list of addresses.
    SeveralAddresses,
    /// Nothing before the `@`.
    EmptyLocal,
    /// Nothing after the `@`.
    EmptyDomain,
    /// A comma where a dot is likely meant.
    CommaForDot,
    /// A space where something is likely missing.
    SpaceBetween,
    /// A character before the `@` that cannot be sent.
    LocalCharacter,
    /// Quotation marks that do not close.
    BrokenQuotes,
    /// A character after the `@` that no host name has.
    DomainCharacter,
    /// Dots in a row, or one right behind the `@`.
    DomainDots,
    /// A label that begins or ends with a hyphen.
    DomainHyphen,
    /// No domain name for another reason.
    Domain,
    /// No top-level domain.
    NoTld,
    /// An IP address instead of a domain.
    IpLiteral,
    /// A line break inside.
    LineBreak,
    /// A control character inside.
    ControlCharacter,
    /// Too many characters.
    TooLong,
}

/// What was probably meant, as a question to the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The whole address, as it would be sent.
    pub address: String,
    /// How sure the guess is.
    pub strength: SuggestionStrength,
    /// The question in Japanese.
    pub ja: String,
    /// The question in English.
    pub en: String,
}

/// Where a suggestion comes from, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuggestionStrength {
    /// The domain is a known look-alike.
    Hostile,
    /// The slip was seen in real lists.
    Reported,
    /// The slip follows a rule.
    Pattern,
    /// One letter away from a big provider.
    Distance,
}

impl SuggestionStrength {
    /// Every strength, surest first.
    pub const ALL: &'static [Self] = &[Self::Hostile, Self::Reported, Self::Pattern, Self::Distance];
}

/// Why an input cannot be read, with a text that may have been meant.
pub(crate) struct Refusal {
    pub(crate) note: Note,
    pub(crate) retry: Option<String>,
}

impl Refusal {
    pub(crate) fn new(kind: NoteKind, values: &[(&str, &str)]) -> Self {
        Self { note: note(kind, values), retry: None }
    }

    pub(crate) fn or_try(mut self, text: String) -> Self {
        self.retry = Some(text);
        self
    }
}

/// Reads what somebody typed as a mail address. Never fails: what cannot be read is a rejected reading.
#[must_use]
pub fn read(input: &str) -> Reading {
    let mut notes = Vec::new();
    match read_once(input, &mut notes) {
        Ok((address, guess)) => accepted(input, address, guess, notes),
        Err(refusal) => {
            notes.push(refusal.note);
            let suggestion = refusal.retry.and_then(|text| retry(&text));
            let verdict = AddressVerdict::Rejected;
            Reading { input: input.to_owned(), address: None, verdict, notes, suggestion, provider: None }
        }
    }
}

fn accepted(input: &str, address: Address, guess: Option<Guess>, notes: Vec<Note>) -> Reading {
    let warned = notes.iter().any(|note| level(note.kind) >= Level::Warning);
    let verdict = if warned { AddressVerdict::Warning } else { AddressVerdict::Good };
    let provider = provider_of(address.domain());
    let suggestion = guess.and_then(|guess| suggest(&address, &guess));
    Reading { input: input.to_owned(), address: Some(address), verdict, notes, suggestion, provider }
}

fn read_once(input: &str, notes: &mut Vec<Note>) -> Result<(Address, Option<Guess>), Refusal> {
    if input.len() > INPUT_BYTES_MAX {
        return Err(too_long(input.chars().count()));
    }
    let cleaned = clean::clean(input, notes)?;
    let parts = clean::split(&cleaned, notes)?;
    let local = read_local(&parts, notes)?;
    let domain = read_domain(parts.local, parts.domain, notes)?;
    let address = Address::new(&local, &domain).map_err(|error| refused(error, &local, &domain))?;
    if local.len() + 1 + domain.len() > ADDRESS_BYTES_MAX {
        return Err(too_long(local.len() + 1 + domain.len()));
    }
    let guess = typo::look(&address, parts.domain, notes);
    Ok((address, guess))
}

/// The address grammar is asked last; what it still refuses is mostly length.
fn refused(error: AddressError, local: &str, domain: &str) -> Refusal {
    match error {
        AddressError::TooLong => too_long(local.len() + 1 + domain.len()),
        AddressError::LocalCharacter => Refusal::new(NoteKind::LocalCharacter, &[]),
        AddressError::Quote => Refusal::new(NoteKind::BrokenQuotes, &[]),
        AddressError::NoAt => Refusal::new(NoteKind::NoAt, &[]),
        AddressError::EmptyLocal => Refusal::new(NoteKind::EmptyLocal, &[]),
        AddressError::EmptyDomain => Refusal::new(NoteKind::EmptyDomain, &[]),
        AddressError::Domain => Refusal::new(NoteKind::Domain, &[("domain", domain)]),
    }
}

fn too_long(number: usize) -> Refusal {
    Refusal::new(NoteKind::TooLong, &[("number", &number.to_string())])
}

/// A corrected text becomes a suggestion only if it can be read without another question.
fn retry(text: &str) -> Option<Suggestion> {
    let (address, guess) = read_once(text, &mut Vec::new()).ok()?;
    let better = guess.and_then(|guess| suggest(&address, &guess));
    better.or_else(|| Some(suggestion(SuggestionStrength::Pattern, address.to_string(), None)))
}

fn suggest(address: &Address, guess: &Guess) -> Option<Suggestion> {
    let local = address.local();
    let meant = Address::new(local, &guess.meant).ok()?;
    let or = guess.or.as_ref().and_then(|domain| Address::new(local, domain).ok()).map(|a| a.to_string());
    Some(suggestion(guess.strength, meant.to_string(), or.as_deref()))
}

fn provider_id<S: Serializer>(provider: &Option<&'static Provider>, to: S) -> Result<S::Ok, S::Error> {
    provider.map(|provider| provider.id.as_str()).serialize(to)
}
