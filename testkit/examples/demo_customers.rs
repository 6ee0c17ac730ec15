//! Prints the shipped list of demo customers, for making `demo/customers.csv` anew.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(&testkit::demo_csv_cp932(testkit::DEMO_SEED))
}
