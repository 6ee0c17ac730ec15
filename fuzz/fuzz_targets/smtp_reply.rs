//! Fuzz target: what a server answers our client.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::smtp_reply(bytes));
