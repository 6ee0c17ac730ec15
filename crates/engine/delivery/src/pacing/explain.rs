//! Says in words and numbers why something waits and how long it will take; the page and the command line both ask here.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    facts::FlowFacts,
    flow::{Wait, Waits},
    hours::BroadcastPace,
    limits::{Limits, Rate},
    pack::pack,
    rulebook::Rulebook,
    store::{Change, Hold, Queued, ShardCount, Told},
};
use crate::source::choose::{self, WaitFor};

/// One sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

static SENTENCES: LazyLock<HashMap<String, Words>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../data/waits.toml"))
        .expect("waits.toml is part of the program and checked by a test")
});

fn words(key: &str, values: &[(&str, String)]) -> Words {
    let Some(found) = SENTENCES.get(key) else { return Words { ja: key.to_owned(), en: key.to_owned() } };
    let fill = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    };
    Words { ja: fill(&found.ja), en: fill(&found.en) }
}

/// Why something waits, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// A short name of it, the same in every version.
    pub name: &'static str,
    /// In words.
    pub words: Words,
    /// Until when, where that is known.
    pub until: Option<i64>,
    /// The hold that stops it.
    pub hold: Option<i64>,
}

impl Why {
    fn new(name: &'static str, values: &[(&str, String)], until: Option<i64>) -> Self {
        Self { name, words: words(name, values), until, hold: None }
    }
}

/// What a flow waits for.
#[must_use]
pub fn of_wait(wait: &Wait, limits: Option<&Limits>) -> Why {
    let limit = |text: Option<String>| vec![("limit", text.unwrap_or_default())];
    let (name, values) = match &wait.waits {
        Waits::Rate => ("rate", limit(limits.map(|limits| limits.rate.value.to_string()))),
        Waits::ConnectRate => {
            ("connect_rate", limit(limits.map(|limits| limits.connect_rate.value.to_string())))
        }
        Waits::Connections => {
            ("connections", limit(limits.map(|limits| limits.connections.value.to_string())))
        }
        Waits::AllConnections => ("all_connections", Vec::new()),
        Waits::HourStart => ("hour_start", Vec::new()),
        Waits::Unreachable { failures, .. } => ("unreachable", vec![("failures", failures.to_string())]),
        Waits::Held { .. } => ("held", Vec::new()),
    };
    let hold = match wait.waits {
        Waits::Held { hold } => Some(hold),
        _ => None,
    };
    Why { hold, ..Why::new(name, &values, wait.until) }
}

fn of_source(wait: &choose::Wait, book: &Rulebook) -> Why {
    match &wait.why {
        WaitFor::NoSource { .. } => Why::new("no_source", &[], Some(wait.until)),
        WaitFor::Resting { reason } => {
            Why::new("source_rests", &[("reason", reason.clone())], Some(wait.until))
        }
        WaitFor::Limit { most, .. } => {
            Why::new("source_limit", &[("most", most.to_string())], Some(wait.until))
        }
        WaitFor::Servers { group, wait: servers } => {
            let limits = book.limits(group);
            Why { until: Some(wait.until), ..of_wait(servers, Some(&limits)) }
        }
    }
}

/// Why one row waits.
#[must_use]
pub fn of_row(row: &Queued, told: &[Told], pace: Option<&BroadcastPace>, book: &Rulebook, now: i64) -> Why {
    if row.paused {
        return Why::new("paused", &[], None);
    }
    if row.node.is_some() {
        // It may be in memory behind a limit of its flow.
        let flow = flow_of(told, &row.shard).filter(|flow| flow.ready.iter().sum::<usize>() > 0);
        let wait = flow.and_then(|flow| Some(of_wait(flow.wait.as_ref()?, Some(&flow.limits))));
        return wait.unwrap_or_else(|| Why::new("in_hand", &[], None));
    }
    if let Some(wait) = &row.waits {
        return of_source(wait, book);
    }
    if row.due_at > now {
        return Why::new("retry", &[], Some(row.due_at));
    }
    if let Some((pace, until)) = pace.and_then(|pace| Some((pace, pace.opens_at(now)?))) {
        let hours = pace.hours_in_force().map(|hours| hours.to_string()).unwrap_or_default();
        return Why::new("hours", &[("hours", hours)], Some(until));
    }
    let flow =
        flow_of(told, &row.shard).and_then(|flow| Some(of_wait(flow.wait.as_ref()?, Some(&flow.limits))));
    flow.unwrap_or_else(|| Why::new("due", &[], None))
}

