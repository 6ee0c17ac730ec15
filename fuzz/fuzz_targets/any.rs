//! Every fuzz target in one program: `TODOKU_FUZZ_TARGET` names the one that runs.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("TODOKU_FUZZ_TARGET").unwrap_or_default();
    fuzz::target(&name).unwrap_or_else(|| panic!("TODOKU_FUZZ_TARGET={name} is none of the targets"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET(bytes));
