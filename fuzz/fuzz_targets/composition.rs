//! Fuzz target: templates, merge values and the messages made of them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::composition(bytes));
