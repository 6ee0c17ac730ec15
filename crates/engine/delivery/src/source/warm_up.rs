//! Warms a new source up: how much may go to which provider on which day, and when the days stop counting on.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{
    counts::{Cap, CapKind, day_of, first_hour},
    model::Source,
};

/// The group of every provider that a curve does not name.
pub const OTHERS: &str = "others";

/// A plan: how much on which day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curve {
    /// Stable name.
    pub id: String,
    /// For whom it is, in Japanese.
    pub ja: String,
    /// For whom it is, in English.
    pub en: String,
    /// The share of a day's amount that may go within one hour, in percent.
    pub hour_percent: u64,
    /// A day with more temporary refusals than this holds the curve, in percent of the tries.
    pub deferred_percent_max: u64,
    /// A day with more complaints than this holds the curve, in one hundredth of a percent of the accepted messages.
    pub complained_bp_max: u64,
    /// Tries below which a day says nothing.
    pub tries_min: u64,
    /// The amounts, by group of providers.
    pub group: Vec<CurveGroup>,
}

/// The amounts for one group of providers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurveGroup {
    /// Stable name; `others` for every provider that no group names.
    pub id: String,
    /// Provider ids; empty for `others`.
    #[serde(default)]
    pub providers: Vec<String>,
    /// Messages on the first day, the second …; after the last day nothing is limited.
    pub days: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    version: String,
    sources: Vec<String>,
    curve: Vec<Curve>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/warm_up.toml"))
        .expect("warm_up.toml is part of the program and checked by a test")
});

/// Every curve.
#[must_use]
pub fn curves() -> &'static [Curve] {
    &TABLE.curve
}

/// One curve.
#[must_use]
pub fn curve(id: &str) -> Option<&'static Curve> {
    TABLE.curve.iter().find(|curve| curve.id == id)
}

/// The date of the amounts, and where they come from.
#[must_use]
pub fn origin() -> (&'static str, &'static [String]) {
    (&TABLE.version, &TABLE.sources)
}

/// How far a warm-up has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Each day brings the next amount.
    Running,
    /// The amount stays, because of refusals or complaints; goes on by itself after a good day.
    Held,
    /// The amount stays until an operator goes on.
    HeldByHand,
    /// Nothing is limited any more.
    Done,
}

/// Where the warm-up of one group of providers stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmUp {
    /// The group's name in the curve.
    pub group: String,
    /// Which amount of the curve holds, from 0.
    pub step: u32,
    /// The day in Japan it holds for.
    pub day: i64,
    /// How it goes on.
    pub stage: Stage,
    /// Why it is held, in figures: `deferred 14/80`, `complained 2/500`; empty otherwise.
    pub why: String,
}

/// What one day brought for a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayResult {
    /// Tries that ended in acceptance.
    pub accepted: u64,
    /// Tries that ended in a temporary refusal.
    pub deferred: u64,
    /// Tries that ended in a permanent refusal.
    pub refused: u64,
    /// Complaints.
    pub complained: u64,
}

impl Curve {
    /// The group of a provider.
    #[must_use]
    pub fn group_of(&self, provider: &str) -> Option<&CurveGroup> {
        let named = self.group.iter().find(|group| group.providers.iter().any(|id| id == provider));
        named.or_else(|| self.group.iter().find(|group| group.id == OTHERS))
    }

    /// The states a source begins with.
    #[must_use]
    pub fn begin(&self, day: i64) -> Vec<WarmUp> {
        let first = |group: &CurveGroup| WarmUp {
            group: group.id.clone(),
            step: 0,
            day,
            stage: Stage::Running,
            why: String::new(),
        };
        self.group.iter().map(first).collect()
    }

    fn group(&self, id: &str) -> Option<&CurveGroup> {
        self.group.iter().find(|group| group.id == id)
    }

    /// The amount of a step; `None` after the last.
    #[must_use]
    pub fn amount(&self, group: &str, step: u32) -> Option<u64> {
        self.group(group)?.days.get(step as usize).copied()
    }

    /// What speaks against going on, in figures.
    fn objection(&self, seen: DayResult) -> Option<String> {
        let tries = seen.accepted + seen.deferred + seen.refused;
        if tries < self.tries_min {
            return None;
        }
        if seen.deferred * 100 > tries * self.deferred_percent_max {
            return Some(format!("deferred {}/{tries}", seen.deferred));
        }
        if seen.complained * 10_000 > seen.accepted * self.complained_bp_max {
            return Some(format!("complained {}/{}", seen.complained, seen.accepted));
        }
        None
    }

    /// Where the warm-up stands on `today`, when it stood at `state` and the day of `state` brought `seen`.
    ///
    /// A bad day holds the curve at once; a new day after a day without objection brings the next amount. A day on
    /// which nothing was sent brings none: providers forget who is silent.
    #[must_use]
    pub fn go_on(&self, state: &WarmUp, today: i64, seen: DayResult) -> WarmUp {
        if matches!(state.stage, Stage::Done | Stage::HeldByHand) {
            return WarmUp { day: today, ..state.clone() };
        }
        if let Some(why) = self.objection(seen) {
            return WarmUp { stage: Stage::Held, why, day: today, ..state.clone() };
        }
        if today <= state.day {
            return state.clone();
        }
        let sent = seen.accepted + seen.refused;
        let was_held = state.stage == Stage::Held;
        let step = if was_held || sent == 0 { state.step } else { state.step + 1 };
        let stage = if self.amount(&state.group, step).is_some() { Stage::Running } else { Stage::Done };
        WarmUp { group: state.group.clone(), step, day: today, stage, why: String::new() }
    }
}

