//! The list of what did not arrive, the largest groups on top.

use std::collections::BTreeMap;

use axum::{extract::Query, response::IntoResponse};
use delivery::recipient::State;
use evidence::desk::{DeskFilter, DeskGroup};
use maud::{Markup, html};
use serde::Deserialize;

use super::{handle, resend, row};
use crate::{
    links,
    parts::{
        chip, explain,
        field::confirmed,
        pager::{Page, ROWS},
    },
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::Visit,
};

/// Groups looked at for the choices; the rest is found by search.
const GROUPS_MAX: u64 = 500;
/// Reasons shown on top.
const REASONS_MAX: usize = 12;

/// Which rows.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Narrow {
    state: Option<String>,
    reason: Option<String>,
    provider: Option<String>,
    broadcast: Option<i64>,
    handled: Option<String>,
    q: String,
    page: Option<u64>,
    undo: Option<String>,
}

impl Narrow {
    fn filter(&self) -> DeskFilter {
        // In a form's select, `-` stands for everyone: the empty provider and the empty reason are groups too.
        let chosen = |value: &Option<String>| value.clone().filter(|value| value != "-");
        DeskFilter {
            include_handled: self.handled.is_some(),
            broadcast_id: self.broadcast,
            reason: chosen(&self.reason),
            provider: chosen(&self.provider),
            state: self.state.as_deref().and_then(State::from_name),
            search: self.q.trim().to_owned(),
        }
    }
}

/// `GET /desk`.
pub(crate) async fn show(visit: Visit, Query(narrow): Query<Narrow>) -> Answer {
    let (say, house) = (visit.say, &visit.house);
    let filter = narrow.filter();
    let page = Page::of(narrow.page);
    let (rows, total) = house.desk.rows(&filter, page.offset(), ROWS).await?;
    let groups = house.desk.groups(GROUPS_MAX).await?;
    let body = html! {
        h1 { (t!(say, "frame-desk")) }
        p.lead { (t!(say, "desk-lead")) }
        @if let Some(ids) = &narrow.undo { (handle::undo_notice(&visit, ids, &address(&filter, None))) }
        (reasons(say, &filter, &groups))
        (search(&visit, &filter, &groups).await?)
        div.card {
            @if rows.is_empty() {
                p.empty { @if is_narrow(&filter) { (t!(say, "desk-none-found")) } @else { (t!(say, "desk-none")) } }
            } @else {
                (bulk(&visit, &filter, narrow.page))
                ul.stack.desk { @for one in &rows { (row::item(&visit, one)) } }
                (page.markup(say, total, |n| address(&filter, Some(n))))
            }
        }
    };
    Ok(visit.page(&t!(say, "frame-desk"), &body).into_response())
}

fn is_narrow(filter: &DeskFilter) -> bool {
    *filter != DeskFilter { include_handled: filter.include_handled, ..DeskFilter::default() }
}

/// How many wait for each reason; one press narrows to it.
fn reasons(say: Say, filter: &DeskFilter, groups: &[DeskGroup]) -> Markup {
    let mut people: BTreeMap<&str, u64> = BTreeMap::new();
    for group in groups {
        *people.entry(&group.reason).or_default() += group.recipients;
    }
    let all: u64 = people.values().sum();
    let mut people: Vec<(&str, u64)> = people.into_iter().collect();
    people.sort_by_key(|(_, people)| std::cmp::Reverse(*people));
    let to = |reason: Option<&str>| {
        address(&DeskFilter { reason: reason.map(str::to_owned), ..filter.clone() }, None)
    };
    html! {
        ul.tabs {
            li {
                a href=(to(None)) aria-current=[filter.reason.is_none().then_some("true")] {
                    (t!(say, "desk-all")) " " span.n { (grouped(all)) }
                }
            }
            @for (reason, people) in people.into_iter().take(REASONS_MAX) {
                li {
                    a href=(to(Some(reason))) aria-current=[(filter.reason.as_deref() == Some(reason)).then_some("true")] {
                        (explain::title(say, reason)) " " span.n { (grouped(people)) }
                    }
                }
            }
        }
    }
}

