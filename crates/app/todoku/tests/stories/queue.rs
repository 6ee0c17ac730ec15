//! Stories of the queue: a refused source is left alone and another takes over; every wait is explained at the terminal.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use delivery::{
    pacing::{
        hours::Hours,
        store::{Change, NewHold, PacingStore},
    },
    ports::SourceStore,
    recipient::State,
    source::{Direct, FIRST_SOURCE, SourceDraft, Way},
};
use testkit::SimulatorConfig;

use crate::stage::{Settings, Stage, add_contacts, add_domain, now, rows, start_broadcast, wait_until};

const SOON: Duration = Duration::from_secs(60);
const DOMAIN: &str = "aozora.example";
const LISTED: &str = "550 5.7.1 Client host [127.0.0.2] blocked using zen.spamhaus.org";

/// A server that takes mail from everybody but 127.0.0.2.
fn choosy_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    port
}

fn serve(mut stream: TcpStream) -> Option<()> {
    let listed = stream.peer_addr().ok()?.ip().to_string() == "127.0.0.2";
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    stream.write_all(b"220 mx ESMTP\r\n").ok()?;
    let (mut in_data, mut line) = (false, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end();
        let reply = match (in_data, text.split(' ').next().unwrap_or_default()) {
            (true, ".") => {
                in_data = false;
                "250 2.0.0 taken"
            }
            (true, _) => continue,
            (false, "RCPT") if listed => LISTED,
            (false, "DATA") => {
                in_data = true;
                "354 go on"
            }
            (false, "QUIT") => {
                stream.write_all(b"221 bye\r\n").ok()?;
                return None;
            }
            (false, _) => "250 2.0.0 ok",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
    }
}

async fn house(customers: usize, settings: Settings) -> (Stage, storage::Store) {
    let settings = Settings { mx_port: Some(choosy_server()), ..settings };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    stage.add_owner();
    stage.world.dns.add(DOMAIN, "MX", &format!("10 mx.{DOMAIN}")).expect("published");
    stage.world.dns.add(&format!("mx.{DOMAIN}"), "A", "127.0.0.1").expect("published");
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let addresses: Vec<String> = (0..customers).map(|n| format!("c{n}@{DOMAIN}")).collect();
    add_contacts(&store, &addresses).await;
    (stage, store)
}

fn bound(n: u8) -> SourceDraft {
    let direct = Direct { bind: vec![[127, 0, 0, n].into()], ..Direct::default() };
    SourceDraft { name: format!("口{n}"), way: Way::Direct(direct), ..SourceDraft::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_a_provider_refuses_is_left_alone_there() {
    let (stage, store) = house(40, Settings::default()).await;
    store.save_source(Some(FIRST_SOURCE), &bound(2), None, now()).await.expect("stored");
    store.save_source(None, &bound(3), None, now()).await.expect("stored");
    let _program = stage.serve();
    start_broadcast(&store, 60_000).await;
    let held = async || {
        let holds = store.standing(now()).await.expect("asked").holds;
        holds.into_iter().find(|hold| hold.change == Change::OtherSource)
    };
    wait_until("the rule is set off", SOON, async || held().await.is_some()).await;
    let hold = held().await.expect("just seen");
    assert_eq!((hold.source, hold.rule.as_str()), (Some(FIRST_SOURCE), "any.listed"));
    assert!(hold.sample.contains("blocked using zen.spamhaus.org"), "{hold:?}");
    stage.log_in().get("/sources/1").says(&[
        "ほかの送信元から送っています",
        "blocked using zen.spamhaus.org",
        "解除",
    ]);
    let said = stage.command(&["queue", "explain", "--source", "1"], "").good();
    assert!(said.contains("any.listed") && said.contains("口2"), "{said}");

    // What comes from now on never sees the refusal: it leaves by the other one.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let second = start_broadcast(&store, 60_000).await;
    let accepted =
        async || rows(&store, second).await.iter().filter(|row| row.state == State::Accepted).count();
    wait_until("everything is taken", SOON, async || accepted().await == 40).await;
    let tried_by_first = store.source_counts(0).await.expect("asked");
    let by_first: u64 =
        tried_by_first.iter().filter(|count| count.source == FIRST_SOURCE).map(|count| count.accepted).sum();
    assert_eq!(by_first, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_is_explained_at_the_terminal() {
    let (stage, store) = house(3, Settings::default()).await;
    let stop = NewHold {
        source: None,
        group: Some(DOMAIN.to_owned()),
        change: Change::Stop,
        rule: String::new(),
        sample: String::new(),
        until: None,
    };
    store.hold(&stop, None, now()).await.expect("held");
    // Never open now, wherever the clock of this machine stands.
    let hour = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone")).hour();
    let closed = format!("{}:00-{}:00", (hour + 12) % 24, (hour + 13) % 24);
    store.set_advertising_hours(Some(Hours::read(&closed).expect("hours")), None, now()).await.expect("set");
    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 3_600_000).await;
    wait_until("the rows", SOON, async || rows(&store, broadcast).await.len() == 3).await;
    let row = rows(&store, broadcast).await[0].id.to_string();
    let explain = |args: &[&str]| stage.command(&[&["queue", "explain"], args].concat(), "");

    let said = explain(&[&row]).good();
    assert!(said.contains(&closed.replace(":00", "")) || said.contains(&closed), "{said}");
    assert!(said.contains("あきらめる時刻 / given up at: 20"), "{said}");
    let id = broadcast.to_string();
    let said = explain(&["--broadcast", &id]).good();
    assert!(said.contains("待ち / waiting 3") && said.contains("its hours begin"), "{said}");
    let said = explain(&["--site", DOMAIN]).good();
    assert!(
        said.contains("待ち / waiting: 3") && said.contains("given up after (transactional): 24h00m"),
        "{said}"
    );
    let said = explain(&["--source", "1"]).good();
    assert!(said.contains("送信元 / source 1") && said.contains("tried and waiting: 0"), "{said}");
    let json: serde_json::Value = serde_json::from_str(&explain(&["--json", &row]).good()).expect("JSON");
    assert_eq!(json["why"]["name"], "hours");
    stage.log_in().get(&format!("/queue/broadcasts/{id}")).says(&["全体の時間帯", &closed]);

    explain(&[]).refuses(&["どれか1つを指定してください", "give one of"]);
    explain(&[&row, "--site", DOMAIN]).refuses(&["どれか1つを指定してください"]);
    explain(&["12"]).refuses(&["送信待ちにありません", "not in the queue: 12"]);
    explain(&["--source", "99"]).refuses(&["送信元 99 はありません", "there is no source 99"]);
    explain(&["--broadcast", "99"]).refuses(&["配信 99 はありません", "there is no broadcast 99"]);
    explain(&["--site", "hana@docomo.ne.jp"]).refuses(&["宛先として読めません", "no provider and no domain"]);
    explain(&["hanako"]).refuses(&["hanako"]);

    // Lifted, and open at any time: it goes.
    store.set_advertising_hours(None, None, now()).await.expect("lifted");
    let hold = store.standing(now()).await.expect("asked").holds.remove(0);
    assert!(store.lift(hold.id, None, now()).await.expect("lifted"));
    wait_until("everything is taken", SOON, async || {
        rows(&store, broadcast).await.iter().all(|row| row.state == State::Accepted)
    })
    .await;
}
