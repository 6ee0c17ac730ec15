//! Components the pages share: plain functions that give markup.

pub(crate) mod assurance;
pub(crate) mod chip;
pub(crate) mod copy;
pub(crate) mod csv;
pub(crate) mod domain;
pub(crate) mod explain;
pub(crate) mod field;
pub(crate) mod flash;
pub(crate) mod layout;
pub(crate) mod letter;
pub(crate) mod pager;
pub(crate) mod problems;
pub(crate) mod progress;
pub(crate) mod source;
pub(crate) mod story;
pub(crate) mod time;
pub(crate) mod value;
pub(crate) mod waterfall;
