//! Opens a session with the first host and address that answers.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use authentication::Tlsa;
use delivery::{
    attempt::{Failure, Peer, Trouble},
    hop::{HopHost, NextHop, TlsMode},
    ports::{Session, Transport},
    tls::{Basis, Demand, TlsObserver, TlsResult, TlsSession, Unobserved},
};
use mail::Stage;
use tokio::time::Instant;

use super::{
    broken::{BrokenTls, Lesson},
    dialogue::Dialogue,
    halt::{Cause, Halt},
    heard::Heard,
    limits::ClientLimits,
    proof::Wish,
    session::ClientSession,
    tls::ClientTls,
};

/// How much of each earlier failure the last one tells.
const SAID_CHARS_MAX: usize = 200;

/// The SMTP client.
pub struct SmtpTransport {
    limits: ClientLimits,
    tls: ClientTls,
    broken: BrokenTls,
    observer: Arc<dyn TlsObserver>,
}

/// One address to try.
struct Target<'a> {
    hop: &'a NextHop,
    host: &'a HopHost,
    addr: SocketAddr,
    from: Option<IpAddr>,
    setup_until: Instant,
    heard: Heard,
}

/// What is tried at an address: TLS as wished for, or in clear for this reason.
enum Way<'a> {
    Tls(&'a Wish),
    Clear(&'a Wish, &'a str),
}

impl SmtpTransport {
    /// Makes a client; connects to nothing yet.
    #[must_use]
    pub fn new(limits: ClientLimits, tls: ClientTls) -> Self {
        Self { limits, tls, broken: BrokenTls::default(), observer: Arc::new(Unobserved) }
    }

