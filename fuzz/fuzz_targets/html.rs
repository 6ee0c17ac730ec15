//! Fuzz target: HTML, to text and to a preview.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::html(bytes));
