//! The small DNS answers over real sockets.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::time::Duration;

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::{Name, RecordType},
};
use testkit::{Dns, Fault, ProviderBook, Zone};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

async fn start() -> Dns {
    Dns::start(Zone::of(&ProviderBook::shipped().unwrap()).unwrap()).await.unwrap()
}

fn question(name: &str, kind: RecordType, edns: bool) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    if edns {
        let mut edns = Edns::new();
        edns.set_max_payload(4096);
        message.set_edns(edns);
    }
    message.to_vec().unwrap()
}

fn told(answer: &[u8]) -> String {
    let message = Message::from_vec(answer).unwrap();
    let data: Vec<String> = message.answers.iter().map(|record| record.data.to_string()).collect();
    let cut = if message.metadata.truncation { " cut" } else { "" };
    format!("{:?}{cut} {}", message.metadata.response_code, data.join(" | "))
}

async fn ask_udp(dns: &Dns, name: &str, kind: RecordType, edns: bool) -> Option<String> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&question(name, kind, edns), dns.addr()).await.unwrap();
    let mut answer = vec![0; 4096];
    let (bytes, _) = timeout(Duration::from_millis(500), socket.recv_from(&mut answer)).await.ok()?.unwrap();
    Some(told(&answer[..bytes]))
}

async fn ask_tcp(dns: &Dns, name: &str, kind: RecordType) -> String {
    let mut stream = TcpStream::connect(dns.addr()).await.unwrap();
    let octets = question(name, kind, false);
    stream.write_u16(u16::try_from(octets.len()).unwrap()).await.unwrap();
    stream.write_all(&octets).await.unwrap();
    let mut answer = vec![0; usize::from(stream.read_u16().await.unwrap())];
    stream.read_exact(&mut answer).await.unwrap();
    told(&answer)
}

#[tokio::test]
async fn names_of_providers() {
    let dns = start().await;
    let check = async |name: &str, kind: RecordType, expected: &str| {
        assert_eq!(ask_udp(&dns, name, kind, true).await.as_deref(), Some(expected), "{name} over UDP");
        assert_eq!(ask_tcp(&dns, name, kind).await, expected, "{name} over TCP");
    };
    check("docomo.ne.jp.", RecordType::MX, "NoError 10 mfsmax.docomo.ne.jp.").await;
    check("DOCOMO.ne.jp.", RecordType::MX, "NoError 10 mfsmax.docomo.ne.jp.").await;
    check("mfsmax.docomo.ne.jp.", RecordType::A, "NoError 127.0.0.11").await;
    check("11.0.0.127.in-addr.arpa.", RecordType::PTR, "NoError mfsmax.docomo.ne.jp.").await;
    check("docomo.ne.jp.", RecordType::A, "NoError ").await;
    check("ne.jp.", RecordType::MX, "NoError ").await;
    check("nowhere.test.", RecordType::MX, "NXDomain ").await;
}

#[tokio::test]
async fn records_come_and_go() {
    let dns = start().await;
    let ask = async |name: &str, kind| ask_udp(&dns, name, kind, false).await;
    dns.add("shop.example", "TXT", "v=spf1 -all").unwrap();
    dns.add("www.shop.example", "CNAME", "shop.example").unwrap();
    assert_eq!(ask("shop.example.", RecordType::TXT).await.unwrap(), "NoError v=spf1 -all");
    assert_eq!(
        ask("www.shop.example.", RecordType::TXT).await.unwrap(),
        "NoError shop.example. | v=spf1 -all"
    );
    dns.remove("shop.example", "TXT").unwrap();
    assert_eq!(ask("shop.example.", RecordType::TXT).await.unwrap(), "NoError ");
    assert_eq!(dns.queries("shop.example", "TXT"), 3);
    assert!(dns.add("shop.example", "MX", "mx.shop.example").is_err());
    assert!(dns.add("shop.example", "A", "1.2.3").is_err());
    assert!(dns.add("shop..example", "A", "127.0.0.1").is_err());
}

#[tokio::test]
async fn trouble() {
    let dns = start().await;
    let ask = async |name: &str| ask_udp(&dns, name, RecordType::MX, true).await;
    dns.fail("docomo.ne.jp", Fault::ServFail).unwrap();
    assert_eq!(ask("docomo.ne.jp.").await.unwrap(), "ServFail ");
    dns.fail("docomo.ne.jp", Fault::Timeout).unwrap();
    assert_eq!(ask("docomo.ne.jp.").await, None);
    dns.heal("docomo.ne.jp").unwrap();
    assert_eq!(ask("docomo.ne.jp.").await.unwrap(), "NoError 10 mfsmax.docomo.ne.jp.");
}

#[tokio::test]
async fn long_answers_are_cut_on_udp_only() {
    let dns = start().await;
    let key = "k".repeat(700);
    dns.add("s._domainkey.shop.example", "TXT", &key).unwrap();
    let name = "s._domainkey.shop.example.";
    assert_eq!(ask_udp(&dns, name, RecordType::TXT, false).await.unwrap(), "NoError cut ");
    assert!(ask_udp(&dns, name, RecordType::TXT, true).await.unwrap().starts_with("NoError kkk"));
    assert!(ask_tcp(&dns, name, RecordType::TXT).await.starts_with("NoError kkk"));
}
