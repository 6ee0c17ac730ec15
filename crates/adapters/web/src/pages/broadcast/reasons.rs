//! Why mails of a broadcast did not arrive: each reason with a plain sentence, whose turn it is, and the next step.

use bounce::{Explanation, Reason, Turn};
use campaigns::report::{IN_DOUBT, ReasonCount};
use delivery::recipient::State;
use maud::{Markup, html};

use crate::{
    links,
    parts::{chip, explain, story},
    say::{Say, grouped, t},
};

/// People of one state whom the same words explain.
struct Cause {
    state: State,
    reason: String,
    words: Explanation,
    /// Provider id, people.
    providers: Vec<(String, u64)>,
}

impl Cause {
    fn people(&self) -> u64 {
        self.providers.iter().map(|(_, people)| people).sum()
    }
}

/// Puts together what the same words explain; what we can mend comes first, then the most people.
fn causes(counts: &[ReasonCount]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for count in counts {
        let Some(reason) = Reason::from_name(&count.reason) else { continue };
        let words = bounce::explain(reason, Some(count.provider.as_str()).filter(|id| !id.is_empty()));
        let same = |cause: &&mut Cause| {
            cause.state == count.state && cause.reason == count.reason && cause.words == words
        };
        let provider = (count.provider.clone(), count.recipients);
        match causes.iter_mut().find(same) {
            Some(cause) => cause.providers.push(provider),
            None => causes.push(Cause {
                state: count.state,
                reason: count.reason.clone(),
                words,
                providers: vec![provider],
            }),
        }
    }
    causes.sort_by_key(|cause| {
        (cause.state == State::Deferred, cause.words.turn != Turn::Us, std::cmp::Reverse(cause.people()))
    });
    causes
}

/// A card with every reason, or nothing when there is none.
pub(super) fn card(say: Say, id: i64, counts: &[ReasonCount]) -> Markup {
    let causes = causes(counts);
    let doubts: Vec<(&str, u64)> = counts
        .iter()
        .filter(|count| count.reason == IN_DOUBT)
        .map(|count| (count.provider.as_str(), count.recipients))
        .collect();
    html! {
        @if !causes.is_empty() || !doubts.is_empty() {
            div.card {
                h2 { (t!(say, "report-reasons")) }
                @if !doubts.is_empty() { (doubt(say, id, &doubts)) }
                @for cause in &causes { (entry(say, id, cause)) }
            }
        }
    }
}

fn entry(say: Say, id: i64, cause: &Cause) -> Markup {
    let edge = match cause.state {
        State::Deferred => "cause wait",
        State::Doubtful => "cause doubt",
        _ => explain::edge(cause.words.turn),
    };
    let providers: Vec<_> = cause.providers.iter().map(|(id, people)| (id.as_str(), *people)).collect();
    let title = say.pick(&cause.words.title_ja, &cause.words.title_en);
    html! {
        div.reason {
            div class=(edge) {
                (head(say, title, (id, cause.state, &cause.reason), &providers))
                (explain::sentences(say, &cause.words))
                (by_provider(say, (id, cause.state, &cause.reason), &providers))
            }
        }
    }
}

/// Those of whom nobody knows whether the mail arrived; `providers` with their people.
fn doubt(say: Say, id: i64, providers: &[(&str, u64)]) -> Markup {
    let which = (id, State::Doubtful, IN_DOUBT);
    html! {
        div.reason {
            div.cause.doubt {
                (head(say, &t!(say, "story-in-doubt-title"), which, providers))
                (story::in_doubt(say))
                (by_provider(say, which, providers))
            }
        }
    }
}

/// Which rows: of this broadcast, in this state, for this reason.
type Which<'c> = (i64, State, &'c str);

fn head(say: Say, title: &str, (id, state, reason): Which<'_>, providers: &[(&str, u64)]) -> Markup {
    let people: u64 = providers.iter().map(|(_, people)| people).sum();
    html! {
        h3 {
            (title) " "
            a href=(links::broadcast_rows(id, Some(state), Some(reason), None)) {
                (t!(say, "report-people", n = grouped(people), count = people))
            } " "
            (chip::state(say, state))
        }
    }
}

fn by_provider(say: Say, (id, state, reason): Which<'_>, providers: &[(&str, u64)]) -> Markup {
    html! {
        p.sub {
            @for (n, (provider, people)) in providers.iter().enumerate() {
                @if n > 0 { " \u{b7} " }
                a href=(links::broadcast_rows(id, Some(state), Some(reason), Some(provider))) {
                    (explain::provider_name(say, provider)) " " (grouped(*people))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_same_words_explain_stands_together() {
        let count = |state, reason: &str, provider: &str, recipients| ReasonCount {
            provider: provider.into(),
            state,
            reason: reason.into(),
            recipients,
        };
        let seen: Vec<(String, u64)> = causes(&[
            count(State::Refused, "userunknown", "", 4),
            count(State::Refused, "userunknown", "nowhere", 2),
            count(State::Deferred, "greylisted", "", 9),
            count(State::Refused, "authfailure", "gmail", 1),
            count(State::Withheld, "opted_out", "", 5),
        ])
        .iter()
        .map(|cause| (cause.reason.clone(), cause.people()))
        .collect();
        let expected = [("userunknown", 6), ("authfailure", 1), ("greylisted", 9)];
        assert_eq!(seen, expected.map(|(name, people)| (name.to_owned(), people)));
    }

    #[test]
    fn messages_in_doubt_stand_there_with_their_own_words() {
        let count = |provider: &str, recipients| ReasonCount {
            provider: provider.into(),
            state: State::Doubtful,
            reason: IN_DOUBT.into(),
            recipients,
        };
        let shown = card(Say::default(), 7, &[count("", 2), count("docomo", 1)]).into_string();
        for part in [
            "届いたか分かりません",
            "当店の番です",
            "3人",
            "/broadcasts/7/rows?state=doubtful&amp;reason=in_doubt",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert_eq!(card(Say::default(), 7, &[]).into_string(), "");
    }
}
