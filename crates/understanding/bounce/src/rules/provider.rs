//! Which receiving system a refusal came from: told by the caller, or seen in the host, the recipient or the words.

use serde::Deserialize;

use super::pattern::{Pattern, PatternSet};
use crate::RuleError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    provider: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    marks: Vec<String>,
}

/// The receiving systems that rules may name, each with one bit.
pub(crate) struct Providers {
    ids: Vec<String>,
    hosts: Vec<(String, u64)>,
    domains: Vec<(String, u64)>,
    /// Words that only this system writes.
    pub(crate) marks: Vec<(Pattern, u64)>,
}

impl Providers {
    /// Reads the file of providers.
    pub(crate) fn load(
        file: &'static str,
        source: &str,
        patterns: &mut PatternSet,
    ) -> Result<Self, RuleError> {
        let parsed: ProviderFile =
            toml::from_str(source).map_err(|source| RuleError::Toml { file, source: Box::new(source) })?;
        let mut seen = Self { ids: Vec::new(), hosts: Vec::new(), domains: Vec::new(), marks: Vec::new() };
        for written in parsed.provider {
            let wrong = |what: &str| RuleError::Rule { rule: written.id.clone(), what: what.to_owned() };
            if seen.ids.len() == 64 {
                return Err(wrong("over 64 providers"));
            }
            let bit = 1 << seen.ids.len();
            seen.hosts.extend(written.hosts.iter().map(|h| (h.to_ascii_lowercase(), bit)));
            seen.domains.extend(written.domains.iter().map(|d| (d.to_ascii_lowercase(), bit)));
            for mark in &written.marks {
                seen.marks.push((patterns.add(mark).ok_or_else(|| wrong("an empty mark"))?, bit));
            }
            seen.ids.push(written.id);
        }
        Ok(seen)
    }

    /// The bit of one provider id.
    pub(crate) fn bit(&self, id: &str) -> Option<u64> {
        self.ids.iter().position(|known| known == id).map(|at| 1 << at)
    }

    /// The ids of a bit set.
    #[cfg(test)]
    pub(crate) fn names(&self, bits: u64) -> impl Iterator<Item = &str> {
        self.ids.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, id)| id.as_str())
    }

    /// The bits of the system with this host name.
    pub(crate) fn of_host(&self, host: &str) -> u64 {
        of_suffix(&self.hosts, host)
    }

    /// The bits of the system that holds the mailboxes of this domain.
    pub(crate) fn of_domain(&self, domain: &str) -> u64 {
        of_suffix(&self.domains, domain)
    }
}

/// `example.jp` and everything below it, not `other-example.jp`.
fn of_suffix(table: &[(String, u64)], name: &str) -> u64 {
    let name = name.trim_end_matches('.').as_bytes();
    let holds = |suffix: &[u8]| {
        let Some(from) = name.len().checked_sub(suffix.len()) else { return false };
        name[from..].eq_ignore_ascii_case(suffix) && (from == 0 || name[from - 1] == b'.')
    };
    table.iter().filter(|(suffix, _)| holds(suffix.as_bytes())).fold(0, |bits, (_, bit)| bits | bit)
}
