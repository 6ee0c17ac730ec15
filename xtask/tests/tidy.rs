//! Each house rule as a test, so that breaking one breaks the build.

fn holds(index: usize) {
    let (rule, check) = xtask::RULES[index];
    let findings = check().expect("the check can run");
    assert!(findings.is_empty(), "{rule}\n  {}", findings.join("\n  "));
}

macro_rules! rules {
    ($($name:ident = $index:literal,)+) => {
        $(#[test] fn $name() { holds($index); })+

        #[test]
        fn every_rule_is_tested() {
            assert_eq!([$($index),+].len(), xtask::RULES.len());
        }
    };
}

rules! {
    layers = 0,
    file_lengths = 1,
    opening_sentences = 2,
    words = 3,
    documents = 4,
    texts_have_both_languages = 5,
    used_texts_exist = 6,
    no_stray_texts = 7,
    licences = 8,
    dependencies = 9,
}
