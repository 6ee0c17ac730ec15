//! Stories: mail leaves by several sources, each from its own address; limits, rests and lists are kept to.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use delivery::{
    ports::SourceStore,
    recipient::State,
    source::{Direct, FIRST_SOURCE, Quota, SourceDraft, SourceId, Way},
};
use evidence::ports::HistoryStore;
use testkit::SimulatorConfig;

use crate::stage::{
    Program, Settings, Stage, add_contacts, add_domain, now, rows, start_broadcast, wait_until,
};

const SOON: Duration = Duration::from_secs(60);
const DOMAIN: &str = "aozora.example";

/// What the customers' server saw: caller, HELO name.
type Seen = Arc<Mutex<BTreeMap<(String, String), u32>>>;

/// A server that takes everything and notes who calls from where and by which name.
fn watchful_server() -> (u16, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let noted = Arc::clone(&noted);
            thread::spawn(move || serve(stream, &noted));
        }
    });
    (port, seen)
}

fn serve(mut stream: TcpStream, seen: &Seen) -> Option<()> {
    let caller = stream.peer_addr().ok()?.ip().to_string();
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut helo = String::new();
    stream.write_all(b"220 mx ESMTP\r\n").ok()?;
    let (mut in_data, mut line) = (false, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end();
        let reply: &[u8] = match (in_data, text.split(' ').next().unwrap_or_default()) {
            (true, ".") => {
                in_data = false;
                *seen.lock().ok()?.entry((caller.clone(), helo.clone())).or_default() += 1;
                b"250 2.0.0 taken\r\n"
            }
            (true, _) => continue,
            (false, "EHLO") => {
                helo = text.split_once(' ')?.1.to_owned();
                b"250 mx\r\n"
            }
            (false, "DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => {
                stream.write_all(b"221 bye\r\n").ok()?;
                return None;
            }
            (false, _) => b"250 2.0.0 ok\r\n",
        };
        stream.write_all(reply).ok()?;
    }
}

