//! What the dialogue tests share: a client, one message, and words for what came of it.

use std::net::SocketAddr;

use delivery::{
    attempt::Failure,
    hop::{HopHost, NextHop, TlsMode},
    ports::{Session, Transport},
};
use mail::{Address, Reply, ReversePath, Stage};
use smtp::{ClientLimits, ClientTls, Roots, SmtpTransport};

use crate::peer::{Certificate, Peer};

pub const MESSAGE: &[u8] = b"Subject: hi\r\n\r\n.hello\r\n";

/// A client without BDAT, so that dialogues show DATA.
pub fn transport() -> SmtpTransport {
    with(ClientLimits { chunking: false, ..ClientLimits::default() })
}

pub fn with(limits: ClientLimits) -> SmtpTransport {
    SmtpTransport::new(limits, tls(&Certificate::new("somebody.test")))
}

/// TLS settings that trust this certificate and no other.
pub fn tls(trusted: &Certificate) -> ClientTls {
    let roots = Roots { bundled: false, system: false, extra: trusted.chain.clone() };
    ClientTls::new(&roots).expect("usable roots")
}

pub fn hop(peer: &Peer, tls: TlsMode) -> NextHop {
    hop_to(peer.addr, tls)
}

pub fn hop_to(addr: SocketAddr, tls: TlsMode) -> NextHop {
    let host = HopHost::new("mx.test", vec![addr.ip()]);
    NextHop {
        hosts: vec![host],
        port: addr.port(),
        tls,
        login: None,
        helo_name: "us.test".to_owned(),
        from: Vec::new(),
    }
}

pub fn from() -> ReversePath {
    ReversePath::Path(Address::new("b-1", "r.us.test").expect("an address"))
}

pub fn to(local: &str) -> Address {
    Address::new(local, "docomo.test").expect("an address")
}

/// A session that must come about.
pub async fn connect(transport: &SmtpTransport, hop: &NextHop) -> Box<dyn Session> {
    match transport.connect(hop).await {
        Ok(session) => session,
        Err(failure) => panic!("{} {}", show_failure(&failure), failure.detail),
    }
}

/// A failure that must come about.
pub async fn fail(transport: &SmtpTransport, hop: &NextHop) -> Failure {
    transport.connect(hop).await.err().expect("no session")
}

pub fn show(result: &Result<(Stage, Reply), Failure>) -> String {
    match result {
        Ok((stage, reply)) => format!("{} {}", stage.name(), reply.line()),
        Err(failure) => show_failure(failure),
    }
}

pub fn show_failure(failure: &Failure) -> String {
    let said = failure.reply.as_ref().map(|reply| format!(" {}", reply.line())).unwrap_or_default();
    format!("{} {:?}{said}", failure.stage.name(), failure.trouble)
}

/// One message, as far as it comes; the last thing seen.
pub async fn send_one(session: &mut dyn Session, local: &str) -> String {
    let envelope = session.envelope(&from(), &to(local)).await;
    match &envelope {
        Ok((Stage::Rcpt, reply)) if reply.is_success() => show(&session.content(MESSAGE).await),
        _ => show(&envelope),
    }
}

/// Connects and sends to each of `locals`, then quits.
pub async fn run(transport: &SmtpTransport, hop: &NextHop, locals: &[&str]) -> Vec<String> {
    let mut session = match transport.connect(hop).await {
        Ok(session) => session,
        Err(failure) => return vec![show_failure(&failure)],
    };
    let mut seen = Vec::new();
    for local in locals {
        seen.push(send_one(session.as_mut(), local).await);
    }
    session.quit().await;
    seen
}

pub async fn check(dialogues: &'static [&'static str], locals: &[&str], expected: &[&str]) {
    let peer = Peer::start(dialogues).await;
    assert_eq!(run(&transport(), &hop(&peer, TlsMode::Opportunistic), locals).await, expected);
    peer.finish().await;
}
