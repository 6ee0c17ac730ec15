//! Peels off what people put around an address, and finds the one @ in what is left.

use std::borrow::Cow;

use crate::{
    reading::{Note, NoteKind, Refusal},
    sentence::note,
    spaces, typo,
    width::halved,
};

/// What stands before and after the `@`.
pub(crate) struct Parts<'a> {
    pub(crate) local: &'a str,
    pub(crate) domain: &'a str,
    /// The local part is written in quotation marks.
    pub(crate) quoted: bool,
}

const PAIRS: [(char, char); 14] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('„', '“'),
    ('‘', '’'),
    ('「', '」'),
    ('『', '』'),
    ('【', '】'),
    ('〈', '〉'),
    ('《', '》'),
    ('«', '»'),
    ('[', ']'),
    ('(', ')'),
];

const TRAILING: [char; 14] = ['.', ',', ';', ':', '!', '>', '"', '\'', ')', '、', '。', '」', '』', '】'];

const COMMAS: [char; 6] = [',', '、', '､', ';', '・', '･'];

const LABELS: [&str; 8] = ["mail", "e-mail", "email", "address", "to", "from", "cc", "bcc"];

const PREFIXES: [&str; 4] = ["mailto://", "mailto:", "http://", "https://"];

/// Half-width text without names, brackets, quotation marks and prefixes.
pub(crate) fn clean<'a>(input: &'a str, notes: &mut Vec<Note>) -> Result<Cow<'a, str>, Refusal> {
    let trimmed = input.trim();
    if let Some(c) = trimmed.chars().find(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(control(c));
    }
    let text = match trimmed.is_ascii() {
        true => Cow::Borrowed(peel(trimmed, notes)),
        false => Cow::Owned(peel(&narrow(trimmed, notes), notes).to_owned()),
    };
    if trimmed.len() != input.len() {
        push_once(notes, NoteKind::Space, &[]);
    }
    if text.is_empty() {
        return Err(Refusal::new(NoteKind::Empty, &[]));
    }
    spaces::close_up(text, notes)
}

fn narrow(text: &str, notes: &mut Vec<Note>) -> String {
    let visible = visible(text, notes);
    let halved = halved(&visible);
    if halved.changed {
        notes.push(note(NoteKind::FullWidth, &[]));
    }
    if let Some(dash) = halved.dash {
        notes.push(note(NoteKind::Dash, &[("character", dash.encode_utf8(&mut [0; 4]))]));
    }
    halved.text.into_owned()
}

fn control(c: char) -> Refusal {
    match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
            Refusal::new(NoteKind::LineBreak, &[])
        }
        c => Refusal::new(NoteKind::ControlCharacter, &[("character", &format!("U+{:04X}", c as u32))]),
    }
}

fn visible<'a>(text: &'a str, notes: &mut Vec<Note>) -> Cow<'a, str> {
    let hidden = |c: char| {
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    if text.is_ascii() || !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    notes.push(note(NoteKind::Invisible, &[]));
    Cow::Owned(text.replace(hidden, ""))
}

/// Each round makes the text shorter, so this ends.
fn peel<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    let mut rest = text;
    loop {
        let before = rest.len();
        rest = trim(rest, notes);
        if !is_quoted_local(rest) {
            rest = brackets(rest, notes);
            rest = comment(rest, notes);
            rest = quotes(rest, notes);
            rest = prefix(rest, notes);
        }
        rest = trailing(rest, notes);
        if rest.len() == before {
            return rest;
        }
    }
}

pub(crate) fn is_quoted_local(text: &str) -> bool {
    text.starts_with('"') && text.contains("\"@")
}

fn trim<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        push_once(notes, NoteKind::Space, &[]);
    }
    trimmed
}

fn brackets<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    let Some((before, after)) = text.split_once('<') else { return text };
    if after.contains('<') {
        return text;
    }
    let (inner, behind) = after.split_once('>').unwrap_or((after, ""));
    let beside = before.contains('@') || behind.contains('@');
    if inner.contains('@') && !beside {
        let alone = before.trim().is_empty() && behind.trim().is_empty();
        push_once(notes, if alone { NoteKind::AngleBrackets } else { NoteKind::DisplayName }, &[]);
        return inner;
    }
    if before.contains('@') && !inner.contains('@') && behind.trim().is_empty() {
        push_once(notes, NoteKind::DisplayName, &[]);
        return before;
    }
    text
}

