//! Walks the way of the form, saved or not, from DNS to RCPT, and says at each step what it means.

use axum::extract::Path;
use delivery::source::{Source, Way};
use doctor::{
    StepExplanation,
    probe::{ProbeRequest, Seen, StepFact},
    test_route,
};
use mail::Address;
use maud::{Markup, html};

use super::{
    edit::{page, refused},
    entry::{Entry, Wrong},
    form::Shown,
    show::find,
};
use crate::{
    form::Form,
    problem::{Answer, Problem},
    say::{Say, t},
    visit::{Owner, Visit},
};

/// `POST /sources/test`: one that is not saved yet.
pub(crate) async fn walk_fresh(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    try_out(&visit, None, &entry.recalled(&visit)).await
}

/// `POST /sources/{id}/test`: as it stands in the form.
pub(crate) async fn walk(Owner(visit): Owner, Path(id): Path<i64>, Form(entry): Form<Entry>) -> Answer {
    let source = find(&visit, id).await?;
    try_out(&visit, Some(&source), &entry.recalled(&visit)).await
}

async fn try_out(visit: &Visit, source: Option<&Source>, entry: &Entry) -> Answer {
    let request = match entry.draft(visit.say, source, visit.now()) {
        Ok(draft) => request(visit, &draft.way, entry).await?,
        Err(wrong) => Err(wrong),
    };
    let request = match request {
        Ok(request) => request,
        Err(wrong) => return refused(visit, source, entry, &wrong).await,
    };
    let steps = test_route(&*visit.house.route_probe, &request).await;
    let walk = result(visit.say, &steps);
    let entry = entry.clone().remembering(visit);
    page(visit, source, Shown { entry: &entry, wrong: &Wrong::new(), walk: Some(&walk) }).await
}

/// What to test: the way, from our own address, to the recipient that was typed.
async fn request(visit: &Visit, way: &Way, entry: &Entry) -> Result<Result<ProbeRequest, Wrong>, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let own = own_address(visit).await?;
    let typed = if entry.recipient.trim().is_empty() { own.as_str() } else { entry.recipient.as_str() };
    let reading = addressing::read(typed);
    let Some(recipient) = reading.address else {
        let why = reading.notes.last().map(|note| say.pick(&note.ja, &note.en).to_owned());
        let words = why.unwrap_or_else(|| t!(say, "route-recipient-missing"));
        return Ok(Err(vec![("recipient", words)]));
    };
    let reverse_path = Address::parse(&own).unwrap_or_else(|_| recipient.clone());
    let own_house = (house.mail_host.as_str(), house.mx_port);
    Ok(Ok(ProbeRequest::through(way, own_house, (reverse_path, recipient))))
}

/// The address we send as: that of the newest broadcast, else a likely one at our first domain, else none.
pub(super) async fn own_address(visit: &Visit) -> Result<String, Problem> {
    if let Some(last) = visit.house.broadcasts.list(0, 1).await?.first() {
        return Ok(last.draft.from_address.clone());
    }
    let domains = visit.house.sources.domains().await?;
    Ok(domains.first().map(|domain| format!("info@{}", domain.name)).unwrap_or_default())
}

/// The steps of the walk; the last one tells why it ended there.
fn result(say: Say, steps: &[(StepFact, StepExplanation)]) -> Markup {
    let failed = steps.iter().find(|(_, words)| !words.ok);
    html! {
        div.card id="result" role="status" {
            @match failed {
                Some((_, words)) => {
                    div.cause.ours {
                        h2 { (t!(say, "route-failed", step = say.pick(&words.title_ja, &words.title_en))) }
                        p { (say.pick(&words.what_ja, &words.what_en)) }
                        p { b { (say.pick(&words.todo_ja, &words.todo_en)) } }
                    }
                },
                None if steps.is_empty() => p.wrong { (t!(say, "route-no-walk")) },
                None => div.cause.good { h2 { (t!(say, "route-passed")) } p { (t!(say, "route-passed-what")) } },
            }
            ol.chain.walk { @for (fact, words) in steps { (step(say, fact, words)) } }
        }
    }
}

fn step(say: Say, fact: &StepFact, words: &StepExplanation) -> Markup {
    let skipped = fact.seen == Seen::Skipped;
    let (class, chip, state) = match (words.ok, skipped) {
        (true, false) => ("good", "evidenced", t!(say, "walk-good")),
        (true, true) => ("", "withheld", t!(say, "walk-skipped")),
        (false, _) => ("bad", "refused", t!(say, "walk-failed")),
    };
    html! {
        li class=(class) {
            p { b { (say.pick(&words.title_ja, &words.title_en)) } " " span class={ "chip " (chip) } { (state) } }
            @if !skipped { p { (say.pick(&words.what_ja, &words.what_en)) } }
            @if !words.original.is_empty() {
                details {
                    summary { (t!(say, "explain-original")) }
                    pre { (words.original) }
                }
            }
        }
    }
}
