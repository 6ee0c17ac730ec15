//! Everyone in a broadcast, one row each, by outcome, company, reason and search.

use axum::{
    extract::{Path, Query},
    response::IntoResponse,
};
use campaigns::report::{IN_DOUBT, ReasonCount, Row, RowFilter};
use delivery::recipient::{State, WithheldReason};
use maud::{Markup, html};
use serde::Deserialize;

use super::{find, report, show::reason_of, steps::state_tag};
use crate::{
    links,
    parts::{
        chip, explain,
        pager::{Page, ROWS},
        time,
    },
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::Visit,
};

/// What a filter by state calls those the mail goes to, whatever became of it.
pub(super) const SENT_TO: &str = "sent_to";

/// Which rows.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Narrow {
    state: Option<String>,
    provider: Option<String>,
    reason: Option<String>,
    q: String,
    page: Option<u64>,
}

impl Narrow {
    /// As the store takes it. In a form's select, `-` stands for everyone, because the empty provider is one too.
    pub(super) fn filter(&self) -> RowFilter {
        let chosen = |value: &Option<String>| value.clone().filter(|value| value != "-");
        RowFilter {
            state: self.state.as_deref().and_then(State::from_name),
            is_sent_to: self.state.as_deref() == Some(SENT_TO),
            provider: chosen(&self.provider),
            reason: chosen(&self.reason).filter(|reason| !reason.is_empty()),
            search: self.q.trim().to_owned(),
        }
    }
}

/// `GET /broadcasts/{id}/rows`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(narrow): Query<Narrow>) -> Answer {
    let (say, store) = (visit.say, &visit.house.broadcasts);
    let broadcast = find(&visit, id).await?;
    let filter = narrow.filter();
    let page = Page::of(narrow.page);
    let (rows, total) = store.rows(id, &filter, page.offset(), ROWS).await?;
    let body = html! {
        p { a href=(links::broadcast(id)) { (broadcast.draft.name) } " " (state_tag(say, broadcast.state)) }
        div.head {
            h1 { (t!(say, "rows-title")) }
            div.actions { a.btn href=(address(id, &filter, None, "rows.csv")) { (t!(say, "rows-csv")) } }
        }
        (search(&visit, id, &filter).await?)
        div.card {
            @if rows.is_empty() {
                p.empty { (t!(say, "rows-none")) }
            } @else {
                (table(&visit, &rows))
                (page.markup(say, total, |n| address(id, &filter, Some(n), "rows")))
            }
        }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

async fn search(visit: &Visit, id: i64, filter: &RowFilter) -> Result<Markup, Problem> {
    let (say, store) = (visit.say, &visit.house.broadcasts);
    let counts = store.counts(id).await?;
    let states = State::ALL.iter().filter(|state| counts.of(**state) > 0).map(|state| {
        let words = format!("{} ({})", chip::state_name(say, *state), grouped(counts.of(*state)));
        (state.name().to_owned(), words)
    });
    let mut providers: Vec<String> =
        store.by_provider(id).await?.into_iter().map(|cell| cell.provider).collect();
    providers.sort_by_key(|provider| (provider.is_empty(), provider.clone()));
    providers.dedup();
    let providers = providers.into_iter().map(|id| {
        let name = explain::provider_name(say, &id);
        (id, name)
    });
    let reasons = reasons(say, &store.by_reason(id).await?);
    let sent_to = counts.total() - counts.of(State::Withheld);
    let sent_to = (SENT_TO.to_owned(), format!("{} ({})", t!(say, "waterfall-remaining"), grouped(sent_to)));
    let states: Vec<(String, String)> = std::iter::once(sent_to).chain(states).collect();
    let state = chosen_state(filter);
    Ok(html! {
        form.search method="get" action={ (links::broadcast(id)) "/rows" } role="search" {
            input type="search" name="q" value=(filter.search) aria-label=(t!(say, "contacts-search"))
                placeholder=(t!(say, "rows-search-hint"));
            (select("state", &t!(say, "rows-any-state"), state, states))
            (select("provider", &t!(say, "rows-any-provider"), filter.provider.as_deref(), providers.collect()))
            (select("reason", &t!(say, "rows-any-reason"), filter.reason.as_deref(), reasons))
            button.btn type="submit" { (t!(say, "rows-narrow")) }
        }
    })
}

fn chosen_state(filter: &RowFilter) -> Option<&'static str> {
    if filter.is_sent_to { Some(SENT_TO) } else { filter.state.map(State::name) }
}

fn select(name: &str, any: &str, chosen: Option<&str>, choices: Vec<(String, String)>) -> Markup {
    html! {
        select name=(name) aria-label=(any) {
            option value="-" { (any) }
            @for (value, words) in choices {
                option value=(value) selected[chosen == Some(value.as_str())] { (words) }
            }
        }
    }
}

fn reasons(say: Say, counts: &[ReasonCount]) -> Vec<(String, String)> {
    let mut names: Vec<&str> = counts.iter().map(|count| count.reason.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let words = |name: &str| match WithheldReason::from_name(name) {
        Some(reason) => report::left_out(say, reason),
        None if name == IN_DOUBT => t!(say, "story-in-doubt-title"),
        None => explain::title(say, name),
    };
    names.into_iter().map(|name| (name.to_owned(), words(name))).collect()
}

fn table(visit: &Visit, rows: &[Row]) -> Markup {
    let say = visit.say;
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "contact-name")) }
                    th { (t!(say, "contact-address")) }
                    th { (t!(say, "rows-state")) }
                    th { (t!(say, "rows-reason")) }
                    th { (t!(say, "rows-at")) }
                }
            }
            tbody { @for row in rows { (line(visit, row)) } }
        }
    }
}

fn line(visit: &Visit, row: &Row) -> Markup {
    let (say, now) = (visit.say, visit.now());
    html! {
        tr {
            td {
                a href=(links::contact(row.contact_id)) {
                    @if row.name.is_empty() { (t!(say, "contact-nameless")) } @else { (row.name) }
                }
            }
            td data-label=(t!(say, "contact-address")) {
                span { (row.address) @if !row.provider.is_empty() { div.sub { (explain::provider_name(say, &row.provider)) } } }
            }
            td data-label=(t!(say, "rows-state")) { a href=(links::message(row.id)) { (chip::state(say, row.state)) } }
            td data-label=(t!(say, "rows-reason")) {
                span {
                    (reason_of(visit, row))
                    @if let Some(next_at) = row.next_at {
                        div.sub { (t!(say, "story-next", at = time::said(say, next_at, now))) }
                    }
                }
            }
            td data-label=(t!(say, "rows-at")) { (time::when(say, row.state_at, now)) }
        }
    }
}

fn address(id: i64, filter: &RowFilter, page: Option<u64>, tail: &str) -> String {
    let page = page.filter(|page| *page > 1).map(|page| page.to_string());
    links::query(
        &format!("{}/{tail}", links::broadcast(id)),
        &[
            ("state", chosen_state(filter)),
            ("provider", filter.provider.as_deref()),
            ("reason", filter.reason.as_deref()),
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
            assert_eq!(address(1, &narrow.filter(), narrow.page, "rows"), expected, "{query}");
        };
        check("", "/broadcasts/1/rows");
        check("state=-&provider=-&reason=-&q=", "/broadcasts/1/rows");
        check("provider=", "/broadcasts/1/rows?provider=");
        check(
            "state=refused&provider=au&reason=userunknown&q=+a+&page=2",
            "/broadcasts/1/rows?state=refused&provider=au&reason=userunknown&q=a&page=2",
        );
        check("state=nonsense", "/broadcasts/1/rows");
    }
}
