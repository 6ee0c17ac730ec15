//! The shipped knowledge of how fast each provider wants its mail: `data/pacing.toml`, read and checked once.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use serde::Deserialize;

use super::limits::{LimitSet, Limits, Origin, Span};
use crate::recipient::Lane;

/// The directory's entry for many small providers, which share nothing but their country.
const NOT_ONE_PROVIDER: &str = "isp";

/// Where an entry's numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The provider says so.
    Published,
    /// Other senders published what they use.
    Community,
    /// Our own caution.
    Ours,
}

impl Basis {
    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Community => "community",
            Self::Ours => "ours",
        }
    }
}

/// What the pack says of one group of servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, used in rows and on the command line.
    pub id: String,
    /// The provider of the address directory it stands for.
    #[serde(default)]
    pub provider: String,
    /// Name in Japanese; the directory's where empty.
    #[serde(default)]
    pub name_ja: String,
    /// Name in English; the directory's where empty.
    #[serde(default)]
    pub name_en: String,
    /// Address domains; `*.x` stands for every name below `x`.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Names its MX hosts end with.
    #[serde(default)]
    pub mx_suffixes: Vec<String>,
    /// Where the numbers come from.
    pub basis: Basis,
    /// When that was last looked at, `YYYY-MM-DD`.
    pub checked: String,
    /// Pages the numbers are from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Why these numbers, in Japanese.
    pub note_ja: String,
    /// Why these numbers, in English.
    pub note_en: String,
    /// The numbers.
    pub limits: LimitSet,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultEntry {
    basis: Basis,
    checked: String,
    #[serde(default)]
    sources: Vec<String>,
    note_ja: String,
    note_en: String,
    limits: LimitSet,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlowStart {
    connections: u32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LaneEntry {
    tries: Option<Span>,
    retry: Option<Vec<Span>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    default: DefaultEntry,
    slow_start: SlowStart,
    lane: HashMap<String, LaneEntry>,
    group: Vec<Group>,
}

/// The knowledge, checked.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Which edition.
    pub version: String,
    /// Every group, in the order of the file.
    pub groups: Vec<Group>,
    /// Connections an unknown group starts with.
    pub slow_start: u32,
    default: DefaultEntry,
    base: Limits,
    lanes: HashMap<Lane, LaneEntry>,
    exact: HashMap<String, usize>,
    below: HashMap<String, usize>,
    /// Longest first.
    suffixes: Vec<(String, usize)>,
}

static PACK: LazyLock<Pack> = LazyLock::new(|| {
    Pack::read(include_str!("../../data/pacing.toml"))
        .expect("pacing.toml is part of the program and checked by a test")
});

/// The shipped pack.
#[must_use]
pub fn pack() -> &'static Pack {
    &PACK
}

