//! What the owner demands of the encryption towards single domains, and how encryption went in the last days.

use std::collections::BTreeMap;

use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use delivery::tls::{
    TlsResult,
    ports::{TlsCount, TlsRule},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    links,
    parts::{field::Field, flash},
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::{Owner, Visit},
};

/// Days that are shown.
const DAYS: i64 = 7;
/// Rows of one day that are read.
const ROWS_MAX: u32 = 5_000;
/// Lines that are shown.
const LINES_MAX: usize = 200;
const DAY_MS: i64 = 86_400_000;
/// The choices of the form; the empty one lifts the rule.
const RULES: [&str; 3] = ["verified", "encrypted", ""];

/// The form of a rule.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    domain: String,
    rule: String,
}

/// One domain of the results, or all.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    domain: String,
}

/// `GET /encryption`.
pub(crate) async fn show(Owner(visit): Owner, Query(shown): Query<Shown>) -> Answer {
    page(&visit, &Entry::default(), None, &shown.domain).await
}

/// `POST /encryption`.
pub(crate) async fn save(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    let domain = entry.domain.trim().trim_start_matches('@').trim_end_matches('.').to_ascii_lowercase();
    let good = domain.contains('.') && mail::Address::new("x", &domain).is_ok();
    if !good || !RULES.contains(&entry.rule.as_str()) {
        let words = t!(visit.say, "encryption-no-domain");
        let page = page(&visit, &entry, Some(&words), "").await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let rule = TlsRule::from_name(&entry.rule);
    visit.house.tls.set_tls_rule(&domain, rule, visit.actor(), visit.now()).await?;
    let key = if rule.is_some() { "encryption-saved" } else { "encryption-lifted" };
    Ok(flash::done("/encryption", key).into_response())
}

async fn page(visit: &Visit, entry: &Entry, wrong: Option<&str>, domain: &str) -> Result<Response, Problem> {
    let say = visit.say;
    let rules = visit.house.tls.tls_rules().await?;
    let today = visit.now().div_euclid(DAY_MS);
    let mut counts = Vec::new();
    for day in (today - DAYS + 1..=today).rev() {
        counts.extend(visit.house.tls.tls_counts(day, ROWS_MAX).await?);
    }
    let body = html! {
        p.up { a href="/sources" { (t!(say, "frame-sources")) } }
        h1 { (t!(say, "encryption-title")) }
        p.lead { (t!(say, "encryption-lead")) }
        div.card {
            h2 { (t!(say, "encryption-rules")) }
            p { (t!(say, "encryption-rules-what")) }
            @if rules.is_empty() && visit.house.tls_config.is_empty() { p.empty { (t!(say, "encryption-no-rules")) } }
            @else { (table_of_rules(visit, &rules)) }
            (form(visit, entry, wrong))
        }
        div.card {
            h2 { (t!(say, "encryption-results")) }
            p { (t!(say, "encryption-results-what")) }
            @if counts.is_empty() { p.empty { (t!(say, "encryption-no-results")) } }
            @else if domain.is_empty() { (summary(say, &counts)) }
            @else { (rows(say, &counts, domain)) }
        }
    };
    Ok(visit.page(&t!(say, "encryption-title"), &body).into_response())
}

fn table_of_rules(visit: &Visit, rules: &[(String, TlsRule)]) -> Markup {
    let say = visit.say;
    html! {
        table.folds {
            thead { tr { th { (t!(say, "encryption-domain")) } th { (t!(say, "encryption-rule")) } th {} } }
            tbody {
                @for (domain, rule) in visit.house.tls_config.iter().filter(|(domain, _)| rules.iter().all(|(own, _)| own != domain)) {
                    tr {
                        td { (domain) }
                        td data-label=(t!(say, "encryption-rule")) { span { (rule_words(say, rule.name())) } }
                        td.sub { (t!(say, "limit-from-config")) }
                    }
                }
                @for (domain, rule) in rules {
                    tr {
                        td { (domain) }
                        td data-label=(t!(say, "encryption-rule")) { span { (rule_words(say, rule.name())) } }
                        td {
                            form method="post" action="/encryption" {
                                (visit.token_field())
                                input type="hidden" name="domain" value=(domain);
                                input type="hidden" name="rule" value="";
                                button.btn type="submit" { (t!(say, "encryption-lift")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn form(visit: &Visit, entry: &Entry, wrong: Option<&str>) -> Markup {
    let say = visit.say;
    let label = t!(say, "encryption-domain");
    let hint = t!(say, "encryption-domain-hint");
    let domain = Field {
        name: "domain",
        label: &label,
        value: &entry.domain,
        hint: &hint,
        wrong,
        required: true,
        ..Field::default()
    };
    let choices: Vec<(String, String)> =
        RULES[..2].iter().map(|name| ((*name).to_owned(), rule_words(say, name))).collect();
    let label = t!(say, "encryption-rule");
    let rule = Field { name: "rule", label: &label, value: &entry.rule, ..Field::default() };
    html! {
        form method="post" action="/encryption" {
            (visit.token_field())
            div.columns { (domain.input()) (rule.select(&choices)) }
            div.actions { button.btn.primary type="submit" { (t!(say, "encryption-save")) } }
        }
    }
}

/// Sessions by domain and how they went; each number leads to the rows it is the sum of.
fn summary(say: Say, counts: &[TlsCount]) -> Markup {
    let mut sums: BTreeMap<(bool, &str, &str, TlsResult), u64> = BTreeMap::new();
    for count in counts {
        let good = count.result == TlsResult::Success;
        *sums.entry((good, &count.domain, &count.policy_type, count.result)).or_default() += count.count;
    }
    html! {
        table.folds {
            thead {
                tr {
                    th { (t!(say, "encryption-domain")) } th { (t!(say, "encryption-policy")) }
                    th { (t!(say, "encryption-result")) } th { (t!(say, "encryption-sessions")) }
                }
            }
            tbody {
                @for ((_, domain, policy, result), sum) in sums.iter().take(LINES_MAX) {
                    tr {
                        td { (domain) }
                        td data-label=(t!(say, "encryption-policy")) { span { (policy_words(say, policy)) } }
                        td data-label=(t!(say, "encryption-result")) { span { (result_words(say, *result)) } }
                        td data-label=(t!(say, "encryption-sessions")) {
                            a href={ "/encryption?domain=" (links::encoded(domain)) } { (grouped(*sum)) }
                        }
                    }
                }
            }
        }
        @if sums.len() > LINES_MAX { p.sub { (t!(say, "encryption-more", n = LINES_MAX)) } }
    }
}

/// The rows of one domain.
fn rows(say: Say, counts: &[TlsCount], domain: &str) -> Markup {
    let its = || counts.iter().filter(|count| count.domain == domain);
    html! {
        p { a href="/encryption" { (t!(say, "encryption-all")) } " / " b { (domain) } }
        table.folds {
            thead {
                tr {
                    th { (t!(say, "encryption-day")) } th { (t!(say, "encryption-host")) }
                    th { (t!(say, "encryption-result")) } th { (t!(say, "encryption-sessions")) }
                }
            }
            tbody {
                @for count in its().take(LINES_MAX) {
                    tr {
                        td { (report::date(count.day)) }
                        td data-label=(t!(say, "encryption-host")) {
                            span { (count.host) " " span.sub { (count.address) } }
                        }
                        td data-label=(t!(say, "encryption-result")) {
                            span {
                                (result_words(say, count.result))
                                @if !count.detail.is_empty() {
                                    details { summary { (t!(say, "explain-original")) } pre { (count.detail) } }
                                }
                            }
                        }
                        td data-label=(t!(say, "encryption-sessions")) { span { (grouped(count.count)) } }
                    }
                }
            }
        }
        @if its().count() > LINES_MAX { p.sub { (t!(say, "encryption-more", n = LINES_MAX)) } }
    }
}

fn rule_words(say: Say, name: &str) -> String {
    say.with(&format!("encryption-rule-{name}"), None)
}

fn result_words(say: Say, result: TlsResult) -> String {
    say.with(&format!("encryption-result-{}", result.name()), None)
}

fn policy_words(say: Say, policy: &str) -> String {
    say.with(&format!("encryption-policy-{policy}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_words() {
        let say = Say::default();
        let results = TlsResult::ALL.map(|(_, name)| format!("encryption-result-{name}"));
        let policies = ["sts", "tlsa", "no-policy-found"].map(|name| format!("encryption-policy-{name}"));
        let rules = ["verified", "encrypted"].map(|name| format!("encryption-rule-{name}"));
        for key in results.iter().chain(&policies).chain(&rules) {
            assert!(say.find(key, None).is_some(), "{key}");
        }
    }
}