async fn search(visit: &Visit, filter: &DeskFilter, groups: &[DeskGroup]) -> Result<Markup, Problem> {
    let say = visit.say;
    let broadcast = match filter.broadcast_id {
        Some(id) => visit.house.broadcasts.get(id).await?,
        None => None,
    };
    let mut providers: Vec<&str> = groups.iter().map(|group| group.provider.as_str()).collect();
    providers.sort_by_key(|id| (id.is_empty(), *id));
    providers.dedup();
    let providers = providers.into_iter().map(|id| (id, explain::provider_name(say, id)));
    let states = State::ALL.iter().filter(|state| state.needs_somebody());
    let states = states.map(|state| (state.name(), chip::state_name(say, *state)));
    Ok(html! {
        form.search method="get" action="/desk" role="search" {
            input type="search" name="q" value=(filter.search) aria-label=(t!(say, "contacts-search"))
                placeholder=(t!(say, "desk-search-hint"));
            @if let Some(reason) = &filter.reason { input type="hidden" name="reason" value=(reason); }
            @if let Some(id) = filter.broadcast_id { input type="hidden" name="broadcast" value=(id); }
            (select("provider", &t!(say, "rows-any-provider"), filter.provider.as_deref(), providers.collect()))
            (select("state", &t!(say, "rows-any-state"), filter.state.map(State::name), states.collect()))
            label.check.inline {
                input type="checkbox" name="handled" value="1" checked[filter.include_handled];
                span { (t!(say, "desk-with-handled")) }
            }
            button.btn type="submit" { (t!(say, "rows-narrow")) }
        }
        @if let Some(broadcast) = &broadcast {
            p.hint {
                (t!(say, "desk-only-broadcast", name = broadcast.draft.name.as_str())) " "
                a href=(address(&DeskFilter { broadcast_id: None, ..filter.clone() }, None)) { (t!(say, "desk-every-broadcast")) }
            }
        }
    })
}

fn select(name: &str, any: &str, chosen: Option<&str>, choices: Vec<(&str, String)>) -> Markup {
    html! {
        select name=(name) aria-label=(any) {
            option value="-" { (any) }
            @for (value, words) in choices {
                option value=(value) selected[chosen == Some(value)] { (words) }
            }
        }
    }
}

/// What can be done with several at once; the ticks stand in the rows.
fn bulk(visit: &Visit, filter: &DeskFilter, page: Option<u64>) -> Markup {
    let say = visit.say;
    let send = html! {
        button.btn.primary type="submit" form="several" formaction=(resend::PATH) { (t!(say, "resend-yes")) }
    };
    html! {
        form.bulk id="several" method="post" action=(handle::PATH) data-pick {
            (visit.token_field())
            input type="hidden" name="back" value=(address(filter, page));
            label.check.inline {
                input type="checkbox" data-pick-all;
                span { (t!(say, "desk-pick-all")) " (" span data-pick-count { "0" } ")" }
            }
            div.actions {
                (confirmed(&t!(say, "desk-resend-several"), &t!(say, "resend-what"), &send))
                (confirmed(&t!(say, "desk-handle-several"), &t!(say, "handle-what"), &handle::fields(say)))
            }
        }
    }
}

/// The address of the desk with this filter.
fn address(filter: &DeskFilter, page: Option<u64>) -> String {
    let page = page.filter(|page| *page > 1).map(|page| page.to_string());
    let broadcast = filter.broadcast_id.map(|id| id.to_string());
    links::query(
        "/desk",
        &[
            ("state", filter.state.map(State::name)),
            ("reason", filter.reason.as_deref()),
            ("provider", filter.provider.as_deref()),
            ("broadcast", broadcast.as_deref()),
            ("handled", filter.include_handled.then_some("1")),
            ("q", Some(filter.search.as_str()).filter(|q| !q.is_empty())),
            ("page", page.as_deref()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_filter() {
        let check = |query: &str, expected: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            let Query(narrow) = Query::<Narrow>::try_from_uri(&uri).unwrap();
            assert_eq!(address(&narrow.filter(), narrow.page), expected, "{query}");
        };
        check("", "/desk");
        check("state=-&provider=-&q=+&page=1", "/desk");
        check(
            "state=refused&reason=userunknown&provider=",
            "/desk?state=refused&reason=userunknown&provider=",
        );
        check("handled=1&broadcast=5&reason=&page=3", "/desk?reason=&broadcast=5&handled=1&page=3");
    }
}
