//! One suite for every port, run on SQLite and, where `TODOKU_TEST_POSTGRES=postgres://…` is set, on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a case ends at the first thing that is not as expected")]

mod arrivals;
mod contacts;
mod event_log;
mod imports;
mod opening;
mod operators;
mod people;
mod sessions;
mod sources;
mod templates;
mod world;
