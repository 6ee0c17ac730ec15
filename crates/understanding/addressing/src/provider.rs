//! Which mailbox provider an address or a mail exchanger belongs to, and what its acceptance is worth.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::sentence::{fill, guide_domain};

/// A mailbox provider, as written in `tables/providers.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Short name used in rules, rows and addresses of pages: `docomo`, `gmail`.
    pub id: String,
    /// Name shown in Japanese.
    pub name_ja: String,
    /// Name shown in English.
    pub name_en: String,
    /// Address domains; `*.x` stands for every name below `x`.
    pub domains: Vec<String>,
    /// Names that the provider's mail exchangers end with.
    pub mx_suffixes: Vec<String>,
    /// True for a mobile carrier, which gave out addresses with odd dots until about 2009.
    #[serde(default)]
    pub carrier: bool,
    /// How much a 250 says here.
    pub accept_worth: AcceptWorth,
    /// True when mail may vanish after a 250 without any bounce, by the provider's own account.
    pub silent_drop: bool,
    /// What a 250 is worth here, one or two sentences in Japanese.
    pub accept_means_ja: String,
    /// What a 250 is worth here, one or two sentences in English.
    pub accept_means_en: String,
    /// How the customer lets our mail in, in Japanese; speaks of "our domain" (see [`Provider::guide_ja_for`]).
    pub guide_ja: String,
    /// How the customer lets our mail in, in English.
    pub guide_en: String,
    /// Pages of the provider (or of the industry body) that explain the setting.
    pub urls: Vec<String>,
    /// What the provider takes per message and session.
    #[serde(default)]
    pub limits: Limits,
    #[serde(skip)]
    guide_template_ja: String,
    #[serde(skip)]
    guide_template_en: String,
}

/// How much an accepted message tells at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AcceptWorth {
    /// The customer may well never see it.
    Weak,
    /// It usually reaches the inbox or the spam folder.
    Likely,
    /// Nothing is known.
    Unknown,
}

/// What a provider takes, where it is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Octets of a whole message.
    pub message_bytes_max: Option<u64>,
    /// Recipients of one message.
    pub recipients_per_message_max: Option<u32>,
    /// Recipients of one session.
    pub recipients_per_session_max: Option<u32>,
    /// Octets of one line, line end included.
    pub line_bytes_max: Option<u32>,
    /// More about it, in Japanese.
    pub note_ja: String,
    /// More about it, in English.
    pub note_en: String,
}

impl Provider {
    /// The Japanese guide with the shop's mail domain filled in.
    #[must_use]
    pub fn guide_ja_for(&self, domain: &str) -> String {
        fill(&self.guide_template_ja, &[("domain", &format!("「{domain}」"))])
    }

    /// The English guide with the shop's mail domain filled in.
    #[must_use]
    pub fn guide_en_for(&self, domain: &str) -> String {
        fill(&self.guide_template_en, &[("domain", domain)])
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    provider: Vec<Provider>,
}

struct Directory {
    providers: Vec<Provider>,
    exact: HashMap<String, usize>,
    below: HashMap<String, usize>,
}

static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("../tables/providers.toml"))
        .expect("providers.toml is part of the program and checked by a test");
    let mut directory = Directory { providers: table.provider, exact: HashMap::new(), below: HashMap::new() };
    for (n, provider) in directory.providers.iter_mut().enumerate() {
        let (ja, en) = guide_domain();
        provider.guide_template_ja = std::mem::take(&mut provider.guide_ja);
        provider.guide_template_en = std::mem::take(&mut provider.guide_en);
        provider.guide_ja = fill(&provider.guide_template_ja, &[("domain", ja)]);
        provider.guide_en = fill(&provider.guide_template_en, &[("domain", en)]);
        for domain in &provider.domains {
            match domain.strip_prefix("*.") {
                Some(parent) => directory.below.insert(parent.to_owned(), n),
                None => directory.exact.insert(domain.clone(), n),
            };
        }
    }
    directory
});

/// Every known provider.
#[must_use]
pub fn providers() -> &'static [Provider] {
    &DIRECTORY.providers
}

/// The provider of an address domain (ASCII form, any case).
#[must_use]
pub fn provider_of(domain: &str) -> Option<&'static Provider> {
    let lower;
    let domain = if domain.bytes().any(|b| b.is_ascii_uppercase()) {
        lower = domain.to_ascii_lowercase();
        &lower
    } else {
        domain
    };
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let found = DIRECTORY.exact.get(domain).or_else(|| {
        let mut parents = std::iter::successors(domain.split_once('.'), |(_, rest)| rest.split_once('.'));
        parents.find_map(|(_, parent)| DIRECTORY.below.get(parent))
    });
    found.map(|n| &DIRECTORY.providers[*n])
}

