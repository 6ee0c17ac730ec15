//! Fuzz target: DNS answers, to SPF and to the judgement of a domain.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::dns(bytes));
