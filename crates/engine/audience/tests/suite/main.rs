//! Tests of importing a file of customers, from its first bytes to the file of bad rows.
#![expect(clippy::unwrap_used, reason = "a case ends at the first thing that is not as expected")]

mod bad_input;
mod detect;
mod error_csv;
mod import;
mod properties;
mod row;
mod support;
