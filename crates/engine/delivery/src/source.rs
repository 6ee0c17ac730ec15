//! What we send as: the sending domains with their keys, and the sources mail leaves by.

pub mod choose;
pub mod counts;
mod model;
pub mod presets;
pub mod roster;
pub mod token;
pub mod warm_up;

use serde::{Deserialize, Serialize};

pub use self::model::{
    DEFAULT_POOL, DayWindow, Direct, FIRST_SOURCE, LanePools, NO_SOURCE, Quota, Rest, Source, SourceDraft,
    SourceId, USUAL_WEIGHT, Way,
};
use crate::hop::{Login, TlsMode};

/// Key of a sending domain.
pub type DomainId = i64;

/// A domain that may stand in From, with its DKIM keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingDomain {
    /// Key.
    pub id: DomainId,
    /// The domain, lower case, A-label.
    pub name: String,
    /// The domain of our return paths; its MX points to us.
    pub return_path_domain: String,
    /// DKIM keys.
    pub keys: DomainKeys,
    /// When it was added.
    pub created_at: i64,
    /// The last check as JSON; its shape belongs to the pages that show it.
    pub standing: Option<String>,
    /// When it was last checked.
    pub checked_at: Option<i64>,
}

/// Two DKIM keys: RSA-2048 for everyone, Ed25519 (RFC 8463) beside it. A domain without the second one signs with RSA
/// alone; its parts are empty then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainKeys {
    /// Selector of the RSA key.
    pub rsa_selector: String,
    /// PKCS#8, base64.
    pub rsa_private: String,
    /// SubjectPublicKeyInfo as `p=` wants it, base64.
    pub rsa_public: String,
    /// Selector of the Ed25519 key.
    pub ed25519_selector: String,
    /// PKCS#8, base64.
    pub ed25519_private: String,
    /// Raw public key, base64.
    pub ed25519_public: String,
}

impl DomainKeys {
    /// Selector and private key of the second signature, where there is to be one.
    #[must_use]
    pub fn second(&self) -> Option<(&str, &str)> {
        let both = (self.ed25519_selector.as_str(), self.ed25519_private.as_str());
        Some(both).filter(|(_, private)| !private.is_empty())
    }
}

/// A sending domain to be added.
#[derive(Debug, Clone)]
pub struct NewDomain {
    /// See [`SendingDomain::name`].
    pub name: String,
    /// See [`SendingDomain::return_path_domain`].
    pub return_path_domain: String,
    /// See [`SendingDomain::keys`].
    pub keys: DomainKeys,
}

/// The way out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Route {
    /// To each recipient's MX.
    #[default]
    Direct,
    /// Everything through one server.
    SmartHost(SmartHost),
}

/// A server that relays for us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmartHost {
    /// Host name or IP address.
    pub host: String,
    /// Port; 587 is usual with STARTTLS, 465 with TLS.
    pub port: u16,
    /// TLS.
    pub tls: TlsMode,
    /// Login where the host wants one.
    pub login: Option<Login>,
}
