//! The warm-up of a source: how much was planned and done on which day, and the buttons that hold it or skip on.

use axum::{extract::Path, response::IntoResponse};
use delivery::source::{
    Source,
    counts::{HourCount, day_of, first_hour, hour_of},
    warm_up::{self, Curve, DayResult, Stage, WarmUp},
};
use doctor::source_care::day_result;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    curve,
    show::{date, find},
};
use crate::{
    form::Form,
    links,
    parts::flash,
    parts::source as words,
    problem::{Answer, Problem},
    say::{Say, grouped, t},
    visit::{Owner, Visit},
};

/// Days shown of what was done.
const DAYS_BACK: i64 = 14;
/// Days shown of what comes.
const DAYS_AHEAD: u32 = 14;

/// One day of a group.
pub(super) struct Day {
    pub(super) day: i64,
    /// What may go; `None` before the plan, and after its end.
    pub(super) planned: Option<u64>,
    /// What went; `None` for days that come.
    pub(super) done: Option<u64>,
}

/// `GET /sources/{id}/warm-up`.
pub(crate) async fn show(Owner(visit): Owner, Path(id): Path<i64>) -> Answer {
    let (say, now) = (visit.say, visit.now());
    let source = find(&visit, id).await?;
    let curve =
        source.draft.curve.as_ref().and_then(|(id, _)| warm_up::curve(id)).ok_or(Problem::NotFound)?;
    let today = day_of(hour_of(now));
    let counted = visit.house.sources.source_counts(first_hour(today - DAYS_BACK)).await?;
    let title = t!(say, "warm-up-title", source = words::name(say, &source));
    let (version, origins) = warm_up::origin();
    let body = html! {
        p { a href="/sources" { (t!(say, "frame-sources")) } " / " (words::link(say, &source)) }
        h1 { (title) }
        p.lead { (say.pick(&curve.ja, &curve.en)) }
        p { (t!(say, "warm-up-what", share = curve.hour_percent)) }
        @for state in &source.warm_ups { (group(&visit, &source, (curve, state), &counted, today)) }
        details {
            summary { (t!(say, "warm-up-origin", version = version)) }
            ul { @for line in origins { li.fine { (line) } } }
        }
    };
    Ok(visit.page(&title, &body).into_response())
}

fn group(
    visit: &Visit,
    source: &Source,
    (curve, state): (&Curve, &WarmUp),
    counted: &[HourCount],
    today: i64,
) -> Markup {
    let say = visit.say;
    let days = days(source, (curve, state), counted, today);
    let seen = day_result(counted, source.id, curve, (&state.group, today));
    let amount = curve.amount(&state.group, state.step).filter(|_| state.stage != Stage::Done);
    html! {
        div.card id={ "group-" (state.group) } {
            h2 { (group_name(say, &state.group)) " " (chip(say, state)) }
            p { (standing(say, state, amount, seen)) }
            (curve::picture(say, &days, today))
            details {
                summary { (t!(say, "warm-up-table")) }
                table {
                    thead { tr {
                        th { (t!(say, "source-day")) }
                        th.num { (t!(say, "warm-up-planned")) }
                        th.num { (t!(say, "warm-up-done")) }
                    } }
                    tbody { @for day in &days {
                        tr {
                            td { (date(day.day)) @if day.day == today { " " b { (t!(say, "warm-up-today")) } } }
                            td.num { @if let Some(n) = day.planned { (grouped(n)) } @else { "–" } }
                            td.num { @if let Some(n) = day.done { (grouped(n)) } }
                        }
                    } }
                }
            }
            (buttons(visit, source, state))
        }
    }
}

/// What was done, what holds today, and what comes when nothing stands in the way. Earlier plans are not kept; what was
/// done then is.
fn days(source: &Source, (curve, state): (&Curve, &WarmUp), counted: &[HourCount], today: i64) -> Vec<Day> {
    let past = (today - DAYS_BACK + 1..=today).map(|day| {
        let seen = day_result(counted, source.id, curve, (&state.group, day));
        let done = seen.accepted + seen.deferred + seen.refused;
        let back = u32::try_from(state.day - day).ok().and_then(|ago| state.step.checked_sub(ago));
        let step = if day >= state.day { Some(state.step) } else { back };
        let planned =
            step.filter(|_| state.stage != Stage::Done).and_then(|step| curve.amount(&state.group, step));
        Day { day, planned, done: Some(done) }
    });
    let mut days: Vec<Day> = past.skip_while(|day| day.done == Some(0) && day.day < today).collect();
    if state.stage == Stage::Done {
        return days;
    }
    for ahead in 1..=DAYS_AHEAD {
        let Some(planned) = curve.amount(&state.group, state.step + ahead) else { break };
        days.push(Day { day: today + i64::from(ahead), planned: Some(planned), done: None });
    }
    days
}