/// Adds the limits of the warm-up that hold for a provider.
pub(super) fn caps(source: &Source, provider: &str, hour: i64, caps: &mut Vec<Cap>) {
    let Some((name, _)) = &source.draft.curve else { return };
    let Some(curve) = curve(name) else { return };
    let Some(group) = curve.group_of(provider) else { return };
    let Some(state) = source.warm_ups.iter().find(|state| state.group == group.id) else { return };
    if state.stage == Stage::Done {
        return;
    }
    let Some(amount) = group.days.get(state.step as usize).copied() else { return };
    let (providers, except) = if group.id == OTHERS {
        (curve.group.iter().flat_map(|group| group.providers.iter().cloned()).collect(), true)
    } else {
        (group.providers.clone(), false)
    };
    let by_hour = (amount * curve.hour_percent).div_ceil(100).max(1);
    let day = first_hour(day_of(hour));
    let cap = |kind, since_hour, most| Cap { kind, providers: providers.clone(), except, since_hour, most };
    caps.push(cap(CapKind::WarmUpDay, day, amount));
    if by_hour < amount {
        caps.push(cap(CapKind::WarmUpHour, hour, by_hour));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::model::SourceDraft;

    #[test]
    fn every_curve_is_whole() {
        assert!(!TABLE.version.is_empty() && !TABLE.sources.is_empty());
        for curve in curves() {
            assert!(curve.group.iter().any(|group| group.id == OTHERS && group.providers.is_empty()));
            assert!(!curve.ja.is_empty() && !curve.en.is_empty(), "{}", curve.id);
            assert!((1..=100).contains(&curve.hour_percent) && curve.tries_min > 0);
            for group in &curve.group {
                assert!(group.days.len() > 3, "{}", group.id);
                assert!(group.days.windows(2).all(|pair| pair[0] <= pair[1]), "{}", group.id);
                assert!(group.days[0] > 0 && (group.id == OTHERS || !group.providers.is_empty()));
            }
            let all: Vec<_> = curve.group.iter().flat_map(|group| &group.providers).collect();
            let mut known = all.clone();
            known.sort();
            known.dedup();
            assert_eq!(known.len(), all.len(), "{}: a provider is in two groups", curve.id);
        }
    }

    fn seen(accepted: u64, deferred: u64, complained: u64) -> DayResult {
        DayResult { accepted, deferred, refused: 0, complained }
    }

    fn check(stage: Stage, days_later: i64, seen: DayResult, expected: (Stage, u32)) {
        let curve = &curves()[0];
        let state = WarmUp { group: OTHERS.into(), step: 2, day: 100, stage, why: String::new() };
        let next = curve.go_on(&state, 100 + days_later, seen);
        assert_eq!((next.stage, next.step), expected, "{stage:?} +{days_later} {seen:?}");
        assert_eq!(next.stage == Stage::Held, !next.why.is_empty());
    }

    #[test]
    fn the_curve_goes_on_and_holds_by_itself() {
        check(Stage::Running, 0, seen(100, 2, 0), (Stage::Running, 2));
        check(Stage::Running, 1, seen(100, 2, 0), (Stage::Running, 3));
        check(Stage::Running, 1, seen(0, 0, 0), (Stage::Running, 2));
        check(Stage::Running, 0, seen(50, 50, 0), (Stage::Held, 2));
        check(Stage::Running, 1, seen(50, 50, 0), (Stage::Held, 2));
        check(Stage::Running, 1, seen(5, 5, 0), (Stage::Running, 3));
        check(Stage::Running, 0, seen(500, 0, 5), (Stage::Held, 2));
        check(Stage::Held, 1, seen(100, 2, 0), (Stage::Running, 2));
        check(Stage::HeldByHand, 1, seen(100, 0, 0), (Stage::HeldByHand, 2));
        check(Stage::Done, 1, seen(0, 100, 0), (Stage::Done, 2));
    }

    #[test]
    fn the_last_step_ends_it() {
        let curve = &curves()[0];
        let days = curve.group(OTHERS).unwrap().days.len();
        let state = WarmUp {
            group: OTHERS.into(),
            step: u32::try_from(days - 1).unwrap(),
            day: 100,
            stage: Stage::Running,
            why: String::new(),
        };
        assert_eq!(curve.go_on(&state, 101, seen(10, 0, 0)).stage, Stage::Done);
    }

    #[test]
    fn limits_are_the_groups_own() {
        let curve = &curves()[0];
        let draft = SourceDraft { curve: Some((curve.id.clone(), 0)), ..SourceDraft::default() };
        let mut source = Source::new(7, draft);
        source.warm_ups = curve.begin(20_000);
        let mut found = Vec::new();
        caps(&source, "docomo", first_hour(20_000) + 5, &mut found);
        assert_eq!(found[0].most, curve.group_of("docomo").unwrap().days[0]);
        assert_eq!(found[0].since_hour, first_hour(20_000));
        assert!(found[0].counts("docomo") && !found[0].counts("gmail") && !found[0].counts(""));
        let mut others = Vec::new();
        caps(&source, "", first_hour(20_000), &mut others);
        assert!(others[0].counts("") && others[0].counts("isp") && !others[0].counts("docomo"));
        source.warm_ups[0].stage = Stage::Done;
        let done = source.warm_ups[0].group.clone();
        let provider = curve.group(&done).unwrap().providers[0].clone();
        let mut none = Vec::new();
        caps(&source, &provider, 0, &mut none);
        assert!(none.is_empty());
    }
}
