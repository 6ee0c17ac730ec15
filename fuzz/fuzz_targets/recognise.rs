//! Fuzz target: mails as they arrive, to their verdicts.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::recognise(bytes));
