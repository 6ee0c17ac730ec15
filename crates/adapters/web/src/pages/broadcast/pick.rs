//! Picks customers by hand, any number, over pages and searches.

use std::collections::HashSet;

use audience::{Contact, ContactFilter};
use axum::{
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    audience::PICKS_MAX,
    find_draft,
    steps::{Step, steps},
};
use crate::{
    form::Form,
    links,
    pages::contact::list::shown_name,
    parts::{
        chip,
        pager::{Page, ROWS},
    },
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// Contacts taken in at once when everyone found is picked.
const BATCH: u64 = 1_000;

/// What is looked for.
#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
    page: Option<u64>,
}

/// The ticks of one page, and what to do next.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Picks {
    q: String,
    /// The search the rows on the page were found with.
    found_by: String,
    shown: Vec<i64>,
    picked: Vec<i64>,
    go: String,
}

/// `GET /broadcasts/{id}/pick`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>, Query(search): Query<Search>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let (say, house) = (visit.say, &visit.house);
    let page = Page::of(search.page);
    let filter = ContactFilter { search: search.q.trim().to_owned(), ..ContactFilter::default() };
    let found = house.contacts.list(&filter, page.offset(), ROWS).await?;
    let picked: HashSet<i64> = house.broadcasts.picked(id, PICKS_MAX).await?.into_iter().collect();
    let path = format!("{}/pick", links::broadcast(id));
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (broadcast.draft.name) }
        (steps(say, Some(&broadcast), Step::Audience))
        form method="post" action=(path) {
            (visit.token_field())
            // Enter in the search field presses the first button.
            button.unseen type="submit" name="go" value="search" tabindex="-1" aria-hidden="true" {}
            input type="hidden" name="found_by" value=(search.q);
            div.search {
                input type="search" name="q" value=(search.q) aria-label=(t!(say, "contacts-search"))
                    placeholder=(t!(say, "contacts-search-hint"));
                button.btn type="submit" name="go" value="search" { (t!(say, "contacts-search")) }
            }
            div.card {
                div.head {
                    p.lead { (t!(say, "pick-count", n = grouped(picked.len() as u64))) }
                    div.actions {
                        @if found.total > 0 {
                            button.btn type="submit" name="go" value="all" { (t!(say, "pick-all", n = grouped(found.total))) }
                        }
                        @if !picked.is_empty() {
                            button.btn type="submit" name="go" value="none" { (t!(say, "pick-none")) }
                        }
                    }
                }
                @if found.contacts.is_empty() {
                    p.empty { (t!(say, "contacts-none-found")) }
                } @else {
                    (rows(&visit, &found.contacts, &picked))
                    (turn(&visit, page, found.total))
                }
            }
            div.actions {
                button.btn.primary type="submit" name="go" value="confirm" { (t!(say, "pick-next")) }
                button.btn type="submit" name="go" value="back" { (t!(say, "button-back")) }
            }
        }
    };
    Ok(visit.page(&broadcast.draft.name, &body).into_response())
}

fn rows(visit: &Visit, contacts: &[Contact], picked: &HashSet<i64>) -> Markup {
    let say = visit.say;
    html! {
        table.picks {
            tbody {
                @for contact in contacts {
                    tr {
                        td {
                            input type="hidden" name="shown" value=(contact.id);
                            input id={ "pick-" (contact.id) } type="checkbox" name="picked" value=(contact.id) data-row
                                checked[picked.contains(&contact.id)];
                        }
                        td {
                            label for={ "pick-" (contact.id) } { b { (shown_name(visit, contact)) } }
                            div.sub { (contact.address.as_deref().unwrap_or_default()) }
                        }
                        td { (chip::standing(say, contact.standing())) }
                    }
                }
            }
        }
    }
}

/// Paging by buttons of the form, so that the ticks of this page are kept.
fn turn(visit: &Visit, page: Page, total: u64) -> Markup {
    let say = visit.say;
    let number = page.offset() / ROWS + 1;
    let last = total.div_ceil(ROWS).max(1);
    let (from, to) = ((page.offset() + 1).min(total), (page.offset() + ROWS).min(total));
    html! {
        nav.pager aria-label=(t!(say, "pager-name")) {
            span.n { (t!(say, "pager-range", from = grouped(from), to = grouped(to), total = grouped(total))) }
            @if number > 1 {
                button.btn type="submit" name="go" value={ "page-" (number - 1) } { (t!(say, "pager-before")) }
            }
            @if number < last {
                button.btn type="submit" name="go" value={ "page-" (number + 1) } { (t!(say, "pager-next")) }
            }
        }
    }
}

/// `POST /broadcasts/{id}/pick`.
pub(crate) async fn save(visit: Visit, Path(id): Path<i64>, Form(picks): Form<Picks>) -> Answer {
    if find_draft(&visit, id).await?.is_none() {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    }
    let ticked: HashSet<i64> = picks.picked.iter().copied().collect();
    let unticked: Vec<i64> = picks.shown.iter().copied().filter(|id| !ticked.contains(id)).collect();
    let store = &visit.house.broadcasts;
    store.pick(id, &picks.picked, true).await?;
    store.pick(id, &unticked, false).await?;
    match picks.go.as_str() {
        "all" => pick_found(&visit, id, &picks.found_by).await?,
        "none" => {
            let all = store.picked(id, PICKS_MAX).await?;
            store.pick(id, &all, false).await?;
        }
        _ => {}
    }
    Ok(Redirect::to(&next(id, &picks)).into_response())
}

/// Picks everyone a search finds.
async fn pick_found(visit: &Visit, id: i64, search: &str) -> Result<(), Problem> {
    let house = &visit.house;
    let filter = ContactFilter { search: search.trim().to_owned(), ..ContactFilter::default() };
    let mut offset = 0;
    loop {
        let found = house.contacts.list(&filter, offset, BATCH).await?.contacts;
        let ids: Vec<i64> = found.iter().map(|contact| contact.id).collect();
        house.broadcasts.pick(id, &ids, true).await?;
        offset += BATCH;
        if (ids.len() as u64) < BATCH {
            return Ok(());
        }
    }
}

fn next(id: i64, picks: &Picks) -> String {
    let path = links::broadcast(id);
    let query = |q: &str, page: Option<&str>| {
        links::query(&format!("{path}/pick"), &[("q", Some(q).filter(|q| !q.is_empty())), ("page", page)])
    };
    match picks.go.as_str() {
        "confirm" => format!("{path}/confirm"),
        "back" => format!("{path}/audience"),
        "all" | "none" => query(&picks.found_by, None),
        go => match go.strip_prefix("page-") {
            Some(page) => query(&picks.found_by, Some(page)),
            None => query(&picks.q, None),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_goes_on() {
        let check = |form: &str, expected: &str| {
            let picks: Picks = serde_html_form::from_str(form).unwrap();
            assert_eq!(next(3, &picks), expected, "{form}");
        };
        check("go=search&q=a+b&found_by=c", "/broadcasts/3/pick?q=a%20b");
        check("go=page-2&q=x&found_by=c", "/broadcasts/3/pick?q=c&page=2");
        check("go=all&found_by=", "/broadcasts/3/pick");
        check("go=confirm&picked=1&picked=2&shown=1", "/broadcasts/3/confirm");
        check("go=back", "/broadcasts/3/audience");
    }
}
