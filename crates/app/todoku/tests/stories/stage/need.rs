//! What a story needs and a machine may not have: it is not run then, but where everything must run it fails.

/// Says that a story is not run. Where all must run (`CI`, or `TODOKU_TEST_ALL=1` as `bin/test` sets it) it fails.
pub fn not_run(why: &str) {
    let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
    assert!(!set("CI") && !set("TODOKU_TEST_ALL"), "everything must run here, but: {why}");
    println!("not run: {why}");
}

/// True for the account that may mount and give files away.
pub fn is_root() -> bool {
    let output = std::process::Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
