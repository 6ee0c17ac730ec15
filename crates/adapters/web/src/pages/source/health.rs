//! What was seen of a source from outside: each finding, whose turn it is, what to do.

use delivery::source::Source;
use doctor::{FindingWords, Turn, Worth, explain_finding, source_care::kept_findings};
use maud::{Markup, html};

use crate::{
    links,
    parts::time,
    say::{Say, t},
    visit::Visit,
};

/// The card, with the button that looks again.
pub(super) fn card(visit: &Visit, source: &Source) -> Markup {
    let say = visit.say;
    let mut findings: Vec<FindingWords> = kept_findings(source).iter().filter_map(explain_finding).collect();
    findings.sort_by_key(|words| words.worth);
    html! {
        div.card id="health" {
            div.head {
                h2 { (t!(say, "source-health")) }
                form method="post" action={ (links::source(source.id)) "/check" } {
                    (visit.token_field())
                    button.btn type="submit" { (t!(say, "source-check")) }
                }
            }
            p.sub {
                @match source.checked_at {
                    Some(at) => (t!(say, "source-checked-at", at = time::said(say, at, visit.now()))),
                    None => (t!(say, "source-never-checked")),
                }
            }
            @if !source.not_for.is_empty() {
                p.notice { (t!(say, "source-not-for", domains = source.not_for.join(", "))) }
            }
            ol.chain { @for words in &findings { (finding(say, words)) } }
        }
    }
}

fn finding(say: Say, words: &FindingWords) -> Markup {
    let (class, chip, state) = match words.worth {
        Worth::Bad => ("bad", "refused", t!(say, "source-finding-bad")),
        Worth::Unknown => ("wait", "withheld", t!(say, "source-finding-unknown")),
        Worth::Good => ("good", "evidenced", t!(say, "source-finding-good")),
    };
    let turn = match words.turn {
        Turn::Us => Some(t!(say, "source-turn-us")),
        Turn::Line => Some(t!(say, "source-turn-line")),
        Turn::Dns => Some(t!(say, "source-turn-dns")),
        Turn::Relay => Some(t!(say, "source-turn-relay")),
        Turn::Nobody => None,
    };
    let todo = say.pick(&words.todo_ja, &words.todo_en);
    html! {
        li class=(class) {
            p { span class={ "chip " (chip) } { (state) } " " (say.pick(&words.what_ja, &words.what_en)) }
            @if let Some(turn) = turn { p { b { (turn) } " " (todo) } }
        }
    }
}
