//! Real servers from Debian's packages, as private instances in a temporary folder, ended by their own ids.

mod postfix;

pub use postfix::{Postfix, PostfixError};
