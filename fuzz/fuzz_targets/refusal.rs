//! Fuzz target: replies of mail servers, to their verdicts.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::refusal(bytes));
