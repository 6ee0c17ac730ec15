//! The customers: their list, one person with everything that happened, adding and editing.

pub(crate) mod address;
pub(crate) mod change;
pub(crate) mod consent;
pub(crate) mod edit;
pub(crate) mod entry;
pub(crate) mod erased;
pub(crate) mod export;
pub(crate) mod export_sheet;
pub(crate) mod file;
pub(crate) mod list;
pub(crate) mod note;
mod overtaken;
pub(crate) mod point;
mod points;
pub(crate) mod rights;
pub(crate) mod show;
mod timeline;
mod validity;