fn group_name(say: Say, group: &str) -> String {
    say.with(&format!("warm-up-group-{group}"), None)
}

fn chip(say: Say, state: &WarmUp) -> Markup {
    let (class, words) = match state.stage {
        Stage::Running => ("deferred", t!(say, "warm-up-running")),
        Stage::Held | Stage::HeldByHand => ("doubtful", t!(say, "warm-up-held")),
        Stage::Done => ("evidenced", t!(say, "warm-up-finished")),
    };
    html! { span class={ "chip " (class) } { (words) } }
}

fn standing(say: Say, state: &WarmUp, amount: Option<u64>, seen: DayResult) -> String {
    let done = grouped(seen.accepted + seen.deferred + seen.refused);
    let amount = grouped(amount.unwrap_or_default());
    match state.stage {
        Stage::Running => t!(say, "warm-up-stands", day = state.step + 1, amount = amount, done = done),
        Stage::Held => {
            let (what, figures) = state.why.split_once(' ').unwrap_or(("deferred", ""));
            let why = say.with(&format!("warm-up-why-{what}"), None);
            t!(say, "warm-up-stands-held", why = why, figures = figures, amount = amount)
        }
        Stage::HeldByHand => t!(say, "warm-up-stands-by-hand", amount = amount, done = done),
        Stage::Done => t!(say, "warm-up-stands-done"),
    }
}

fn buttons(visit: &Visit, source: &Source, state: &WarmUp) -> Markup {
    let say = visit.say;
    let button = |act: &str, key: &str, class: &str| {
        html! {
            form method="post" action={ (links::source(source.id)) "/warm-up" } {
                (visit.token_field())
                input type="hidden" name="group" value=(state.group);
                input type="hidden" name="act" value=(act);
                button class=(class) type="submit" { (say.with(key, None)) }
            }
        }
    };
    html! {
        @if state.stage != Stage::Done {
            div.actions {
                @if state.stage == Stage::Running { (button("hold", "warm-up-hold", "btn")) }
                @else { (button("go", "warm-up-go", "btn primary")) }
                (button("next", "warm-up-next", "btn"))
                (button("finish", "warm-up-finish", "btn"))
            }
        }
    }
}

/// What an owner decides about a group.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Decision {
    group: String,
    act: String,
}

/// `POST /sources/{id}/warm-up`.
pub(crate) async fn act(Owner(visit): Owner, Path(id): Path<i64>, Form(decision): Form<Decision>) -> Answer {
    let now = visit.now();
    let source = find(&visit, id).await?;
    let curve =
        source.draft.curve.as_ref().and_then(|(id, _)| warm_up::curve(id)).ok_or(Problem::NotFound)?;
    let state =
        source.warm_ups.iter().find(|state| state.group == decision.group).ok_or(Problem::NotFound)?;
    let mut next = WarmUp { why: String::new(), day: day_of(hour_of(now)), ..state.clone() };
    match decision.act.as_str() {
        "hold" => next.stage = Stage::HeldByHand,
        "go" => next.stage = Stage::Running,
        "finish" => next.stage = Stage::Done,
        _ => {
            next.step += 1;
            next.stage =
                if curve.amount(&next.group, next.step).is_some() { Stage::Running } else { Stage::Done };
        }
    }
    visit.house.sources.save_warm_up(id, &next, visit.actor(), now).await?;
    Ok(flash::done(&format!("{}/warm-up", links::source(id)), "warm-up-changed").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_words() {
        let say = Say::default();
        for group in warm_up::curves().iter().flat_map(|curve| &curve.group) {
            assert!(say.find(&format!("warm-up-group-{}", group.id), None).is_some(), "{}", group.id);
        }
        for why in ["deferred", "complained"] {
            assert!(say.find(&format!("warm-up-why-{why}"), None).is_some(), "{why}");
        }
    }

    #[test]
    fn the_plan_goes_on_from_today() {
        let curve = &warm_up::curves()[0];
        let source = Source::new(1, delivery::source::SourceDraft::default());
        let state = WarmUp { step: 2, ..curve.begin(100)[0].clone() };
        let days = days(&source, (curve, &state), &[], 100);
        assert_eq!((days[0].day, days[0].planned), (100, curve.amount(&state.group, 2)));
        assert_eq!(days[1].planned, curve.amount(&state.group, 3));
        assert_eq!((days[1].done, days.len()), (None, 15));
    }
}
