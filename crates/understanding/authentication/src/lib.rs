//! Proves who sent a message: DKIM keys and signatures, and the DNS records that must be published.
/// A DNS answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The records' values.
    Found(Vec<String>),
    /// There is none.
    NotFound,
    /// Could not be asked.
    Trouble(String),
}
