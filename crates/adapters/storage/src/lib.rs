//! Keeps everything durable, on SQLite and on PostgreSQL, with the same queries.
//!
//! [`Store`] implements every port of the lower layers, one file per port. SQL is written once with `$1`
//! placeholders; what differs between the engines are the few named fragments of `sql.rs`. Every change runs in
//! [`Store::write`], a task of its own that ends in a commit or a rollback whoever stops waiting for it, and writes
//! its `events` rows in the same transaction through `events.rs`.

mod arrivals;
mod broadcasts;
mod checkpoints;
mod clicks;
mod conditions;
mod contact_edit;
mod contact_rows;
mod contacts;
mod databases;
mod db;
mod desk;
mod durable;
mod erasure;
mod error;
mod event_log;
mod events;
mod field_values;
mod fields;
mod history;
mod ids;
mod import_batch;
mod import_load;
mod import_merge;
mod import_trial;
mod imports;
mod lately;
mod ledger;
mod merge_points;
mod merges;
mod migrations;
mod operators;
mod pacing;
mod point_rows;
mod points;
mod prefer;
mod queue;
mod replies;
mod search;
mod segments;
mod sessions;
mod source_counts;
mod source_rows;
mod source_tokens;
mod sources;
mod sql;
mod statistics;
mod suppressions;
mod templates;
mod tls;
mod topics;
mod transcripts;
mod turns;
mod tx;
mod upsert;
mod validity;

pub use db::Store;
pub use error::StorageError;
