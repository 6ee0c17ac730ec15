//! A file of DNS records that somebody edits while the simulated DNS runs.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use anyhow::Context;
use testkit::Zone;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The file, and what of it stands in the zone.
pub struct Records {
    path: PathBuf,
    text: String,
    names: BTreeSet<(String, String)>,
}

impl Records {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// When it cannot be read, or a line is no record.
    pub fn read(path: PathBuf, zone: &Zone) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let mut records = Self { path, text: String::new(), names: BTreeSet::new() };
        records.put(text, zone)?;
        Ok(records)
    }

    /// Puts every change of the file into the zone, for ever. What cannot be read is told, and the zone stays.
    pub async fn follow(&mut self, zone: &Zone) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let Ok(text) = tokio::fs::read_to_string(&self.path).await else { continue };
            if text == self.text {
                continue;
            }
            match self.put(text, zone) {
                Ok(()) => println!("{}: {} names and types", self.path.display(), self.names.len()),
                Err(error) => eprintln!("{}: {error:#}", self.path.display()),
            }
        }
    }

    /// Replaces what the last text put there.
    fn put(&mut self, text: String, zone: &Zone) -> anyhow::Result<()> {
        let wanted = parsed(&text);
        self.text.clone_from(&text);
        let wanted = wanted?;
        // On a zone of its own first, so that a mistake does not leave the real one half changed.
        let trial = Zone::default();
        for (name, kind, value) in &wanted {
            trial.add(name, kind, value)?;
        }
        for (name, kind) in std::mem::take(&mut self.names) {
            zone.remove(&name, &kind)?;
        }
        for (name, kind, value) in wanted {
            zone.add(&name, &kind, &value)?;
            self.names.insert((name, kind));
        }
        Ok(())
    }
}

type Line = (String, String, String);

/// `NAME TYPE VALUE`; empty lines and those that begin with `#` say nothing.
fn parsed(text: &str) -> anyhow::Result<Vec<Line>> {
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let words = line.split_once(char::is_whitespace).and_then(|(name, rest)| {
                let (kind, value) = rest.trim_start().split_once(char::is_whitespace)?;
                Some((name.to_owned(), kind.to_owned(), value.trim_start().to_owned()))
            });
            words.with_context(|| {
                format!("{n}行目: 名前・種類・値 の順に書きます / line {n}: NAME TYPE VALUE")
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let lines = parsed(text).unwrap();
        let seen: Vec<_> = lines.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn lines() {
        check("", &[]);
        check("# none\n\n", &[]);
        check(
            "shop.example TXT v=spf1 -all\na.example\tMX  10 mx.example",
            &[("shop.example", "TXT", "v=spf1 -all"), ("a.example", "MX", "10 mx.example")],
        );
        assert!(parsed("shop.example TXT").is_err());
    }

    #[test]
    fn a_change_replaces_and_a_mistake_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        std::fs::write(&path, "shop.example TXT one").unwrap();
        let zone = Zone::default();
        let mut records = Records::read(path, &zone).unwrap();
        assert!(zone.exists("shop.example"));
        assert!(records.put("shop.example TXT two\nbad.example A x".to_owned(), &zone).is_err());
        assert!(!zone.exists("bad.example"));
        records.put("mail.example A 127.0.0.1".to_owned(), &zone).unwrap();
        assert!(zone.exists("mail.example") && !zone.exists("shop.example"));
    }
}
