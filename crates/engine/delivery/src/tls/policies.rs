//! Finds a domain's TLS policies and keeps them: an MX resolver whose hosts come with what must be demanded of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use authentication::{StsPolicy, StsRecord};
use tokio::sync::Mutex as TurnMutex;

use super::{
    Basis, TlsObserver, TlsResult, TlsSession,
    decide::{Known, Mishap, Sts, decide},
    ports::{DomainDane, KeptSts, PolicyDns, StsFetch, TlsRule, TlsStore, TxtAnswer},
};
use crate::{
    hop::{MxAnswer, MxHost},
    ports::MxResolver,
    recorder::Clock,
};

/// How long what was found is used before DNS and the rules are asked again.
const FRESH_MS: i64 = 60_000;
/// How long nothing is fetched after a fetch failed (RFC 8461 section 3.3 asks for five minutes).
const FETCH_AGAIN_MS: i64 = 300_000;
/// A kept policy is fetched again after a day at the latest, so that it does not end unnoticed.
const REFRESH_MS: i64 = 24 * 3_600_000;
/// Domains in memory.
const DOMAINS_MAX: usize = 20_000;

/// What is switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicySettings {
    /// Whether MTA-STS policies are fetched and followed.
    pub mta_sts: bool,
    /// Whether TLSA records are looked for.
    pub dane: bool,
    /// The port of MX hosts, which TLSA records are published for.
    pub mx_port: u16,
}

/// The hands of [`TlsPolicies`].
#[derive(Clone)]
pub struct PolicyPorts {
    /// Where mail goes.
    pub resolver: Arc<dyn MxResolver>,
    /// TXT and TLSA records.
    pub dns: Arc<dyn PolicyDns>,
    /// HTTPS.
    pub fetch: Arc<dyn StsFetch>,
    /// What is kept.
    pub store: Arc<dyn TlsStore>,
    /// Who counts.
    pub observer: Arc<dyn TlsObserver>,
    /// The time.
    pub clock: Clock,
}

/// What is known of one domain and until when.
#[derive(Default)]
struct Entry {
    known: Option<(Known, i64)>,
    fetch_after: i64,
}

/// The resolver of delivery. Policies are applied before domains are grouped by their servers, so one domain's bad
/// policy is its own trouble only.
pub struct TlsPolicies {
    ports: PolicyPorts,
    settings: PolicySettings,
    /// The configuration's rules; one of the store for the same domain goes first.
    rules: Vec<(String, TlsRule)>,
    domains: Mutex<HashMap<String, Arc<TurnMutex<Entry>>>>,
}

impl TlsPolicies {
    /// Asks nothing yet.
    #[must_use]
    pub fn new(ports: PolicyPorts, settings: PolicySettings) -> Self {
        Self { ports, settings, rules: Vec::new(), domains: Mutex::default() }
    }

    /// The same with rules of the configuration.
    #[must_use]
    pub fn with_rules(self, rules: Vec<(String, TlsRule)>) -> Self {
        Self { rules, ..self }
    }

    /// Many connections may ask for one domain at once; one of them finds out.
    fn entry(&self, domain: &str) -> Arc<TurnMutex<Entry>> {
        let mut domains = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = domains.get(domain) {
            return Arc::clone(entry);
        }
        if domains.len() >= DOMAINS_MAX {
            domains.clear();
        }
        let entry = Arc::<TurnMutex<Entry>>::default();
        domains.insert(domain.to_owned(), Arc::clone(&entry));
        entry
    }

    async fn known(&self, domain: &str, hosts: &[MxHost]) -> Known {
        let entry = self.entry(domain);
        let mut entry = entry.lock().await;
        let now = (self.ports.clock)();
        let names = sorted_names(hosts);
        if let Some((known, until)) = entry.known.as_ref()
            && now < *until
        {
            return in_order(known, &names, hosts);
        }
        let rule = self.rule(domain).await;
        let sts = async {
            match self.settings.mta_sts {
                true => self.sts(domain, &mut entry.fetch_after, now).await,
                false => None,
            }
        };
        let dane = async {
            match self.settings.dane {
                true => self.ports.dns.dane(domain, &names, self.settings.mx_port).await,
                false => DomainDane::Absent,
            }
        };
        let (sts, dane) = tokio::join!(sts, dane);
        let known = Known { rule, sts, dane };
        entry.known = Some((known.clone(), now + FRESH_MS));
        in_order(&known, &names, hosts)
    }

    async fn rule(&self, domain: &str) -> Option<TlsRule> {
        let own = match self.ports.store.tls_rules().await {
            Ok(rules) => rules.into_iter().find(|(known, _)| known == domain),
            Err(error) => {
                tracing::warn!(%error, domain, "the rules about TLS could not be read");
                None
            }
        };
        let configured = || self.rules.iter().find(|(known, _)| known == domain).cloned();
        own.or_else(configured).map(|(_, rule)| rule)
    }

