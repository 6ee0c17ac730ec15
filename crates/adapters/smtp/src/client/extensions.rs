//! What a server offers in its reply to EHLO.

use mail::Reply;

/// The extensions this client makes use of or shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    /// RFC 2920.
    pub(crate) pipelining: bool,
    /// RFC 3207.
    pub(crate) starttls: bool,
    /// RFC 3030.
    pub(crate) chunking: bool,
    /// RFC 1870: the largest message, 0 where no number is given; `None` where it is not offered.
    pub(crate) size: Option<u64>,
    /// 8BITMIME, RFC 6152.
    pub(crate) eight_bit: bool,
    /// BINARYMIME, RFC 3030.
    pub(crate) binary: bool,
    /// SMTPUTF8, RFC 6531.
    pub(crate) utf8: bool,
    /// RFC 3461.
    pub(crate) dsn: bool,
    /// RFC 4954 mechanisms, upper case.
    pub(crate) auth: Vec<String>,
}

impl Extensions {
    /// Reads the reply to EHLO; its first line is the server's name.
    pub(crate) fn read(reply: &Reply) -> Self {
        let mut offered = Self::default();
        for line in reply.text.lines().skip(1) {
            let line = line.to_ascii_uppercase();
            let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
            match words.next() {
                Some("PIPELINING") => offered.pipelining = true,
                Some("STARTTLS") => offered.starttls = true,
                Some("CHUNKING") => offered.chunking = true,
                Some("SIZE") => {
                    offered.size = Some(words.next().and_then(|most| most.parse().ok()).unwrap_or(0));
                }
                Some("8BITMIME") => offered.eight_bit = true,
                Some("BINARYMIME") => offered.binary = true,
                Some("SMTPUTF8") => offered.utf8 = true,
                Some("DSN") => offered.dsn = true,
                // Old servers write `AUTH=LOGIN`, some write both lines.
                Some("AUTH") => offered.auth.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ehlo_replies() {
        let text =
            "mx.example hello\nPIPELINING\nsize 1000\nSTARTTLS\nAUTH PLAIN\nAUTH=LOGIN\n8BITMIME\nXFOO";
        let seen = Extensions::read(&Reply::new(250, text));
        let auth = ["PLAIN", "LOGIN"].map(str::to_owned).into();
        let expected = Extensions {
            pipelining: true,
            starttls: true,
            size: Some(1000),
            eight_bit: true,
            auth,
            ..Extensions::default()
        };
        assert_eq!(seen, expected);
        assert_eq!(Extensions::read(&Reply::new(250, "PIPELINING")), Extensions::default());
    }
}
