//! What the house decides about every audience: how many advertising mails a person may get, who stands for an address
//! that several have, and of whom consent must be on record.

use audience::{
    ConsentBasis,
    segment::{Kind, Test, day_of, read_day, start_of, value_name, written},
};
use axum::{http::StatusCode, response::IntoResponse};
use campaigns::audience::{ConsentDemand, DemandOf, Duplicates, FrequencyCap, HouseRules};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    form::Form,
    pages::segment::said,
    parts::{field::Field, flash},
    problem::Answer,
    say::{Say, t},
    visit::{Owner, Visit},
};

/// As typed; `mails` and `days` both empty for no limit.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    mails: String,
    days: String,
    duplicates: String,
    demand: String,
    since: String,
    basis: Vec<String>,
}

impl Entry {
    fn of(cap: Option<FrequencyCap>, rules: &HouseRules) -> Self {
        let number = |of: fn(FrequencyCap) -> u32| cap.map(|cap| of(cap).to_string()).unwrap_or_default();
        let (demand, since) = match rules.consent.of {
            DemandOf::Nobody => ("nobody", String::new()),
            DemandOf::Since(at) => ("since", written(day_of(at))),
            DemandOf::Everybody => ("everybody", String::new()),
        };
        Self {
            mails: number(|cap| cap.mails),
            days: number(|cap| cap.days),
            duplicates: rules.duplicates.name().to_owned(),
            demand: demand.to_owned(),
            since,
            basis: rules.consent.bases.iter().map(|basis| basis.name().to_owned()).collect(),
        }
    }

    /// The cap, or `None` when the numbers make no sense.
    fn cap(&self) -> Option<Option<FrequencyCap>> {
        if self.mails.trim().is_empty() && self.days.trim().is_empty() {
            return Some(None);
        }
        let (mails, days) = (self.mails.trim().parse().ok()?, self.days.trim().parse().ok()?);
        Some(FrequencyCap { mails, days }).filter(|cap| cap.is_sound()).map(Some)
    }

    /// The rules, or the key of what is wrong.
    fn rules(&self) -> Result<HouseRules, &'static str> {
        let of = match self.demand.as_str() {
            "everybody" => DemandOf::Everybody,
            "since" => {
                DemandOf::Since(read_day(self.since.trim()).map(start_of).ok_or("limits-since-wrong")?)
            }
            _ => DemandOf::Nobody,
        };
        let mut bases: Vec<ConsentBasis> = ConsentBasis::ALL
            .into_iter()
            .filter(|basis| self.basis.iter().any(|one| one == basis.name()))
            .collect();
        match of {
            // Nothing hangs on them then.
            DemandOf::Nobody if bases.is_empty() => bases = HouseRules::default().consent.bases,
            _ if bases.is_empty() => return Err("limits-basis-missing"),
            _ => {}
        }
        let duplicates = Duplicates::from_name(&self.duplicates).unwrap_or_default();
        Ok(HouseRules { duplicates, consent: ConsentDemand { of, bases } })
    }
}

/// Of whom consent is wanted, as one sentence.
pub(super) fn demand_words(say: Say, demand: &ConsentDemand) -> String {
    match demand.of {
        DemandOf::Nobody => t!(say, "demand-nobody-now"),
        DemandOf::Since(at) => t!(say, "demand-since-now", day = written(day_of(at))),
        DemandOf::Everybody => t!(say, "demand-everybody-now"),
    }
}

/// `GET /broadcasts/limits`.
pub(crate) async fn show(Owner(visit): Owner) -> Answer {
    let store = &visit.house.broadcasts;
    let entry = Entry::of(store.frequency_cap().await?, &store.house_rules().await?);
    page(&visit, &entry, None)
}

/// `POST /broadcasts/limits`.
pub(crate) async fn save(Owner(visit): Owner, Form(entry): Form<Entry>) -> Answer {
    let (cap, rules) = match (entry.cap(), entry.rules()) {
        (Some(cap), Ok(rules)) => (cap, rules),
        (None, _) => {
            let wrong = t!(visit.say, "limits-wrong", max = FrequencyCap::MAX);
            return page(&visit, &entry, Some(&wrong));
        }
        (_, Err(key)) => return page(&visit, &entry, Some(&visit.say.with(key, None))),
    };
    let store = &visit.house.broadcasts;
    if store.frequency_cap().await? != cap {
        store.set_frequency_cap(cap, visit.actor(), visit.now()).await?;
    }
    if store.house_rules().await? != rules {
        store.set_house_rules(&rules, visit.actor(), visit.now()).await?;
    }
    Ok(flash::done("/broadcasts/limits", "audience-limits-saved").into_response())
}

