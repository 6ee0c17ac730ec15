//! Runs the house-rule checks from the command line.
fn main() {}
