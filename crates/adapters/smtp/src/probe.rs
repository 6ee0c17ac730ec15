//! Walks a sending route from DNS to RCPT and tells what each step showed. Sends no message.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use delivery::{
    attempt::{Peer, Trouble},
    hop::{HopHost, MxAnswer, TlsMode},
    ports::MxResolver,
};
use doctor::{
    ports::RouteProbe,
    probe::{ProbeRequest, Seen, Step, StepFact},
};
use mail::{Reply, Stage};
use tokio::time::Instant;

use crate::client::{
    ClientLimits, ClientTls,
    dialogue::Dialogue,
    halt::{Cause, Halt},
    proof::Wish,
    transport::from_for,
};

/// The doctor's walker.
pub struct SmtpProbe {
    resolver: Arc<dyn MxResolver>,
    tls: ClientTls,
    limits: ClientLimits,
}

/// A walk in progress: what the steps showed so far.
struct Walk<'a> {
    request: &'a ProbeRequest,
    until: Instant,
    facts: Vec<StepFact>,
}

impl SmtpProbe {
    /// Makes a prober; `limits` are [`ClientLimits::interactive`] where a person waits.
    #[must_use]
    pub fn new(resolver: Arc<dyn MxResolver>, tls: ClientTls, limits: ClientLimits) -> Self {
        Self { resolver, tls, limits }
    }

    async fn walk(&self, walk: &mut Walk<'_>) -> Result<(), StepFact> {
        let request = walk.request;
        let hosts = self.find(walk).await?;
        let mut dialogue = self.reach(walk, &hosts).await?;
        match request.tls {
            TlsMode::None => walk.skip(Step::Tls),
            TlsMode::Implicit => {
                dialogue =
                    dialogue.handshake(&self.tls, &Wish::of_mode(request.tls)).await.map_err(stopped)?;
                walk.good(Step::Tls, dialogue.peer.tls.clone().unwrap_or_default());
            }
            TlsMode::StartTls | TlsMode::Opportunistic => {}
        }
        let mut greeting = introduce(&mut dialogue, &request.helo_name).await.map_err(stop)?;
        if matches!(request.tls, TlsMode::StartTls | TlsMode::Opportunistic) {
            (dialogue, greeting) = self.starttls(walk, dialogue, greeting).await?;
        }
        walk.good(Step::Ehlo, greeting.line());
        match &request.login {
            None => walk.skip(Step::Auth),
            Some(login) => {
                let reply = dialogue.auth(login).await.map_err(stop)?;
                walk.good(Step::Auth, reply.line());
            }
        }
        let mail = format!("MAIL FROM:<{}>\r\n", request.reverse_path);
        let rcpt = format!("RCPT TO:<{}>\r\n", request.recipient);
        for (step, stage, line) in [(Step::Mail, Stage::Mail, mail), (Step::Rcpt, Stage::Rcpt, rcpt)] {
            let reply = ask(&mut dialogue, stage, &line).await.map_err(stop)?;
            walk.good(step, reply.line());
        }
        for line in ["RSET\r\n", "QUIT\r\n"] {
            // Everything is known already; this is only to leave politely.
            let until = dialogue.until(self.limits.quit);
            let _ = dialogue.exchange(line, until).await;
        }
        Ok(())
    }

    async fn find(&self, walk: &mut Walk<'_>) -> Result<Vec<HopHost>, StepFact> {
        let answer = match &walk.request.host {
            Some(host) => self.resolver.host(host).await,
            None => self.resolver.mx(walk.request.recipient.domain()).await,
        };
        let seen = match answer {
            MxAnswer::Hosts(hosts) => {
                let usable: Vec<HopHost> = hosts
                    .into_iter()
                    .filter(|host| !host.addresses.is_empty())
                    .map(|host| HopHost::new(host.name, host.addresses))
                    .collect();
                if !usable.is_empty() {
                    walk.good(Step::Dns, list(&usable));
                    return Ok(usable);
                }
                Seen::NoSuchHost
            }
            MxAnswer::NullMx | MxAnswer::NoSuchDomain | MxAnswer::NoMailHost => Seen::NoSuchHost,
            MxAnswer::Trouble(words) | MxAnswer::Barred(_, words) => Seen::DnsTrouble(words),
        };
        Err(StepFact { step: Step::Dns, seen })
    }

    /// The first address that takes the connection.
    async fn reach(&self, walk: &mut Walk<'_>, hosts: &[HopHost]) -> Result<Dialogue, StepFact> {
        let mut last = StepFact { step: Step::Tcp, seen: Seen::NoSuchHost };
        let mut tried = 0;
        for host in hosts {
            for ip in &host.addresses {
                if tried == self.limits.addresses_max {
                    return Err(last);
                }
                tried += 1;
                let addr = SocketAddr::new(*ip, walk.request.port);
                let from = from_for(&walk.request.from, *ip);
                if from.is_none() && !walk.request.from.is_empty() {
                    continue;
                }
                match Dialogue::open(&host.name, (addr, from), self.limits, walk.until).await {
                    Ok(dialogue) => {
                        walk.good(Step::Tcp, format!("{} {addr}", host.name));
                        return Ok(dialogue);
                    }
                    Err(halt) => last = stopped(halt),
                }
            }
        }
        Err(last)
    }

