//! The words a shop owner reads: what happened, whose turn it is, what to do now.

use serde::{Deserialize, Serialize};

use crate::Reason;
use crate::catalogue::{CATALOGUE, Variant};

/// Who has to do something next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// The shop, or whoever runs its mail.
    Us,
    /// The customer who should have got the mail.
    Customer,
    /// The company that keeps the customer's mailbox.
    Receiver,
    /// Nobody; Todoku does it by itself or nothing is wrong.
    Nobody,
}

impl Turn {
    /// The lower-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Customer => "customer",
            Self::Receiver => "receiver",
            Self::Nobody => "nobody",
        }
    }

    fn sentence(self) -> (&'static str, &'static str) {
        match self {
            Self::Us => ("当店の番です", "It is your turn"),
            Self::Customer => ("お客様の番です", "It is the customer's turn"),
            Self::Receiver => ("受信側の会社の番です", "It is the receiving company's turn"),
            Self::Nobody => ("どなたも操作は要りません", "Nobody needs to do anything"),
        }
    }
}

/// One reason in plain words, Japanese and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// A short label for chips and tables.
    pub title_ja: String,
    /// The label in English.
    pub title_en: String,
    /// One plain sentence: what happened.
    pub what_ja: String,
    /// The sentence in English.
    pub what_en: String,
    /// Whose turn it is.
    pub turn: Turn,
    /// Whose turn it is, as a sentence.
    pub turn_ja: String,
    /// The sentence in English.
    pub turn_en: String,
    /// What the shop does next.
    pub shop_ja: String,
    /// The same in English.
    pub shop_en: String,
    /// What the customer does; may be empty.
    pub customer_ja: String,
    /// The same in English.
    pub customer_en: String,
    /// The five-digit code under which older marketing systems list such a failure, for search; may be empty.
    pub origin_code: &'static str,
}

/// The words for a reason, at a provider where its facts differ (provider ids as `addressing` gives them).
#[must_use]
pub fn explain(reason: Reason, provider: Option<&str>) -> Explanation {
    let entry = CATALOGUE.of(reason);
    let mut words = Explanation {
        title_ja: entry.title_ja.clone(),
        title_en: entry.title_en.clone(),
        what_ja: entry.what_ja.clone(),
        what_en: entry.what_en.clone(),
        turn: entry.turn,
        turn_ja: String::new(),
        turn_en: String::new(),
        shop_ja: entry.shop_ja.clone(),
        shop_en: entry.shop_en.clone(),
        customer_ja: entry.customer_ja.clone(),
        customer_en: entry.customer_en.clone(),
        origin_code: &entry.origin_code,
    };
    if let Some(provider) = provider {
        let fits = |v: &&Variant| v.reason.contains(&reason) && v.provider.iter().any(|id| id == provider);
        for variant in CATALOGUE.variants.iter().filter(fits) {
            overlay(&mut words, variant);
        }
    }
    let (ja, en) = words.turn.sentence();
    words.turn_ja = ja.to_owned();
    words.turn_en = en.to_owned();
    words
}

fn overlay(words: &mut Explanation, variant: &Variant) {
    let set = |to: &mut String, from: &Option<String>| {
        if let Some(from) = from {
            to.clone_from(from);
        }
    };
    words.turn = variant.turn.unwrap_or(words.turn);
    set(&mut words.what_ja, &variant.what_ja);
    set(&mut words.what_en, &variant.what_en);
    set(&mut words.shop_ja, &variant.shop_ja);
    set(&mut words.shop_en, &variant.shop_en);
    set(&mut words.customer_ja, &variant.customer_ja);
    set(&mut words.customer_en, &variant.customer_en);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_explained_in_both_languages() {
        for reason in Reason::ALL {
            let words = explain(*reason, None);
            for text in [&words.title_ja, &words.what_ja, &words.turn_ja] {
                assert!(text.chars().any(|c| c > '\u{3000}'), "{reason:?}: {text:?} is not Japanese");
            }
            for text in [&words.title_en, &words.what_en, &words.turn_en] {
                assert!(!text.is_empty() && text.is_ascii(), "{reason:?}: {text:?} is not English");
            }
            assert!(words.title_ja.chars().count() <= 12, "{reason:?}: {} is long", words.title_ja);
            assert_eq!(words.shop_ja.is_empty(), words.shop_en.is_empty(), "{reason:?}");
            assert_eq!(words.customer_ja.is_empty(), words.customer_en.is_empty(), "{reason:?}");
            if words.turn == Turn::Us {
                assert!(!words.shop_ja.is_empty(), "{reason:?}: the shop's turn, but nothing to do");
            }
            let code = words.origin_code;
            assert!(code.is_empty() || code.len() == 5, "{reason:?}: {code}");
        }
    }

    #[test]
    fn variants_are_complete_in_both_languages() {
        for variant in &CATALOGUE.variants {
            let name = format!("{:?} {:?}", variant.reason, variant.provider);
            assert_eq!(variant.what_ja.is_some(), variant.what_en.is_some(), "{name}");
            assert_eq!(variant.shop_ja.is_some(), variant.shop_en.is_some(), "{name}");
            assert_eq!(variant.customer_ja.is_some(), variant.customer_en.is_some(), "{name}");
            assert!(!variant.source.is_empty(), "{name}");
        }
    }

    #[test]
    fn providers_differ() {
        let check = |reason, provider, part: &str| {
            let words = explain(reason, Some(provider));
            let all = format!("{}{}{}", words.what_ja, words.shop_ja, words.customer_ja);
            assert!(all.contains(part), "{reason:?} at {provider}: {all}");
        };
        check(Reason::Filtered, "docomo", "受信リスト");
        check(Reason::Filtered, "au", "必ず受信");
        check(Reason::Filtered, "softbank", "救済リスト");
        check(Reason::AuthFailure, "gmail", "Gmail");
        check(Reason::EmailTooLarge, "au", "3MB");
        check(Reason::AuthFailure, "microsoft", "Outlook");
        assert_eq!(explain(Reason::UserUnknown, Some("nowhere")), explain(Reason::UserUnknown, None));
    }
}
