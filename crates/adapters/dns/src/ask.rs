//! Puts one question to the name servers and sorts the answer: found, none, no such name, or trouble.

use std::time::Duration;

use hickory_resolver::{
    Resolver, ResolverBuilder, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError as Semantic, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};

use crate::{DnsConfig, DnsError};

/// What came of one question.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// Records of the kind asked for.
    Found { records: Vec<RData>, ttl: Duration },
    /// The name exists, without such a record.
    Nothing { ttl: Option<Duration> },
    /// NXDOMAIN.
    NoSuchName { ttl: Option<Duration> },
    /// Anything else.
    Trouble(String),
}

/// The hickory resolver, with its own cache switched off.
pub(crate) struct Asker {
    resolver: TokioResolver,
    question_timeout: Duration,
}

impl Asker {
    pub(crate) fn new(config: &DnsConfig) -> Result<Self, DnsError> {
        let tries = config.tries.max(1);
        let resolver = builder(config)?.build().map_err(|error| DnsError::Setup(error.to_string()))?;
        let question_timeout = config.timeout * u32::try_from(tries).unwrap_or(u32::MAX);
        Ok(Self { resolver, question_timeout })
    }

    pub(crate) async fn ask(&self, name: &str, kind: RecordType) -> Asked {
        let Some(name) = wire_name(name) else { return Asked::NoSuchName { ttl: None } };
        let Ok(answer) = tokio::time::timeout(self.question_timeout, self.resolver.lookup(name, kind)).await
        else {
            return Asked::Trouble(format!("no answer within {} s", self.question_timeout.as_secs_f32()));
        };
        match answer {
            Ok(lookup) => {
                let code = lookup.message().response_code;
                let wanted = lookup.answers().iter().filter(|record| record.record_type() == kind);
                let ttl = wanted.clone().map(|record| record.ttl).min();
                match ttl {
                    Some(ttl) => Asked::Found {
                        records: wanted.map(|record| record.data.clone()).collect(),
                        ttl: Duration::from_secs(ttl.into()),
                    },
                    None if code == ResponseCode::NoError => Asked::Nothing { ttl: None },
                    None => Asked::Trouble(format!("name server answered {code}")),
                }
            }
            Err(error) => sort_error(error),
        }
    }
}

/// A resolver for the configured name servers, without a cache.
pub(crate) fn builder(config: &DnsConfig) -> Result<ResolverBuilder<TokioRuntimeProvider>, DnsError> {
    let mut builder = if config.name_servers.is_empty() {
        TokioResolver::builder_tokio().map_err(|error| DnsError::SystemConfig(error.to_string()))?
    } else {
        let servers = config.name_servers.iter().map(|addr| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                connection.port = addr.port();
                connection
            });
            NameServerConfig::new(addr.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_name_servers(servers.collect());
        Resolver::builder_with_config(config, TokioRuntimeProvider::default())
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = config.timeout;
    options.attempts = config.tries.max(1) - 1;
    if !config.name_servers.is_empty() {
        options.use_hosts_file = ResolveHosts::Never;
    }
    Ok(builder)
}

fn sort_error(error: NetError) -> Asked {
    let NetError::Dns(Semantic::NoRecordsFound(none)) = error else {
        return Asked::Trouble(error.to_string());
    };
    let ttl = none.negative_ttl.map(|ttl| Duration::from_secs(ttl.into()));
    match none.response_code {
        ResponseCode::NXDomain => Asked::NoSuchName { ttl },
        ResponseCode::NoError => Asked::Nothing { ttl },
        other => Asked::Trouble(format!("name server answered {other}")),
    }
}

/// The name as asked for: whole (no search list) unless it is a single label, which only a local network has.
pub(crate) fn wire_name(name: &str) -> Option<Name> {
    if name == "." {
        return Some(Name::root());
    }
    let bare = name.trim_end_matches('.');
    if bare.is_empty() {
        return None;
    }
    let mut wire = Name::from_ascii(bare).ok()?;
    wire.set_fqdn(bare.contains('.'));
    Some(wire)
}
