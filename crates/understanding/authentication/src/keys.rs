//! DKIM key pairs: made once per domain, stored, and published as DNS records.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::KeySize,
    signature::{Ed25519KeyPair, KeyPair as _, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::AuthenticationError;

/// The signing algorithms in use. RSA is what everybody verifies; Ed25519 (RFC 8463) is small and stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// `rsa-sha256` with 2048 bits (RFC 8301).
    Rsa2048,
    /// `ed25519-sha256` (RFC 8463).
    Ed25519,
}

/// A private key and what is published of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Base64 of PKCS#8. Secret: it is never shown, logged or exported unencrypted.
    pub private_pem_or_der: String,
    /// The `p=` value of the DNS record.
    pub public_base64: String,
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair")
            .field("algorithm", &self.algorithm)
            .field("public_base64", &self.public_base64)
            .finish_non_exhaustive()
    }
}

/// Makes a new key pair. An RSA key takes tens to hundreds of milliseconds.
///
/// # Errors
/// When the cryptographic library fails, for example for want of randomness.
pub fn generate(algorithm: Algorithm) -> Result<KeyPair, AuthenticationError> {
    let failed = |_| AuthenticationError::Generate;
    let (private, public) = match algorithm {
        Algorithm::Rsa2048 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let private = AsDer::<Pkcs8V1Der>::as_der(&pair).map_err(failed)?;
            (private.as_ref().to_vec(), rsa_public(&pair)?)
        }
        Algorithm::Ed25519 => {
            let pair = Ed25519KeyPair::generate().map_err(failed)?;
            let private = AsDer::<Pkcs8V1Der>::as_der(&pair).map_err(failed)?;
            (private.as_ref().to_vec(), pair.public_key().as_ref().to_vec())
        }
    };
    Ok(KeyPair {
        algorithm,
        private_pem_or_der: STANDARD.encode(private),
        public_base64: STANDARD.encode(public),
    })
}

/// Reads an RSA private key: base64 or PEM, PKCS#8 or PKCS#1.
pub(crate) fn read_rsa(private: &str) -> Result<RsaKeyPair, AuthenticationError> {
    let der = der_of(private)?;
    let pair = RsaKeyPair::from_pkcs8(&der)
        .or_else(|_| RsaKeyPair::from_der(&der))
        .map_err(|_| AuthenticationError::PrivateKey)?;
    if pair.public_modulus_len() < 128 { Err(AuthenticationError::ShortKey) } else { Ok(pair) }
}

/// Reads an Ed25519 private key: base64 or PEM of PKCS#8.
pub(crate) fn read_ed25519(private: &str) -> Result<Ed25519KeyPair, AuthenticationError> {
    Ed25519KeyPair::from_pkcs8(&der_of(private)?).map_err(|_| AuthenticationError::PrivateKey)
}

fn rsa_public(pair: &RsaKeyPair) -> Result<Vec<u8>, AuthenticationError> {
    let public =
        AsDer::<PublicKeyX509Der>::as_der(pair.public_key()).map_err(|_| AuthenticationError::Generate)?;
    Ok(public.as_ref().to_vec())
}

fn der_of(private: &str) -> Result<Vec<u8>, AuthenticationError> {
    let lines = private.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let base64: String = lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(base64).map_err(|_| AuthenticationError::PrivateKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_can_be_read_again() {
        let rsa = generate(Algorithm::Rsa2048).unwrap();
        let again = read_rsa(&rsa.private_pem_or_der).unwrap();
        assert_eq!(STANDARD.encode(rsa_public(&again).unwrap()), rsa.public_base64);
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", rsa.private_pem_or_der);
        assert!(read_rsa(&pem).is_ok());
        let ed = generate(Algorithm::Ed25519).unwrap();
        assert_eq!(ed.public_base64.len(), 44);
        let again = read_ed25519(&ed.private_pem_or_der).unwrap();
        assert_eq!(STANDARD.encode(again.public_key().as_ref()), ed.public_base64);
        assert_eq!(read_rsa(&ed.private_pem_or_der).err(), Some(AuthenticationError::PrivateKey));
        assert_eq!(read_ed25519(&rsa.private_pem_or_der).err(), Some(AuthenticationError::PrivateKey));
        assert_eq!(read_rsa("not base64!").err(), Some(AuthenticationError::PrivateKey));
        assert_eq!(read_rsa("").err(), Some(AuthenticationError::PrivateKey));
        assert!(!format!("{rsa:?}").contains(&rsa.private_pem_or_der[..40]));
    }
}
