//! Finds the provider of a domain and the behaviour of a local part.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::Deserialize;

use super::{Behaviour, Connection, DnsShape, Provider};
use crate::{TestkitError, bounce};

/// The providers that come with the simulator.
const SHIPPED: &str = include_str!("../../providers.toml");

/// All providers, with an index by domain.
#[derive(Debug)]
pub struct ProviderBook {
    providers: Vec<Arc<Provider>>,
    by_domain: HashMap<String, usize>,
    shared: BTreeMap<String, Behaviour>,
}

/// The behaviour an address has, and its name.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// Its name in the data file.
    pub name: &'a str,
    /// What it does.
    pub behaviour: &'a Behaviour,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    behaviour: BTreeMap<String, Behaviour>,
    provider: Vec<Provider>,
}

impl ProviderBook {
    /// The providers that come with the simulator.
    ///
    /// # Errors
    /// Never for the shipped file, which a test reads.
    pub fn shipped() -> Result<Self, TestkitError> {
        Self::parse(SHIPPED)
    }

    /// Reads a data file of providers.
    ///
    /// # Errors
    /// When it is not TOML of this shape, names a behaviour that is not there, or gives a domain twice.
    pub fn parse(text: &str) -> Result<Self, TestkitError> {
        let file: File = toml::from_str(text).map_err(|error| TestkitError::Providers(error.to_string()))?;
        let mut book = Self { providers: Vec::new(), by_domain: HashMap::new(), shared: file.behaviour };
        for provider in file.provider {
            book.check(&provider)?;
            for domain in &provider.domains {
                if book.by_domain.insert(domain.clone(), book.providers.len()).is_some() {
                    return Err(TestkitError::Providers(format!("{domain} belongs to two providers")));
                }
            }
            book.providers.push(Arc::new(provider));
        }
        Ok(book)
    }

    /// All providers in the order of the file.
    #[must_use]
    pub fn providers(&self) -> &[Arc<Provider>] {
        &self.providers
    }

    /// The provider of a domain (lower case).
    #[must_use]
    pub fn by_domain(&self, domain: &str) -> Option<&Arc<Provider>> {
        self.by_domain.get(domain).map(|&n| &self.providers[n])
    }

    /// The provider with this short name.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// How a mailbox of a provider behaves. In this order: the list of local parts, a local part that begins with
    /// a behaviour's name (`unknown-3`), the shares, the provider's default.
    #[must_use]
    pub fn choose<'a>(&'a self, provider: &'a Provider, local: &str) -> Chosen<'a> {
        let local = local.to_ascii_lowercase();
        let name = provider.locals.get(&local).map(String::as_str);
        let name = name.or_else(|| self.by_prefix(provider, &local));
        let name = name.or_else(|| by_share(provider, &local)).unwrap_or(&provider.default);
        let behaviour = self.behaviour(provider, name).expect("names of behaviours are checked when read");
        Chosen { name, behaviour }
    }

    fn by_prefix<'a>(&'a self, provider: &'a Provider, local: &str) -> Option<&'a str> {
        let begins = |name: &str| {
            local.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '+']))
        };
        let names = provider.behaviours.keys().chain(self.shared.keys());
        names.filter(|name| begins(name)).max_by_key(|name| name.len()).map(String::as_str)
    }

    fn behaviour<'a>(&'a self, provider: &'a Provider, name: &str) -> Option<&'a Behaviour> {
        provider.behaviours.get(name).or_else(|| self.shared.get(name))
    }

    fn check(&self, provider: &Provider) -> Result<(), TestkitError> {
        let wrong = |what: String| Err(TestkitError::Providers(format!("{}: {what}", provider.id)));
        let named = provider.shares.keys().chain(provider.locals.values()).chain([&provider.default]);
        for name in named {
            if self.behaviour(provider, name).is_none() {
                return wrong(format!("there is no behaviour {name}"));
            }
        }
        if provider.shares.values().sum::<u32>() > 1000 {
            return wrong("the shares are over 1000".to_owned());
        }
        let reachable = matches!(provider.dns, DnsShape::Mx | DnsShape::AddressOnly);
        if reachable && provider.ip.is_none() {
            return wrong("it needs an ip".to_owned());
        }
        if provider.dns == DnsShape::Mx && provider.hosts.is_empty() {
            return wrong("it needs hosts".to_owned());
        }
        if let Some(ip) = provider.ip {
            if !ip.is_loopback() {
                return wrong(format!("{ip} is not a loopback address"));
            }
            if self.providers.iter().any(|other| other.ip == provider.ip) {
                return wrong(format!("{ip} belongs to another provider"));
            }
        }
        for later in provider.behaviours.values().chain(self.shared.values()).filter_map(|b| b.later.as_ref())
        {
            if !bounce::has_style(&later.style) {
                return wrong(format!("there is no form of bounce called {}", later.style));
            }
        }
        let fails = !reachable || !matches!(provider.connection, Connection::Smtp);
        if fails != provider.reason.is_some() {
            return wrong(
                "a reason belongs to a provider that cannot be reached, and only to such".to_owned(),
            );
        }
        Ok(())
    }
}

fn by_share<'a>(provider: &'a Provider, local: &str) -> Option<&'a str> {
    if provider.shares.is_empty() {
        return None;
    }
    let mut place = hash_per_mille(local);
    for (name, share) in &provider.shares {
        match place.checked_sub(*share) {
            Some(left) => place = left,
            None => return Some(name),
        }
    }
    None
}

/// FNV-1a with a final mix, so that the choice never changes between versions of a hash library.
fn hash_per_mille(text: &str) -> u32 {
    let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    u32::try_from(mixed % 1000).expect("a number under 1000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_file_is_read() {
        let book = ProviderBook::shipped().unwrap();
        for id in ["docomo", "au", "gmail"] {
            assert!(book.by_id(id).is_some(), "{id}");
        }
    }

    #[test]
    fn broken_files_are_named() {
        let check = |text: &str, expected: &str| {
            let said = ProviderBook::parse(text).unwrap_err().to_string();
            assert!(said.contains(expected), "{said} / {expected}");
        };
        let head = "[behaviour.inbox]\n[[provider]]\nid=\"a\"\nname=\"A\"\ndomains=[\"a.test\"]\n";
        check("provider = 1", "providers.toml");
        check(head, "needs an ip");
        check(&format!("{head}ip=\"127.0.0.9\""), "needs hosts");
        check(&format!("{head}ip=\"127.0.0.9\"\nhosts=[\"mx.a.test\"]\ndefault=\"x\""), "no behaviour x");
        check(&format!("{head}ip=\"192.0.2.1\"\nhosts=[\"m\"]"), "not a loopback");
        check(&format!("{head}dns=\"nxdomain\""), "a reason belongs");
        check(&format!("{head}ip=\"127.0.0.9\"\nhosts=[\"m\"]\nshares={{inbox=1001}}"), "over 1000");
    }

    #[test]
    fn hash_spreads_and_stays() {
        assert_eq!(hash_per_mille("hanako"), hash_per_mille("hanako"));
        let under = (0..10_000).filter(|n| hash_per_mille(&format!("name{n}")) < 100).count();
        assert!((850..1150).contains(&under), "{under} of 10000 in a share of 100 per mille");
    }
}
