//! The limits of a group by name, laid over each other, each with where it comes from.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// At most `count` in `per_ms` milliseconds.
    Of {
        /// How many; at least 1.
        count: u32,
        /// In how many milliseconds; at least 1.
        per_ms: i64,
    },
    /// No limit.
    None,
}

const UNITS: [(&str, i64); 4] = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Rate {
    /// Reads `10/s`, `300/m`, `5000/h`, `20000/d`, `none`.
    ///
    /// # Errors
    /// What would have been right.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no rate; write for example \"10/s\", \"300/m\", \"5000/h\" or \"none\"");
        if text.trim() == "none" {
            return Ok(Self::None);
        }
        let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
        let count: u32 = count.trim().parse().map_err(|_| wrong())?;
        let (_, per_ms) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
        if count == 0 {
            return Err(wrong());
        }
        Ok(Self::Of { count, per_ms: *per_ms })
    }

    /// How many in an hour; `None` without limit.
    #[must_use]
    pub fn per_hour(self) -> Option<f64> {
        match self {
            Self::Of { count, per_ms } => Some(f64::from(count) * 3_600_000.0 / per_ms as f64),
            Self::None => None,
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Of { count, per_ms } => {
                let unit = UNITS.iter().find(|(_, ms)| ms == per_ms).map_or("s", |(name, _)| name);
                write!(f, "{count}/{unit}")
            }
        }
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// No length of time in these tables is longer than a month.
const SPAN_MS_MAX: i64 = 31 * 86_400_000;

/// A length of time as written: `500ms`, `30s`, `5m`, `2h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// Reads it.
    ///
    /// # Errors
    /// What would have been right.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("「{text}」は時間として読めません(例: 30s, 5m, 1h) / {text:?} is no duration");
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let unit_ms = match unit {
            "ms" => 1,
            unit => UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        };
        number.checked_mul(unit_ms).filter(|ms| *ms <= SPAN_MS_MAX).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().rev().find(|(_, ms)| self.0 != 0 && self.0 % ms == 0);
        match unit {
            Some((name, ms)) => write!(f, "{}{name}", self.0 / ms),
            None => write!(f, "{}ms", self.0),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::read(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// Some of the limits, as one place says them. Names that are none are errors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSet {
    /// Connections of one source to the group at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u32>,
    /// Of these, to one set of MX hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections_per_site: Option<u32>,
    /// New connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_rate: Option<Rate>,
    /// Messages, then the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_per_connection: Option<u32>,
    /// RCPT commands in one session, then the connection is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients_per_session: Option<u32>,
    /// Messages of one source to the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Minutes after each full hour in which broadcasts and step mail wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour_start_rest: Option<u32>,
    /// Waits before the 2nd, 3rd … try; the last one repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Vec<Span>>,
}

/// The most that any count may be set to.
const COUNT_MAX: u32 = 100_000;

impl LimitSet {
    /// Whether it says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What cannot hold, in words.
    ///
    /// # Errors
    /// The first such thing.
    pub fn check(&self) -> Result<(), String> {
        let counts = [
            ("connections", self.connections),
            ("connections_per_site", self.connections_per_site),
            ("messages_per_connection", self.messages_per_connection),
            ("recipients_per_session", self.recipients_per_session),
        ];
        for (name, count) in counts {
            if count.is_some_and(|count| !(1..=COUNT_MAX).contains(&count)) {
                return Err(format!("{name}: a number from 1 to {COUNT_MAX}"));
            }
        }
        if self.hour_start_rest.is_some_and(|minutes| minutes > 30) {
            return Err("hour_start_rest: 0 to 30 minutes".to_owned());
        }
        match &self.retry {
            Some(waits) if waits.is_empty() => Err("retry: at least one wait".to_owned()),
            Some(waits) if waits.iter().any(|wait| wait.0 < 100) => {
                Err("retry: no wait under 100ms".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Who says a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The rule pack, for servers it does not know.
    PackDefault,
    /// The rule pack, for this group.
    Pack,
    /// The configuration file.
    Config,
    /// An operator, on the page.
    Owner,
    /// A rule that a reply set off, by its id.
    Rule(String),
}

/// A value and who says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// Who says it.
    pub origin: Origin,
}

/// What holds for a group: every limit, each with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// See [`LimitSet::connections`].
    pub connections: Said<u32>,
    /// See [`LimitSet::connections_per_site`].
    pub connections_per_site: Said<u32>,
    /// See [`LimitSet::connect_rate`].
    pub connect_rate: Said<Rate>,
    /// See [`LimitSet::messages_per_connection`].
    pub messages_per_connection: Said<u32>,
    /// See [`LimitSet::recipients_per_session`].
    pub recipients_per_session: Said<u32>,
    /// See [`LimitSet::rate`].
    pub rate: Said<Rate>,
    /// See [`LimitSet::hour_start_rest`].
    pub hour_start_rest: Said<u32>,
    /// See [`LimitSet::retry`].
    pub retry: Said<Vec<Span>>,
}

impl Limits {
    /// The lowest layer: a set that says everything, as `default` in the pack does.
    ///
    /// # Errors
    /// The name that is missing.
    pub fn base(set: &LimitSet) -> Result<Self, &'static str> {
        fn said<T: Clone>(value: &Option<T>, name: &'static str) -> Result<Said<T>, &'static str> {
            value.clone().map(|value| Said { value, origin: Origin::PackDefault }).ok_or(name)
        }
        Ok(Self {
            connections: said(&set.connections, "connections")?,
            connections_per_site: said(&set.connections_per_site, "connections_per_site")?,
            connect_rate: said(&set.connect_rate, "connect_rate")?,
            messages_per_connection: said(&set.messages_per_connection, "messages_per_connection")?,
            recipients_per_session: said(&set.recipients_per_session, "recipients_per_session")?,
            rate: said(&set.rate, "rate")?,
            hour_start_rest: said(&set.hour_start_rest, "hour_start_rest")?,
            retry: said(&set.retry, "retry")?,
        })
    }

    /// Lays a set over these: what it says replaces what was said.
    pub fn lay(&mut self, set: &LimitSet, origin: &Origin) {
        fn over<T: Clone>(below: &mut Said<T>, value: &Option<T>, origin: &Origin) {
            if let Some(value) = value {
                *below = Said { value: value.clone(), origin: origin.clone() };
            }
        }
        over(&mut self.connections, &set.connections, origin);
        over(&mut self.connections_per_site, &set.connections_per_site, origin);
        // Who speaks of all connections alone means every one of them.
        if set.connections.is_some() && set.connections_per_site.is_none() {
            over(&mut self.connections_per_site, &set.connections, origin);
        }
        over(&mut self.connect_rate, &set.connect_rate, origin);
        over(&mut self.messages_per_connection, &set.messages_per_connection, origin);
        over(&mut self.recipients_per_session, &set.recipients_per_session, origin);
        over(&mut self.rate, &set.rate, origin);
        over(&mut self.hour_start_rest, &set.hour_start_rest, origin);
        over(&mut self.retry, &set.retry, origin);
    }

    /// Lays a set over these where it lowers them.
    pub fn lower(&mut self, set: &LimitSet, origin: &Origin) {
        fn under(below: &mut Said<u32>, value: Option<u32>, origin: &Origin) {
            if let Some(value) = value.filter(|value| *value < below.value) {
                *below = Said { value, origin: origin.clone() };
            }
        }
        fn slower(below: &mut Said<Rate>, value: Option<Rate>, origin: &Origin) {
            let per_hour = |rate: Rate| rate.per_hour().unwrap_or(f64::MAX);
            if let Some(value) = value.filter(|value| per_hour(*value) < per_hour(below.value)) {
                *below = Said { value, origin: origin.clone() };
            }
        }
        under(&mut self.connections, set.connections, origin);
        under(&mut self.connections_per_site, set.connections_per_site.or(set.connections), origin);
        slower(&mut self.connect_rate, set.connect_rate, origin);
        under(&mut self.messages_per_connection, set.messages_per_connection, origin);
        under(&mut self.recipients_per_session, set.recipients_per_session, origin);
        slower(&mut self.rate, set.rate, origin);
    }

    /// Messages one connection may carry.
    #[must_use]
    pub fn per_connection(&self) -> u32 {
        self.messages_per_connection.value.min(self.recipients_per_session.value).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(Rate::read(text).ok().map(|rate| rate.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn rates() {
        check("10/s", Some("10/s"));
        check(" 300 / m", Some("300/m"));
        check("none", Some("none"));
        check("0/s", None);
        check("10", None);
        check("10/w", None);
        check("-1/s", None);
    }

    #[test]
    fn spans() {
        for (text, expected) in [
            ("5m", Some("5m")),
            ("90s", Some("90s")),
            ("60s", Some("1m")),
            ("250ms", Some("250ms")),
            ("5", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(Span::read(text).ok().map(|span| span.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_hold_is_said() {
        let say = |set: LimitSet| set.check().err().unwrap_or_default();
        assert_eq!(
            say(LimitSet { connections: Some(0), ..LimitSet::default() }),
            "connections: a number from 1 to 100000"
        );
        assert_eq!(say(LimitSet { retry: Some(vec![]), ..LimitSet::default() }), "retry: at least one wait");
        assert_eq!(say(LimitSet { rate: Some(Rate::None), ..LimitSet::default() }), "");
    }
}
