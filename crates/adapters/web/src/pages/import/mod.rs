//! A file of customers on its way in: upload, preview, progress, result.

pub(crate) mod errors;
pub(crate) mod list;
pub(crate) mod plan;
mod preview;
mod progress;
pub(crate) mod receive;
mod result;
pub(crate) mod show;
mod spreadsheet;
mod terms;
pub(crate) mod upload;
