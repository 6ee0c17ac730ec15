//! What a monitoring system asks: numbers in Prometheus' text form, whether the process lives, whether it works.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use delivery::{
    health::Health,
    metrics::{Family, QueueNumber, QueueNumbers, Sample},
};
use evidence::ports::EventLog;
use tokio::sync::Mutex;

use crate::app::{Clock, House};

/// How long the numbers of the queue are used before it is counted again, milliseconds.
const FRESH_MS: i64 = 5_000;
/// The type of Prometheus' text form.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the answers are made of.
pub struct Watch {
    /// How the loops are.
    pub health: Arc<Health>,
    /// The queue.
    pub queue: Arc<dyn QueueNumbers>,
    /// The event log, and whose cursor in it shows how far reactions are.
    pub events: (Arc<dyn EventLog>, &'static str),
    /// Now.
    pub clock: Clock,
    /// Who asks for numbers must show it as a bearer token; empty for nobody needs to.
    pub token: String,
}

struct Kept {
    watch: Watch,
    /// When the store was asked, and what it gave.
    asked: Mutex<Option<(i64, Vec<Family>)>>,
}

/// `/metrics`, `/healthz` and `/readyz`, for a door of their own.
pub fn watch_router(watch: Watch) -> Router {
    let kept = Arc::new(Kept { watch, asked: Mutex::new(None) });
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(lives))
        .route(
            "/readyz",
            get(async |State(kept): State<Arc<Kept>>| ready(&kept.watch.health, (kept.watch.clock)())),
        )
        .with_state(kept)
}

/// `GET /healthz`: the process answers.
pub(crate) async fn lives() -> &'static str {
    "ok\n"
}

/// `GET /readyz` at the door of the pages.
pub(crate) async fn works(State(house): State<Arc<House>>) -> Response {
    ready(&house.health, house.now())
}

fn ready(health: &Health, now: i64) -> Response {
    match health.readiness(now) {
        Ok(()) => "ready\n".into_response(),
        Err(why) => {
            let line: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            (StatusCode::SERVICE_UNAVAILABLE, format!("{line}\n")).into_response()
        }
    }
}

async fn metrics(State(kept): State<Arc<Kept>>, headers: HeaderMap) -> Response {
    let watch = &kept.watch;
    if !may_ask(&watch.token, &headers) {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], "\n").into_response();
    }
    let now = (watch.clock)();
    let mut families = watch.health.metrics.families();
    families.extend(of_health(&watch.health, now));
    families.extend(kept.of_store(now).await);
    ([(header::CONTENT_TYPE, TEXT)], written(&families)).into_response()
}

/// Compares every byte, however early one differs.
fn may_ask(token: &str, headers: &HeaderMap) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let same = shown.bytes().zip(token.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0;
    token.is_empty() || (shown.len() == token.len() && same)
}

impl Kept {
    /// What only the store knows; without it the numbers are missing, and the gauges of trouble say why.
    async fn of_store(&self, now: i64) -> Vec<Family> {
        let mut asked = self.asked.lock().await;
        if let Some((at, families)) = asked.as_ref()
            && (now - at).abs() < FRESH_MS
        {
            return families.clone();
        }
        let (log, reader) = &self.watch.events;
        let mut families = Vec::new();
        if let Ok(rows) = self.watch.queue.queue_numbers().await {
            families.extend(of_queue(&rows, now));
        }
        if let Ok(unread) = log.unread(reader, 1).await {
            let lag_ms = unread.first().map_or(0, |event| (now - event.at).max(0));
            families.push(gauge(
                "todoku_reactions_lag_seconds",
                "Age of the oldest event without its reaction.",
                seconds(lag_ms),
            ));
        }
        *asked = Some((now, families.clone()));
        families
    }
}

