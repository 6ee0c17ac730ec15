//! A sending route takes everything and bounces later what the recipient's provider would have refused.

use crate::providers::{DnsShape, Later, ProviderBook, ReplyTemplate};

/// How long the route tries before it says so, milliseconds.
const AFTER_MS: u64 = 10_000;

/// The bounce the route will send for this recipient; `None` when the provider takes the message.
pub(super) fn later(book: &ProviderBook, local: &str, domain: &str) -> Option<Later> {
    let not_found = "550 5.1.2 Host or domain name not found. Name service error for name={domain} type=MX";
    let Some(provider) = book.by_domain(domain) else { return Some(told(not_found)) };
    match provider.dns {
        DnsShape::Nxdomain => return Some(told(not_found)),
        DnsShape::NullMx => return Some(told("556 5.1.10 Domain {domain} does not accept mail (nullMX)")),
        DnsShape::Servfail | DnsShape::Timeout => return Some(told("450 4.4.3 Name service error, type=MX")),
        DnsShape::Mx | DnsShape::AddressOnly if provider.reason.is_some() => {
            return Some(told("450 4.4.1 connect to mail.{domain}: Connection refused"));
        }
        DnsShape::Mx | DnsShape::AddressOnly => {}
    }
    let behaviour = book.choose(provider, local).behaviour;
    if behaviour.retry_after_ms.is_some() {
        return None;
    }
    let reply = behaviour.rcpt.as_ref().or(behaviour.content.as_ref()).cloned();
    reply
        .map(|diagnostic| Later { diagnostic, ..told("550 5.0.0 refused") })
        .or_else(|| behaviour.later.clone())
}

fn told(diagnostic: &str) -> Later {
    let diagnostic =
        ReplyTemplate::try_from(diagnostic.to_owned()).expect("a reply written in this file is well formed");
    Later {
        style: "postfix".to_owned(),
        after_ms: AFTER_MS,
        diagnostic,
        remote_host: "mail.{domain}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_route_bounces() {
        let book = ProviderBook::shipped().unwrap();
        let check = |local: &str, domain: &str, expected: &str| {
            let seen = later(&book, local, domain).map(|later| later.diagnostic.quoted(&Default::default()));
            let seen = seen.unwrap_or_default();
            assert!(seen.starts_with(expected) && seen.is_empty() == expected.is_empty(), "{domain}: {seen}");
        };
        check("unknown", "docomo.ne.jp", "550 Unknown user");
        check("inbox", "docomo.ne.jp", "");
        check("greylist", "gmail.com", "");
        check("hanako", "nowhere.test", "550 5.1.2");
        check("hanako", "docomo.co.jp", "550 5.1.2");
        check("hanako", "tsubaki-ryokan.example", "556 5.1.10");
        check("hanako", "asahi-denki.example", "450 4.4.1");
        check("late-filtered", "au.com", "550 rejected");
    }
}