/// What was stopped for a shard as a whole: that is known before anything is tried there.
#[must_use]
pub fn of_holds(holds: &[Hold], shard: &str, now: i64) -> Option<Why> {
    let stops = holds.iter().filter(|hold| {
        hold.change == Change::Stop
            && hold.source.is_none()
            && hold.group.as_deref().is_none_or(|group| group == shard)
            && hold.is_in_force(now)
    });
    let longest = stops.max_by_key(|hold| hold.until.unwrap_or(i64::MAX))?;
    Some(of_wait(&Wait { waits: Waits::Held { hold: longest.id }, until: longest.until }, None))
}

/// The flow that a shard's rows are in, where its group has the shard's name: the fullest of them.
#[must_use]
pub fn flow_of<'a>(told: &'a [Told], shard: &str) -> Option<&'a FlowFacts> {
    let all = told.iter().flat_map(|told| &told.flows);
    all.filter(|flow| flow.group == shard || flow.shards.iter().any(|known| known == shard))
        .max_by_key(|flow| flow.ready.iter().sum::<usize>())
}

/// The most a flow can send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ceiling {
    /// Messages an hour; `None` without limit.
    pub per_hour: Option<f64>,
    /// Which limit that is.
    pub by: Words,
}

/// The most that limits let through in an hour, and which of them it is.
#[must_use]
pub fn ceiling(limits: &Limits) -> Ceiling {
    let by_rate = limits.rate.value.per_hour();
    let by_connections = match limits.connect_rate.value {
        Rate::None => None,
        rate => rate.per_hour().map(|connections| connections * f64::from(limits.per_connection())),
    };
    match (by_rate, by_connections) {
        (None, None) => Ceiling { per_hour: None, by: words("ceiling_none", &[]) },
        (rate, Some(connections)) if rate.is_none_or(|rate| connections < rate) => {
            Ceiling { per_hour: Some(connections), by: words("ceiling_connect_rate", &[]) }
        }
        (rate, _) => Ceiling { per_hour: rate, by: words("ceiling_rate", &[]) },
    }
}

/// When a broadcast's rows will be through, if nothing is refused: the slowest shard decides, or its own rate; hours in
/// which nothing leaves are added. `None` where no limit and no measurement tells.
#[must_use]
pub fn finish_at(
    shards: &[ShardCount],
    told: &[Told],
    pace: Option<&BroadcastPace>,
    book: &Rulebook,
    now: i64,
) -> Option<i64> {
    let total: u64 = shards.iter().map(|shard| shard.rows).sum();
    let by_rate = pace.and_then(|pace| pace.rate?.per_hour()).map(|rate| total as f64 / rate);
    let slowest = shards.iter().filter_map(|shard| {
        let flow = flow_of(told, &shard.shard);
        let measured = flow.map(|flow| f64::from(flow.per_minute) * 60.0).filter(|rate| *rate > 0.0);
        let most = ceiling(&book.limits(flow.map_or(&shard.shard, |flow| &flow.group))).per_hour;
        let per_hour = match (measured, most) {
            (Some(measured), Some(most)) => measured.min(most),
            (one, other) => one.or(other)?,
        };
        Some(shard.rows as f64 / per_hour)
    });
    let hours = slowest.chain(by_rate).reduce(f64::max)?;
    let working_ms = (hours * 3_600_000.0) as i64;
    let Some(pace) = pace else { return Some(now + working_ms) };
    let opens = pace.opens_at(now).unwrap_or(now);
    let open_ms = pace.hours_in_force().map_or(86_400_000, |hours| hours.open_ms()).max(60_000);
    // Whole days are reckoned by their open hours; the rest within one.
    Some(opens + working_ms / open_ms * 86_400_000 + working_ms % open_ms)
}

