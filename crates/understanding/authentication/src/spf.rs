//! Evaluates SPF on given DNS answers (RFC 7208 section 4).

mod evaluate;
mod macros;
mod record;

use std::net::IpAddr;

use crate::answers::{Answers, Asker};

pub(crate) use evaluate::check_host;
pub(crate) use record::{Mechanism, Qualifier, Record, is_spf};

/// Who is asked about.
#[derive(Debug, Clone, Copy)]
pub struct SpfQuery<'a> {
    /// The address that sends.
    pub ip: IpAddr,
    /// The domain whose record counts.
    pub domain: &'a str,
    /// The return path address; when it has no local part, `postmaster` is taken.
    pub sender: &'a str,
    /// The name given in EHLO.
    pub helo: &'a str,
}

/// What SPF says (RFC 7208 section 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpfResult {
    /// There is no record.
    None,
    /// The domain says nothing about the address.
    Neutral,
    /// The address may send.
    Pass,
    /// The address may not send.
    Fail,
    /// The address probably may not send.
    SoftFail,
    /// The DNS could not be asked.
    TempError,
    /// The record, or one it refers to, is wrong.
    PermError,
}

/// Evaluates SPF.
///
/// # Errors
/// The questions that must be asked first; then call again with their answers added.
pub fn check_spf(query: &SpfQuery, answers: &Answers) -> Result<SpfResult, Vec<(String, &'static str)>> {
    let mut asker = Asker::new(answers);
    check_host(&mut asker, query).ok_or_else(|| asker.needed())
}
