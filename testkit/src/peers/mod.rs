//! Real servers from Debian's packages, as private instances in a temporary folder, ended by their own ids.

mod dovecot;
mod named;
mod postfix;

use std::{io, process::Command};

pub use dovecot::Dovecot;
pub use named::{Named, SignedWorld};
pub use postfix::Postfix;

/// Why a peer is not there.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The package is not installed.
    #[error("the package {0} is not installed")]
    NotInstalled(&'static str),
    /// It must be started by root, because it changes to accounts of its own.
    #[error("{0} can be started by root only")]
    NotRoot(&'static str),
    /// A file or process could not be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It did not start; what it said.
    #[error("{0} did not start: {1}")]
    NotStarted(&'static str, String),
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