/// The provider with this [`Provider::id`].
#[must_use]
pub fn provider_by_id(id: &str) -> Option<&'static Provider> {
    providers().iter().find(|provider| provider.id == id)
}

/// The provider that *all* these mail exchangers belong to. One foreign host (a filter service, a backup) and the
/// answer is none, because pacing and reply rules would be applied to the wrong machine.
#[must_use]
pub fn provider_of_mx(mx_hosts: &[&str]) -> Option<&'static Provider> {
    let first = mx_hosts.first()?;
    let provider = providers().iter().find(|provider| owns_mx(provider, first))?;
    mx_hosts.iter().all(|host| owns_mx(provider, host)).then_some(provider)
}

fn owns_mx(provider: &Provider, host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).as_bytes();
    provider.mx_suffixes.iter().any(|suffix| {
        let Some(at) = host.len().checked_sub(suffix.len()) else { return false };
        host[at..].eq_ignore_ascii_case(suffix.as_bytes()) && (at == 0 || host[at - 1] == b'.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domain: &str, expected: &str) {
        assert_eq!(provider_of(domain).map_or("-", |p| p.id.as_str()), expected, "{domain}");
    }

    fn check_mx(hosts: &[&str], expected: &str) {
        assert_eq!(provider_of_mx(hosts).map_or("-", |p| p.id.as_str()), expected, "{hosts:?}");
    }

    #[test]
    fn by_domain() {
        check("docomo.ne.jp", "docomo");
        check("Docomo.NE.JP", "docomo");
        check("docomo.ne.jp.", "docomo");
        check("ezweb.ne.jp", "au");
        check("abc.biz.ezweb.ne.jp", "au");
        check("a.b.ido.ne.jp", "au");
        check("ido.ne.jp", "-");
        check("i.softbank.jp", "softbank");
        check("t.vodafone.ne.jp", "softbank");
        check("vodafone.ne.jp", "-");
        check("yahoo.ne.jp", "ymobile");
        check("di.pdx.ne.jp", "ymobile");
        check("rakumail.jp", "rakuten");
        check("gmail.com", "gmail");
        check("yahoo.co.jp", "yahoojp");
        check("yahoo.com", "yahoo_us");
        check("me.com", "icloud");
        check("live.jp", "microsoft");
        check("abc.biglobe.ne.jp", "isp");
        check("notdocomo.ne.jp", "-");
        check("shop.example", "-");
        check("", "-");
        check(".", "-");
    }

    #[test]
    fn by_mx() {
        check_mx(&["mfsmax.docomo.ne.jp"], "docomo");
        check_mx(&["lsean.ezweb.ne.jp.", "MSMX.au.com"], "au");
        check_mx(&["gmail-smtp-in.l.google.com", "alt1.gmail-smtp-in.l.google.com"], "gmail");
        check_mx(&["aspmx.l.google.com", "aspmx2.googlemail.com"], "gmail");
        check_mx(&["aspmx.l.google.com", "filter.example"], "-");
        check_mx(&["shop-example.mail.protection.outlook.com"], "microsoft");
        check_mx(&["notgoogle.com"], "-");
        check_mx(&["xl.google.com"], "-");
        check_mx(&[], "-");
        check_mx(&[""], "-");
    }

    #[test]
    fn ids_are_the_ones_others_rely_on() {
        let ids: Vec<_> = providers().iter().map(|p| p.id.as_str()).collect();
        let expected = "docomo au softbank ymobile rakuten gmail yahoojp yahoo_us icloud microsoft isp";
        assert_eq!(ids.join(" "), expected);
        assert!(ids.iter().all(|id| provider_by_id(id).is_some_and(|p| p.id == *id)));
        assert!(provider_by_id("nobody").is_none());
    }

    #[test]
    fn table_is_whole() {
        let mut domains = std::collections::HashSet::new();
        for provider in providers() {
            for name in provider.domains.iter().chain(&provider.mx_suffixes) {
                let name = name.strip_prefix("*.").unwrap_or(name);
                assert!(mail::Address::new("a", name).is_ok_and(|a| a.domain() == name), "{name}");
            }
            for domain in &provider.domains {
                assert!(domains.insert(domain.clone()), "{domain} stands twice");
            }
            for text in [&provider.guide_ja, &provider.guide_en, &provider.accept_means_ja] {
                assert!(text.chars().count() > 20 && !text.contains('{'), "{}: {text}", provider.id);
            }
            assert!(provider.accept_means_en.ends_with('.') && provider.guide_en.ends_with('.'));
            assert!(provider.urls.iter().all(|url| url.starts_with("https://")));
        }
    }

    #[test]
    fn guide_names_the_domain() {
        let docomo = provider_by_id("docomo").expect("listed");
        assert!(docomo.guide_ja_for("shop.example").contains("「shop.example」を追加"));
        assert!(docomo.guide_en_for("shop.example").ends_with("add shop.example."));
    }
}
