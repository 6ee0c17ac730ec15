//! What services that relay mail allow, to fill in a form with.

use std::sync::LazyLock;

use serde::Deserialize;

use super::model::{DayWindow, Quota};

/// One service's allowance.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Stable name.
    pub id: String,
    /// The service's name in Japanese.
    pub ja: String,
    /// The service's name in English.
    pub en: String,
    /// Server names it goes with: these, and what ends in one of them after a dot.
    pub hosts: Vec<String>,
    /// Messages in an hour.
    pub hourly: Option<u32>,
    /// Messages in a day.
    pub daily: Option<u32>,
    /// What a day is.
    pub window: DayWindow,
    /// Whether the service publishes the numbers.
    pub sure: bool,
    /// Where they come from, with a date.
    pub source: String,
}

impl Preset {
    /// As a quota.
    #[must_use]
    pub fn quota(&self) -> Quota {
        Quota { hourly: self.hourly, daily: self.daily, window: self.window }
    }

    /// Whether a server name is one of the service's.
    #[must_use]
    pub fn fits(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| {
            host == known || host.strip_suffix(known.as_str()).is_some_and(|rest| rest.ends_with('.'))
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    version: String,
    preset: Vec<Preset>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/quotas.toml"))
        .expect("quotas.toml is part of the program and checked by a test")
});

/// Every service.
#[must_use]
pub fn presets() -> &'static [Preset] {
    &TABLE.preset
}

/// The date of the numbers.
#[must_use]
pub fn version() -> &'static str {
    &TABLE.version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_whole() {
        assert!(!version().is_empty());
        for preset in presets() {
            assert!(preset.hourly.is_some() || preset.daily.is_some(), "{}", preset.id);
            assert!(preset.source.contains("20") && !preset.hosts.is_empty(), "{}", preset.id);
            assert!(preset.hourly.is_none_or(|hourly| preset.daily.is_none_or(|daily| hourly <= daily)));
            assert_eq!(presets().iter().filter(|other| other.id == preset.id).count(), 1);
        }
    }

    #[test]
    fn hosts() {
        let check = |host: &str, expected: &str| {
            let found = presets().iter().find(|preset| preset.fits(host));
            assert_eq!(found.map_or("", |preset| preset.id.as_str()), expected, "{host}");
        };
        check("sv1234.xserver.jp", "xserver");
        check("smtp.gmail.com", "gmail");
        check("notxserver.jp", "");
        check("midori.sakura.ne.jp", "sakura");
    }
}
