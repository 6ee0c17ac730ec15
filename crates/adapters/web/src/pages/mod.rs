//! The pages, one folder per noun, one file per verb.

pub(crate) mod broadcast;
pub(crate) mod contact;
pub(crate) mod desk;
pub(crate) mod domain;
pub(crate) mod duplicate;
pub(crate) mod encryption;
pub(crate) mod explain;
pub(crate) mod field;
pub(crate) mod follow;
pub(crate) mod home;
pub(crate) mod import;
pub(crate) mod language;
pub(crate) mod message;
pub(crate) mod operator;
pub(crate) mod queue;
pub(crate) mod segment;
pub(crate) mod source;
pub(crate) mod suppression;
pub(crate) mod template;
pub(crate) mod topic;
pub(crate) mod unsubscribe;
