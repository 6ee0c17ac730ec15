//! Why a dialogue with a server cannot go on, in enough detail for delivery and for the doctor.

use std::io;

use delivery::{
    attempt::{Failure, Peer, Trouble},
    tls::TlsResult,
};
use mail::{Reply, Stage};

use super::proof::Unproven;

/// A dialogue that stopped, and where.
#[derive(Debug)]
pub(crate) struct Halt {
    pub(crate) stage: Stage,
    pub(crate) cause: Cause,
}

/// What stopped it.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The server said no.
    Said(Reply),
    /// The connection failed; the words are the system's or ours.
    Broken(Trouble, String),
    /// TLS is wanted and not offered.
    TlsNotOffered,
    /// The certificate cannot be trusted.
    Certificate(Unproven),
    /// Another TLS failure.
    Tls(String),
    /// A login is wanted and cannot be made; the words say what is offered.
    AuthNotOffered(String),
}

impl Cause {
    /// The same in the words of TLS reports.
    pub(crate) fn tls_result(&self) -> TlsResult {
        match self {
            Self::TlsNotOffered => TlsResult::StarttlsNotSupported,
            Self::Certificate(why) => why.result,
            _ => TlsResult::ValidationFailure,
        }
    }

    /// What happened, in words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Said(reply) => reply.line(),
            Self::TlsNotOffered => "STARTTLS is not offered".to_owned(),
            Self::Certificate(why) => why.words.clone(),
            Self::Broken(_, words) | Self::Tls(words) | Self::AuthNotOffered(words) => words.clone(),
        }
    }

    /// What an IO error means for us.
    pub(crate) fn from_io(error: &io::Error) -> Self {
        use io::ErrorKind as K;
        let trouble = match error.kind() {
            K::ConnectionRefused => Trouble::Refused,
            K::TimedOut => Trouble::TimedOut,
            K::NetworkUnreachable | K::HostUnreachable | K::AddrNotAvailable | K::PermissionDenied => {
                Trouble::Unreachable
            }
            _ => Trouble::Disconnected,
        };
        Self::Broken(trouble, error.to_string())
    }

    pub(crate) fn at(self, stage: Stage) -> Halt {
        Halt { stage, cause: self }
    }
}

impl Halt {
    /// The same as delivery's port says it.
    pub(crate) fn into_failure(self, peer: Option<Peer>) -> Failure {
        let (trouble, reply, detail) = match self.cause {
            Cause::Said(reply) => {
                let trouble = match self.stage {
                    Stage::Tls => Trouble::TlsFailed,
                    Stage::Auth => Trouble::AuthRefused,
                    Stage::Greeting | Stage::Ehlo => Trouble::Refused,
                    _ => Trouble::Disconnected,
                };
                (trouble, Some(reply), String::new())
            }
            Cause::Broken(trouble, words) => (trouble, None, words),
            Cause::TlsNotOffered => (Trouble::TlsFailed, None, "STARTTLS is not offered".to_owned()),
            Cause::Certificate(why) => (Trouble::TlsUnproven, None, format!("certificate: {}", why.words)),
            Cause::Tls(words) => (Trouble::TlsFailed, None, words),
            Cause::AuthNotOffered(words) => (Trouble::AuthRefused, None, words),
        };
        Failure { stage: self.stage, trouble, reply, peer, detail, said: None }
    }
}
