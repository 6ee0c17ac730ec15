//! What needs somebody: the desk's groups put together where the same words explain them, ours first.

use std::collections::{BTreeMap, BTreeSet};

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

/// People whose mail failed for the same reason, explained by the same words.
pub(super) struct Matter {
    reason: String,
    /// Set when the words are this provider's own.
    only_at: Option<String>,
    words: Option<Explanation>,
    /// Our own domain, route or server is the cause.
    ours: bool,
    states: BTreeSet<State>,
    /// Provider id → people.
    providers: BTreeMap<String, u64>,
}

impl Matter {
    fn people(&self) -> u64 {
        self.providers.values().sum()
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

/// Puts groups together: all of a reason where the same words explain them at every provider, else each provider by
/// itself. So the list behind a card is always one that the desk can show, with the same number of people.
pub(super) fn of(groups: Vec<DeskGroup>) -> Vec<Matter> {
    let mut words_of: BTreeMap<String, Vec<Option<Explanation>>> = BTreeMap::new();
    for group in &groups {
        let known = words_of.entry(group.reason.clone()).or_default();
        let words = words(group);
        if !known.contains(&words) {
            known.push(words);
        }
    }
    let mut matters: BTreeMap<(String, Option<String>), Matter> = BTreeMap::new();
    for group in groups {
        let differ = words_of.get(&group.reason).is_some_and(|known| known.len() > 1);
        let only_at = differ.then(|| group.provider.clone());
        let matter = matters.entry((group.reason.clone(), only_at.clone())).or_insert_with(|| Matter {
            reason: group.reason.clone(),
            only_at,
            words: words(&group),
            ours: false,
            states: BTreeSet::new(),
            providers: BTreeMap::new(),
        });
        matter.ours |= group.fault == Fault::OurConfiguration.name();
        matter.states.insert(group.state);
        *matter.providers.entry(group.provider).or_default() += group.recipients;
    }
    let mut matters: Vec<Matter> = matters.into_values().collect();
    matters.sort_by_key(Matter::rank);
    matters
}

fn words(group: &DeskGroup) -> Option<Explanation> {
    let provider = Some(group.provider.as_str()).filter(|id| !id.is_empty());
    Reason::from_name(&group.reason).map(|reason| bounce::explain(reason, provider))
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
    let doubt = matter.states.iter().all(|state| *state == State::Doubtful);
    let edge = match &matter.words {
        _ if doubt => "cause doubt",
        _ if matter.ours => "cause ours",
        Some(words) => explain::edge(words.turn),
        None => "cause",
    };
    html! {
        div.card {
            div class=(edge) {
                h2 { (t!(say, "home-matter", title = title(say, matter), n = people)) }
                @match &matter.words {
                    Some(words) => (explain::sentences(say, words)),
                    None => p { (t!(say, "home-no-reason")) },
                }
                p {
                    @for state in &matter.states { (chip::state(say, *state)) " " }
                    (providers(say, matter))
                }
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
        None => matter.states.first().map(|state| chip::state_name(say, *state)).unwrap_or_default(),
    }
}

/// The list of exactly these people.
fn list_of(matter: &Matter) -> String {
    links::desk(None, Some(&matter.reason), matter.only_at.as_deref())
}

fn providers(say: Say, matter: &Matter) -> Markup {
    html! {
        span.sub {
            @for (n, (provider, people)) in matter.providers.iter().enumerate() {
                @if n > 0 { " \u{b7} " }
                a href=(links::desk(None, Some(&matter.reason), Some(provider))) {
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
            group("userunknown", "docomo", 6),
            group("userunknown", "", 2),
            DeskGroup { state: State::Bounced, ..group("userunknown", "docomo", 1) },
            group("authfailure", "gmail", 1),
            group("filtered", "au", 4),
            group("filtered", "docomo", 5),
            group("", "", 3),
        ];
        let seen: Vec<_> = of(groups).iter().map(|m| (list_of(m), m.people(), m.states.len())).collect();
        assert_eq!(
            seen[0],
            ("/desk?reason=authfailure".to_owned(), 1, 1),
            "what only we can mend comes first"
        );
        for (list, people, states) in [
            ("/desk?reason=userunknown", 9, 2),
            ("/desk?reason=filtered&provider=au", 4, 1),
            ("/desk?reason=filtered&provider=docomo", 5, 1),
            ("/desk?reason=", 3, 1),
        ] {
            assert!(seen.contains(&(list.to_owned(), people, states)), "{list} {seen:?}");
        }
        assert_eq!(seen.iter().map(|(_, people, _)| people).sum::<u64>(), 22);
    }
}
