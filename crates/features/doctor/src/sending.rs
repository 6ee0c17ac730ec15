//! A new sending domain with its keys, and what its owner has to publish.

use std::net::IpAddr;

use authentication::{Algorithm, AuthenticationError, DkimKey, DomainPlan, generate};
use delivery::source::{DomainKeys, NewDomain, SendingDomain};

/// The label in front of the sending domain that bounces come back to.
const RETURN_PATH_LABEL: &str = "bounce";

/// What the records say about this house.
#[derive(Debug, Clone)]
pub struct HouseNames {
    /// Our mail server's name.
    pub mail_host: String,
    /// Addresses mail leaves from.
    pub sending_ips: Vec<IpAddr>,
    /// What a smart host asks to have in SPF.
    pub smart_host_spf: Option<String>,
}

/// Makes a sending domain with two fresh DKIM keys. `year_month` such as `202611` becomes part of the selectors, so
/// that later keys can stand beside these.
///
/// # Errors
/// When the keys cannot be made.
pub fn new_domain(name: &str, year_month: &str) -> Result<NewDomain, AuthenticationError> {
    let rsa = generate(Algorithm::Rsa2048)?;
    let ed25519 = generate(Algorithm::Ed25519)?;
    Ok(NewDomain {
        name: name.to_owned(),
        return_path_domain: format!("{RETURN_PATH_LABEL}.{name}"),
        keys: DomainKeys {
            rsa_selector: format!("todoku-{year_month}"),
            rsa_private: rsa.private_pem_or_der,
            rsa_public: rsa.public_base64,
            ed25519_selector: format!("todoku-ed-{year_month}"),
            ed25519_private: ed25519.private_pem_or_der,
            ed25519_public: ed25519.public_base64,
        },
    })
}

/// The records a domain needs here, for [`authentication::wanted_records`] and [`crate::check_domain`].
#[must_use]
pub fn plan_of<'a>(domain: &'a SendingDomain, house: &'a HouseNames) -> DomainPlan<'a> {
    DomainPlan {
        domain: &domain.name,
        return_path_domain: &domain.return_path_domain,
        mail_host: &house.mail_host,
        sending_ips: &house.sending_ips,
        smart_host_spf: house.smart_host_spf.as_deref(),
        rsa: DkimKey { selector: &domain.keys.rsa_selector, public_base64: &domain.keys.rsa_public },
        ed25519: Some(DkimKey {
            selector: &domain.keys.ed25519_selector,
            public_base64: &domain.keys.ed25519_public,
        })
        .filter(|key| !key.public_base64.is_empty()),
        dmarc_rua: None,
    }
}
