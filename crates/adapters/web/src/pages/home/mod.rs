//! The first page of the day.

mod activity;
mod begin;
mod matters;
pub(crate) mod show;
