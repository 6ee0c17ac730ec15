//! The finder finds exactly what comparing every phrase at every place finds.

use proptest::prelude::*;

use super::*;

fn slow(literals: &[Vec<u8>], text: &[u8]) -> Vec<Hit> {
    let mut found = Vec::new();
    for (literal, words) in literals.iter().enumerate().filter(|(_, words)| !words.is_empty()) {
        for start in 0..(text.len() + 1).saturating_sub(words.len()) {
            let end = start + words.len();
            if text[start..end].eq_ignore_ascii_case(words) {
                found.push(Hit { literal, start, end });
            }
        }
    }
    found
}

fn fast(literals: &[Vec<u8>], text: &[u8]) -> Vec<Hit> {
    let mut found = Vec::new();
    let end = Finder::new(literals).each(text, |hit| {
        found.push(hit);
        ControlFlow::Continue(())
    });
    assert!(end.is_continue());
    found.sort_unstable();
    found
}

fn check(literals: &[&str], text: &str, expected: &str) {
    let literals: Vec<Vec<u8>> = literals.iter().map(|words| words.as_bytes().to_vec()).collect();
    let found = fast(&literals, text.as_bytes());
    let told: Vec<String> = found.iter().map(|hit| format!("{}@{}", hit.literal, hit.start)).collect();
    assert_eq!(told.join(" "), expected, "{literals:?} in {text}");
    assert_eq!(Finder::new(&literals).occurs(text.as_bytes()), !expected.is_empty());
}

#[test]
fn phrases() {
    check(&["mailbox full", "full", "box"], "The Mailbox FULL", "0@4 1@12 2@8");
    check(&["ip", "spf", "@"], "a@b fails SPF by IP", "0@17 1@10 2@1");
    check(&["宛先", "不明"], "宛先が不明です", "0@0 1@9");
    check(&["aaaa"], "aaaaaa", "0@0 0@1 0@2");
    check(&["", "x"], "", "");
    check(&["", "x"], "a\0\0\0\0x", "1@5");
    check(&[], "text", "");
    check(&["{x}"], "[X]", "");
}

proptest! {
    #[test]
    fn nothing_is_missed_and_nothing_invented(
        literals in prop::collection::vec("[abAB @`\\[{é]{1,7}", 0..12),
        text in "[abAB @`\\[{éÉ\n]{0,40}",
    ) {
        let literals: Vec<Vec<u8>> = literals.into_iter().map(String::into_bytes).collect();
        prop_assert_eq!(fast(&literals, text.as_bytes()), slow(&literals, text.as_bytes()));
    }
}
