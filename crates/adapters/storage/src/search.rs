//! Folds text so that a search finds it however it was typed: width, case, hiragana or katakana, hyphens in numbers.

pub(crate) use audience::folded;

use crate::sql::Arg;

/// Words of a search that are looked at; more would only slow it down.
const WORDS_MAX: usize = 8;

/// The digits of a telephone number.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// One condition on the contact `c`, true when every word of `search` is in its search text, in a further address or
/// number of it, or in the customer number of an entry that went into it; its arguments go to `args`.
pub(crate) fn condition(search: &str, args: &mut Vec<Arg>) -> String {
    let mut parts = vec!["TRUE".to_owned()];
    for word in folded(search).split_whitespace().take(WORDS_MAX) {
        let patterns = std::iter::once(word.to_owned()).chain(number_written_with_signs(word));
        let found: Vec<String> = patterns
            .map(|word| {
                args.push(Arg::from(pattern(&word)));
                let like = format!("LIKE ${} ESCAPE '\\'", args.len());
                format!(
                    "c.search_text {like} OR c.id IN (SELECT p.contact_id FROM contact_points p
                     WHERE p.removed_at IS NULL AND p.search_text {like})
                     OR c.id IN (SELECT x.contact_id FROM contact_external_ids x WHERE lower(x.external_id) {like})"
                )
            })
            .collect();
        parts.push(format!("({})", found.join(" OR ")));
    }
    parts.join(" AND ")
}

fn number_written_with_signs(word: &str) -> Option<String> {
    let number = digits(word);
    let only_signs = word.chars().all(|letter| letter.is_ascii_digit() || "-()+ー‐−–".contains(letter));
    (only_signs && number.len() >= 3 && number.len() < word.len()).then_some(number)
}

fn pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_and_all_must_match() {
        let mut args = Vec::new();
        let sql = condition("50%_off\\ 03-1234", &mut args);
        assert!(sql.starts_with("TRUE AND (c.search_text LIKE $1 ESCAPE '\\' OR c.id IN (SELECT"), "{sql}");
        assert_eq!(sql.matches("LIKE").count(), 9, "each of three patterns in all places: {sql}");
        assert_eq!(
            format!("{args:?}"),
            r#"[Text(Some("%50\\%\\_off\\\\%")), Text(Some("%03-1234%")), Text(Some("%031234%"))]"#
        );
        assert_eq!(condition("  ", &mut Vec::new()), "TRUE");
    }
}
