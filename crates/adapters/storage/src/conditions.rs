//! Puts the WHERE of a filtered list together: fixed texts with arguments, never text from outside.

use crate::{
    StorageError, search,
    sql::{Arg, args},
    tx::Tx,
};

/// Conditions that all must hold, with their arguments.
pub(crate) struct Conditions {
    text: String,
    /// The arguments of `$1`, `$2` …
    pub(crate) args: Vec<Arg>,
}

impl Conditions {
    /// Begins with a condition that takes no argument.
    pub(crate) fn new(first: &str) -> Self {
        Self { text: first.to_owned(), args: Vec::new() }
    }

    /// Adds one that takes no argument.
    pub(crate) fn also(&mut self, condition: &str) {
        self.text = format!("{} AND {condition}", self.text);
    }

    /// Adds one; `$n` in it is the argument.
    pub(crate) fn and(&mut self, condition: &str, arg: impl Into<Arg>) {
        self.args.push(arg.into());
        let numbered = condition.replace("$n", &format!("${}", self.args.len()));
        self.text = format!("{} AND ({numbered})", self.text);
    }

    /// The words are in the contact's search text, or one of these columns contains them as they are, upper and
    /// lower case alike. `c` is the contact.
    pub(crate) fn search(&mut self, columns: &[&str], words: &str) {
        self.search_or(columns, words, Vec::new());
    }

    /// The same, or one of `others` holds: conditions without arguments.
    pub(crate) fn search_or(&mut self, columns: &[&str], words: &str, others: Vec<String>) {
        let mut either = vec![format!("({})", search::condition(words, &mut self.args))];
        self.args.push(Arg::from(containing(words)));
        let n = self.args.len();
        either.extend(columns.iter().map(|column| format!("lower({column}) LIKE ${n} ESCAPE '!'")));
        either.extend(others);
        self.text = format!("{} AND ({})", self.text, either.join(" OR "));
    }

    /// How many rows match.
    pub(crate) async fn total(&self, tx: &mut Tx, from: &str) -> Result<u64, StorageError> {
        let sql = format!("SELECT COUNT(*) AS total FROM {from} WHERE {}", self.text);
        tx.row(sql, self.args.clone()).await?.map_or(Ok(0), |row| row.count("total"))
    }

    /// The conditions with ORDER BY, LIMIT and OFFSET behind them.
    pub(crate) fn page(&mut self, order: &str, (offset, limit): (u64, u64)) -> String {
        let n = self.args.len();
        self.args.extend(args![limit, offset]);
        format!("{} ORDER BY {order} LIMIT ${} OFFSET ${}", self.text, n + 1, n + 2)
    }
}

/// A LIKE pattern for text that contains these words. SQLite knows upper and lower case of ASCII only.
fn containing(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.trim().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert_eq!(containing(" Hanako "), "%hanako%");
        assert_eq!(containing("100%_!"), "%100!%!_!!%");
    }

    #[test]
    fn arguments_are_numbered() {
        let mut conditions = Conditions::new("TRUE");
        conditions.and("a = $n", 1_i64);
        conditions.search(&["b"], "x");
        let sql = conditions.page("a", (0, 10));
        assert!(
            sql.starts_with("TRUE AND (a = $1) AND ((TRUE AND (c.search_text LIKE $2 ESCAPE '\\'"),
            "{sql}"
        );
        assert!(sql.ends_with(" OR lower(b) LIKE $3 ESCAPE '!') ORDER BY a LIMIT $4 OFFSET $5"), "{sql}");
    }
}
