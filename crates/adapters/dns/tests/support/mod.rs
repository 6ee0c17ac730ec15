//! A name server on loopback that answers from a few lines of text.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
};

/// A running name server.
pub struct NameServer {
    pub addr: SocketAddr,
    questions: Arc<AtomicUsize>,
}

impl NameServer {
    /// Lines are `name ttl TYPE value`, or `name FAULT` with `SERVFAIL`, `REFUSED`, `SILENT` or `LONG` (nothing but
    /// "ask by TCP" over UDP). Names that no line has do not exist.
    pub async fn start(zone: &'static str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("test zone");
        let addr = socket.local_addr().expect("test zone");
        let questions = Arc::new(AtomicUsize::new(0));
        let count = questions.clone();
        let listener = TcpListener::bind(addr).await.expect("the same port");
        tokio::spawn(serve_tcp(listener, zone));
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(answer) = answer(zone, &buffer[..length], true) {
                    socket.send_to(&answer.to_vec().expect("test zone"), from).await.expect("test zone");
                }
            }
        });
        Self { addr, questions }
    }

    /// Questions that came so far.
    pub fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }
}

async fn serve_tcp(listener: TcpListener, zone: &'static str) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut question = vec![0; length.into()];
                stream.read_exact(&mut question).await.expect("a whole question");
                let Some(answer) = answer(zone, &question, false) else { continue };
                let answer = answer.to_vec().expect("test zone");
                stream.write_u16(answer.len().try_into().expect("short")).await.expect("a listener");
                stream.write_all(&answer).await.expect("a listener");
            }
        });
    }
}

fn answer(zone: &str, question: &[u8], udp: bool) -> Option<Message> {
    let question = Message::from_vec(question).expect("test zone");
    let query = question.queries[0].clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_owned();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.recursion_available = true;
    let lines: Vec<Vec<&str>> = zone.lines().map(|line| line.split_whitespace().collect()).collect();
    let mut known = false;
    for line in lines.iter().filter(|line| line.first() == Some(&name.as_str())) {
        known = true;
        match line[1..] {
            ["SILENT"] => return None,
            ["LONG"] if udp => {
                answer.metadata.truncation = true;
                break;
            }
            ["SERVFAIL"] => answer.metadata.response_code = ResponseCode::ServFail,
            ["REFUSED"] => answer.metadata.response_code = ResponseCode::Refused,
            [ttl, kind, ref value @ ..] if kind == query.query_type().to_string() => {
                let value = rdata(query.query_type(), value);
                answer.add_answer(Record::from_rdata(
                    query.name().clone(),
                    ttl.parse().expect("test zone"),
                    value,
                ));
            }
            _ => {}
        }
    }
    if !known {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer.add_query(query);
    Some(answer)
}

fn rdata(kind: RecordType, value: &[&str]) -> RData {
    let name = |text: &str| Name::from_ascii(text).expect("test zone");
    match kind {
        RecordType::A => RData::A(value[0].parse().expect("test zone")),
        RecordType::AAAA => RData::AAAA(value[0].parse().expect("test zone")),
        RecordType::MX => RData::MX(rdata::MX::new(value[0].parse().expect("test zone"), name(value[1]))),
        RecordType::PTR => RData::PTR(rdata::PTR(name(value[0]))),
        RecordType::CNAME => RData::CNAME(rdata::CNAME(name(value[0]))),
        RecordType::TXT => RData::TXT(rdata::TXT::new(value.iter().map(|part| (*part).to_owned()).collect())),
        other => panic!("the test zone has no {other}"),
    }
}
