//! Reads the part before the @: which characters can be sent, and where dots stand in old carrier addresses.

use std::borrow::Cow;

use crate::{
    clean::{Parts, push_once},
    provider::provider_of,
    reading::{Note, NoteKind, Refusal},
};

/// The local part as a value, without quotation marks.
pub(crate) fn read_local<'a>(parts: &Parts<'a>, notes: &mut Vec<Note>) -> Result<Cow<'a, str>, Refusal> {
    let local = if parts.quoted { unquoted(parts.local)? } else { Cow::Borrowed(parts.local) };
    if local.is_empty() {
        return Err(Refusal::new(NoteKind::EmptyLocal, &[]));
    }
    let sendable =
        |c: char| if parts.quoted { c == ' ' || c.is_ascii_graphic() } else { is_atext(c) || c == '.' };
    if let Some(c) = local.chars().find(|c| !sendable(*c)) {
        let shown = if c == ' ' { "␣".to_owned() } else { c.to_string() };
        let refusal = Refusal::new(NoteKind::LocalCharacter, &[("character", &shown)]);
        return Err(match behind_name(&local) {
            Some(rest) => refusal.or_try(format!("{rest}@{}", parts.domain)),
            None => refusal,
        });
    }
    if !local.chars().all(|c| is_atext(c) || c == '.') {
        push_once(notes, NoteKind::Quoted, &[]);
    } else if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        legacy(parts.domain, notes);
    }
    Ok(local)
}

/// `花子hanako` is probably a name with the local part behind it.
fn behind_name(local: &str) -> Option<&str> {
    let rest = local.trim_start_matches(|c: char| !c.is_ascii());
    (rest.len() < local.len() && !rest.is_empty() && rest.is_ascii()).then_some(rest)
}

fn legacy(domain: &str, notes: &mut Vec<Note>) {
    if provider_of(domain).is_some_and(|provider| provider.carrier) {
        push_once(notes, NoteKind::LegacyForm, &[]);
    } else {
        push_once(notes, NoteKind::LegacyFormElsewhere, &[("domain", domain)]);
    }
}

fn unquoted(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let broken = || Refusal::new(NoteKind::BrokenQuotes, &[]);
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).ok_or_else(broken)?;
    if !inner.contains(['\\', '"']) {
        return Ok(Cow::Borrowed(inner));
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Err(broken()),
            '\\' => out.push(chars.next().ok_or_else(broken)?),
            c => out.push(c),
        }
    }
    Ok(Cow::Owned(out))
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}