impl Pack {
    /// Reads a pack. An entry that nothing can match is a mistake, not an entry.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let missing = |name| format!("default.limits lacks {name}");
        let base = Limits::base(&file.default.limits).map_err(missing)?;
        dated("default", file.default.basis, &file.default.checked, &file.default.sources)?;
        let mut pack = Self {
            version: file.version,
            slow_start: file.slow_start.connections.max(1),
            lanes: lanes(file.lane)?,
            default: file.default,
            base,
            groups: file.group,
            exact: HashMap::new(),
            below: HashMap::new(),
            suffixes: Vec::new(),
        };
        pack.index()?;
        Ok(pack)
    }

    fn index(&mut self) -> Result<(), String> {
        let mut ids = HashSet::new();
        let mut names = Vec::with_capacity(self.groups.len());
        for (n, group) in self.groups.iter().enumerate() {
            let id = &group.id;
            if !ids.insert(id.clone()) || id.is_empty() || id.contains(['.', ':', ',']) {
                return Err(format!("group {id:?} stands twice or is no name"));
            }
            dated(id, group.basis, &group.checked, &group.sources)?;
            group.limits.check().map_err(|why| format!("group {id}: {why}"))?;
            let known =
                addressing::provider_by_id(&group.provider).filter(|_| group.provider != NOT_ONE_PROVIDER);
            if known.is_none() && !group.provider.is_empty() {
                return Err(format!("group {id}: no provider {:?} in the address directory", group.provider));
            }
            names.push((n, group.clone(), known));
        }
        for (n, group, known) in &names {
            if group.domains.is_empty() && group.mx_suffixes.is_empty() && known.is_none() {
                return Err(format!(
                    "group {} can never match: it has no provider, no domains and no mx_suffixes",
                    group.id
                ));
            }
            self.name(*n, &group.id, (&group.domains, &group.mx_suffixes), true)?;
        }
        // What an entry says itself goes before what the directory says of its provider.
        for (n, group, known) in &names {
            if let Some(known) = known {
                self.name(*n, &group.id, (&known.domains, &known.mx_suffixes), false)?;
            }
        }
        self.suffixes.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        Ok(())
    }

    fn name(
        &mut self,
        n: usize,
        id: &str,
        (domains, suffixes): (&[String], &[String]),
        own: bool,
    ) -> Result<(), String> {
        let taken = |name: &str| Err(format!("group {id}: {name} belongs to another group already"));
        for domain in domains {
            let (table, name) = match domain.strip_prefix("*.") {
                Some(parent) => (&mut self.below, parent),
                None => (&mut self.exact, domain.as_str()),
            };
            if table.insert(name.to_owned(), n).is_some() {
                return taken(domain);
            }
        }
        for suffix in suffixes {
            match self.suffixes.iter().any(|(known, _)| known == suffix) {
                true if own => return taken(suffix),
                true => {}
                false => self.suffixes.push((suffix.clone(), n)),
            }
        }
        Ok(())
    }

    /// The group with this id.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// The group of an address domain in lower case.
    #[must_use]
    pub fn of_domain(&self, domain: &str) -> Option<&Group> {
        let found = self.exact.get(domain).or_else(|| {
            let mut parents = std::iter::successors(domain.split_once('.'), |(_, rest)| rest.split_once('.'));
            parents.find_map(|(_, parent)| self.below.get(parent))
        });
        found.map(|n| &self.groups[*n])
    }

    /// The group that *all* of these MX hosts lead to.
    #[must_use]
    pub fn of_hosts(&self, hosts: &[&str]) -> Option<&Group> {
        let mut groups = hosts.iter().map(|host| self.of_host(host));
        let first = groups.next()??;
        groups.all(|group| group == Some(first)).then(|| &self.groups[first])
    }

    fn of_host(&self, host: &str) -> Option<usize> {
        let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
        let ends_with = |suffix: &str| {
            let Some(at) = host.len().checked_sub(suffix.len()) else { return false };
            host[at..].eq_ignore_ascii_case(suffix.as_bytes()) && (at == 0 || host[at - 1] == b'.')
        };
        self.suffixes.iter().find(|(suffix, _)| ends_with(suffix)).map(|(_, n)| *n)
    }

    /// What the pack alone says of a group, known or not.
    #[must_use]
    pub fn limits(&self, group: &str) -> Limits {
        let mut limits = self.base.clone();
        if let Some(known) = self.group(group) {
            limits.lay(&known.limits, &Origin::Pack);
        }
        limits
    }

    /// How long a lane's message is tried where the owner says nothing.
    #[must_use]
    pub fn tries(&self, lane: Lane) -> Span {
        const DAY: Span = Span(86_400_000);
        self.lanes.get(&lane).and_then(|entry| entry.tries).unwrap_or(DAY)
    }

    /// Waits of a lane of its own, which count where the owner says nothing of a group.
    #[must_use]
    pub fn lane_retry(&self, lane: Lane) -> Option<&[Span]> {
        self.lanes.get(&lane)?.retry.as_deref()
    }

    /// Why the values for unknown servers are what they are, in Japanese and English.
    #[must_use]
    pub fn default_note(&self) -> (&str, &str) {
        (&self.default.note_ja, &self.default.note_en)
    }
}

