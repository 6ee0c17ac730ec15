//! Fuzz target: messages to be signed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::signing(bytes));
