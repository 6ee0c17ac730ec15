//! Every kind of trouble a mail server can make, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod support;
#[path = "support/trust.rs"]
mod trust;

use std::{net::SocketAddr, sync::Arc};

use support::{connect, follow, play};
use testkit::{Fate, Keep, ProviderBook, Simulator, SimulatorConfig, World};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const HELLO: &str = "S: 220 *\nC: EHLO shop.example\nS+: 250 *\nC: MAIL FROM:<b+1@shop.example>\nS: 250 *\n";
const SEND: &str =
    "C: DATA\nS: 354 *\nC: Message-ID: <1@shop.example>\nC: DKIM-Signature: v=1\nC:\nC: text\nC: .\n";

async fn start() -> Simulator {
    Simulator::start(SimulatorConfig { time_scale: 0.0, ..Default::default() }).await.unwrap()
}

fn message(recipient: &str, end: &str) -> String {
    format!("{HELLO}C: RCPT TO:<{recipient}>\nS: 250 *\n{SEND}{end}")
}

#[tokio::test]
async fn all_providers_share_one_port() {
    let simulator = start().await;
    let port = simulator.port();
    assert!(simulator.addresses().len() > 30);
    assert!(simulator.addresses().iter().all(|at| at.port() == port));
    let second = start().await;
    assert_ne!(second.port(), port);
}

#[tokio::test]
async fn greylisting_ends_for_the_same_reverse_path() {
    let simulator = start().await;
    let first = format!("{HELLO}C: RCPT TO:<taro@yamada-koumuten.example>\nS: 450 4.7.1 *");
    play(&simulator, "greylisting", &first).await;
    play(&simulator, "greylisting", &first.replace("<b+1@", "<b+2@")).await;
    play(&simulator, "greylisting", &message("taro@yamada-koumuten.example", "S: 250 *")).await;
    assert_eq!(simulator.counts_by_recipient()["taro@yamada-koumuten.example"], 1);
}

#[tokio::test]
async fn connections_that_lead_nowhere() {
    let simulator = start().await;
    let at = |id: &str| simulator.address_of(id).unwrap();
    let refused = TcpStream::connect(at("down")).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    play(&simulator, "garbage", "S: HTTP/1.1 400 Bad Request").await;
    play(&simulator, "blocking", "S: 554 5.7.1 Service unavailable; Client host [127.0.0.1] *\nS: closed")
        .await;
    let mut silent = connect(at("silent")).await;
    let mut byte = [0];
    let patience = std::time::Duration::from_millis(100);
    assert!(tokio::time::timeout(patience, silent.read(&mut byte)).await.is_err());
    simulator.stop().await;
    assert_eq!(silent.read(&mut byte).await.unwrap(), 0);
}

#[tokio::test]
async fn connections_that_are_cut() {
    let simulator = start().await;
    play(&simulator, "cutting", &message("taro@minato-unyu.example", "S: closed")).await;
    play(&simulator, "fine", &message("cut-reply@aozora-bungu.example", "S: closed")).await;
    let at_rcpt = format!("{HELLO}C: RCPT TO:<cut-rcpt@aozora-bungu.example>\nS: closed");
    play(&simulator, "fine", &at_rcpt).await;
    assert_eq!(simulator.accepted(), 0);
    assert_eq!(simulator.refusals().len(), 3);
}

#[tokio::test]
async fn refusals_of_the_others() {
    let simulator = start().await;
    let check = async |provider: &str, recipient: &str, expected: &str| {
        let script = format!("{HELLO}C: RCPT TO:<{recipient}>\nS+: {expected}");
        play(&simulator, provider, &script).await;
    };
    check("softbank", "unknown@i.softbank.jp", "550 Invalid recipient: <unknown@i.softbank.jp>").await;
    check("yahoojp", "unknown@yahoo.co.jp", "554 delivery error: dd This user doesn't have a yahoo.co.jp *")
        .await;
    check("icloud", "unknown@me.com", "550 5.1.1 <unknown@me.com>: user does not exist").await;
    check("icloud", "full-for-good@icloud.com", "552 5.2.2 *over quota").await;
    check("microsoft", "unknown@outlook.jp", "550 5.5.0 *S2017062302*").await;
    check("nifty", "unknown@nifty.com", "550 5.1.1 *User unknown").await;
    check("jcom", "unknown@jcom.zaq.ne.jp", "550 Invalid recipient: *").await;
    check("fine", "full@aozora-bungu.example", "452 4.2.2 *").await;
    check("fine", "disabled@aozora-bungu.example", "550 5.2.1 *").await;
    check("fine", "blocked@aozora-bungu.example", "554 5.7.1 *[127.0.0.1] blocked*").await;
    play(&simulator, "fine", &message("spam@aozora-bungu.example", "S: 554 5.7.1 *")).await;
    let unsigned = message("inbox@outlook.com", "S: 550 5.7.515 *domain shop.example *");
    play(&simulator, "microsoft", &unsigned.replace("C: DKIM-Signature: v=1\n", "")).await;
}

