//! The first page of the day: what needs somebody now, what was sent, how the latest broadcasts went.

use axum::response::IntoResponse;
use maud::{Markup, html};

use super::{activity, begin, matters};
use crate::{
    parts::time,
    problem::Answer,
    say::{Say, t},
    visit::Visit,
};

/// Groups of the desk that are looked at; more than that is one more card that leads to the desk.
const GROUPS_MAX: u64 = 200;

/// `GET /`.
pub(crate) async fn show(visit: Visit) -> Answer {
    let (say, now) = (visit.say, visit.now());
    let matters = matters::of(visit.house.desk.groups(GROUPS_MAX).await?);
    let body = html! {
        h1 { (greeting(say, now)) " " (headline(say, matters.len())) }
        p.lead { (t!(say, "home-as-of", at = time::said(say, now, now))) }
        div.row.two {
            div {
                (begin::steps(&visit).await?)
                (matters::cards(say, &matters))
            }
            div {
                (activity::last_day(&visit).await?)
                (activity::recent_broadcasts(&visit).await?)
            }
        }
    };
    Ok(visit.page(&t!(say, "frame-home"), &body).into_response())
}

fn greeting(say: Say, now: i64) -> String {
    match time::hour(now) {
        5..=10 => t!(say, "home-morning"),
        11..=17 => t!(say, "home-day"),
        _ => t!(say, "home-evening"),
    }
}

fn headline(say: Say, matters: usize) -> Markup {
    html! {
        @if matters == 0 { (t!(say, "home-nothing")) } @else { (t!(say, "home-matters", n = matters)) }
    }
}
