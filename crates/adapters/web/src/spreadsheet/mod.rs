//! Reads and writes spreadsheets (.xlsx) through files on disk, so that neither their size nor a bomb fills the memory.

mod check;
pub(crate) mod file;
pub(crate) mod read;
pub(crate) mod shown;
pub(crate) mod write;
