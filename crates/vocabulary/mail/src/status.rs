//! Enhanced mail system status codes (RFC 3463), for example `5.1.1`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// `class.subject.detail`. Providers give these numbers meanings of their own, so a verdict never rests on
/// the number alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnhancedStatus {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    pub class: u8,
    /// What the status is about: 1 addressing, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// The exact condition within the subject.
    pub detail: u16,
}

impl EnhancedStatus {
    /// Finds a status at the very start of a reply text, and what follows it.
    #[must_use]
    pub fn strip_from(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let status = text[..end].parse().ok()?;
        let rest = &text[end..];
        if !rest.is_empty() && !rest.starts_with([' ', '\t', ':', ';', ',', ')']) {
            return None;
        }
        Some((status, rest.trim_start()))
    }
}

impl FromStr for EnhancedStatus {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let (class, subject, detail) = (parts.next(), parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(());
        }
        let class = match class {
            Some("2") => 2,
            Some("4") => 4,
            Some("5") => 5,
            _ => return Err(()),
        };
        let number = |part: Option<&str>| -> Result<u16, ()> {
            let part = part.filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
            part.ok_or(())?.parse().map_err(|_| ())
        };
        Ok(Self { class, subject: number(subject)?, detail: number(detail)? })
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl TryFrom<String> for EnhancedStatus {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|()| format!("not an enhanced status code: {text}"))
    }
}

impl From<EnhancedStatus> for String {
    fn from(status: EnhancedStatus) -> Self {
        status.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: Option<(&str, &str)>) {
        let seen = EnhancedStatus::strip_from(input).map(|(s, rest)| (s.to_string(), rest));
        assert_eq!(seen.as_ref().map(|(s, r)| (s.as_str(), *r)), expected, "{input}");
    }

    #[test]
    fn statuses() {
        check("5.1.1 User unknown", Some(("5.1.1", "User unknown")));
        check("4.7.28 rate", Some(("4.7.28", "rate")));
        check("5.7.515", Some(("5.7.515", "")));
        check("3.1.1 no", None);
        check("5.1 no", None);
        check("5.1.1.1 no", None);
        check("5.1.1234 no", None);
        check("5.1.1x no", None);
        check("192.0.2.1 blocked", None);
        check("", None);
    }
}
