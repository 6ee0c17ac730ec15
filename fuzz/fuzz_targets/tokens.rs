//! Fuzz target: signed tokens in return paths, links and Message-IDs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::tokens(bytes));
