//! Reads what a file says about wanting mail, without ever guessing a yes.

use std::{collections::BTreeSet, sync::LazyLock};

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::columns::says_stop;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    yes: BTreeSet<String>,
    no: BTreeSet<String>,
    wish: BTreeSet<String>,
    refusal: BTreeSet<String>,
    go: BTreeSet<String>,
    stop: BTreeSet<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/answers.toml"))
        .expect("answers.toml is part of the program and checked by a test")
});

/// What a column about wanting mail asks.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    name: String,
    /// The column names who must not get mail.
    stop: bool,
}

impl Question {
    pub(crate) fn of(column: &str) -> Self {
        Self { name: plain(column), stop: says_stop(column) }
    }

    /// Whether mail is wanted; none when the answer is not understood.
    pub(crate) fn answer(&self, cell: &str) -> Option<bool> {
        let word = plain(cell);
        if TABLE.go.contains(&word) {
            return Some(true);
        }
        if TABLE.stop.contains(&word) || (self.stop && is_date(&word)) {
            return Some(false);
        }
        if TABLE.yes.contains(&word) {
            return Some(!self.stop);
        }
        if TABLE.no.contains(&word) {
            return Some(self.stop);
        }
        self.wish(&word)
    }

    /// 「希望する」 in 「配信停止希望」 asks for the stop; in 「配信停止」 nobody can tell.
    fn wish(&self, word: &str) -> Option<bool> {
        let (wish, refusal) = (TABLE.wish.contains(word), TABLE.refusal.contains(word));
        match self.stop {
            false if wish => Some(true),
            false if refusal => Some(false),
            true if refusal && self.name.contains(word) => Some(false),
            true if wish && self.name.contains("希望") && !self.name.contains("希望しない") => {
                Some(false)
            }
            _ => None,
        }
    }
}

/// A date in a column about stopping is the day it was stopped.
fn is_date(word: &str) -> bool {
    let mut parts = word.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = parts.next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    word.starts_with(|c: char| c.is_ascii_digit())
        && ((1990..2100).contains(&year) && parts.next().is_some()
            || (19_900_101..21_000_000).contains(&year))
}

fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(column: &str, cell: &str, expected: Option<bool>) {
        assert_eq!(Question::of(column).answer(cell), expected, "{column}: {cell}");
    }

    #[test]
    fn answers() {
        check("メルマガ", "希望する", Some(true));
        check("メルマガ", "希望しない", Some(false));
        check("DM許可", " １ ", Some(true));
        check("DM許可", "0", Some(false));
        check("DM", "○", Some(true));
        check("DM", "×", Some(false));
        check("newsletter", "YES", Some(true));
        check("newsletter", "FALSE", Some(false));
        check("メルマガ", "不要", Some(false));
        check("メルマガ", "停止", Some(false));
        check("メルマガ", "たぶん", None);
        check("メルマガ", "2", None);
        check("メルマガ", "2024/05/01", None);
    }

    #[test]
    fn columns_that_name_the_refusal() {
        check("配信停止", "1", Some(false));
        check("配信停止", "○", Some(false));
        check("配信停止", "0", Some(true));
        check("配信停止", "停止", Some(false));
        check("配信停止", "配信中", Some(true));
        check("配信停止", "希望する", None);
        check("配信停止希望", "希望する", Some(false));
        check("DM不要", "不要", Some(false));
        check("DM不要", "必要", None);
        check("配信停止日", "2024/05/01", Some(false));
        check("配信停止日時", "20240501", Some(false));
        check("opt_out", "true", Some(false));
        check("Unsubscribed", "no", Some(true));
    }

    #[test]
    fn table_is_whole() {
        let lists = [&TABLE.yes, &TABLE.no, &TABLE.wish, &TABLE.refusal, &TABLE.go, &TABLE.stop];
        let words: Vec<&String> = lists.into_iter().flatten().collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "a word stands in two lists");
        assert!(words.iter().all(|word| plain(word) == **word), "never equal to a plain word");
    }
}
