//! What needs somebody: the desk's groups put together where the same words explain them, ours first.

use bounce::{Explanation, Fault, Reason, Turn};
use delivery::recipient::State;
use evidence::desk::DeskGroup;
use maud::{Markup, html};

use crate::{
    links,
    parts::{chip, explain},
    say::{Say, grouped, t},
};

/// Cards on the page; the desk has the rest.
const CARDS_MAX: usize = 8;

/// People who share a state and an explanation.
pub(super) struct Matter {
    state: State,
    reason: String,
    words: Option<Explanation>,
    /// Our own domain, route or server is the cause.
    ours: bool,
    /// Provider id, people.
    providers: Vec<(String, u64)>,
}

impl Matter {
    fn people(&self) -> u64 {
        self.providers.iter().map(|(_, people)| people).sum()
    }

    /// Ours first: nobody else can mend those. Then by whose turn it is, then the most people.
    fn rank(&self) -> (u8, std::cmp::Reverse<u64>) {
        let turn = match self.words.as_ref().map(|words| words.turn) {
            _ if self.ours => 0,
            Some(Turn::Us) => 1,
            Some(Turn::Customer) => 2,
            None | Some(Turn::Receiver) => 3,
            Some(Turn::Nobody) => 4,
        };
        (turn, std::cmp::Reverse(self.people()))
    }
}

/// Puts groups together.
pub(super) fn of(groups: Vec<DeskGroup>) -> Vec<Matter> {
    let mut matters: Vec<Matter> = Vec::new();
    for group in groups {
        let provider = Some(group.provider.as_str()).filter(|id| !id.is_empty());
        let words = Reason::from_name(&group.reason).map(|reason| bounce::explain(reason, provider));
        let same = |matter: &&mut Matter| {
            matter.state == group.state && matter.reason == group.reason && matter.words == words
        };
        match matters.iter_mut().find(same) {
            Some(matter) => matter.providers.push((group.provider, group.recipients)),
            None => matters.push(Matter {
                state: group.state,
                reason: group.reason,
                words,
                ours: group.fault == Fault::OurConfiguration.name(),
                providers: vec![(group.provider, group.recipients)],
            }),
        }
    }
    matters.sort_by_key(Matter::rank);
    matters
}

/// A card for each.
pub(super) fn cards(say: Say, matters: &[Matter]) -> Markup {
    let rest: u64 = matters.iter().skip(CARDS_MAX).map(Matter::people).sum();
    html! {
        @if matters.is_empty() {
            div.card { div.cause.good { h2 { (t!(say, "home-all-well")) } p { (t!(say, "home-all-well-what")) } } }
        }
        @for matter in matters.iter().take(CARDS_MAX) { (card(say, matter)) }
        @if rest > 0 {
            p { a href="/desk" { (t!(say, "home-rest", n = rest)) } }
        }
    }
}

fn card(say: Say, matter: &Matter) -> Markup {
    let people = matter.people();
    let edge = match (&matter.words, matter.state) {
        (_, State::Doubtful) => "cause doubt",
        _ if matter.ours => "cause ours",
        (Some(words), _) => explain::edge(words.turn),
        (None, _) => "cause",
    };
    html! {
        div.card {
            div class=(edge) {
                h2 { (t!(say, "home-matter", title = title(say, matter), n = people)) }
                @match &matter.words {
                    Some(words) => (explain::sentences(say, words)),
                    None => p { (t!(say, "home-no-reason")) },
                }
                p { (chip::state(say, matter.state)) " " (providers(say, matter)) }
            }
            div.actions {
                a.btn.primary href=(list_of(matter)) { (t!(say, "home-list", n = people)) }
                @if matter.ours { a.btn href="/domains" { (t!(say, "home-check-domain")) } }
            }
        }
    }
}

fn title(say: Say, matter: &Matter) -> String {
    match &matter.words {
        Some(words) => say.pick(&words.title_ja, &words.title_en).to_owned(),
        None => chip::state_name(say, matter.state),
    }
}

/// The list of exactly these people where one address can say it, else of the whole reason.
fn list_of(matter: &Matter) -> String {
    let provider = match matter.providers.as_slice() {
        [(only, _)] => Some(only.as_str()),
        _ => None,
    };
    links::desk(Some(matter.state), Some(&matter.reason), provider)
}

fn providers(say: Say, matter: &Matter) -> Markup {
    html! {
        span.sub {
            @for (n, (provider, people)) in matter.providers.iter().enumerate() {
                @if n > 0 { " \u{b7} " }
                a href=(links::desk(Some(matter.state), Some(&matter.reason), Some(provider))) {
                    (explain::provider_name(say, provider)) " " (grouped(*people))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(reason: &str, provider: &str, recipients: u64) -> DeskGroup {
        DeskGroup {
            state: State::Refused,
            reason: reason.to_owned(),
            fault: if reason == "authfailure" { "sender" } else { "recipient" }.to_owned(),
            provider: provider.to_owned(),
            recipients,
            newest_at: 0,
        }
    }

    #[test]
    fn puts_together_what_the_same_words_explain() {
        let groups = vec![
            group("mailboxfull", "gmail", 9),
            group("userunknown", "x", 6),
            group("userunknown", "", 2),
            group("authfailure", "gmail", 1),
            group("", "", 3),
        ];
        let seen: Vec<_> =
            of(groups).iter().map(|m| (m.reason.clone(), m.people(), m.providers.len())).collect();
        let first = ("authfailure".to_owned(), 1, 1);
        assert_eq!(seen[0], first, "what we must mend comes first");
        assert!(seen.contains(&("userunknown".to_owned(), 8, 2)), "{seen:?}");
        assert!(seen.contains(&(String::new(), 3, 1)), "{seen:?}");
        assert_eq!(seen.iter().map(|(_, people, _)| people).sum::<u64>(), 21);
    }

    #[test]
    fn links_to_these_people() {
        let both = of(vec![group("userunknown", "x", 6), group("userunknown", "", 2)]);
        assert_eq!(list_of(&both[0]), "/desk?state=refused&reason=userunknown");
        let one = of(vec![group("userunknown", "gmail", 6)]);
        assert_eq!(list_of(&one[0]), "/desk?state=refused&reason=userunknown&provider=gmail");
        assert!(cards(Say::default(), &both).into_string().contains("provider=x"));
    }
}