#[tokio::test]
async fn jcom_counts_messages_of_a_session() {
    let simulator = start().await;
    let once = "C: RSET\nS: 250 *\nC: MAIL FROM:<b@shop.example>\n";
    let script = format!("{HELLO}{}{once}S: 421 #4.3.2 *\nS: closed", format!("{once}S: 250 *\n").repeat(19));
    play(&simulator, "jcom", &script).await;
}

#[tokio::test]
async fn a_sending_domain_that_is_not_in_the_dns() {
    let world = World::start(SimulatorConfig { time_scale: 0.0, ..Default::default() }).await.unwrap();
    let script = "S: 220 *\nC: EHLO x.test\nS+: 250 *\nC: MAIL FROM:<b@shop.example>\n";
    let check = async |reply: &str| play(&world.simulator, "softbank", &format!("{script}S: {reply}")).await;
    check("553 shop.example does not exist").await;
    world.dns.add("shop.example", "TXT", "v=spf1 -all").unwrap();
    check("250 *").await;
}

#[tokio::test]
async fn too_many_connections_are_turned_away() {
    let simulator = start().await;
    let at = simulator.address_of("icloud").unwrap();
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut stream = BufReader::new(connect(at).await);
        follow(&mut stream, "S: 220 *").await;
        open.push(stream);
    }
    play(&simulator, "icloud", "S: 421 4.7.0 Too many connections from [127.0.0.1]\nS: closed").await;
    play(&simulator, "yahoojp", "S: 220 *").await;
}

#[tokio::test]
async fn nonsense_does_no_harm() {
    let simulator = start().await;
    let at = simulator.address_of("gmail").unwrap();
    let octets =
        |seed: u32| (0..60_000u32).map(move |n| (n.wrapping_mul(2_654_435_761) >> (seed % 24)) as u8);
    for seed in 0..24 {
        let mut stream = connect(at).await;
        let nonsense: Vec<u8> = octets(seed).collect();
        let _ = stream.write_all(&nonsense).await;
        let _ = stream.shutdown().await;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
    }
    play(&simulator, "gmail", &message("inbox@gmail.com", "S: 250 *")).await;
}

#[tokio::test]
async fn order_of_commands() {
    let simulator = start().await;
    let check = async |script: &str| play(&simulator, "fine", script).await;
    check("S: 220 *\nC: MAIL FROM:<a@b.test>\nS: 503 *\nC: DATA\nS: 503 *\nC: NONSENSE\nS: 500 *\nC: QUIT\nS: 221 *")
        .await;
    let begun = "S: 220 *\nC: EHLO x\nS+: 250 *\nC: MAIL FROM:<a@b.test>\nS: 250 *\n";
    check(&format!("{begun}C: MAIL FROM:<a@b.test>\nS: 503 *\nC: DATA\nS: 554 *\nC: RSET\nS: 250 *")).await;
    check(&format!(
        "{begun}C: RCPT TO:<a@b.test>\nS: 554 5.7.1 *Relay access denied\nC: RCPT TO:a\nS: 501 *"
    ))
    .await;
    check("S: 220 *\nC: EHLO x\nS+: 250 *\nC: MAIL FROM:<a@b.test> SMTPUTF8\nS: 555 *").await;
    check("S: 220 *\nC: HELO x\nS: 250 mail.aozora-bungu.example\nC: MAIL FROM:<>\nS: 250 *").await;
    check(&format!(
        "{}S: 421 *\nS: closed",
        "S: 220 *\n".to_owned() + &"C: X\nS: 500 *\n".repeat(20) + "C: X\n"
    ))
    .await;
    check(&format!("S: 220 *\nC: {}\nS: 500 5.5.2 Line too long\nC: NOOP\nS: 250 *", "x".repeat(9000))).await;
}

#[tokio::test]
async fn commands_in_one_piece() {
    let simulator = start().await;
    let to = "C: RCPT TO:<inbox@gmail.com>";
    let script = format!(
        "S: 220 *\nC: EHLO x\nS+: 250 *\nC: MAIL FROM:<a@b.test>\n{to}\nC: DATA\nS: 250 *\nS: 250 *\nS: 354 *\n\
         C: ..dot\nC: DKIM-Signature: x\nC: Message-ID: <1@b.test>\nC:\nC: ..\nC: .\nC: NOOP\nS: 250 *\nS: 250 *"
    );
    play(&simulator, "gmail", &script).await;
    let chunks = format!(
        "{HELLO}{to}\nS: 250 *\nC: BDAT 24\nC: Message-ID: <2@b.test>\nS: 250 *\n\
         C: BDAT 21 LAST\nC: DKIM-Signature: x\nC:\nS: 250 *\nC: BDAT 2 LAST\nC:\nS: 503 *"
    );
    play(&simulator, "gmail", &chunks).await;
    let ids: Vec<_> = simulator.deliveries().into_iter().filter_map(|d| d.message_id).collect();
    assert_eq!(ids, ["<1@b.test>", "<2@b.test>"]);
}

