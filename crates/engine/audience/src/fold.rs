//! Folds text so that it is found and compared however it was typed: width, case, hiragana or katakana.

use unicode_normalization::UnicodeNormalization as _;

/// NFKC, lower case, katakana as hiragana.
#[must_use]
pub fn folded(text: &str) -> String {
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
}
