//! What mail leaves by: the sources, their health, their limits, their warm-up, and the walk that tests one.

mod act;
mod curve;
mod edit;
mod entry;
mod form;
mod health;
mod list;
mod pools;
mod show;
mod test;
mod token;
mod waiting;
mod warm_up;

pub(crate) use act::{check, lift, remove, rest};
pub(crate) use edit::{add, change, fresh, save};
pub(crate) use list::{old_address, show as list};
pub(crate) use pools::save as save_pools;
pub(crate) use show::show;
pub(crate) use test::{walk, walk_fresh};
pub(crate) use token::renew as renew_token;
pub(crate) use warm_up::{act as act_on_warm_up, show as show_warm_up};