/// The house before a watchful server, with so many customers there.
async fn house(customers: usize) -> (Stage, storage::Store, Seen) {
    let (port, seen) = watchful_server();
    let settings = Settings { mx_port: Some(port), ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    stage.add_owner();
    stage.world.dns.add(DOMAIN, "MX", &format!("10 mx.{DOMAIN}")).expect("published");
    stage.world.dns.add(&format!("mx.{DOMAIN}"), "A", "127.0.0.1").expect("published");
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let addresses: Vec<String> = (0..customers).map(|n| format!("c{n}@{DOMAIN}")).collect();
    add_contacts(&store, &addresses).await;
    (stage, store, seen)
}

fn bound(n: u8) -> SourceDraft {
    let direct = Direct {
        bind: vec![[127, 0, 0, n].into()],
        helo_name: format!("out{n}.todoku.example"),
        seen_as: Vec::new(),
    };
    SourceDraft { name: format!("口{n}"), way: Way::Direct(direct), ..SourceDraft::default() }
}

async fn save(store: &storage::Store, id: Option<SourceId>, draft: &SourceDraft) -> SourceId {
    store.save_source(id, draft, None, now()).await.expect("stored").expect("it is there")
}

async fn accepted(store: &storage::Store, broadcast: i64) -> usize {
    rows(store, broadcast).await.iter().filter(|row| row.state == State::Accepted).count()
}

fn count(seen: &Seen, caller: &str) -> u32 {
    let seen = seen.lock().expect("no panic");
    seen.iter().filter(|((from, _), _)| from == caller).map(|(_, n)| n).sum()
}

async fn all_taken(store: &storage::Store, broadcast: i64, people: usize) {
    wait_until("everything is taken", SOON, async || accepted(store, broadcast).await == people).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_speak_from_their_own_addresses() {
    let (stage, store, seen) = house(60).await;
    save(&store, Some(FIRST_SOURCE), &bound(2)).await;
    let second = save(&store, None, &bound(3)).await;
    let _program: Program = stage.serve();
    let broadcast = start_broadcast(&store, 60_000).await;
    all_taken(&store, broadcast, 60).await;
    let names: Vec<(String, String)> = seen.lock().expect("no panic").keys().cloned().collect();
    let pair = |n: u8| (format!("127.0.0.{n}"), format!("out{n}.todoku.example"));
    assert_eq!(names, [pair(2), pair(3)]);
    assert!(count(&seen, "127.0.0.2") > 10 && count(&seen, "127.0.0.3") > 10, "{seen:?}");

    // The record says which one it was, and so does the page.
    let mut by_second = 0;
    for row in rows(&store, broadcast).await {
        let story = store.message(row.id).await.expect("asked").expect("it exists");
        if story.attempts[0].source_id == second {
            by_second += 1;
            if by_second == 1 {
                stage.log_in().get(&format!("/messages/{}", row.id)).says(&[
                    "送信元: 口3",
                    "やり取りの記録",
                    "接続先: mx.aozora.example 127.0.0.1:",
                    "&gt; EHLO out3.todoku.example",
                    "&gt; MAIL FROM:&lt;b-",
                    "&gt; RCPT TO:&lt;c",
                    "&lt; 354 go on",
                    "&lt; 250 2.0.0 taken",
                ]);
            }
        }
    }
    assert_eq!(by_second, count(&seen, "127.0.0.3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_source_does_its_amount_and_the_rest_spills_over() {
    let (stage, store, seen) = house(150).await;
    save(&store, Some(FIRST_SOURCE), &bound(2)).await;
    let cold = SourceDraft { curve: Some(("careful".into(), now())), weight: 1_000, ..bound(3) };
    save(&store, None, &cold).await;
    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 60_000).await;
    all_taken(&store, broadcast, 150).await;
    // The first day of "others" is 50, and a quarter of it within an hour. An hour may end while this runs.
    let by_new = count(&seen, "127.0.0.3");
    assert!(by_new == 13 || by_new == 26, "{seen:?}");
    assert_eq!(by_new + count(&seen, "127.0.0.2"), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_stops_survives_a_crash_and_continues() {
    let (stage, store, seen) = house(40).await;
    let daily = |daily| SourceDraft { quota: Quota { daily: Some(daily), ..Quota::default() }, ..bound(2) };
    save(&store, Some(FIRST_SOURCE), &daily(15)).await;
    let mut program = stage.serve();
    let broadcast = start_broadcast(&store, 3 * 86_400_000).await;
    wait_until("the quota is used up", SOON, async || accepted(&store, broadcast).await == 15).await;
    let waits = async || {
        let mut waiting = 0;
        for row in rows(&store, broadcast).await.iter().filter(|row| row.state == State::Waiting) {
            let story = store.message(row.id).await.expect("asked").expect("it exists");
            waiting += usize::from(story.waits.is_some());
        }
        waiting
    };
    wait_until("the others say why they wait", SOON, async || waits().await == 25).await;
    let waiting =
        rows(&store, broadcast).await.into_iter().find(|row| row.state == State::Waiting).expect("one");
    stage.log_in().get(&format!("/messages/{}", waiting.id)).says(&["1日の上限(15通)に達したので"]);

    program.kill();
    let program = stage.serve();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(count(&seen, "127.0.0.2"), 15, "what was counted before the crash still counts");

    // A larger contract: what waits goes on at once.
    save(&store, Some(FIRST_SOURCE), &daily(1_000)).await;
    all_taken(&store, broadcast, 40).await;
    assert_eq!(count(&seen, "127.0.0.2"), 40);
    drop(program);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_source_rests_and_another_takes_over() {
    let (stage, store, seen) = house(30).await;
    let mut first = bound(2);
    let Way::Direct(direct) = &mut first.way else { panic!("direct") };
    direct.seen_as = vec!["198.51.100.7".parse().expect("an address")];
    save(&store, Some(FIRST_SOURCE), &first).await;
    save(&store, None, &bound(3)).await;
    stage.world.dns.add("7.100.51.198.zen.spamhaus.org", "A", "127.0.0.3").expect("published");
    let _program = stage.serve();
    let rest = async || store.source(FIRST_SOURCE).await.expect("asked").expect("it exists").rest;
    wait_until("it rests", SOON, async || rest().await.is_some_and(|rest| rest.reason == "listed")).await;
    assert!(rest().await.is_some_and(|rest| rest.sample.contains("zen.spamhaus.org")));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let broadcast = start_broadcast(&store, 60_000).await;
    all_taken(&store, broadcast, 30).await;
    assert_eq!((count(&seen, "127.0.0.2"), count(&seen, "127.0.0.3")), (0, 30));
    let mut browser = stage.log_in();
    browser.get("/sources/1").says(&["ブラックリストに載りました", "Spamhaus ZEN", "check.spamhaus.org"]);
    let said = stage.command(&["source", "list"], "").good();
    assert!(said.contains("resting (listed)"), "{said}");
    stage.command(&["source", "lift", "1"], "").good();
    assert!(rest().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_at_the_command_line() {
    let (stage, store, _seen) = house(1).await;
    let relay =
        ["source", "add", "さくら", "--host", "smtp.relay.example", "--login", "shop", "--preset", "gmail"];
    stage.command(&relay, "himitsu\n").good();
    stage
        .command(
            &["source", "add", "二号", "--bind", "127.0.0.3", "--helo", "o.example", "--curve", "quick"],
            "",
        )
        .good();
    let all = store.sources().await.expect("asked");
    assert_eq!(all.len(), 3);
    assert_eq!(all[1].draft.quota.daily, Some(500));
    let said = stage.command(&["source", "list"], "").good();
    assert!(said.contains("さくら") && !said.contains("himitsu"), "{said}");
    let to = format!("c0@{DOMAIN}");
    let walked = stage.command(&["source", "test", &all[2].id.to_string(), "--to", &to], "").good();
    assert!(walked.contains('○') && !walked.contains('×'), "{walked}");
    stage.command(&["source", "rest", "1", "--minutes", "5"], "").good();
    assert!(store.source(1).await.expect("asked").expect("it exists").rest.is_some());
}
