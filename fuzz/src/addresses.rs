//! Addresses people type, and replies servers give: one line each, or a few.

use mail::{Address, Reply, Stage};

use crate::NOW;

/// Reads a text as a strict address and as what somebody typed.
pub fn addresses(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(address) = Address::parse(&text) {
        same_again(&address);
    }
    let reading = addressing::read(&text);
    assert_eq!(reading.address.is_none(), reading.verdict == addressing::AddressVerdict::Rejected);
    for note in &reading.notes {
        assert!(!note.ja.is_empty() && !note.en.is_empty());
    }
    if let Some(address) = &reading.address {
        same_again(address);
        let again = addressing::read(&address.to_string());
        assert_eq!(again.address.as_ref(), Some(address), "a clean address stays as it is");
    }
    if let Some(suggestion) = &reading.suggestion {
        assert!(Address::parse(&suggestion.address).is_ok(), "{}", suggestion.address);
    }
    let _ = addressing::to_half_width(&text);
    let _ = addressing::provider_of(&text);
    let hosts: Vec<&str> = text.split_whitespace().collect();
    let _ = addressing::provider_of_mx(&hosts);
}

/// What goes over the wire is read as the same address, and cannot end a command line.
fn same_again(address: &Address) {
    let written = address.to_string();
    assert!(written.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{written:?}");
    assert_eq!(Address::parse(&written).as_ref(), Ok(address), "{written:?}");
}

/// Reads a server's words and judges them, at every stage and with a provider or none.
pub fn refusal(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (reply, _) = Reply::from_lines(text.lines());
    assert!(!reply.line().contains(['\n', '\r']));
    let stage = [Stage::Connect, Stage::Mail, Stage::Rcpt, Stage::Data][bytes.len() % 4];
    let providers = addressing::providers();
    let provider = providers.get(bytes.len() % (providers.len() + 1)).map(|provider| provider.id.as_str());
    let words = bounce::Refusal {
        provider,
        recipient: Some("hanako@midori.example"),
        original_text: Some(&text),
        ..bounce::Refusal::new(&reply, stage, NOW)
    };
    let verdict = bounce::understand(&words);
    assert!(verdict.confidence <= 100);
    let _ = bounce::is_hard(&verdict);
    let explanation = bounce::explain(verdict.reason, provider);
    let _ = std::hint::black_box(explanation);
    let (bare, _) = Reply::from_lines([text.as_ref()]);
    let _ = std::hint::black_box(bounce::understand(&bounce::Refusal::new(&bare, stage, NOW)));
}