    /// The same client, which tells how TLS goes.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn TlsObserver>) -> Self {
        Self { observer, ..self }
    }

    /// One address: with TLS, and with less of it where that is allowed and TLS is broken there.
    async fn open(&self, target: &Target<'_>) -> Result<ClientSession, Failure> {
        let host = target.host.name.as_str();
        let mut wish = Wish::of(target.hop, &target.host.policy);
        if target.hop.tls == TlsMode::None {
            return self.speak(target, Way::Clear(&wish, "TLS is switched off for this route")).await;
        }
        let lesson = self.broken.lesson(host);
        if lesson == Some(Lesson::NoTls) && wish.may_do_without() {
            return self.speak(target, Way::Clear(&wish, "TLS failed there a short while ago")).await;
        }
        wish.lax = lesson.is_some() && wish.takes_any();
        let mut failure = match self.speak(target, Way::Tls(&wish)).await {
            Err(failure) if wish.takes_any() && is_about_tls(&failure) => failure,
            done => return done,
        };
        if !wish.lax && failure.trouble == Trouble::TlsUnproven {
            wish.lax = true;
            self.broken.note(host, Lesson::AnyCertificate, self.limits.broken_tls);
            failure = match self.speak(target, Way::Tls(&wish)).await {
                Err(failure) if is_about_tls(&failure) => failure,
                done => return done,
            };
        }
        if !wish.may_do_without() {
            return Err(failure);
        }
        tracing::info!(host, why = failure.detail, "TLS is broken there; going on in clear");
        self.broken.note(host, Lesson::NoTls, self.limits.broken_tls);
        let said = failure.reply.as_ref().map_or(failure.detail, mail::Reply::line);
        self.speak(target, Way::Clear(&wish, &said)).await
    }

    async fn speak(&self, target: &Target<'_>, way: Way<'_>) -> Result<ClientSession, Failure> {
        let (host, addr) = (&target.host.name, target.addr);
        match target.from {
            Some(from) => target.heard.note(&format!("connect {host} {addr} from {from}")),
            None => target.heard.note(&format!("connect {host} {addr}")),
        }
        let done = self.converse(target, way).await;
        if let Err(failure) = &done {
            let words = failure.reply.as_ref().map_or_else(|| failure.detail.clone(), mail::Reply::line);
            target.heard.note(&format!("ended {words}"));
        }
        done
    }

    async fn converse(&self, target: &Target<'_>, way: Way<'_>) -> Result<ClientSession, Failure> {
        let give_up = |(halt, peer): (Halt, Peer)| halt.into_failure(Some(peer));
        let opened =
            Dialogue::open(&target.host.name, (target.addr, target.from), self.limits, target.setup_until)
                .await;
        let mut dialogue = opened.map_err(give_up)?;
        dialogue.heard = target.heard.clone();
        let mut dialogue = self.introduce(dialogue, target, way).await?;
        if let Some(login) = &target.hop.login {
            let result = match dialogue.may_say_password(target.hop.tls) {
                true => dialogue.auth(login).await.map(drop),
                false => Err(Cause::TlsNotOffered.at(Stage::Tls)),
            };
            result.map_err(|halt| dialogue.failure(halt))?;
        }
        Ok(ClientSession::new(dialogue, target.heard.take()))
    }

    /// Greeting, EHLO, TLS.
    async fn introduce(
        &self,
        mut dialogue: Dialogue,
        target: &Target<'_>,
        way: Way<'_>,
    ) -> Result<Dialogue, Failure> {
        let give_up = |(halt, peer): (Halt, Peer)| halt.into_failure(Some(peer));
        let helo_name = &target.hop.helo_name;
        let implicit = target.hop.tls == TlsMode::Implicit;
        if let (Way::Tls(wish), true) = (&way, implicit) {
            let done = dialogue.handshake(&self.tls, wish).await;
            self.count(target, wish, &done);
            dialogue = done.map_err(give_up)?;
        }
        let opened = match dialogue.greeting().await {
            Ok(_) => dialogue.ehlo(helo_name).await,
            Err(halt) => Err(halt),
        };
        opened.map_err(|halt| dialogue.failure(halt))?;
        let wish = match way {
            Way::Clear(wish, why) => {
                dialogue.stay_in_clear(wish, why);
                return Ok(dialogue);
            }
            Way::Tls(_) if implicit => return Ok(dialogue),
            Way::Tls(wish) => wish,
        };
        if !dialogue.extensions.starttls {
            self.tell(target, wish, TlsResult::StarttlsNotSupported, "");
            if !wish.may_do_without() {
                return Err(dialogue.failure(Cause::TlsNotOffered.at(Stage::Tls)));
            }
            dialogue.stay_in_clear(wish, "STARTTLS is not offered");
            return Ok(dialogue);
        }
        let done = dialogue.starttls(&self.tls, wish).await;
        self.count(target, wish, &done);
        dialogue = done.map_err(give_up)?;
        match dialogue.ehlo(helo_name).await {
            Ok(_) => Ok(dialogue),
            Err(halt) => Err(dialogue.failure(halt)),
        }
    }

    /// Counts how the handshake went.
    fn count(&self, target: &Target<'_>, wish: &Wish, done: &Result<Dialogue, (Halt, Peer)>) {
        let policy = &wish.policy;
        // A domain that tests MTA-STS wants to know; where nobody asked, any certificate is a success.
        let asked = policy.demand == Demand::Opportunistic && policy.basis != Basis::Nobody;
        match done {
            Ok(_) if policy.outside_policy => {
                let words = "the policy does not name this host";
                self.tell(target, wish, TlsResult::ValidationFailure, words);
            }
            Ok(dialogue) => match dialogue.flaw.as_ref().filter(|_| asked) {
                Some(flaw) => self.tell(target, wish, flaw.result, &flaw.words),
                None => self.tell(target, wish, TlsResult::Success, ""),
            },
            Err((halt, _)) => self.tell(target, wish, halt.cause.tls_result(), &halt.cause.words()),
        }
    }

    fn tell(&self, target: &Target<'_>, wish: &Wish, result: TlsResult, detail: &str) {
        if wish.policy.domain.is_empty() {
            return;
        }
        self.observer.note(TlsSession {
            domain: wish.policy.domain.clone(),
            basis: wish.policy.basis.clone(),
            policy: match &wish.policy.demand {
                Demand::Dane(records) => records.iter().map(Tlsa::text).collect(),
                _ => Vec::new(),
            },
            host: target.host.name.clone(),
            address: Some(target.addr.ip()),
            result,
            detail: detail.to_owned(),
        });
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn connect(&self, hop: &NextHop) -> Result<Box<dyn Session>, Failure> {
        let setup_until = Instant::now() + self.limits.setup;
        let mut failures: Vec<Failure> = Vec::new();
        let heard = Heard::default();
        let told = |failure| Failure { said: Some(Box::new(heard.take())), ..failure };
        for (host, ip, from) in addresses(hop, self.limits.addresses_max) {
            if Instant::now() >= setup_until {
                break;
            }
            let addr = SocketAddr::new(ip, hop.port);
            let target = Target { hop, host, addr, from, setup_until, heard: heard.clone() };
            match self.open(&target).await {
                Ok(session) => return Ok(Box::new(session)),
                // A second address would only count as a second wrong password.
                Err(failure) if failure.trouble == Trouble::AuthRefused => return Err(told(failure)),
                Err(failure) => failures.push(failure),
            }
        }
        Err(told(last_of(failures)))
    }
}

/// The addresses to try, each with the one of ours to try it from. A source of one family has no way to the other.
fn addresses(hop: &NextHop, most: usize) -> Vec<(&HopHost, IpAddr, Option<IpAddr>)> {
    let mut all = Vec::new();
    for host in &hop.hosts {
        for ip in &host.addresses {
            let from = from_for(&hop.from, *ip);
            if hop.from.is_empty() || from.is_some() {
                all.push((host, *ip, from));
            }
        }
    }
    all.truncate(most);
    all
}

/// The address of ours that can reach `ip`.
pub(crate) fn from_for(from: &[IpAddr], ip: IpAddr) -> Option<IpAddr> {
    from.iter().copied().find(|ours| ours.is_ipv4() == ip.is_ipv4())
}

/// The last failure, which also tells of the ones before it.
fn last_of(mut failures: Vec<Failure>) -> Failure {
    let Some(mut last) = failures.pop() else {
        let detail = "there is no address to connect to".to_owned();
        let trouble = Trouble::DnsTrouble;
        return Failure { stage: Stage::Dns, trouble, reply: None, peer: None, detail, said: None };
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
