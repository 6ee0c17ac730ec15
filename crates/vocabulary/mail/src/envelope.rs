//! The envelope of one transaction: never read from header fields (RFC 5321 section 2.3.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Address;

/// Where failures are reported to: `MAIL FROM` (RFC 5321 section 4.1.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReversePath {
    /// `<>`: a notification; nothing may be sent back.
    Null,
    /// The return path.
    Path(Address),
}

impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Path(address) => write!(f, "<{address}>"),
        }
    }
}

/// Who a message comes back to and whom it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Envelope {
    /// `MAIL FROM`.
    pub reverse_path: ReversePath,
    /// `RCPT TO`, in order.
    pub forward_paths: Vec<Address>,
}