async fn tls(at: SocketAddr, begin: &str) -> std::io::Result<BufReader<TlsStream<TcpStream>>> {
    let mut clear = BufReader::new(connect(at).await);
    follow(&mut clear, begin).await;
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trust::Anyone))
            .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, clear.into_inner()).await?;
    Ok(BufReader::new(stream))
}

const STARTTLS: &str = "S: 220 *\nC: EHLO shop.example\nS+: 250 STARTTLS\nC: STARTTLS\nS: 220 *";

#[tokio::test]
async fn starttls_in_all_its_states() {
    let simulator = start().await;
    let at = |id: &str| simulator.address_of(id).unwrap();
    let mut stream = tls(at("gmail"), STARTTLS).await.unwrap();
    let after = HELLO.strip_prefix("S: 220 *\n").unwrap();
    follow(&mut stream, &format!("{after}C: RCPT TO:<inbox@gmail.com>\nS: 250 *\n{SEND}S: 250 *")).await;
    follow(&mut stream, "C: STARTTLS\nS: 502 *\nC: QUIT\nS: 221 *").await;
    assert!(simulator.deliveries()[0].tls);
    assert!(tls(at("tls-garbage"), STARTTLS).await.is_err());
    assert!(tls(at("tls-hang-up"), STARTTLS).await.is_err());
    play(&simulator, "tls-unavailable", "S: 220 *\nC: EHLO x\nS+: 250 STARTTLS\nC: STARTTLS\nS: 454 *").await;
    play(&simulator, "tls-absent", "S: 220 *\nC: EHLO x\nS+: 250 8BITMIME\nC: STARTTLS\nS: 502 *").await;
    play(&simulator, "tls-garbage", &message("taro@sakura-shika.example", "S: 250 *")).await;
}

#[tokio::test]
async fn sending_routes_want_a_login() {
    let simulator = start().await;
    let at = |id: &str| simulator.address_of(id).unwrap();
    play(&simulator, "relay", "S: 220 *\nC: EHLO x\nS+: 250 STARTTLS\nC: AUTH PLAIN x\nS: 538 *").await;
    let mut stream = tls(at("relay"), STARTTLS).await.unwrap();
    let wrong = "C: EHLO x\nS+: 250 AUTH PLAIN LOGIN\nC: MAIL FROM:<a@b.test>\nS: 530 *\nC: AUTH PLAIN eAB4AHg=\nS: 535 *";
    follow(&mut stream, wrong).await;
    let plain = "C: AUTH PLAIN\nS: 334*\nC: AG1pZG9yaUByZWxheS5leGFtcGxlAGhhbmF5YS0xMTg3\nS: 235 *\n";
    follow(
        &mut stream,
        &format!("{plain}C: MAIL FROM:<a@b.test>\nS: 250 *\nC: RCPT TO:<unknown@docomo.ne.jp>\nS: 250 *"),
    )
    .await;
    let mut stream = tls(at("relay-tls"), "").await.unwrap();
    let login = "S: 220 *\nC: EHLO x\nS+: 250 AUTH PLAIN LOGIN\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n\
        C: bWlkb3JpQHJlbGF5LmV4YW1wbGU=\nS: 334 UGFzc3dvcmQ6\nC: aGFuYXlhLTExODc=\nS: 235 *";
    follow(&mut stream, login).await;
}

#[tokio::test]
async fn what_is_foretold_is_what_happens_at_rcpt() {
    let simulator = start().await;
    let book = ProviderBook::shipped().unwrap();
    for provider in ["docomo", "softbank", "yahoojp", "nifty", "ocn"] {
        let domain = &book.by_id(provider).unwrap().domains[0];
        let mut script = HELLO.to_owned();
        for n in 0..60 {
            let address = format!("hanako{n}@{domain}");
            let refused = simulator.expected_outcome(&address).unwrap();
            let refused = refused.fate == Fate::NotTaken && refused.reason.as_deref() != Some("spamdetected");
            script += &format!("C: RCPT TO:<{address}>\nS: {}\n", if refused { "*5*" } else { "250 *" });
        }
        play(&simulator, provider, &script).await;
    }
}

#[tokio::test]
async fn the_journal_has_one_line_for_each_event() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.jsonl");
    let config = SimulatorConfig { journal: Some(journal.clone()), keep: Keep::Counts, ..Default::default() };
    let simulator = Simulator::start(config).await.unwrap();
    play(&simulator, "fine", &message("inbox@aozora-bungu.example", "S: 250 *")).await;
    play(&simulator, "fine", &format!("{HELLO}C: RCPT TO:<unknown@aozora-bungu.example>\nS: 550 *")).await;
    let text = std::fs::read_to_string(journal).unwrap();
    let kinds: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
        .collect();
    assert_eq!(kinds, ["\"delivery\"", "\"refusal\""]);
    assert!(simulator.deliveries().is_empty() && simulator.accepted() == 1);
}
