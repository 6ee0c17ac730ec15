//! Fuzz target: what a peer says to our mail server.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::smtp_server(bytes));
