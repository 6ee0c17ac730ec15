//! A refusal in plain words: what happened, whose turn it is, what to do now, and the original text, folded.

use bounce::{Explanation, Reason, Turn, Verdict};
use maud::{Markup, html};

use crate::say::{Say, t};

/// The short label of a stored reason name, for chips, tables and filters.
pub(crate) fn title(say: Say, reason: &str) -> String {
    match Reason::from_name(reason) {
        Some(reason) => {
            let words = bounce::explain(reason, None);
            say.pick(&words.title_ja, &words.title_en).to_owned()
        }
        None => t!(say, "explain-no-reason"),
    }
}

/// The colour at the edge of a card says whose turn it is.
pub(crate) fn edge(turn: Turn) -> &'static str {
    match turn {
        Turn::Us | Turn::Customer => "cause",
        Turn::Receiver => "cause wait",
        Turn::Nobody => "cause plain",
    }
}

/// What happened, whose turn it is and what the shop does next.
pub(crate) fn sentences(say: Say, words: &Explanation) -> Markup {
    let shop = say.pick(&words.shop_ja, &words.shop_en);
    html! {
        p {
            (say.pick(&words.what_ja, &words.what_en)) " "
            span.turn { (say.pick(&words.turn_ja, &words.turn_en)) (t!(say, "explain-full-stop")) }
        }
        @if !shop.is_empty() { p { (shop) } }
    }
}

/// The whole explanation of one verdict. `original` is what the server wrote; the words that proved it are marked.
pub(crate) fn verdict_card(say: Say, verdict: &Verdict, provider: &str, original: &str) -> Markup {
    explained(say, verdict.reason, provider, &folded(say, &marked(original, &verdict.evidence), original))
}

/// The explanation of a reason alone. `original` is what the server wrote.
pub(crate) fn card(say: Say, reason: Reason, provider: &str, original: &str) -> Markup {
    explained(say, reason, provider, &original_text(say, original))
}

fn explained(say: Say, reason: Reason, provider: &str, original: &Markup) -> Markup {
    let words = bounce::explain(reason, Some(provider).filter(|id| !id.is_empty()));
    let customer = say.pick(&words.customer_ja, &words.customer_en);
    html! {
        div class=(edge(words.turn)) {
            h3 { (say.pick(&words.title_ja, &words.title_en)) }
            (sentences(say, &words))
            @if !customer.is_empty() {
                details {
                    summary { (t!(say, "explain-for-customer")) }
                    p { (customer) }
                }
            }
            (original)
        }
    }
}

/// The other side's own words, folded.
pub(crate) fn original_text(say: Say, original: &str) -> Markup {
    folded(say, &html! { (original) }, original)
}

fn folded(say: Say, shown: &Markup, original: &str) -> Markup {
    html! {
        @if !original.is_empty() {
            details {
                summary { (t!(say, "explain-original")) }
                pre { (shown) }
            }
        }
    }
}

/// The text with the first occurrence of the evidence marked, whatever its case.
fn marked(original: &str, evidence: &str) -> Markup {
    marked_each(original, &[evidence])
}

/// The text with the first occurrence of each evidence marked, whatever its case.
pub(crate) fn marked_each(original: &str, evidence: &[&str]) -> Markup {
    let folded = original.to_ascii_lowercase();
    let words =
        evidence.iter().map(|words| words.trim().to_ascii_lowercase()).filter(|words| !words.is_empty());
    let mut spans: Vec<(usize, usize)> =
        words.filter_map(|words| folded.find(&words).map(|at| (at, at + words.len()))).collect();
    spans.sort_unstable();
    let (mut pieces, mut done) = (Vec::new(), 0);
    for (begin, end) in spans {
        let begin = begin.max(done);
        if begin < end {
            pieces.extend([(false, &original[done..begin]), (true, &original[begin..end])]);
            done = end;
        }
    }
    pieces.push((false, &original[done..]));
    html! {
        @for (proves, piece) in pieces {
            @if proves { mark { (piece) } } @else { (piece) }
        }
    }
}

/// How sure a verdict is, as a sentence; `confidence` from 0 to 100.
pub(crate) fn sureness(say: Say, confidence: u8) -> String {
    let sure = match confidence {
        85.. => t!(say, "sure-certain"),
        60..85 => t!(say, "sure-likely"),
        30..60 => t!(say, "sure-guess"),
        _ => t!(say, "sure-unknown"),
    };
    t!(say, "conclusion-sure", sure = sure)
}

/// A provider's name; an unknown one is "others".
pub(crate) fn provider_name(say: Say, id: &str) -> String {
    match addressing::provider_by_id(id) {
        Some(provider) => say.pick(&provider.name_ja, &provider.name_en).to_owned(),
        None => t!(say, "explain-other-provider"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_what_proved_it() {
        let check = |original: &str, evidence: &str, expected: &str| {
            assert_eq!(marked(original, evidence).into_string(), expected);
        };
        check("550 User Unknown <a>", "user unknown", "550 <mark>User Unknown</mark> &lt;a&gt;");
        check("550 \u{65e5}\u{672c} no", "NO", "550 \u{65e5}\u{672c} <mark>no</mark>");
        check("550 no", "", "550 no");
        check("550 no", "other words", "550 no");
        let each = marked_each("a bc d bc ef", &["d", "bc", "c d", "nothing", ""]).into_string();
        assert_eq!(each, "a <mark>bc</mark><mark> d</mark> bc ef");
    }
}
