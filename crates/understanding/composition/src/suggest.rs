//! Guesses which merge field was meant when a name is unknown.

use unicode_normalization::UnicodeNormalization;

/// The known name most like `name`, if one is close enough to be worth proposing.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted = folded(name);
    let allowed = (wanted.len() / 3).clamp(1, 4);
    known
        .iter()
        .map(|candidate| (distance(&wanted, &folded(candidate)), *candidate))
        .filter(|(far, _)| *far <= allowed && *far < wanted.len())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// Width, case and word separators are what people get wrong most.
fn folded(name: &str) -> Vec<char> {
    name.nfkc().flat_map(char::to_lowercase).filter(|c| !matches!(c, '_' | '-' | ' ')).collect()
}

/// Levenshtein distance in characters.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<&str>) {
        assert_eq!(nearest(name, &["name", "last_name", "order_number", "お名前"]), expected, "{name}");
    }

    #[test]
    fn names() {
        check("nmae", None);
        check("nam", Some("name"));
        check("Name", Some("name"));
        check("ｎａｍｅ", Some("name"));
        check("lastname", Some("last_name"));
        check("ordernumbr", Some("order_number"));
        check("お名まえ", None);
        check("お名", Some("お名前"));
        check("zzz", None);
        check("", None);
        check("x", None);
    }
}
