//! Starts Todoku.
fn main() {}
