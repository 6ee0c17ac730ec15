//! One mailbox address as SMTP carries it: a local part and a domain (RFC 5321 section 4.1.2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest local part in octets (RFC 5321 section 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// Longest domain in octets (RFC 5321 section 4.5.3.1.2).
const DOMAIN_BYTES_MAX: usize = 255;

/// A mailbox address.
///
/// The local part is kept as its *value*, without quotes: `"a..b"@docomo.ne.jp` has the local part `a..b`.
/// [`fmt::Display`] writes the shape of the wire, quoted where the grammar asks for it, so old carrier addresses
/// (`a..b@docomo.ne.jp`, `abc.@ezweb.ne.jp`) are sent as RFC 5321 `Quoted-string`.
/// The domain is kept in lower case, in its ASCII (A-label) form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    local: String,
    domain: String,
}

/// Why bytes are not a mailbox address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`.
    #[error("no @ in the address")]
    NoAt,
    /// Nothing stands before the `@`.
    #[error("nothing before the @")]
    EmptyLocal,
    /// Nothing stands after the `@`.
    #[error("nothing after the @")]
    EmptyDomain,
    /// The local part has a control character, a line break, or is not ASCII.
    #[error("a character before the @ cannot be sent")]
    LocalCharacter,
    /// The domain has a character that a host name cannot have, an empty label, or a label over 63 octets.
    #[error("the part after the @ is not a domain name")]
    Domain,
    /// The local part is over 64 octets or the domain over 255.
    #[error("the address is too long")]
    TooLong,
    /// A quoted local part does not end, or something follows it.
    #[error("the quoted part before the @ is broken")]
    Quote,
}

impl Address {
    /// Reads `local@domain` or `"quoted local"@domain`, ASCII only. Dots may stand anywhere in the local part,
    /// because Japanese carriers gave out such addresses until 2009.
    ///
    /// # Errors
    /// Says what is wrong; nothing is corrected here.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = split(text)?;
        Self::new(&local, &domain)
    }

    /// Makes an address of an unquoted local part and an ASCII domain.
    ///
    /// # Errors
    /// When either part cannot be sent as it is.
    pub fn new(local: &str, domain: &str) -> Result<Self, AddressError> {
        if local.is_empty() {
            return Err(AddressError::EmptyLocal);
        }
        if domain.is_empty() {
            return Err(AddressError::EmptyDomain);
        }
        if local.len() > LOCAL_BYTES_MAX || domain.len() > DOMAIN_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        if !local.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Err(AddressError::LocalCharacter);
        }
        if !is_domain(domain) {
            return Err(AddressError::Domain);
        }
        Ok(Self { local: local.to_owned(), domain: domain.to_ascii_lowercase() })
    }

    /// The part before the `@`, unquoted, in the case it was written in.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form two addresses are compared by: local part in lower case, unquoted.
    ///
    /// RFC 5321 lets a server tell cases apart; no provider in use does, and customers type both.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_ascii_lowercase(), self.domain)
    }

    /// True when the local part must be written as a quoted string (it is no RFC 5321 `Dot-string`).
    #[must_use]
    pub fn needs_quotes(&self) -> bool {
        !self.local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.needs_quotes() {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for c in self.local.chars() {
            if c == '"' || c == '\\' {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

fn split(text: &str) -> Result<(String, String), AddressError> {
    let Some(rest) = text.strip_prefix('"') else {
        let at = text.rfind('@').ok_or(AddressError::NoAt)?;
        if text[..at].contains(['@', '"', ' ', '<', '>', ',', ';', ':', '(', ')', '[', ']', '\\']) {
            return Err(AddressError::LocalCharacter);
        }
        return Ok((text[..at].to_owned(), text[at + 1..].to_owned()));
    };
    let mut local = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let domain = rest[at + 1..].strip_prefix('@').ok_or(AddressError::Quote)?;
                return Ok((local, domain.to_owned()));
            }
            '\\' => local.push(chars.next().ok_or(AddressError::Quote)?.1),
            _ => local.push(c),
        }
    }
    Err(AddressError::Quote)
}

fn is_atext(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let seen = match Address::parse(input) {
            Ok(address) => address.to_string(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(seen, expected, "{input}");
    }

    #[test]
    fn addresses() {
        check("hanako@docomo.ne.jp", "hanako@docomo.ne.jp");
        check("Hanako@Docomo.NE.jp", "Hanako@docomo.ne.jp");
        check("a..b@docomo.ne.jp", "\"a..b\"@docomo.ne.jp");
        check("abc.@ezweb.ne.jp", "\"abc.\"@ezweb.ne.jp");
        check(".abc@ezweb.ne.jp", "\".abc\"@ezweb.ne.jp");
        check("\"a..b\"@docomo.ne.jp", "\"a..b\"@docomo.ne.jp");
        check("\"a\\\"b\"@example.jp", "\"a\\\"b\"@example.jp");
        check("\"a@b\"@example.jp", "\"a@b\"@example.jp");
        check("a+tag@example.jp", "a+tag@example.jp");
        check("hanako", "NoAt");
        check("@example.jp", "EmptyLocal");
        check("hanako@", "EmptyDomain");
        check("a@b@example.jp", "LocalCharacter");
        check("a b@example.jp", "LocalCharacter");
        check("a\r\nRCPT TO:<x@y.jp>@example.jp", "LocalCharacter");
        check("花子@example.jp", "LocalCharacter");
        check("hanako@例え.jp", "Domain");
        check("hanako@exa..mple.jp", "Domain");
        check("hanako@-example.jp", "Domain");
        check("\"abc@example.jp", "Quote");
        check(&format!("{}@example.jp", "a".repeat(65)), "TooLong");
    }

    #[test]
    fn key_ignores_case_and_quotes() {
        assert_eq!(Address::parse("\"A..B\"@Docomo.ne.jp").unwrap().key(), "a..b@docomo.ne.jp");
    }
}
