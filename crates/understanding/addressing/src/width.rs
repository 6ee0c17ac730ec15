//! Turns the full-width letters and digits of a Japanese keyboard into the half-width ones that mail needs.

use std::borrow::Cow;

/// Half-width form of full-width letters, digits, signs and the ideographic space; dashes and long vowel marks
/// become `-` where they stand beside a letter or digit of that kind (`０９０ー１２３４` is `090-1234`).
/// Kana, kanji and everything else stay as they are.
#[must_use]
pub fn to_half_width(text: &str) -> String {
    halved(text).text.into_owned()
}

/// Text in half-width, and what had to be changed for it.
pub(crate) struct Halved<'a> {
    pub(crate) text: Cow<'a, str>,
    /// A full-width letter, digit, sign or dot was changed.
    pub(crate) changed: bool,
    /// The first dash that became a hyphen.
    pub(crate) dash: Option<char>,
}

pub(crate) fn halved(text: &str) -> Halved<'_> {
    if text.is_ascii() {
        return Halved { text: Cow::Borrowed(text), changed: false, dash: None };
    }
    let mut out = Halved { text: Cow::Borrowed(text), changed: false, dash: None };
    let mut half = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        if is_dash(c) && joins(half.chars().next_back(), next) {
            out.dash.get_or_insert(c);
            half.push('-');
            continue;
        }
        let narrow = if is_stop(c) && between(half.chars().next_back(), next) { '.' } else { narrow(c) };
        out.changed |= narrow != c && c != '\u{3000}';
        half.push(narrow);
    }
    out.text = Cow::Owned(half);
    out
}

fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{fe6b}' => '@',
        _ => c,
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{30fc}' | '\u{ff0d}' | '\u{ff70}')
}

fn is_stop(c: char) -> bool {
    matches!(c, '\u{3002}' | '\u{ff61}')
}

/// A Japanese full stop inside a host name is a dot; at the end of a sentence it is none.
fn between(before: Option<char>, after: Option<char>) -> bool {
    before.is_some_and(|c| c.is_ascii()) && after.is_some_and(|c| narrow(c).is_ascii())
}

/// A long vowel mark belongs to kana (`ラーメン`), a hyphen to letters and digits.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let plain = |c: Option<char>| c.is_none_or(|c| narrow(c).is_ascii() || is_dash(c));
    plain(before) && plain(after) && (before.is_some() || after.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(to_half_width(input), expected, "{input}");
    }

    #[test]
    fn widths() {
        check("ｈａｎａｋｏ＠ｄｏｃｏｍｏ．ｎｅ．ｊｐ", "hanako@docomo.ne.jp");
        check("０９０ー１２３４－５６７８", "090-1234-5678");
        check("03‐1234―5678", "03-1234-5678");
        check("hana＿ko", "hana_ko");
        check("hanako@docomo。ne。jp", "hanako@docomo.ne.jp");
        check("番号は１２３。次", "番号は123。次");
        check("１２３。", "123。");
        check("１　２", "1 2");
        check("ラーメン", "ラーメン");
        check("ﾗｰﾒﾝ", "ﾗｰﾒﾝ");
        check("花子", "花子");
        check("", "");
        check("ー", "ー");
        check("～", "~");
    }
}