    /// STARTTLS as delivery would do it; the reply is that of the EHLO that counts.
    async fn starttls(
        &self,
        walk: &mut Walk<'_>,
        dialogue: Dialogue,
        greeting: Reply,
    ) -> Result<(Dialogue, Reply), StepFact> {
        let request = walk.request;
        let may_do_without = request.tls == TlsMode::Opportunistic
            && (request.login.is_none() || dialogue.may_say_password(request.tls));
        if !dialogue.extensions.starttls {
            if !may_do_without {
                return Err(StepFact { step: Step::Tls, seen: Seen::TlsNotOffered });
            }
            walk.skip(Step::Tls);
            return Ok((dialogue, greeting));
        }
        let (host, addr) = (dialogue.peer.host.clone(), dialogue.addr);
        let fact = match dialogue.starttls(&self.tls, &Wish::of_mode(request.tls)).await {
            Ok(mut dialogue) => {
                walk.good(Step::Tls, dialogue.peer.tls.clone().unwrap_or_default());
                let reply = dialogue.ehlo(&request.helo_name).await.map_err(stop)?;
                return Ok((dialogue, reply));
            }
            Err(halt) => stopped(halt),
        };
        if !may_do_without {
            return Err(fact);
        }
        // Delivery goes on in clear then (RFC 7435), and so does the walk; the fact tells why.
        walk.good(Step::Tls, format!("in clear, because STARTTLS is broken: {}", words(&fact.seen)));
        let from = from_for(&request.from, addr.ip());
        let mut dialogue =
            Dialogue::open(&host, (addr, from), self.limits, walk.until).await.map_err(stopped)?;
        let greeting = introduce(&mut dialogue, &request.helo_name).await.map_err(stop)?;
        Ok((dialogue, greeting))
    }
}

#[async_trait]
impl RouteProbe for SmtpProbe {
    async fn probe(&self, request: &ProbeRequest) -> Vec<StepFact> {
        let until = Instant::now() + self.limits.setup;
        let mut walk = Walk { request, until, facts: Vec::new() };
        if let Err(fact) = self.walk(&mut walk).await {
            walk.facts.push(fact);
        }
        walk.facts
    }
}

impl Walk<'_> {
    fn good(&mut self, step: Step, words: String) {
        self.facts.push(StepFact { step, seen: Seen::Good(words) });
    }

    fn skip(&mut self, step: Step) {
        self.facts.push(StepFact { step, seen: Seen::Skipped });
    }
}

async fn introduce(dialogue: &mut Dialogue, helo_name: &str) -> Result<Reply, Halt> {
    dialogue.greeting().await?;
    dialogue.ehlo(helo_name).await
}

async fn ask(dialogue: &mut Dialogue, stage: Stage, line: &str) -> Result<Reply, Halt> {
    let timeout = if stage == Stage::Mail { dialogue.limits.mail } else { dialogue.limits.rcpt };
    let until = dialogue.until(timeout);
    match dialogue.exchange(line, until).await {
        Ok(reply) if reply.is_success() => Ok(reply),
        Ok(reply) => Err(Cause::Said(reply).at(stage)),
        Err(cause) => Err(cause.at(stage)),
    }
}

fn stopped((halt, _): (Halt, Peer)) -> StepFact {
    stop(halt)
}

fn stop(halt: Halt) -> StepFact {
    let step = match halt.stage {
        Stage::Dns => Step::Dns,
        Stage::Connect => Step::Tcp,
        Stage::Tls => Step::Tls,
        Stage::Greeting | Stage::Ehlo => Step::Ehlo,
        Stage::Auth => Step::Auth,
        Stage::Mail => Step::Mail,
        Stage::Rcpt | Stage::Data | Stage::Content | Stage::Later => Step::Rcpt,
    };
    let seen = match halt.cause {
        Cause::Said(reply) => Seen::Reply(reply),
        Cause::Broken(Trouble::Refused, words) => Seen::Refused(words),
        Cause::Broken(Trouble::TimedOut, _) => Seen::TimedOut,
        Cause::Broken(Trouble::NotSmtp, words) => Seen::NotSmtp(words),
        Cause::Broken(_, words) => Seen::Broken(words),
        Cause::TlsNotOffered => Seen::TlsNotOffered,
        Cause::Certificate(why) => Seen::CertificateWrong(why.words),
        Cause::Tls(words) => Seen::TlsFailed(words),
        Cause::AuthNotOffered(words) => Seen::AuthNotOffered(words),
    };
    StepFact { step, seen }
}

fn list(hosts: &[HopHost]) -> String {
    let one = |host: &HopHost| {
        let addresses: Vec<String> = host.addresses.iter().map(ToString::to_string).collect();
        format!("{} ({})", host.name, addresses.join(", "))
    };
    hosts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn words(seen: &Seen) -> String {
    match seen {
        Seen::Reply(reply) => reply.line(),
        Seen::TimedOut => "no answer in time".to_owned(),
        Seen::TlsFailed(words) | Seen::CertificateWrong(words) | Seen::Broken(words) => words.clone(),
        other => format!("{other:?}"),
    }
}
