//! Asks with DNSSEC validation (RFC 4035) from trust anchors of our own, because nobody on the way may be believed.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hickory_resolver::{
    TokioResolver,
    net::{DnsError as Semantic, NetError},
    proto::{
        dnssec::{Proof, TrustAnchors},
        rr::{RData, RecordType},
    },
};

use crate::{
    DnsConfig, DnsError,
    ask::{builder, wire_name},
};

/// Answers kept by the validator, keys and signatures among them.
const CACHE_ENTRIES: u64 = 20_000;
/// A validated answer takes many questions.
const QUESTIONS_DEEP: u32 = 3;
/// How long it is believed that the name servers hand signatures on.
const WORKS_FOR: Duration = Duration::from_secs(3600);
/// How soon it is looked again whether they do.
const LOOK_AGAIN: Duration = Duration::from_secs(300);

/// What came of one validated question.
#[derive(Debug, Clone)]
pub(crate) enum Validated {
    /// Signed, and the signatures hold.
    Secure(Vec<RData>),
    /// Not signed, provably.
    Insecure,
    /// There is no such record.
    Nothing,
    /// Signed and wrong, or not to be had.
    Trouble(String),
}

/// A resolver that believes nothing unproven.
pub(crate) struct Validator {
    resolver: TokioResolver,
    timeout: Duration,
    works: Mutex<Option<(bool, Instant)>>,
}

impl Validator {
    /// `anchors` is a file of DNSKEY records; the keys of the root zone as built in where there is none.
    pub(crate) fn new(config: &DnsConfig, anchors: Option<&Path>) -> Result<Self, DnsError> {
        let anchors = match anchors {
            None => TrustAnchors::default(),
            Some(path) => TrustAnchors::from_file(path)
                .map_err(|error| DnsError::TrustAnchor(path.display().to_string(), error.to_string()))?,
        };
        let mut builder = builder(config)?.with_trust_anchor(Arc::new(anchors));
        builder.options_mut().cache_size = CACHE_ENTRIES;
        let resolver = builder.build().map_err(|error| DnsError::Setup(error.to_string()))?;
        let tries = u32::try_from(config.tries.max(1)).unwrap_or(u32::MAX);
        Ok(Self { resolver, timeout: config.timeout * tries * QUESTIONS_DEEP, works: Mutex::default() })
    }

    /// Whether signatures get through to us at all. Where they do not, every signed domain would look forged, so
    /// nothing is validated then.
    pub(crate) async fn works(&self) -> bool {
        let remembered = *self.works.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((works, _)) = remembered.filter(|(_, until)| Instant::now() < *until) {
            return works;
        }
        let root = self.ask(".", RecordType::DNSKEY).await;
        let works = matches!(root, Validated::Secure(_));
        if remembered.is_none_or(|(before, _)| before != works) {
            match works {
                true => tracing::info!("DNSSEC signatures can be validated; DANE is looked for"),
                false => {
                    tracing::warn!(
                        ?root,
                        "the name servers hand no valid DNSSEC signatures on; DANE is left out"
                    )
                }
            }
        }
        let until = Instant::now() + if works { WORKS_FOR } else { LOOK_AGAIN };
        *self.works.lock().unwrap_or_else(PoisonError::into_inner) = Some((works, until));
        works
    }

    pub(crate) async fn ask(&self, name: &str, kind: RecordType) -> Validated {
        let Some(wire) = wire_name(name) else { return Validated::Nothing };
        match tokio::time::timeout(self.timeout, self.resolver.lookup(wire, kind)).await {
            Err(_) => Validated::Trouble(format!("{kind} of {name}: no answer in time")),
            Ok(Err(error)) => sort(&error, name, kind),
            Ok(Ok(lookup)) => {
                let records =
                    || lookup.answers().iter().filter(|record| record.record_type() != RecordType::RRSIG);
                let wanted: Vec<RData> = records()
                    .filter(|record| record.record_type() == kind)
                    .map(|record| record.data.clone())
                    .collect();
                if records().any(|record| record.proof == Proof::Bogus) {
                    Validated::Trouble(format!("{kind} of {name}: the DNSSEC signature does not hold"))
                } else if wanted.is_empty() {
                    Validated::Nothing
                } else if records().all(|record| record.proof == Proof::Secure) {
                    Validated::Secure(wanted)
                } else {
                    Validated::Insecure
                }
            }
        }
    }
}

fn sort(error: &NetError, name: &str, kind: RecordType) -> Validated {
    match error {
        NetError::Dns(Semantic::NoRecordsFound(none)) if matches!(u16::from(none.response_code), 0 | 3) => {
            Validated::Nothing
        }
        NetError::Dns(Semantic::Nsec { proof, .. }) if *proof != Proof::Bogus => Validated::Nothing,
        NetError::Dns(Semantic::Nsec { .. } | Semantic::DnssecBogus) => {
            Validated::Trouble(format!("{kind} of {name}: the DNSSEC signature does not hold"))
        }
        other => Validated::Trouble(format!("{kind} of {name}: {other}")),
    }
}