fn page(visit: &Visit, entry: &Entry, wrong: Option<&str>) -> Answer {
    let say = visit.say;
    let field = |name, label: &str, value: &str| {
        Field { name, label, value, kind: "number", ..Field::default() }.input()
    };
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (t!(say, "audience-limits-title")) }
        p.lead { (t!(say, "audience-limits-lead")) }
        form method="post" action="/broadcasts/limits" {
            (visit.token_field())
            @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
            div.card {
                h2 { (t!(say, "limits-cap")) }
                p.hint { (t!(say, "limits-cap-what")) }
                (field("mails", &t!(say, "limits-mails"), &entry.mails))
                (field("days", &t!(say, "limits-days"), &entry.days))
                p.hint { (t!(say, "limits-hint")) }
            }
            (duplicates(say, entry))
            (demand(say, entry))
            div.card {
                h2 { (t!(say, "suppressions-title")) }
                p { (t!(say, "suppressions-lead")) " " a href="/suppressions" { (t!(say, "suppressions-open")) } }
            }
            div.actions { button.btn.primary type="submit" { (t!(say, "audience-limits-save")) } }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, visit.page(&t!(say, "audience-limits-title"), &body)).into_response())
}

fn radio(name: &str, value: &str, chosen: bool, words: &str, what: &str) -> Markup {
    html! {
        label.check {
            input type="radio" name=(name) value=(value) checked[chosen];
            span { b { (words) } br; span.sub { (what) } }
        }
    }
}

fn duplicates(say: Say, entry: &Entry) -> Markup {
    html! {
        div.card {
            h2 { (t!(say, "audience-duplicates")) }
            p.hint { (t!(say, "limits-duplicates-what")) }
            @for way in Duplicates::ALL {
                (radio("duplicates", way.name(), way.name() == entry.duplicates,
                    &say.with(&format!("duplicates-{}", way.name()), None),
                    &say.with(&format!("duplicates-what-{}", way.name()), None)))
            }
        }
    }
}

/// Of whom consent must be on record, what the law says, and which bases are enough.
fn demand(say: Say, entry: &Entry) -> Markup {
    let is = |name: &str| entry.demand == name;
    html! {
        div.card {
            h2 { (t!(say, "demand-title")) }
            p { (t!(say, "demand-lead")) }
            (radio("demand", "nobody", is("nobody"), &t!(say, "demand-nobody"), &t!(say, "demand-nobody-what")))
            (radio("demand", "since", is("since"), &t!(say, "demand-since"), &t!(say, "demand-since-what")))
            div.under {
                input.day type="date" name="since" value=(entry.since) aria-label=(t!(say, "demand-since"));
            }
            (radio("demand", "everybody", is("everybody"), &t!(say, "demand-everybody"), &t!(say, "demand-everybody-what")))
            h3 { (t!(say, "demand-bases")) }
            @for basis in ConsentBasis::ALL {
                label.check {
                    input type="checkbox" name="basis" value=(basis.name())
                        checked[entry.basis.iter().any(|one| one == basis.name())];
                    span {
                        (said(say, &value_name(Kind::Consent, Test::Given, basis.name())))
                        br;
                        span.sub { (say.with(&format!("demand-basis-{}", basis.name()), None)) }
                    }
                }
            }
            p.hint { (t!(say, "demand-segment")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Entry {
        serde_html_form::from_str(form).unwrap()
    }

    #[test]
    fn what_is_typed_is_read() {
        let check =
            |form: &str, of: DemandOf| assert_eq!(read(form).rules().unwrap().consent.of, of, "{form}");
        check("basis=consent", DemandOf::Nobody);
        check("demand=everybody&basis=consent&basis=written", DemandOf::Everybody);
        check(
            "demand=since&since=2026-04-01&basis=consent",
            DemandOf::Since(start_of(read_day("2026-04-01").unwrap())),
        );
        assert_eq!(read("demand=since&since=soon&basis=consent").rules(), Err("limits-since-wrong"));
        assert_eq!(read("demand=everybody").rules(), Err("limits-basis-missing"));
        assert_eq!(read("mails=1&days=").cap(), None);
        assert_eq!(read("mails=3&days=7").cap(), Some(Some(FrequencyCap { mails: 3, days: 7 })));
        assert_eq!(read("").cap(), Some(None));
    }

    #[test]
    fn what_is_kept_is_shown_and_comes_back() {
        for of in [DemandOf::Nobody, DemandOf::Since(start_of(20_000)), DemandOf::Everybody] {
            for duplicates in Duplicates::ALL {
                let rules = HouseRules {
                    duplicates,
                    consent: ConsentDemand { of, bases: vec![ConsentBasis::Written] },
                };
                assert_eq!(Entry::of(None, &rules).rules(), Ok(rules));
            }
        }
    }
}
