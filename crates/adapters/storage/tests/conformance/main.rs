//! One suite for every port, run on SQLite and, where `TODOKU_TEST_POSTGRES=postgres://…` is set, on PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a case ends at the first thing that is not as expected")]

mod anything;
mod arrivals;
mod audiences;
mod broadcasts;
mod claims;
mod clicked;
mod clicks;
mod consent_conditions;
mod consents;
mod contacts;
mod desk;
mod event_log;
mod fields;
mod imports;
mod left_out;
mod mailing;
mod merges;
mod opening;
mod operators;
mod outcomes;
mod pacing;
mod people;
mod points;
mod postgres_only;
mod segment_rules;
mod segments;
mod sessions;
mod sources;
mod speed;

mod templates;
mod tls;
mod topics;
mod transcripts;
mod trials;
mod validity;
mod ways_out;
mod world;
