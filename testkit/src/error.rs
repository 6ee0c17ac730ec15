//! What can keep the simulated world from starting.

/// Why a part of the simulated world could not be started or asked.
#[derive(Debug, thiserror::Error)]
pub enum TestkitError {
    /// The data file of providers is not what the simulator understands.
    #[error("providers.toml: {0}")]
    Providers(String),
    /// A socket could not be opened.
    #[error("cannot listen on {at}: {source}")]
    Listen {
        /// The address that was asked for.
        at: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The certificate for STARTTLS could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(String),
    /// A DNS record to be added is not understood.
    #[error("not a DNS record: {0}")]
    Record(String),
    /// A file of records or of demo customers could not be written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}
