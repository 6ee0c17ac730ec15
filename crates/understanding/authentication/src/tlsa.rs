//! Reads TLSA records and compares them with certificates (RFC 6698, RFC 7671, RFC 7672).

use aws_lc_rs::digest::{SHA256, SHA512, digest};

/// How a record names a server's certificate, as far as SMTP uses it (RFC 7672 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsaUsage {
    /// DANE-TA(2): an authority that must have issued it; the name is checked.
    TrustAnchor,
    /// DANE-EE(3): the certificate or key itself; neither name nor dates are checked.
    EndEntity,
}

/// Which part of a certificate is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsaSelector {
    /// All of it (0).
    Certificate,
    /// Its public key (1).
    PublicKey,
}

/// A record that can be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tlsa {
    /// What it names.
    pub usage: TlsaUsage,
    /// Which part.
    pub selector: TlsaSelector,
    /// The bytes themselves, or a digest of them.
    pub association: Association,
}

/// What stands in a record for the selected part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Association {
    /// The part itself, DER (0).
    Exact(Vec<u8>),
    /// SHA-256 of it (1).
    Sha256(Vec<u8>),
    /// SHA-512 of it (2).
    Sha512(Vec<u8>),
}

/// Why a record cannot be used. A host that has only such records is still sent to under TLS, without verification
/// (RFC 7672 section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsaDefect {
    /// Shorter than its three numbers.
    Short,
    /// PKIX-TA(0), PKIX-EE(1), which SMTP does not use, or an unknown usage.
    Usage(u8),
    /// An unknown selector.
    Selector(u8),
    /// An unknown matching type.
    Matching(u8),
    /// A digest of the wrong length, or nothing at all.
    Length(usize),
}

impl Tlsa {
    /// Reads the data of one record.
    #[must_use]
    pub fn read(rdata: &[u8]) -> (Option<Self>, Vec<TlsaDefect>) {
        let [usage, selector, matching, data @ ..] = rdata else {
            return (None, vec![TlsaDefect::Short]);
        };
        let mut defects = Vec::new();
        let usage = match usage {
            2 => Some(TlsaUsage::TrustAnchor),
            3 => Some(TlsaUsage::EndEntity),
            other => defect(&mut defects, TlsaDefect::Usage(*other)),
        };
        let selector = match selector {
            0 => Some(TlsaSelector::Certificate),
            1 => Some(TlsaSelector::PublicKey),
            other => defect(&mut defects, TlsaDefect::Selector(*other)),
        };
        let association = match (matching, data.len()) {
            (0, 1..) => Some(Association::Exact(data.to_vec())),
            (1, 32) => Some(Association::Sha256(data.to_vec())),
            (2, 64) => Some(Association::Sha512(data.to_vec())),
            (0..=2, length) => defect(&mut defects, TlsaDefect::Length(length)),
            (other, _) => defect(&mut defects, TlsaDefect::Matching(*other)),
        };
        match (usage, selector, association) {
            (Some(usage), Some(selector), Some(association)) => {
                (Some(Self { usage, selector, association }), defects)
            }
            _ => (None, defects),
        }
    }

    /// Whether the record names this certificate (DER).
    #[must_use]
    pub fn names(&self, certificate: &[u8]) -> bool {
        let part = match self.selector {
            TlsaSelector::Certificate => Some(certificate),
            TlsaSelector::PublicKey => public_key_of(certificate),
        };
        part.is_some_and(|part| match &self.association {
            Association::Exact(bytes) => bytes == part,
            Association::Sha256(sum) => digest(&SHA256, part).as_ref() == sum,
            Association::Sha512(sum) => digest(&SHA512, part).as_ref() == sum,
        })
    }

    /// The record as a zone file writes it: `3 1 1 0A1B…`.
    #[must_use]
    pub fn text(&self) -> String {
        let usage = if self.usage == TlsaUsage::TrustAnchor { 2 } else { 3 };
        let selector = u8::from(self.selector == TlsaSelector::PublicKey);
        let (matching, data) = match &self.association {
            Association::Exact(data) => (0, data),
            Association::Sha256(data) => (1, data),
            Association::Sha512(data) => (2, data),
        };
        let hex: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{usage} {selector} {matching} {hex}")
    }
}

fn defect<T>(defects: &mut Vec<TlsaDefect>, defect: TlsaDefect) -> Option<T> {
    defects.push(defect);
    None
}

/// The SubjectPublicKeyInfo of a certificate, with its tag (RFC 5280 section 4.1).
#[must_use]
pub fn public_key_of(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (_, outer, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut rest, _) = element(outer).filter(|(tag, ..)| *tag == SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, signature algorithm, issuer, validity, subject.
    for _ in 0..5 {
        rest = element(rest)?.2;
    }
    let (tag, _, after) = element(rest)?;
    (tag == SEQUENCE).then(|| &rest[..rest.len() - after.len()])
}

/// Tag, content and what follows, of the DER element at the start.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rdata: &[u8], expected: &str) {
        let (tlsa, defects) = Tlsa::read(rdata);
        let seen = tlsa.map_or_else(|| format!("{defects:?}"), |tlsa| tlsa.text());
        assert_eq!(seen, expected);
    }

    #[test]
    fn records() {
        let with = |start: [u8; 3], length: usize| [&start[..], &vec![0xab; length]].concat();
        check(&with([3, 1, 1], 32), &format!("3 1 1 {}", "AB".repeat(32)));
        check(&with([2, 0, 2], 64), &format!("2 0 2 {}", "AB".repeat(64)));
        check(&with([2, 0, 0], 3), "2 0 0 ABABAB");
        check(&with([1, 1, 1], 32), "[Usage(1)]");
        check(&with([3, 2, 1], 32), "[Selector(2)]");
        check(&with([3, 1, 3], 32), "[Matching(3)]");
        check(&with([3, 1, 1], 31), "[Length(31)]");
        check(&with([3, 1, 0], 0), "[Length(0)]");
        check(&with([9, 9, 9], 0), "[Usage(9), Selector(9), Matching(9)]");
        check(&[3, 1], "[Short]");
        check(&[], "[Short]");
    }

    #[test]
    fn what_is_no_certificate_has_no_key() {
        for bytes in [&b""[..], b"\x30", b"\x30\x82\xff\xff", b"\x30\x03\x30\x01\x02", b"\x30\x84\0\0\0\0"] {
            assert_eq!(public_key_of(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn the_key_of_a_certificate() {
        // version [0], serial, algorithm, issuer, validity, subject, key, extensions
        let tbs = b"\xa0\x03\x02\x01\x02\x02\x01\x01\x30\x00\x30\x00\x30\x00\x30\x00\x30\x02\x05\x00\xa3\x00";
        let certificate = [&[0x30, 24, 0x30, 22][..], tbs].concat();
        assert_eq!(public_key_of(&certificate), Some(&b"\x30\x02\x05\x00"[..]));
        let sum = digest(&SHA256, b"\x30\x02\x05\x00");
        let (tlsa, _) = Tlsa::read(&[&[3, 1, 1], sum.as_ref()].concat());
        assert!(tlsa.expect("it is good").names(&certificate));
        let (tlsa, _) = Tlsa::read(&[&[3, 0, 1], sum.as_ref()].concat());
        assert!(!tlsa.expect("it is good").names(&certificate));
    }
}