/// The name of a group or shard for people, in Japanese and English.
#[must_use]
pub fn name_of(shard: &str) -> Words {
    let known = pack().group(shard).map(|group| group.names());
    let (ja, en) = known.unwrap_or((shard, shard));
    Words { ja: ja.to_owned(), en: en.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Queued {
        Queued {
            id: 1,
            broadcast_id: 1,
            lane: 3,
            shard: "docomo".to_owned(),
            due_at: 0,
            expires_at: 9_000,
            node: None,
            paused: false,
            waits: None,
        }
    }

    fn check(row: &Queued, expected: &str) {
        let why = of_row(row, &[], None, &Rulebook::default(), 1_000);
        assert_eq!(why.name, expected);
        assert!(!why.words.ja.contains('{') && !why.words.en.contains('{'), "{:?}", why.words);
    }

    #[test]
    fn rows() {
        check(&row(), "due");
        check(&Queued { paused: true, ..row() }, "paused");
        check(&Queued { node: Some("n".to_owned()), ..row() }, "in_hand");
        check(&Queued { due_at: 2_000, ..row() }, "retry");
        let wait = Wait { waits: Waits::Held { hold: 7 }, until: None };
        let why = WaitFor::Servers { group: "docomo".to_owned(), wait };
        let held = Queued { waits: Some(choose::Wait { until: 9, source: None, why }), ..row() };
        check(&held, "held");
        assert_eq!(of_row(&held, &[], None, &Rulebook::default(), 1).hold, Some(7));
    }

    #[test]
    fn what_is_stopped_is_known_before_anything_is_tried() {
        let hold = |group: &str, source| Hold {
            id: 7,
            source,
            group: Some(group.to_owned()),
            change: Change::Stop,
            rule: String::new(),
            sample: String::new(),
            since_at: 0,
            until: None,
            made_by: Some(1),
            lifted_at: None,
            lifted_by: None,
        };
        let all = [hold("docomo", None), hold("gmail", Some(1))];
        assert_eq!(of_holds(&all, "docomo", 5).map(|why| why.name), Some("held"));
        assert_eq!(of_holds(&all, "gmail", 5), None, "another source may send there");
        assert_eq!(of_holds(&[Hold { lifted_at: Some(1), ..hold("docomo", None) }], "docomo", 5), None);
    }

    #[test]
    fn ceilings() {
        let per_hour = |group: &str| ceiling(&pack().limits(group)).per_hour;
        assert_eq!(per_hour("yahoojp"), Some(36_000.0));
        assert_eq!(per_hour("icloud"), Some(72_000.0));
        assert_eq!(per_hour("jcom"), Some(18_000.0));
    }

    #[test]
    fn the_slowest_provider_decides_the_end() {
        let shard = |name: &str, rows| ShardCount {
            shard: name.to_owned(),
            rows,
            due: rows,
            leased: 0,
            put_off: 0,
            paused: 0,
            next_at: None,
        };
        let shards = [shard("yahoojp", 36_000), shard("docomo", 36_000)];
        assert_eq!(finish_at(&shards, &[], None, &Rulebook::default(), 0), Some(3_600_000));
        let pace = BroadcastPace { rate: Rate::read("10000/h").ok(), ..BroadcastPace::default() };
        assert_eq!(finish_at(&shards, &[], Some(&pace), &Rulebook::default(), 0), Some(25_920_000));
    }
}
