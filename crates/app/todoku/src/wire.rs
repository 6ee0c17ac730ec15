//! From the configuration to the settings of what speaks on the wire.

use std::time::Duration;

use audience::ValiditySettings;
use delivery::{dispatcher::DeliveryConfig, route::House};
use dns::{DnsConfig, Dnssec};
use smtp::ClientLimits;

use crate::{config::Config, secret};

/// Settings of the resolver.
pub fn dns(config: &Config) -> DnsConfig {
    let usual = DnsConfig::default();
    let shortened = config.timeouts_max().unwrap_or(usual.timeout);
    DnsConfig {
        name_servers: config.dns_servers.clone(),
        ipv6: config.delivery.ipv6,
        timeout: usual.timeout.min(shortened),
        seed: u64::from(std::process::id()),
        dnssec: match (config.tls.dane, config.tls.trust_anchors.as_os_str().is_empty()) {
            (false, _) => Dnssec::Off,
            (true, true) => Dnssec::Root,
            (true, false) => Dnssec::Anchors(config.tls.trust_anchors.clone()),
        },
        ..usual
    }
}

/// Settings of delivery.
///
/// # Errors
/// When a limit or a length of time cannot be read.
pub fn delivery(config: &Config) -> anyhow::Result<DeliveryConfig> {
    let node = format!("{}-{}", config.mail_host, secret::short());
    Ok(DeliveryConfig {
        connections_max: config.delivery.connections,
        dead_after_ms: config.dead_after_ms()?,
        limits: config.limits()?,
        house: House { helo_name: config.mail_host.clone(), mx_port: config.delivery.mx_port },
        ..DeliveryConfig::new(&node, &config.mail_host)
    })
}

/// Time-outs of the SMTP client: those of RFC 5321, or shorter ones where the configuration says so.
pub fn limits(config: &Config) -> ClientLimits {
    let usual = ClientLimits::default();
    let Some(max) = config.timeouts_max() else { return usual };
    let cap = |time: Duration| time.min(max);
    ClientLimits {
        connect: cap(usual.connect),
        greeting: cap(usual.greeting),
        ehlo: cap(usual.ehlo),
        tls: cap(usual.tls),
        auth: cap(usual.auth),
        mail: cap(usual.mail),
        rcpt: cap(usual.rcpt),
        data: cap(usual.data),
        block: cap(usual.block),
        final_dot: cap(usual.final_dot),
        ..usual
    }
}

/// When addresses count as not working.
pub fn validity(config: &Config) -> ValiditySettings {
    let failures = config.validity.failures_in_a_row;
    ValiditySettings {
        failures_in_a_row: (failures > 0).then_some(failures),
        prefers_another: config.validity.prefer_another,
    }
}
