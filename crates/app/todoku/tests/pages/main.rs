//! Uses the pages as people and attackers do, on a real store, without a network.

mod broadcasts;
mod browser;
mod contacts;
mod desk;
mod doors;
mod explain;
mod imports;
mod operators;
mod sending;
mod templates;
