//! The carriers and Gmail answer on the wire as the real ones do.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod support;

use support::play;
use testkit::{Fate, Keep, Simulator, SimulatorConfig};

async fn start() -> Simulator {
    let keep = Keep::Content { bytes_max: 10_000 };
    Simulator::start(SimulatorConfig { keep, time_scale: 0.0, ..Default::default() }).await.unwrap()
}

const HELLO: &str = "S: 220 *\nC: EHLO shop.example\nS+: 250 *\nC: MAIL FROM:<b+1@shop.example>\nS: 250 *\n";
const SIGNED: &str = "C: DATA\nS: 354 *\nC: DKIM-Signature: v=1\nC: Message-ID: <1@shop.example>\nC: Subject: x\n\
    C:\nC: text\nC: .\n";

fn script(rest: &str) -> String {
    format!("{HELLO}{}", rest.replace("SEND", SIGNED))
}

#[tokio::test]
async fn docomo() {
    let simulator = start().await;
    let check = async |rest: &str| play(&simulator, "docomo", &script(rest)).await;
    check("C: RCPT TO:<hanako@docomo.ne.jp>\nS: 250 Recipient <hanako@docomo.ne.jp> Ok\nSEND\nS: 250 Ok: *")
        .await;
    check("C: RCPT TO:<unknown-1@docomo.ne.jp>\nS: 550 Unknown user unknown-1@docomo.ne.jp").await;
    check("C: RCPT TO:<spam-folder@docomo.ne.jp>\nS: 250 *\nSEND\nS: 250 Ok: *").await;
    check("C: RCPT TO:<\"a..b\"@docomo.ne.jp>\nS: 250 Recipient <\"a..b\"@docomo.ne.jp> Ok").await;
    check("C: RCPT TO:<a..b@docomo.ne.jp>\nS: 501 5.1.3 *").await;
    check("C: RCPT TO:<hanako@ezweb.ne.jp>\nS: 550 Relaying denied *").await;
    let long = "x".repeat(999);
    let body = format!("C: RCPT TO:<inbox-1@docomo.ne.jp>\nS: 250 *\nC: DATA\nS: 354 *\nC: {long}\nC: .\n");
    check(&format!("{body}S: 500 Line Too Long")).await;
    let fits = body.replace(&long, &long[..998]);
    check(&format!("{fits}S: 250 *")).await;
    let fate =
        |recipient: &str| simulator.deliveries().iter().find(|d| d.recipient == recipient).map(|d| d.fate);
    assert_eq!(fate("spam-folder@docomo.ne.jp"), Some(Fate::SpamFolder));
    assert_eq!(fate("hanako@docomo.ne.jp"), Some(Fate::Inbox));
    simulator.stop().await;
}

#[tokio::test]
async fn docomo_takes_100_recipients_in_a_session() {
    let simulator = start().await;
    let hundred: String =
        (0..100).map(|n| format!("C: RCPT TO:<inbox-{n}@docomo.ne.jp>\nS: 250 *\n")).collect();
    let rest =
        format!("{hundred}C: RCPT TO:<inbox-100@docomo.ne.jp>\nS: 552 Too many recipients\nSEND\nS: 250 *");
    play(&simulator, "docomo", &script(&rest)).await;
    assert_eq!(simulator.accepted(), 100);
}

#[tokio::test]
async fn au_says_the_same_words_at_two_places() {
    let simulator = start().await;
    let check = async |rest: &str| play(&simulator, "au", &script(rest)).await;
    check("C: RCPT TO:<unknown@ezweb.ne.jp>\nS: 550 <unknown@ezweb.ne.jp>: User unknown").await;
    check("C: RCPT TO:<filtered@au.com>\nS: 250 *\nSEND\nS: 550 : User unknown").await;
    check("C: RCPT TO:<dropped@au.com>\nS: 250 *\nSEND\nS: 250 Mail accepted *").await;
    check("C: RCPT TO:<hanako@docomo.ne.jp>\nS: 554 <hanako@docomo.ne.jp>: Relay access denied").await;
    let deliveries = simulator.deliveries();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].fate, Fate::Dropped);
    assert_eq!(simulator.refusals().len(), 3);
}

#[tokio::test]
async fn gmail_has_its_own_codes() {
    let simulator = start().await;
    let check = async |rest: &str| play(&simulator, "gmail", &script(rest)).await;
    check("C: RCPT TO:<unknown@gmail.com>\nS: 550-5.1.1 *\nS: 550-5.1.1 *\nS: 550 5.1.1 *NoSuchUser * gsmtp")
        .await;
    check("C: RCPT TO:<full@gmail.com>\nS+: 452 4.2.2 *OverQuotaTemp*").await;
    check("C: RCPT TO:<full-for-good@gmail.com>\nS+: 552 5.2.2 *OverQuotaPerm*").await;
    check("C: RCPT TO:<inbox@gmail.com>\nS: 250 2.1.5 OK *\nSEND\nS: 250 2.0.0 OK *").await;
    let unsigned =
        "C: RCPT TO:<inbox@gmail.com>\nS: 250 *\nC: DATA\nS: 354 *\nC: Message-ID: <1@x.test>\nC:\nC: .\n";
    check(&format!("{unsigned}S: 550-5.7.26 *\nS+: 550 5.7.26 *")).await;
    check("C: RCPT TO:<花子@gmail.com>\nS: 553 5.1.3 *").await;
    check("C: RSET\nS: 250 *\nC: MAIL FROM:<a@b.test> SMTPUTF8\nS: 250 *\nC: RCPT TO:<花子@gmail.com>\nS: 250 *")
        .await;
    let delivery = &simulator.deliveries()[0];
    assert_eq!(delivery.message_id.as_deref(), Some("<1@shop.example>"));
    assert_eq!(delivery.reverse_path, "b+1@shop.example");
    assert!(delivery.signed && !delivery.tls);
    let content = String::from_utf8(delivery.content.clone().unwrap()).unwrap();
    assert!(content.ends_with("\r\ntext\r\n"), "{content}");
}

#[tokio::test]
async fn gmail_slows_down_who_sends_fast_and_closes() {
    let simulator =
        Simulator::start(SimulatorConfig { time_scale: 1000.0, ..Default::default() }).await.unwrap();
    let once =
        "C: RCPT TO:<inbox@gmail.com>\nS: 250 *\nSEND\nS: 250 *\nC: MAIL FROM:<b@shop.example>\nS: 250 *\n";
    let rest = once.repeat(60) + "C: RCPT TO:<inbox@gmail.com>\nS: 250 *\nSEND\nS+: 421 4.7.28 *\nS: closed";
    play(&simulator, "gmail", &script(&rest)).await;
    assert_eq!(simulator.counts_by_recipient()["inbox@gmail.com"], 60);
}
