//! Finds where mail goes, for delivery, and remembers it.

use std::{
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use delivery::{
    hop::{MxAnswer, MxHost},
    ports::MxResolver,
};
use futures_util::future::join_all;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::sync::Semaphore;

use crate::{
    DnsConfig, DnsError, Dnssec,
    ask::{Asked, Asker},
    cache::Cache,
    config::CacheLimits,
    mx::{Targets, addresses, host_name, spread, targets},
    validate::Validator,
};

/// The resolver of the house. Cheap to share in an `Arc`.
pub struct DnsResolver {
    pub(crate) asker: Asker,
    pub(crate) validator: Option<Validator>,
    ipv6: bool,
    cache: Mutex<Cache<MxAnswer>>,
    limits: CacheLimits,
    walk_timeout: Duration,
    walks: Semaphore,
    seed: AtomicU64,
}

/// An answer with how long it may be believed: `None` when no record said so.
struct Walked {
    answer: MxAnswer,
    ttl: Option<Duration>,
    /// Part of it could not be asked, so it is kept as briefly as trouble.
    partly: bool,
}

/// The addresses of one host.
struct HostAddresses {
    addresses: Vec<IpAddr>,
    ttl: Option<Duration>,
    /// False when every question was answered with NXDOMAIN.
    exists: bool,
    trouble: Option<String>,
}

impl DnsResolver {
    /// Makes a resolver; asks nothing yet.
    ///
    /// # Errors
    /// When the system's configuration is wanted and cannot be read.
    pub fn new(config: &DnsConfig) -> Result<Self, DnsError> {
        Ok(Self {
            asker: Asker::new(config)?,
            validator: match &config.dnssec {
                Dnssec::Off => None,
                Dnssec::Root => Some(Validator::new(config, None)?),
                Dnssec::Anchors(path) => Some(Validator::new(config, Some(path))?),
            },
            ipv6: config.ipv6,
            cache: Mutex::new(Cache::new(config.cache.entries_max)),
            limits: config.cache,
            walk_timeout: config.walk_timeout,
            walks: Semaphore::new(config.walks_max.max(1)),
            seed: AtomicU64::new(config.seed),
        })
    }

    async fn cached(&self, key: &str, walk: impl Future<Output = Walked>) -> MxAnswer {
        if let Some(answer) = self.remembered(key) {
            return answer;
        }
        let bounded = async {
            let _slot = self.walks.acquire().await;
            // Many may have waited for the same name; the first of them has found it.
            if let Some(answer) = self.remembered(key) {
                return answer;
            }
            let walked = walk.await;
            let until = Instant::now() + self.keep_for(&walked);
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.put(key, walked.answer.clone(), until);
            walked.answer
        };
        match tokio::time::timeout(self.walk_timeout, bounded).await {
            Ok(answer) => answer,
            // Waiting for a slot says nothing about this name, so it is not remembered.
            Err(_) => MxAnswer::Trouble("name servers are too slow".to_owned()),
        }
    }

    fn remembered(&self, key: &str) -> Option<MxAnswer> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(key, Instant::now())
    }

    fn keep_for(&self, walked: &Walked) -> Duration {
        let limits = &self.limits;
        match walked.answer {
            MxAnswer::Trouble(_) | MxAnswer::Barred(..) => limits.trouble,
            _ if walked.partly => limits.trouble,
            MxAnswer::Hosts(_) | MxAnswer::NullMx => {
                walked.ttl.unwrap_or(limits.found_min).clamp(limits.found_min, limits.found_max)
            }
            MxAnswer::NoSuchDomain | MxAnswer::NoMailHost => {
                walked.ttl.unwrap_or(limits.none_min).clamp(limits.none_min, limits.none_max)
            }
        }
    }

    async fn walk_domain(&self, domain: &str) -> Walked {
        match self.asker.ask(domain, RecordType::MX).await {
            Asked::Found { records, ttl } => match targets(&records) {
                Targets::Hosts(hosts) => self.walk_hosts(hosts, ttl).await,
                Targets::Null => Walked { answer: MxAnswer::NullMx, ttl: Some(ttl), partly: false },
                Targets::None => Walked { answer: MxAnswer::NoMailHost, ttl: Some(ttl), partly: false },
            },
            Asked::Nothing { ttl } => {
                let walked = self.walk_host(domain).await;
                Walked { ttl: shorter(walked.ttl, ttl), ..walked }
            }
            Asked::NoSuchName { ttl } => Walked { answer: MxAnswer::NoSuchDomain, ttl, partly: false },
            Asked::Trouble(text) => Walked {
                answer: MxAnswer::Trouble(format!("MX of {domain}: {text}")),
                ttl: None,
                partly: false,
            },
        }
    }

    async fn walk_hosts(&self, hosts: Vec<(u16, String)>, ttl: Duration) -> Walked {
        let found = join_all(hosts.iter().map(|(_, name)| self.addresses_of(name))).await;
        let mut ttl = Some(ttl);
        let mut trouble = None;
        let mut answer = Vec::with_capacity(hosts.len());
        for ((preference, name), host) in hosts.into_iter().zip(found) {
            ttl = shorter(ttl, host.ttl);
            trouble = trouble.or(host.trouble);
            answer.push(MxHost::new(preference, name, host.addresses));
        }
        if answer.iter().any(|host| !host.addresses.is_empty()) {
            return Walked { answer: MxAnswer::Hosts(answer), ttl, partly: trouble.is_some() };
        }
        // The hosts are kept though they have no address: an MX that leads nowhere is often a slip being mended.
        let answer = trouble.map_or(MxAnswer::Hosts(answer), MxAnswer::Trouble);
        Walked { answer, ttl: Some(Duration::ZERO), partly: false }
    }

    async fn walk_host(&self, name: &str) -> Walked {
        let host = self.addresses_of(name).await;
        let partly = host.trouble.is_some();
        // Where IPv6 is off, a name without IPv4 address may still have one we did not ask for: not "no host".
        let unasked = host.exists && !self.ipv6 && host.trouble.is_none();
        let answer = if unasked || !host.addresses.is_empty() {
            MxAnswer::Hosts(vec![MxHost::new(0, name, host.addresses)])
        } else if let Some(text) = host.trouble {
            MxAnswer::Trouble(text)
        } else if host.exists {
            MxAnswer::NoMailHost
        } else {
            MxAnswer::NoSuchDomain
        };
        Walked { answer, ttl: host.ttl, partly }
    }

    async fn addresses_of(&self, name: &str) -> HostAddresses {
        let v6 = async {
            match self.ipv6 {
                true => self.asker.ask(name, RecordType::AAAA).await,
                false => Asked::NoSuchName { ttl: None },
            }
        };
        let (v6, v4) = tokio::join!(v6, self.asker.ask(name, RecordType::A));
        let mut host = HostAddresses { addresses: Vec::new(), ttl: None, exists: false, trouble: None };
        let mut records: [Vec<RData>; 2] = [Vec::new(), Vec::new()];
        for (asked, slot) in [v6, v4].into_iter().zip(&mut records) {
            match asked {
                Asked::Found { records, ttl } => {
                    *slot = records;
                    host.exists = true;
                    host.ttl = shorter(host.ttl, Some(ttl));
                }
                Asked::Nothing { ttl } => {
                    host.exists = true;
                    host.ttl = shorter(host.ttl, ttl);
                }
                Asked::NoSuchName { ttl } => host.ttl = shorter(host.ttl, ttl),
                Asked::Trouble(text) => host.trouble = Some(format!("address of {name}: {text}")),
            }
        }
        host.addresses = addresses(&records[0], &records[1]);
        host
    }
}

#[async_trait]
impl MxResolver for DnsResolver {
    async fn mx(&self, domain: &str) -> MxAnswer {
        let domain = host_name(domain);
        let answer = self.cached(&domain, self.walk_domain(&domain)).await;
        spread(answer, self.seed.fetch_add(1, Ordering::Relaxed))
    }

    async fn host(&self, name: &str) -> MxAnswer {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            let host = MxHost::new(0, bare, vec![ip]);
            return MxAnswer::Hosts(vec![host]);
        }
        let name = host_name(name);
        // A name may be both a domain and a host; `=` cannot stand in either.
        self.cached(&format!("={name}"), self.walk_host(&name)).await
    }
}

fn shorter(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