impl Group {
    /// Its name for people, in Japanese and English.
    #[must_use]
    pub fn names(&self) -> (&str, &str) {
        let known = addressing::provider_by_id(&self.provider);
        let ja = if self.name_ja.is_empty() {
            known.map_or(self.id.as_str(), |p| &p.name_ja)
        } else {
            &self.name_ja
        };
        let en = if self.name_en.is_empty() {
            known.map_or(self.id.as_str(), |p| &p.name_en)
        } else {
            &self.name_en
        };
        (ja, en)
    }
}

fn lanes(named: HashMap<String, LaneEntry>) -> Result<HashMap<Lane, LaneEntry>, String> {
    let lanes = named.into_iter().map(|(name, entry)| match Lane::from_name(&name) {
        Some(lane) => Ok((lane, entry)),
        None => Err(format!("no lane {name:?}")),
    });
    lanes.collect()
}

/// Numbers without a date and a source are hearsay.
fn dated(id: &str, basis: Basis, checked: &str, sources: &[String]) -> Result<(), String> {
    let parts: Vec<&str> = checked.split('-').collect();
    let is_date = parts.iter().map(|part| part.len()).eq([4, 2, 2])
        && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if !is_date {
        return Err(format!("group {id}: checked is no date"));
    }
    if basis != Basis::Ours && sources.is_empty() {
        return Err(format!("group {id}: says nothing about where it is from"));
    }
    match sources.iter().find(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        Some(url) => Err(format!("group {id}: {url} is no address of a page")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: (&str, &str), expected: &str) {
        let text = include_str!("../../data/pacing.toml");
        assert!(text.contains(change.0), "{}", change.0);
        let why = Pack::read(&text.replacen(change.0, change.1, 1)).expect_err(expected);
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn mistakes_are_told() {
        refused(("provider = \"docomo\"", "provider = \"docomoo\""), "no provider \"docomoo\"");
        refused(("provider = \"docomo\"\n", ""), "can never match");
        refused(("provider = \"docomo\"", "provider = \"isp\""), "no provider \"isp\"");
        refused(("id = \"au\"", "id = \"docomo\""), "stands twice");
        refused(("domains = [\"nifty.com\"", "domains = [\"gmail.com\""), "belongs to another group");
        refused(("rate = \"20/s\"", "rate = \"fast\""), "is no rate");
        refused(("rate = \"20/s\"", "speed = \"20/s\""), "unknown field");
        refused(("checked = \"2026-11-22\"", "checked = \"lately\""), "is no date");
        refused(("[lane.reply]", "[lane.replies]"), "no lane \"replies\"");
        refused(("connect_rate = \"100/m\"\n", ""), "lacks connect_rate");
    }

    #[test]
    fn every_provider_has_its_limits() {
        for provider in addressing::providers().iter().filter(|provider| provider.id != NOT_ONE_PROVIDER) {
            assert_eq!(
                pack().group(&provider.id).map(|group| group.provider.as_str()),
                Some(provider.id.as_str())
            );
        }
        for group in &pack().groups {
            assert!(group.note_ja.chars().count() > 8 && group.note_en.ends_with('.'), "{}", group.id);
            assert!(!group.names().0.is_empty());
        }
    }

    #[test]
    fn a_session_at_docomo_stays_below_what_it_refuses() {
        let docomo = pack().limits("docomo");
        assert!(docomo.per_connection() <= 100);
        assert_eq!(docomo.connections.origin, Origin::Pack);
        assert_eq!(pack().limits("mx.unknown.example").connections.origin, Origin::PackDefault);
        let known = addressing::provider_by_id("docomo").and_then(|p| p.limits.recipients_per_session_max);
        assert!(known.is_some_and(|most| docomo.per_connection() <= most));
    }
}
