//! Opens a session with the first host and address that answers.

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use delivery::{
    attempt::{Failure, Peer, Trouble},
    hop::{NextHop, TlsMode},
    ports::{Session, Transport},
};
use mail::Stage;
use tokio::time::Instant;

use super::{
    dialogue::Dialogue,
    halt::{Cause, Halt},
    limits::ClientLimits,
    session::ClientSession,
    tls::ClientTls,
};

/// Hosts with broken TLS that are remembered.
const BROKEN_TLS_MAX: usize = 10_000;
/// How much of each earlier failure the last one tells.
const SAID_CHARS_MAX: usize = 200;

/// The SMTP client.
pub struct SmtpTransport {
    limits: ClientLimits,
    tls: ClientTls,
    broken_tls: Mutex<HashMap<String, Instant>>,
}

/// One address to try.
struct Target<'a> {
    hop: &'a NextHop,
    host: &'a str,
    addr: SocketAddr,
    setup_until: Instant,
}

impl SmtpTransport {
    /// Makes a client; connects to nothing yet.
    #[must_use]
    pub fn new(limits: ClientLimits, tls: ClientTls) -> Self {
        Self { limits, tls, broken_tls: Mutex::new(HashMap::new()) }
    }

    /// One address: with TLS, and in clear where that is allowed and TLS is broken.
    async fn open(&self, target: &Target<'_>) -> Result<ClientSession, Failure> {
        let opportunistic = target.hop.tls == TlsMode::Opportunistic;
        if opportunistic && self.has_broken_tls(target.host) {
            return self.speak(target, TlsMode::None).await;
        }
        match self.speak(target, target.hop.tls).await {
            Err(failure) if opportunistic && is_about_tls(&failure) => {
                tracing::info!(
                    host = target.host,
                    why = failure.detail,
                    "TLS is broken there; going on in clear"
                );
                self.note_broken_tls(target.host);
                self.speak(target, TlsMode::None).await
            }
            done => done,
        }
    }

    async fn speak(&self, target: &Target<'_>, mode: TlsMode) -> Result<ClientSession, Failure> {
        let give_up = |(halt, peer): (Halt, Peer)| halt.into_failure(Some(peer));
        let opened = Dialogue::open(target.host, target.addr, self.limits, target.setup_until).await;
        let dialogue = opened.map_err(give_up)?;
        let mut dialogue = self.introduce(dialogue, target.hop, mode).await?;
        if let Some(login) = &target.hop.login {
            let result = match dialogue.may_say_password(target.hop.tls) {
                true => dialogue.auth(login).await.map(drop),
                false => Err(Cause::TlsNotOffered.at(Stage::Tls)),
            };
            result.map_err(|halt| dialogue.failure(halt))?;
        }
        Ok(ClientSession::new(dialogue))
    }

    /// Greeting, EHLO, TLS.
    async fn introduce(
        &self,
        mut dialogue: Dialogue,
        hop: &NextHop,
        mode: TlsMode,
    ) -> Result<Dialogue, Failure> {
        let give_up = |(halt, peer): (Halt, Peer)| halt.into_failure(Some(peer));
        if mode == TlsMode::Implicit {
            dialogue = dialogue.handshake(&self.tls, mode).await.map_err(give_up)?;
        }
        let opened = match dialogue.greeting().await {
            Ok(_) => dialogue.ehlo(&hop.helo_name).await,
            Err(halt) => Err(halt),
        };
        opened.map_err(|halt| dialogue.failure(halt))?;
        match mode {
            TlsMode::None | TlsMode::Implicit => return Ok(dialogue),
            TlsMode::Opportunistic if !dialogue.extensions.starttls => return Ok(dialogue),
            TlsMode::StartTls if !dialogue.extensions.starttls => {
                return Err(dialogue.failure(Cause::TlsNotOffered.at(Stage::Tls)));
            }
            TlsMode::Opportunistic | TlsMode::StartTls => {}
        }
        dialogue = dialogue.starttls(&self.tls, mode).await.map_err(give_up)?;
        match dialogue.ehlo(&hop.helo_name).await {
            Ok(_) => Ok(dialogue),
            Err(halt) => Err(dialogue.failure(halt)),
        }
    }

    fn has_broken_tls(&self, host: &str) -> bool {
        let broken = self.broken_tls.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get(host).is_some_and(|until| Instant::now() < *until)
    }

    fn note_broken_tls(&self, host: &str) {
        let now = Instant::now();
        let mut broken = self.broken_tls.lock().unwrap_or_else(PoisonError::into_inner);
        if broken.len() >= BROKEN_TLS_MAX {
            broken.retain(|_, until| now < *until);
        }
        if broken.len() < BROKEN_TLS_MAX {
            broken.insert(host.to_owned(), now + self.limits.broken_tls);
        }
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn connect(&self, hop: &NextHop) -> Result<Box<dyn Session>, Failure> {
        let setup_until = Instant::now() + self.limits.setup;
        let mut failures: Vec<Failure> = Vec::new();
        for (host, ip) in addresses(hop, self.limits.addresses_max) {
            if Instant::now() >= setup_until {
                break;
            }
            let target = Target { hop, host, addr: SocketAddr::new(ip, hop.port), setup_until };
            match self.open(&target).await {
                Ok(session) => return Ok(Box::new(session)),
                // A second address would only count as a second wrong password.
                Err(failure) if failure.trouble == Trouble::AuthRefused => return Err(failure),
                Err(failure) => failures.push(failure),
            }
        }
        Err(last_of(failures))
    }
}

fn addresses(hop: &NextHop, most: usize) -> Vec<(&str, IpAddr)> {
    let mut all = Vec::new();
    for host in &hop.hosts {
        all.extend(host.addresses.iter().map(|ip| (host.name.as_str(), *ip)));
    }
    all.truncate(most);
    all
}

/// The last failure, which also tells of the ones before it.
fn last_of(mut failures: Vec<Failure>) -> Failure {
    let Some(mut last) = failures.pop() else {
        let detail = "there is no address to connect to".to_owned();
        return Failure { stage: Stage::Dns, trouble: Trouble::DnsTrouble, reply: None, peer: None, detail };
    };
    for (n, failure) in failures.iter().enumerate() {
        let said = failure.reply.as_ref().map_or_else(|| failure.detail.clone(), mail::Reply::line);
        let said: String = said.chars().take(SAID_CHARS_MAX).collect();
        let peer = failure.peer.as_ref().map_or("", |peer| peer.address.as_str());
        let lead = match n {
            0 if last.detail.is_empty() => "before that: ",
            0 => "; before that: ",
            _ => "; ",
        };
        let _ = write!(last.detail, "{lead}{peer} {said}");
    }
    last
}

/// True when trying the same address without TLS may help.
fn is_about_tls(failure: &Failure) -> bool {
    let silent_under_tls = failure.stage == Stage::Ehlo
        && failure.trouble == Trouble::Disconnected
        && failure.peer.as_ref().is_some_and(|peer| peer.tls.is_some());
    failure.stage == Stage::Tls || silent_under_tls
}
