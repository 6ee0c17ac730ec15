//! Groups of customers with one address, and the rules that make each group into one entry.

use audience::{Contact, MERGE_COLUMNS, MergeRules, ValueRule};
use axum::{extract::Query, response::IntoResponse};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::{
    form::Form,
    links,
    pages::contact::list::shown_name,
    parts::{
        field::{Field, confirmed},
        flash,
        pager::{Page, ROWS},
        time,
    },
    problem::Answer,
    say::t,
    visit::{Owner, Visit},
};

/// Groups made into one with one press; progress is durable, so the next press goes on.
const GROUPS_AT_ONCE: u64 = 200;

/// Which page.
#[derive(Deserialize)]
pub(crate) struct At {
    page: Option<u64>,
}

/// The rules as chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Rules {
    survivor: String,
    /// `rule-name` … for each column.
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// `GET /duplicates`.
pub(crate) async fn show(visit: Visit, Query(at): Query<At>) -> Answer {
    let say = visit.say;
    let page = Page::of(at.page);
    let (groups, total) = visit.house.merges.duplicates(page.offset(), ROWS).await?;
    let link = |n: u64| links::query("/duplicates", &[("page", Some(&n.to_string()))]);
    let body = html! {
        p.up { a href="/contacts" { (t!(say, "frame-contacts")) } }
        h1 { (t!(say, "duplicates-title")) }
        p.lead { (t!(say, "duplicates-lead")) }
        @if groups.is_empty() {
            div.card { p.empty { (t!(say, "duplicates-none")) } }
        } @else {
            div.card {
                h2 { (t!(say, "duplicates-count", n = total)) }
                (table(&visit, &groups))
                (page.markup(say, total, link))
            }
            @if visit.is_owner() { (rules(&visit)) }
        }
    };
    Ok(visit.page(&t!(say, "duplicates-title"), &body).into_response())
}

/// `POST /duplicates/merge`: every group by the rules.
pub(crate) async fn merge_all(Owner(visit): Owner, Form(chosen): Form<Rules>) -> Answer {
    let by_column = chosen.rest.iter().filter_map(|(name, rule)| {
        Some((name.strip_prefix("rule-")?.to_owned(), ValueRule::from_name(rule)?))
    });
    let rules = MergeRules { oldest_survives: chosen.survivor == "oldest", by_column: by_column.collect() };
    let merged =
        visit.house.merges.merge_duplicates(&rules, GROUPS_AT_ONCE, visit.actor(), visit.now()).await?;
    Ok(flash::done_n("/duplicates", "merged-groups", merged).into_response())
}

fn table(visit: &Visit, groups: &[Vec<Contact>]) -> Markup {
    let say = visit.say;
    let ids = |group: &[Contact]| {
        group
            .iter()
            .take(audience::MERGE_MAX)
            .map(|contact| contact.id.to_string())
            .collect::<Vec<_>>()
            .join(",")
    };
    html! {
        table.folds {
            tbody {
                @for group in groups {
                    tr {
                        td { code { (group[0].address.as_deref().unwrap_or_default()) } }
                        td {
                            @for contact in group {
                                div {
                                    a href=(links::contact(contact.id)) { (shown_name(visit, contact)) } " "
                                    span.sub {
                                        @if contact.address != group[0].address { (contact.address.as_deref().unwrap_or_default()) " " }
                                        (contact.external_id) " " (time::when(say, contact.created_at, visit.now()))
                                    }
                                }
                            }
                        }
                        td { a.btn href={ "/merge?ids=" (ids(group)) } { (t!(say, "merge-open")) } }
                    }
                }
            }
        }
    }
}

fn rules(visit: &Visit) -> Markup {
    let say = visit.say;
    let survivors = [("newest", "merge-newest"), ("oldest", "merge-oldest")];
    let survivors: Vec<_> = survivors.map(|(value, key)| (value.to_owned(), say.with(key, None))).into();
    let choices: Vec<_> = ValueRule::ALL
        .iter()
        .map(|rule| (rule.name().to_owned(), say.with(&format!("merge-rule-{}", rule.name()), None)))
        .collect();
    let label = t!(say, "merge-survivor");
    let form = html! {
        form method="post" action="/duplicates/merge" {
            (visit.token_field())
            (Field { name: "survivor", label: &label, ..Field::default() }.select(&survivors))
            div.columns {
                @for column in MERGE_COLUMNS {
                    @let name = format!("rule-{column}");
                    @let label = say.with(&format!("contact-{}", column.replace('_', "-")), None);
                    (Field { name: &name, label: &label, ..Field::default() }.select(&choices))
                }
            }
            button.btn.primary type="submit" { (t!(say, "merge-all-yes")) }
        }
    };
    html! {
        div.card {
            h2 { (t!(say, "merge-all")) }
            (confirmed(&t!(say, "merge-all-open"), &t!(say, "merge-all-what", n = GROUPS_AT_ONCE), &form))
        }
    }
}
