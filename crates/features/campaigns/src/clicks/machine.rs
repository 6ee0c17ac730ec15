//! Tells machines that follow links from people, by what they say of themselves and by what no person can do.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Why a click is a machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It asked whether the page is there (HEAD), not for the page.
    Head,
    /// A browser fetched ahead of its reader.
    FetchAhead,
    /// It said that it is a program.
    Agent,
    /// It came before the mail was taken, or at once after.
    Soon,
    /// It followed all links at once.
    Together,
}

impl Sign {
    /// Every sign.
    pub const ALL: [Self; 5] = [Self::Head, Self::FetchAhead, Self::Agent, Self::Soon, Self::Together];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::FetchAhead => "fetch_ahead",
            Self::Agent => "agent",
            Self::Soon => "soon",
            Self::Together => "together",
        }
    }

    /// The sign with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sign| sign.name() == name)
    }
}

/// What is known of a request for a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'a> {
    /// It was HEAD.
    pub is_head: bool,
    /// User-Agent, empty where there was none.
    pub agent: &'a str,
    /// Other headers: name in lower case, value.
    pub headers: &'a [(&'a str, &'a str)],
}

impl Asked<'_> {
    /// Why this is a machine's; `None` for a person's. `taken_at` is when the receiving server took the mail.
    #[must_use]
    pub fn sign(&self, taken_at: Option<i64>, now: i64) -> Option<Sign> {
        let says = |ahead: &FetchAhead| {
            let holds = |value: &str| value.to_ascii_lowercase().contains(&ahead.holds);
            self.headers.iter().any(|(name, value)| *name == ahead.header && holds(value))
        };
        if self.is_head {
            Some(Sign::Head)
        } else if MACHINES.fetch_ahead.iter().any(says) {
            Some(Sign::FetchAhead)
        } else if is_program(self.agent) {
            Some(Sign::Agent)
        } else if taken_at.is_none_or(|taken_at| now < taken_at + MACHINES.soon_seconds * 1_000) {
            Some(Sign::Soon)
        } else {
            None
        }
    }
}

fn is_program(agent: &str) -> bool {
    let agent = agent.trim().to_ascii_lowercase();
    let names = |known: &Agent| {
        let others = known.but.iter().fold(agent.clone(), |rest, word| rest.replace(word, ""));
        others.contains(&known.word)
    };
    agent.is_empty() || MACHINES.agent.iter().any(names)
}

/// When links that were followed at once are a machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Together {
    /// A message with fewer links tells nothing.
    pub links: u32,
    /// All of them within so many milliseconds.
    pub within_ms: i64,
}

/// The rule about links followed at once; clicks are judged when its time is over.
#[must_use]
pub fn together() -> Together {
    Together { links: MACHINES.together_links, within_ms: MACHINES.together_seconds * 1_000 }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Machines {
    soon_seconds: i64,
    together_links: u32,
    together_seconds: i64,
    fetch_ahead: Vec<FetchAhead>,
    agent: Vec<Agent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FetchAhead {
    header: String,
    holds: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "for those who read the table"))]
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    word: String,
    /// Words that only look like it.
    #[serde(default)]
    but: Vec<String>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for those who read the table"))]
    source: String,
}

static MACHINES: LazyLock<Machines> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/machines.toml")).expect("a test reads machines.toml")
});

#[cfg(test)]
mod tests {
    use super::*;

    const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

    fn check(asked: Asked<'_>, after_ms: Option<i64>, expected: Option<Sign>) {
        let now = 1_790_000_000_000;
        assert_eq!(asked.sign(after_ms.map(|after| now - after), now), expected, "{asked:?} {after_ms:?}");
    }

    #[test]
    fn people_and_machines() {
        let person = Asked { agent: SAFARI, ..Asked::default() };
        check(person, Some(60_000), None);
        check(person, Some(3_000), None);
        check(person, Some(2_999), Some(Sign::Soon));
        check(person, Some(-5), Some(Sign::Soon));
        check(person, None, Some(Sign::Soon));
        check(Asked { is_head: true, ..person }, Some(60_000), Some(Sign::Head));
        for (name, value) in [
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("purpose", "Preview"),
            ("x-purpose", "preview"),
            ("x-moz", "prefetch"),
        ] {
            check(Asked { headers: &[(name, value)], ..person }, Some(60_000), Some(Sign::FetchAhead));
        }
        check(Asked { headers: &[("purpose", ""), ("x-other", "prefetch")], ..person }, Some(60_000), None);
        for agent in [
            "",
            "curl/8.5.0",
            "Mozilla/5.0 (compatible; Googlebot/2.1)",
            "python-requests/2.31",
            "line-poker/1.0",
        ] {
            check(Asked { agent, ..Asked::default() }, Some(60_000), Some(Sign::Agent));
        }
        for agent in [
            "Mozilla/5.0",
            "Mozilla/5.0 (Linux; Android 13; CUBOT X70) Mobile Safari/537.36",
            "DoCoMo/2.0 F901iC",
        ] {
            check(Asked { agent, ..Asked::default() }, Some(60_000), None);
        }
    }

    #[test]
    fn the_table_is_sound() {
        assert!(MACHINES.soon_seconds > 0 && MACHINES.together_seconds > 0 && MACHINES.together_links > 1);
        for ahead in &MACHINES.fetch_ahead {
            assert!(
                ahead.header == ahead.header.to_ascii_lowercase()
                    && ahead.holds == ahead.holds.to_ascii_lowercase()
            );
            assert!(!ahead.source.is_empty());
        }
        for (n, agent) in MACHINES.agent.iter().enumerate() {
            assert_eq!(agent.word, agent.word.to_ascii_lowercase());
            assert!(agent.word.len() > 2 && !agent.source.is_empty(), "{}", agent.word);
            assert!(MACHINES.agent[..n].iter().all(|other| other.word != agent.word), "{} twice", agent.word);
        }
        for sign in Sign::ALL {
            assert_eq!(Sign::from_name(sign.name()), Some(sign));
        }
    }
}
