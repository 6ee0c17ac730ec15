//! Uses the pages as people and attackers do, on a real store, without a network.

#![allow(clippy::unwrap_used, reason = "in a test, an unwrap that fails is a finding")]

mod broadcasts;
mod browser;
mod clicks;
mod consents;
mod contacts;
mod desk;
mod doors;
mod explain;
mod fields;
mod imports;
mod operators;
mod segments;
mod sending;
mod sources;
mod templates;
