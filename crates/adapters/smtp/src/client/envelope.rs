//! Writes MAIL and RCPT with the parameters a server offers, and says early what it cannot take.

use std::fmt::Write as _;

use delivery::{
    attempt::Trouble,
    ports::{BodyKind, MailFacts},
};
use mail::{Address, ReversePath};

use super::{extensions::Extensions, halt::Cause};

/// Longest ENVID (RFC 3461 section 4.4).
const ENVID_CHARS_MAX: usize = 100;

/// `MAIL FROM:<…>` with its line end.
///
/// # Errors
/// When the message needs what the server does not offer, or is larger than it takes: nothing is said then.
pub(super) fn mail_line(
    offered: &Extensions,
    reverse_path: &ReversePath,
    facts: &MailFacts,
) -> Result<String, Cause> {
    let mut line = format!("MAIL FROM:{reverse_path}");
    let needs = |name: &str| {
        Cause::Broken(Trouble::NotOffered, format!("the message needs {name}, which is not offered"))
    };
    if let Some(size) = facts.size {
        fits(offered, size)?;
        if offered.size.is_some() {
            let _ = write!(line, " SIZE={size}");
        }
    }
    match facts.body {
        BodyKind::SevenBit => {}
        BodyKind::EightBit if offered.eight_bit => line += " BODY=8BITMIME",
        BodyKind::EightBit => return Err(needs("8BITMIME")),
        BodyKind::Binary if offered.binary && offered.chunking => line += " BODY=BINARYMIME",
        BodyKind::Binary => return Err(needs("BINARYMIME")),
    }
    match (facts.utf8_headers, offered.utf8) {
        (false, _) => {}
        (true, true) => line += " SMTPUTF8",
        (true, false) => return Err(needs("SMTPUTF8")),
    }
    if offered.dsn {
        // The return path names the message already; whoever sends a DSN repeats it as the envelope id.
        line += " RET=HDRS";
        if let ReversePath::Path(path) = reverse_path
            && path.local().len() <= ENVID_CHARS_MAX
        {
            let _ = write!(line, " ENVID={}", xtext(path.local()));
        }
    }
    line += "\r\n";
    Ok(line)
}

/// `RCPT TO:<…>` with its line end. Only failures are asked for: a delay is our own business, and success DSNs would
/// double the mail.
pub(super) fn rcpt_line(offered: &Extensions, to: &Address) -> String {
    match offered.dsn {
        true => format!("RCPT TO:<{to}> NOTIFY=FAILURE ORCPT=rfc822;{}\r\n", xtext(&to.to_string())),
        false => format!("RCPT TO:<{to}>\r\n"),
    }
}

/// Whether a message of this size may be offered at all (RFC 1870 section 6).
pub(super) fn fits(offered: &Extensions, size: u64) -> Result<(), Cause> {
    match offered.size {
        Some(most) if most > 0 && size > most => {
            let words = format!("the message has {size} bytes, the server takes {most} at most");
            Err(Cause::Broken(Trouble::TooLarge, words))
        }
        _ => Ok(()),
    }
}

/// RFC 3461 section 4.
fn xtext(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'+' && byte != b'=' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "+{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use mail::Reply;

    use super::*;

    const ALL: &str = "mx\nSIZE 1000\n8BITMIME\nBINARYMIME\nCHUNKING\nSMTPUTF8\nDSN";

    fn check(offer: &str, facts: &MailFacts, expected: &str) {
        let offered = Extensions::read(&Reply::new(250, offer));
        let from = ReversePath::Path(Address::new("b-1=x", "r.us.test").expect("an address"));
        let seen = match mail_line(&offered, &from, facts) {
            Ok(line) => line.trim_end().replace("MAIL FROM:<b-1=x@r.us.test>", "MAIL"),
            Err(cause) => cause.words(),
        };
        assert_eq!(seen, expected, "{offer:?} {facts:?}");
    }

    #[test]
    fn mail() {
        let plain = MailFacts::default();
        check("mx", &plain, "MAIL");
        check(ALL, &plain, "MAIL RET=HDRS ENVID=b-1+3Dx");
        let large = |size| MailFacts { size: Some(size), ..MailFacts::default() };
        check("mx", &large(2000), "MAIL");
        check("mx\nSIZE", &large(2000), "MAIL SIZE=2000");
        check("mx\nSIZE 0", &large(2000), "MAIL SIZE=2000");
        check("mx\nSIZE 2000", &large(2000), "MAIL SIZE=2000");
        check("mx\nSIZE 1999", &large(2000), "the message has 2000 bytes, the server takes 1999 at most");
        let body = |body| MailFacts { body, ..MailFacts::default() };
        check("mx\n8BITMIME", &body(BodyKind::EightBit), "MAIL BODY=8BITMIME");
        check("mx", &body(BodyKind::EightBit), "the message needs 8BITMIME, which is not offered");
        check("mx\nBINARYMIME\nCHUNKING", &body(BodyKind::Binary), "MAIL BODY=BINARYMIME");
        check(
            "mx\nBINARYMIME",
            &body(BodyKind::Binary),
            "the message needs BINARYMIME, which is not offered",
        );
        let utf8 = MailFacts { utf8_headers: true, ..MailFacts::default() };
        check("mx\nSMTPUTF8", &utf8, "MAIL SMTPUTF8");
        check("mx", &utf8, "the message needs SMTPUTF8, which is not offered");
    }

    #[test]
    fn rcpt() {
        let check = |offer: &str, local: &str, expected: &str| {
            let offered = Extensions::read(&Reply::new(250, offer));
            let to = Address::new(local, "a.test").expect("an address");
            assert_eq!(rcpt_line(&offered, &to).trim_end(), expected);
        };
        check("mx", "hanako", "RCPT TO:<hanako@a.test>");
        check("mx\nDSN", "hana+ko", "RCPT TO:<hana+ko@a.test> NOTIFY=FAILURE ORCPT=rfc822;hana+2Bko@a.test");
        check("mx\nDSN", "a..b", "RCPT TO:<\"a..b\"@a.test> NOTIFY=FAILURE ORCPT=rfc822;\"a..b\"@a.test");
    }
}
