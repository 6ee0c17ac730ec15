//! Reads the part after the @ down to a host name that DNS can be asked for.

use std::borrow::Cow;

use crate::{
    clean::push_once,
    provider::provider_of,
    reading::{Note, NoteKind, Refusal},
    typo,
};

/// The domain in lower-case ASCII. `local` is only used to build the question that goes with a refusal.
pub(crate) fn read_domain<'a>(
    local: &str,
    domain: &'a str,
    notes: &mut Vec<Note>,
) -> Result<Cow<'a, str>, Refusal> {
    if domain.is_empty() {
        return Err(Refusal::new(NoteKind::EmptyDomain, &[]));
    }
    if domain.starts_with('[') || is_ip(domain) {
        return Err(Refusal::new(NoteKind::IpLiteral, &[]));
    }
    if let Some((c, rest)) = tail(domain) {
        let refusal = Refusal::new(NoteKind::DomainCharacter, &[("character", c.encode_utf8(&mut [0; 4]))]);
        return Err(refusal.or_try(format!("{local}@{rest}")));
    }
    let ascii = ascii(domain)?;
    let ascii = www(ascii, notes);
    check(local, &ascii)?;
    if !domain.is_ascii() {
        let kind = if ascii.contains("xn--") { NoteKind::Idn } else { NoteKind::FullWidth };
        push_once(notes, kind, &[("domain", &ascii)]);
    }
    if ascii.contains('_') {
        push_once(notes, NoteKind::DomainUnderscore, &[]);
    }
    Ok(ascii)
}

fn is_ip(domain: &str) -> bool {
    domain.bytes().all(|b| b.is_ascii_digit() || b == b'.') && domain.contains('.')
}

/// `docomo.ne.jp様`: no top-level domain mixes Latin letters with others, so the rest belongs to a sentence.
fn tail(domain: &str) -> Option<(char, &str)> {
    let tld = domain.rsplit('.').next().unwrap_or(domain);
    let (at, c) = tld.char_indices().find(|(_, c)| !c.is_ascii())?;
    (at > 0 && !tld.starts_with("xn--")).then(|| (c, &domain[..domain.len() - tld.len() + at]))
}

fn ascii(domain: &str) -> Result<Cow<'_, str>, Refusal> {
    if domain.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Ok(Cow::Borrowed(domain));
    }
    if domain.is_ascii() {
        return Ok(Cow::Owned(domain.to_ascii_lowercase()));
    }
    let refuse =
        |_| match domain.chars().find(|c| !c.is_alphanumeric() && !matches!(c, '-' | '.' | '_' | 'ー')) {
            Some(c) => Refusal::new(NoteKind::DomainCharacter, &[("character", c.encode_utf8(&mut [0; 4]))]),
            None => Refusal::new(NoteKind::Domain, &[("domain", domain)]),
        };
    idna::domain_to_ascii(domain).map(Cow::Owned).map_err(refuse)
}

/// Only before a provider's domain: some companies do receive mail at a host called `www`.
fn www<'a>(domain: Cow<'a, str>, notes: &mut Vec<Note>) -> Cow<'a, str> {
    match domain.strip_prefix("www.") {
        Some(rest) if provider_of(rest).is_some() => {
            push_once(notes, NoteKind::WwwPrefix, &[]);
            Cow::Owned(rest.to_owned())
        }
        _ => domain,
    }
}

fn check(local: &str, domain: &str) -> Result<(), Refusal> {
    let odd = |c: &char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.');
    if let Some(c) = domain.chars().find(odd) {
        return Err(Refusal::new(NoteKind::DomainCharacter, &[("character", c.encode_utf8(&mut [0; 4]))]));
    }
    if domain.split('.').any(str::is_empty) {
        let labels: Vec<_> = domain.split('.').filter(|label| !label.is_empty()).collect();
        return Err(Refusal::new(NoteKind::DomainDots, &[]).or_try(format!("{local}@{}", labels.join("."))));
    }
    if domain.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(Refusal::new(NoteKind::DomainHyphen, &[]));
    }
    let Some((_, tld)) = domain.rsplit_once('.') else {
        let refusal = Refusal::new(NoteKind::NoTld, &[("domain", domain)]);
        return Err(match typo::without_dots(domain) {
            Some(meant) => refusal.or_try(format!("{local}@{meant}")),
            None => refusal,
        });
    };
    let sound = tld.len() > 1 && (tld.bytes().all(|b| b.is_ascii_alphabetic()) || tld.starts_with("xn--"));
    if !sound || domain.split('.').any(|label| label.len() > 63) {
        let refusal = Refusal::new(NoteKind::Domain, &[("domain", domain)]);
        return Err(match typo::nearby(domain) {
            Some(meant) => refusal.or_try(format!("{local}@{meant}")),
            None => refusal,
        });
    }
    Ok(())
}
