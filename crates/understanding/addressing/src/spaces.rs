//! Decides what a space inside an address means: nothing, the end of a name, or a lost character.

use std::borrow::Cow;

use crate::{
    clean::{is_quoted_local, push_once},
    provider::provider_of,
    reading::{Note, NoteKind, Refusal},
};

/// Removes spaces that cannot mean anything, drops a name beside the address, asks about the others.
pub(crate) fn close_up<'a>(text: Cow<'a, str>, notes: &mut Vec<Note>) -> Result<Cow<'a, str>, Refusal> {
    if !text.contains(char::is_whitespace) || is_quoted_local(&text) {
        return Ok(text);
    }
    let Some((left, right)) = text.split_once('@') else { return Ok(text) };
    if right.contains('@') {
        return Ok(text);
    }
    let (local, domain) = (without_name(left.trim_end(), notes), without_remark(right.trim_start(), notes));
    let (local, domain) = (beside_dots(local), beside_dots(domain));
    if local.contains(' ') || domain.contains(' ') {
        let meant = format!("{}@{}", meant_local(&local), meant_domain(&domain));
        return Err(Refusal::new(NoteKind::SpaceBetween, &[]).or_try(meant));
    }
    let joined = format!("{local}@{domain}");
    if !text.contains(&joined) {
        push_once(notes, NoteKind::SpaceInside, &[]);
    }
    Ok(Cow::Owned(joined))
}

/// Words that are not ASCII before the local part are somebody's name.
fn without_name<'a>(local: &'a str, notes: &mut Vec<Note>) -> &'a str {
    match local.rsplit_once(char::is_whitespace) {
        Some((name, last)) if !name.is_ascii() => {
            push_once(notes, NoteKind::DisplayName, &[]);
            last
        }
        _ => local,
    }
}

/// Words that are not ASCII behind the domain belong to something else.
fn without_remark<'a>(domain: &'a str, notes: &mut Vec<Note>) -> &'a str {
    match domain.split_once(char::is_whitespace) {
        Some((first, remark)) if !remark.is_ascii() => {
            push_once(notes, NoteKind::DisplayName, &[]);
            first
        }
        _ => domain,
    }
}

/// Single spaces, and none beside a dot.
fn beside_dots(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() && !out.ends_with('.') && !word.starts_with('.') {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// `Hanako Suzuki hanako` ends with the local part, `hana ko` is one.
fn meant_local(local: &str) -> String {
    match local.rsplit_once(' ') {
        Some((name, last)) if name.contains(' ') || name.starts_with(|c: char| c.is_ascii_uppercase()) => {
            last.to_owned()
        }
        _ => local.replace(' ', ""),
    }
}

/// `docomo.ne.jp 090` begins with the domain, `docomo ne jp` lost its dots, `docomo. ne.jp` has a space too many.
fn meant_domain(domain: &str) -> String {
    match (domain.split_once(' '), domain.rsplit_once(' ')) {
        (Some((first, _)), _) if provider_of(first).is_some() => first.to_owned(),
        (_, Some((_, last))) if !last.contains('.') => domain.replace(' ', "."),
        _ => domain.replace(' ', ""),
    }
}