    /// The MTA-STS policy that holds now: the live one, else the kept one (RFC 8461 section 5.1).
    async fn sts(&self, domain: &str, fetch_after: &mut i64, now: i64) -> Option<Sts> {
        let kept = match self.ports.store.kept_sts(domain).await {
            Ok(kept) => kept.filter(|kept| now < kept.holds_until),
            Err(error) => {
                tracing::warn!(%error, domain, "the kept MTA-STS policy could not be read");
                None
            }
        };
        let announced = match self.ports.dns.txt(&format!("_mta-sts.{domain}")).await {
            TxtAnswer::Records(records) => StsRecord::read(&records).0,
            TxtAnswer::Trouble(_) => None,
        };
        let Some(StsRecord { id }) = announced else { return kept.as_ref().and_then(read) };
        let current = |kept: &&KeptSts| kept.id == id && now - kept.fetched_at < REFRESH_MS;
        if let Some(kept) = kept.as_ref().filter(current) {
            return read(kept);
        }
        if now < *fetch_after {
            return kept.as_ref().and_then(read);
        }
        match self.fetch(domain, &id, now).await {
            Ok(sts) => Some(sts),
            Err((result, detail)) => {
                *fetch_after = now + FETCH_AGAIN_MS;
                tracing::info!(domain, detail, "no MTA-STS policy could be had");
                let basis = Basis::MtaSts { id, enforce: false };
                self.count(domain, Mishap { basis, host: String::new(), result, detail });
                kept.as_ref().and_then(read)
            }
        }
    }

    async fn fetch(&self, domain: &str, id: &str, now: i64) -> Result<Sts, (TlsResult, String)> {
        let body = match self.ports.fetch.fetch(domain).await {
            Ok(body) => body,
            Err(failure) => return Err((failure.result, failure.words)),
        };
        let (policy, defects) = StsPolicy::read(&body);
        let Some(policy) = policy else {
            return Err((TlsResult::StsPolicyInvalid, format!("the policy cannot be read: {defects:?}")));
        };
        let age_ms = i64::try_from(policy.max_age_secs.saturating_mul(1000)).unwrap_or(i64::MAX);
        let kept =
            KeptSts { id: id.to_owned(), body, fetched_at: now, holds_until: now.saturating_add(age_ms) };
        if let Err(error) = self.ports.store.keep_sts(domain, &kept).await {
            tracing::warn!(%error, domain, "an MTA-STS policy could not be kept");
        }
        Ok(Sts { id: id.to_owned(), policy })
    }

    fn count(&self, domain: &str, mishap: Mishap) {
        let Mishap { basis, host, result, detail } = mishap;
        let domain = domain.to_owned();
        self.ports.observer.note(TlsSession {
            domain,
            basis,
            policy: Vec::new(),
            host,
            address: None,
            result,
            detail,
        });
    }
}

fn read(kept: &KeptSts) -> Option<Sts> {
    let policy = StsPolicy::read(&kept.body).0?;
    Some(Sts { id: kept.id.clone(), policy })
}

/// DANE is asked for and kept by host name; the resolver turns hosts of equal preference round.
fn sorted_names(hosts: &[MxHost]) -> Vec<String> {
    let mut names: Vec<String> = hosts.iter().map(|host| host.name.clone()).collect();
    names.sort_unstable();
    names
}

/// The same knowledge, with DANE in the order of these hosts.
fn in_order(known: &Known, names: &[String], hosts: &[MxHost]) -> Known {
    let DomainDane::Hosts(danes) = &known.dane else { return known.clone() };
    let of = |host: &MxHost| {
        let at = names.iter().position(|name| *name == host.name);
        // A host that is new since then waits for the next look.
        let unknown = || super::ports::HostDane::Trouble(format!("{} was not looked up yet", host.name));
        at.and_then(|at| danes.get(at).cloned()).unwrap_or_else(unknown)
    };
    Known { dane: DomainDane::Hosts(hosts.iter().map(of).collect()), ..known.clone() }
}

#[async_trait]
impl MxResolver for TlsPolicies {
    async fn mx(&self, domain: &str) -> MxAnswer {
        let hosts = match self.ports.resolver.mx(domain).await {
            MxAnswer::Hosts(hosts) => hosts,
            other => return other,
        };
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        let known = self.known(&domain, &hosts).await;
        let (answer, mishaps) = decide(&domain, hosts, &known);
        for mishap in mishaps {
            self.count(&domain, mishap);
        }
        answer
    }

    /// Smart hosts are the owner's own; their TLS is that of the route.
    async fn host(&self, name: &str) -> MxAnswer {
        self.ports.resolver.host(name).await
    }
}
