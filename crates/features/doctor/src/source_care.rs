//! Takes care of the sources: looks at their health, lets listed ones rest, moves their warm-up on.

use std::{net::IpAddr, sync::Arc};

use delivery::{
    ports::{SourceStore, StoreFailure},
    source::{
        Rest, Source, SourceId,
        counts::{HourCount, day_of, first_hour, hour_of},
        warm_up::{Curve, DayResult, curve},
    },
};

use crate::{
    ports::DnsLookup,
    source_health::{Finding, SourceFacts, domains_not_for, facts_of, look_at_source},
};

/// How long a look at a source's health holds.
pub const HEALTH_FRESH_MS: i64 = 3_600_000;
/// Replies of this time count as a sign that servers can be reached.
const REPLIES_HOURS: i64 = 24;
/// The reason of a rest that the house takes and ends by itself.
pub const LISTED: &str = "listed";

/// Whether a source rests when it is listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestWhenListed {
    /// When another source of its pool can take over: a listed way out is better than none.
    #[default]
    WhenOthers,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the sources need of the house.
#[derive(Clone)]
pub struct SourceCare {
    /// The sources.
    pub sources: Arc<dyn SourceStore>,
    /// DNS.
    pub dns: Arc<dyn DnsLookup>,
    /// The house's own name.
    pub mail_host: String,
    /// The addresses mail leaves from where a source names none.
    pub sending_ips: Vec<IpAddr>,
    /// What happens to a source that is listed.
    pub rest_when_listed: RestWhenListed,
}

impl SourceCare {
    /// Looks at every source whose last look is old, and moves every warm-up on.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn round(&self, now: i64) -> Result<(), StoreFailure> {
        for source in self.sources.sources().await? {
            if source.draft.enabled && source.checked_at.is_none_or(|at| now - at >= HEALTH_FRESH_MS) {
                self.check(&source, now).await?;
            }
        }
        self.warm_up(now).await
    }

    /// Looks at one source now, keeps what was seen, and lets it rest or go on.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn check(&self, source: &Source, now: i64) -> Result<Vec<Finding>, StoreFailure> {
        let facts = self.facts(source, now).await?;
        let findings = look_at_source(self.dns.as_ref(), &facts).await;
        let json = serde_json::to_string(&findings).map_err(StoreFailure::from)?;
        self.sources.save_source_health(source.id, &json, &domains_not_for(&findings), now).await?;
        self.rest_or_go_on(source, &findings, now).await?;
        Ok(findings)
    }

    async fn facts(&self, source: &Source, now: i64) -> Result<SourceFacts, StoreFailure> {
        let domains = self.sources.domains().await?;
        let domains = domains.into_iter().map(|domain| (domain.name, domain.return_path_domain)).collect();
        let counted = self.sources.source_counts(hour_of(now) - REPLIES_HOURS).await?;
        let own = counted.iter().filter(|count| count.source == source.id);
        let replies = own.map(|count| count.accepted + count.deferred + count.refused).sum();
        Ok(facts_of(source, (&self.mail_host, &self.sending_ips), domains, replies))
    }

    /// A new entry makes it rest; the end of every entry ends that rest. An operator who lifted the rest of an entry is
    /// not overruled by the same entry.
    async fn rest_or_go_on(
        &self,
        source: &Source,
        findings: &[Finding],
        now: i64,
    ) -> Result<(), StoreFailure> {
        let listed: Vec<&Finding> = findings.iter().filter(|finding| finding.asks_for_rest()).collect();
        let rests_for_it = source.resting(now).is_some_and(|rest| rest.reason == LISTED);
        let nothing_unknown = !findings.iter().any(|finding| finding.key == "dnsbl_unknown");
        if listed.is_empty() {
            if rests_for_it && nothing_unknown {
                self.sources.lift_source(source.id, None, now).await?;
            }
            return Ok(());
        }
        let before = kept_findings(source);
        let is_new = |finding: &&Finding| !before.iter().any(|old| old.listing == finding.listing);
        let Some(fresh) = listed.into_iter().find(is_new) else { return Ok(()) };
        if rests_for_it || !self.may_rest(source, now).await? {
            return Ok(());
        }
        let sample = fresh.listed().zip(fresh.listing.as_ref());
        let sample = sample.map_or_else(String::new, |((list, _), (_, answer))| {
            let ip = fresh.values.get("ip").map_or("", String::as_str);
            format!("{ip}: {} ({}) {answer}", list.name, list.zone)
        });
        let rest = Rest { since_at: now, until: None, reason: LISTED.to_owned(), sample };
        self.sources.rest_source(source.id, &rest, None, now).await?;
        Ok(())
    }

    async fn may_rest(&self, source: &Source, now: i64) -> Result<bool, StoreFailure> {
        Ok(match self.rest_when_listed {
            RestWhenListed::Always => true,
            RestWhenListed::Never => false,
            RestWhenListed::WhenOthers => {
                let all = self.sources.sources().await?;
                all.iter().any(|other| {
                    other.id != source.id
                        && other.draft.enabled
                        && other.draft.pool == source.draft.pool
                        && other.resting(now).is_none()
                })
            }
        })
    }

    /// Moves the warm-ups on: to the next amount on a new day, to a halt where servers put mail off or people complain.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn warm_up(&self, now: i64) -> Result<(), StoreFailure> {
        let today = day_of(hour_of(now));
        for source in self.sources.sources().await? {
            let Some(curve) = source.draft.curve.as_ref().and_then(|(id, _)| curve(id)) else { continue };
            let first = source.warm_ups.iter().map(|state| state.day).min().unwrap_or(today);
            let counted = self.sources.source_counts(first_hour(first)).await?;
            for state in &source.warm_ups {
                let seen = day_result(&counted, source.id, curve, (&state.group, state.day));
                let next = curve.go_on(state, today, seen);
                if next != *state {
                    self.sources.save_warm_up(source.id, &next, None, now).await?;
                }
            }
        }
        Ok(())
    }
}

/// What was seen at the last look.
#[must_use]
pub fn kept_findings(source: &Source) -> Vec<Finding> {
    source.standing.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

/// What one day brought for a group of providers.
#[must_use]
pub fn day_result(
    counted: &[HourCount],
    source: SourceId,
    curve: &Curve,
    (group, day): (&str, i64),
) -> DayResult {
    let mut result = DayResult::default();
    let hours = first_hour(day)..first_hour(day + 1);
    let own = counted.iter().filter(|count| count.source == source && hours.contains(&count.hour));
    for count in own.filter(|count| curve.group_of(&count.provider).is_some_and(|known| known.id == group)) {
        result.accepted += count.accepted;
        result.deferred += count.deferred;
        result.refused += count.refused;
        result.complained += count.complained;
    }
    result
}
