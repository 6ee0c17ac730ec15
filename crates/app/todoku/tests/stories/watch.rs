//! Story: a monitoring system asks how it goes; the log tells each attempt, and no address unless it may.

use std::{net::TcpStream, time::Duration};

use delivery::recipient::State;
use serde_json::Value;
use testkit::SimulatorConfig;

use crate::stage::{
    Browser, Settings, Stage, add_contacts, add_domain, rows, start_broadcast, wait_for, wait_until,
};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn numbers_readiness_and_lines_for_machines() {
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let free = testkit::port::free().expect("a free port");
    let more = format!("listen_metrics = \"{free}\"\nlog = {{ json = true, attempts = \"all\" }}");
    stage.configure(&stage.node, &more);
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    add_contacts(&store, &["ok-hanako@docomo.ne.jp", "unknown-taro@docomo.ne.jp"].map(str::to_owned)).await;
    let _program = stage.serve();
    wait_for("the door of monitoring", SOON, || TcpStream::connect(free).is_ok());
    let mut monitor = Browser::new(free);
    wait_until("readiness", SOON, async || monitor.get("/readyz").status == 200).await;
    assert_eq!(monitor.get("/healthz").body, "ok\n");
    assert_eq!(stage.node.browser().get("/readyz").body, "ready\n");
    assert_eq!(stage.node.browser().get("/metrics").status, 404, "not at the door of the pages");

    let broadcast = start_broadcast(&store, 60_000).await;
    wait_until("both", SOON, async || {
        let all = rows(&store, broadcast).await;
        all.len() == 2 && all.iter().all(|row| matches!(row.state, State::Accepted | State::Refused))
    })
    .await;
    let page = monitor.get("/metrics");
    page.says(&[
        "# TYPE todoku_attempts_total counter\n",
        "provider=\"docomo\",outcome=\"accepted\",reason=\"\"} 1\n",
        "provider=\"docomo\",outcome=\"refused\",reason=\"userunknown\"} 1\n",
        "todoku_connections_total{source=",
        "todoku_commit_seconds_bucket{work=\"outcomes\",le=\"+Inf\"}",
        "todoku_reactions_lag_seconds ",
        "todoku_queue_rows",
        "todoku_ready 1\n",
        "todoku_handed_over_total 1\n",
    ]);

    let log = std::fs::read_to_string(stage.node.config.with_extension("log")).expect("the log");
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let refused = lines.iter().find(|line| line["state"] == "refused").expect("a line of the refusal");
    let row =
        rows(&store, broadcast).await.into_iter().find(|row| row.state == State::Refused).expect("a row");
    let told = [&refused["recipient"], &refused["broadcast"], &refused["reply_code"]].map(Value::as_i64);
    assert_eq!(told, [Some(row.id), Some(broadcast), Some(550)], "{refused}");
    let told = ["reason", "site", "stage"].map(|field| refused[field].as_str().unwrap_or_default());
    assert_eq!(told, ["userunknown", "docomo", "rcpt"], "{refused}");
    assert!(!log.contains("taro@") && !log.contains("hanako@"), "no address that was not asked for: {log}");
}