fn comment<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    let tail = text.strip_suffix(')').and_then(|t| t.split_once('(')).map(|(before, _)| before);
    let head = text.strip_prefix('(').and_then(|t| t.split_once(')')).map(|(_, after)| after);
    match tail.or(head).filter(|rest| rest.contains('@') && !rest.starts_with('@')) {
        Some(rest) => {
            push_once(notes, NoteKind::DisplayName, &[]);
            rest
        }
        None => text,
    }
}

fn quotes<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    let bare = PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close));
    if bare.is_some() {
        push_once(notes, NoteKind::Quotes, &[]);
    }
    bare.unwrap_or(text)
}

fn prefix<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    for prefix in PREFIXES {
        let Some((start, rest)) = text.split_at_checked(prefix.len()) else { continue };
        if start.eq_ignore_ascii_case(prefix) {
            push_once(notes, NoteKind::MailtoPrefix, &[("character", start)]);
            return rest.split_once('?').map_or(rest, |(address, _)| address);
        }
    }
    match text.split_once(':') {
        Some((label, rest)) if rest.contains('@') && is_label(label) => {
            push_once(notes, NoteKind::DisplayName, &[]);
            rest
        }
        _ => text,
    }
}

/// A word that announces an address, and not the beginning of one.
fn is_label(label: &str) -> bool {
    let label = label.trim();
    let known = |word: &&str| word.eq_ignore_ascii_case(label);
    !label.contains('@') && (!label.is_ascii() || LABELS.iter().any(known))
}

fn trailing<'a>(text: &'a str, notes: &mut Vec<Note>) -> &'a str {
    if text.matches('@').count() != 1 && !is_quoted_local(text) {
        return text;
    }
    let rest = text.trim_end_matches(TRAILING);
    if rest.len() != text.len() && !rest.ends_with('@') {
        push_once(notes, NoteKind::TrailingDot, &[("character", &text[rest.len()..])]);
        return rest;
    }
    text
}

/// Splits a cleaned text at its one `@`.
pub(crate) fn split<'a>(text: &'a str, notes: &mut Vec<Note>) -> Result<Parts<'a>, Refusal> {
    if is_quoted_local(text) {
        let at = text.rfind("\"@").map_or(0, |quote| quote + 1);
        return Ok(Parts { local: &text[..at], domain: &text[at + 1..], quoted: true });
    }
    let Some((local, domain)) = text.split_once('@') else {
        let refusal = Refusal::new(NoteKind::NoAt, &[]);
        return Err(match typo::missing_at(text) {
            Some(fixed) => refusal.or_try(fixed),
            None => refusal,
        });
    };
    if domain.contains('@') {
        return Err(two_ats(text));
    }
    if let Some(comma) = text.chars().find(|c| COMMAS.contains(c)) {
        let refusal = Refusal::new(NoteKind::CommaForDot, &[("character", comma.encode_utf8(&mut [0; 4]))]);
        return Err(refusal.or_try(text.replace(COMMAS, ".")));
    }
    Ok(Parts { local: www(local, notes), domain, quoted: false })
}

fn two_ats(text: &str) -> Refusal {
    let mut pieces = text.split([',', ';', '、', '､', '/', '・', ' ', '\u{3000}', '<', '>']);
    if pieces.clone().filter(|piece| piece.contains('@')).count() > 1
        && pieces.all(|p| p.matches('@').count() < 2)
    {
        return Refusal::new(NoteKind::SeveralAddresses, &[]);
    }
    let refusal = Refusal::new(NoteKind::TwoAts, &[]);
    let once = text.trim_matches('@').split('@').filter(|piece| !piece.is_empty()).collect::<Vec<_>>();
    if once.len() == 2 { refusal.or_try(once.join("@")) } else { refusal }
}

fn www<'a>(local: &'a str, notes: &mut Vec<Note>) -> &'a str {
    let mut rest = local;
    while let Some((start, tail)) = rest.split_at_checked(4)
        && start.eq_ignore_ascii_case("www.")
        && !tail.is_empty()
    {
        push_once(notes, NoteKind::WwwPrefix, &[]);
        rest = tail;
    }
    rest
}

pub(crate) fn push_once(notes: &mut Vec<Note>, kind: NoteKind, values: &[(&str, &str)]) {
    if notes.iter().all(|note| note.kind != kind) {
        notes.push(note(kind, values));
    }
}