fn of_health(health: &Health, now: i64) -> Vec<Family> {
    let waits = health.troubles();
    let trouble = waits.iter().map(|(work, _)| Sample::of(vec![("work", work.name().to_owned())], 1.0));
    let ready = f64::from(u8::from(health.readiness(now).is_ok()));
    vec![
        gauge("todoku_ready", "1 while work is taken and done.", ready),
        Family {
            name: "todoku_store_trouble",
            kind: "gauge",
            help: "1 for each kind of work that waits because the store cannot be used.",
            samples: trouble.collect(),
        },
        Family {
            name: "todoku_handed_over_total",
            kind: "counter",
            help: "Messages taken by other servers since the start.",
            samples: vec![Sample::of(Vec::new(), health.handed_over() as f64)],
        },
    ]
}

fn of_queue(rows: &[QueueNumber], now: i64) -> Vec<Family> {
    let mut held: BTreeMap<_, u64> = BTreeMap::new();
    let mut due: BTreeMap<_, i64> = BTreeMap::new();
    for row in rows {
        let provider = provider_name(&row.site);
        *held.entry((row.lane.name(), row.phase, provider)).or_default() += row.rows;
        if row.phase == "ready" {
            let oldest = due.entry((row.lane.name(), provider)).or_insert(row.oldest_due_at);
            *oldest = row.oldest_due_at.min(*oldest);
        }
    }
    let labelled =
        |lane: &str, provider: &str| vec![("lane", lane.to_owned()), ("provider", provider.to_owned())];
    let held = held.into_iter().map(|((lane, phase, provider), rows)| {
        let mut labels = labelled(lane, provider);
        labels.push(("phase", phase.to_owned()));
        Sample::of(labels, rows as f64)
    });
    let due = due
        .into_iter()
        .map(|((lane, provider), at)| Sample::of(labelled(lane, provider), seconds((now - at).max(0))));
    vec![
        Family {
            name: "todoku_queue_rows",
            kind: "gauge",
            help: "Messages in the queue, by lane, phase and provider.",
            samples: held.collect(),
        },
        Family {
            name: "todoku_queue_oldest_due_seconds",
            kind: "gauge",
            help: "How long the message that is due longest has been due.",
            samples: due.collect(),
        },
    ]
}

/// A site is a domain, or what stands for all servers of a provider.
fn provider_name(site: &str) -> &'static str {
    let provider = addressing::provider_of(site).or_else(|| addressing::provider_by_id(site));
    provider.map_or("other", |provider| provider.id.as_str())
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Family {
    Family { name, kind: "gauge", help, samples: vec![Sample::of(Vec::new(), value)] }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// Prometheus' text form. <https://prometheus.io/docs/instrumenting/exposition_formats/>
fn written(families: &[Family]) -> String {
    let mut text = String::new();
    for family in families {
        let Family { name, kind, help, samples } = family;
        let _infallible = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for Sample { end, labels, value } in samples {
            let labels: Vec<String> =
                labels.iter().map(|(key, told)| format!("{key}=\"{}\"", escaped(told))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _infallible = writeln!(text, "{name}{end}{labels} {value}");
        }
    }
    text
}

fn escaped(told: &str) -> String {
    told.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form() {
        let labels = vec![("provider", "a\"b\\c\nd".to_owned())];
        let family =
            Family { name: "x_total", kind: "counter", help: "X.", samples: vec![Sample::of(labels, 2.0)] };
        let expected = "# HELP x_total X.\n# TYPE x_total counter\nx_total{provider=\"a\\\"b\\\\c\\nd\"} 2\n";
        assert_eq!(written(&[family,]), expected);
    }

    #[test]
    fn who_may_ask() {
        let check = |token: &str, shown: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            if !shown.is_empty() {
                headers.insert(header::AUTHORIZATION, shown.parse().unwrap());
            }
            assert_eq!(may_ask(token, &headers), expected, "{token} {shown}");
        };
        check("", "", true);
        check("secret", "", false);
        check("secret", "Bearer secret", true);
        check("secret", "Bearer secret2", false);
        check("secret", "Bearer secre", false);
        check("secret", "secret", false);
    }
}
