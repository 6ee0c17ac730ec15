//! The people who run the house: first owner, login, their list, their own settings.

pub(crate) mod account;
pub(crate) mod add;
pub(crate) mod change;
mod enter;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
mod password;
pub(crate) mod show;
pub(crate) mod welcome;
