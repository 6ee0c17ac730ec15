//! Folds text so that a search finds it however it was typed: width, case, hiragana or katakana, hyphens in numbers.

use unicode_normalization::UnicodeNormalization as _;

use crate::sql::Arg;

/// Words of a search that are looked at; more would only slow it down.
const WORDS_MAX: usize = 8;

/// NFKC, lower case, katakana as hiragana.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().flat_map(char::to_lowercase).map(as_hiragana).collect()
}

fn as_hiragana(letter: char) -> char {
    match letter {
        'ァ'..='ヶ' => char::from_u32(letter as u32 - 0x60).unwrap_or(letter),
        other => other,
    }
}

/// The digits of a telephone number.
pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// One condition on the search text `column`, true when every word of `search` is in it; its arguments go to `args`.
pub(crate) fn condition(column: &str, search: &str, args: &mut Vec<Arg>) -> String {
    let mut parts = vec!["TRUE".to_owned()];
    for word in folded(search).split_whitespace().take(WORDS_MAX) {
        args.push(Arg::from(pattern(word)));
        let found = format!("{column} LIKE ${} ESCAPE '\\'", args.len());
        parts.push(match number_written_with_signs(word) {
            Some(number) => {
                args.push(Arg::from(pattern(&number)));
                format!("({found} OR {column} LIKE ${} ESCAPE '\\')", args.len())
            }
            None => found,
        });
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

    fn check(text: &str, expected: &str) {
        assert_eq!(folded(text), expected, "{text}");
    }

    #[test]
    fn text_is_folded() {
        check("ＹＡＭＡＤＡ Hanako", "yamada hanako");
        check("ﾔﾏﾀﾞ　ハナコ", "やまだ はなこ");
        check("㈱花屋", "(株)花屋");
        check("ヴァーヶ", "ゔぁーゖ");
    }

    #[test]
    fn words_are_escaped_and_all_must_match() {
        let mut args = Vec::new();
        let sql = condition("t", "50%_off\\ 03-1234", &mut args);
        assert_eq!(
            sql,
            "TRUE AND t LIKE $1 ESCAPE '\\' AND (t LIKE $2 ESCAPE '\\' OR t LIKE $3 ESCAPE '\\')"
        );
        assert_eq!(
            format!("{args:?}"),
            r#"[Text(Some("%50\\%\\_off\\\\%")), Text(Some("%03-1234%")), Text(Some("%031234%"))]"#
        );
        assert_eq!(condition("t", "  ", &mut Vec::new()), "TRUE");
    }
}
