//! Which kind of mail leaves by which pool of sources.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::IntoResponse;
use delivery::{
    recipient::Lane,
    source::{DEFAULT_POOL, LanePools, Source},
};
use maud::{Markup, html};

use crate::{
    form::Form,
    parts::{field::Field, flash},
    problem::Answer,
    say::{Say, t},
    visit::{Owner, Visit},
};

/// Every pool that has a source or is chosen somewhere.
pub(super) fn names<'a>(sources: &'a [Source], lanes: &'a LanePools) -> BTreeSet<&'a str> {
    let of_sources = sources.iter().map(|source| source.draft.pool.as_str());
    of_sources.chain(lanes.0.iter().map(|(_, pool)| pool.as_str())).chain([DEFAULT_POOL]).collect()
}

fn lane_name(say: Say, lane: Lane) -> String {
    say.with(&format!("source-lane-{}", lane.name().replace('_', "-")), None)
}

/// The form.
pub(super) fn card(visit: &Visit, sources: &[Source], lanes: &LanePools) -> Markup {
    let say = visit.say;
    let known = names(sources, lanes);
    let awake = |pool: &str| sources.iter().any(|source| source.draft.enabled && source.draft.pool == pool);
    let choices: Vec<(String, String)> = known
        .iter()
        .map(|pool| {
            let words = match (awake(pool), *pool == DEFAULT_POOL) {
                (true, true) => t!(say, "source-pool-usual", pool = *pool),
                (true, false) => (*pool).to_owned(),
                (false, _) => t!(say, "source-pool-empty", pool = *pool),
            };
            ((*pool).to_owned(), words)
        })
        .collect();
    html! {
        form.card method="post" action="/sources/pools" {
            (visit.token_field())
            h2 { (t!(say, "source-pools")) }
            p { (t!(say, "source-pools-what")) }
            @for lane in Lane::ALL {
                @if !awake(lanes.of(*lane)) {
                    p.wrong { (t!(say, "source-pool-nobody", lane = lane_name(say, *lane), pool = lanes.of(*lane))) }
                }
            }
            div.columns {
                @for lane in Lane::ALL {
                    (Field { name: lane.name(), label: &lane_name(say, *lane), value: lanes.of(*lane), ..Field::default() }.select(&choices))
                }
            }
            div.actions { button.btn type="submit" { (t!(say, "source-pools-save")) } }
        }
    }
}

/// `POST /sources/pools`.
pub(crate) async fn save(Owner(visit): Owner, Form(typed): Form<BTreeMap<String, String>>) -> Answer {
    let sources = visit.house.sources.sources().await?;
    let lanes = visit.house.sources.lane_pools().await?;
    let known = names(&sources, &lanes);
    let chosen = Lane::ALL.iter().filter_map(|lane| {
        let pool = typed.get(lane.name()).filter(|pool| known.contains(pool.as_str()))?;
        (pool != DEFAULT_POOL).then(|| (*lane, pool.clone()))
    });
    let pools = LanePools(chosen.collect());
    visit.house.sources.set_lane_pools(&pools, visit.actor(), visit.now()).await?;
    Ok(flash::done("/sources", "source-pools-saved").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_has_words() {
        for lane in Lane::ALL {
            let key = format!("source-lane-{}", lane.name().replace('_', "-"));
            assert!(Say::default().find(&key, None).is_some(), "{key}");
        }
    }
}
