//! The other side's words with those that prove the verdict marked.

use maud::{Markup, html};

/// The text with every occurrence of `evidence` marked, whatever its case. Where the words cannot be found – they may
/// have stood in another line – the text is shown as it is.
pub(super) fn marked(text: &str, evidence: &str) -> Markup {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, hit, after)) = split_at(rest, evidence.trim()) {
        pieces.push((before, hit));
        rest = after;
    }
    html! {
        @for (before, hit) in pieces { (before) mark { (hit) } }
        (rest)
    }
}

/// Before, the words themselves as written, after.
fn split_at<'a>(text: &'a str, wanted: &str) -> Option<(&'a str, &'a str, &'a str)> {
    if wanted.is_empty() {
        return None;
    }
    let at = text
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| text.get(*at..at + wanted.len()).is_some_and(|part| part.eq_ignore_ascii_case(wanted)))?;
    let (before, rest) = text.split_at(at);
    let (hit, after) = rest.split_at(wanted.len());
    Some((before, hit, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_what_proves_it() {
        let check = |text: &str, evidence: &str, expected: &str| {
            assert_eq!(marked(text, evidence).into_string(), expected, "{text} / {evidence}");
        };
        check("550 5.1.1 User Unknown", "user unknown", "550 5.1.1 <mark>User Unknown</mark>");
        check("a <b> a", "A", "<mark>a</mark> &lt;b&gt; <mark>a</mark>");
        check("宛先が不明です", "不明", "宛先が<mark>不明</mark>です");
        check("550 no", "", "550 no");
        check("550 no", "other", "550 no");
        check("", "x", "");
    }
}
