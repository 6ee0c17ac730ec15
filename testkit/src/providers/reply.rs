//! A reply as the data file writes it: code, enhanced status, lines with placeholders; rendered for the wire.

use mail::EnhancedStatus;
use serde::Deserialize;

/// `550 5.1.1 first line\nsecond line` in the data file; every line carries code and status on the wire.
/// Placeholders stand in braces: `{address} {local} {domain} {reverse_path} {reverse_domain} {host} {peer} {id}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ReplyTemplate {
    /// The three digits.
    pub code: u16,
    /// The enhanced status (RFC 2034), repeated on every line.
    pub status: Option<EnhancedStatus>,
    lines: Vec<String>,
    plain: bool,
}

/// What a placeholder is replaced with.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplyValues<'a> {
    /// The recipient as it was given, without angle brackets.
    pub address: &'a str,
    /// `MAIL FROM` without angle brackets.
    pub reverse_path: &'a str,
    /// Our host name.
    pub host: &'a str,
    /// The client's IP address.
    pub peer: &'a str,
    /// A queue id, different for each message.
    pub id: u64,
}

impl TryFrom<String> for ReplyTemplate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("a reply begins with a code of three digits: {text:?}");
        let code: u16 = text.get(..3).and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
        let rest = &text[3..];
        if !(200..600).contains(&code) || !(rest.is_empty() || rest.starts_with(' ')) {
            return Err(wrong());
        }
        let (status, rest) = match EnhancedStatus::strip_from(rest.trim_start()) {
            Some((status, rest)) => (Some(status), rest),
            None => (None, rest.trim_start()),
        };
        let lines = rest.split('\n').map(|line| line.trim_end().to_owned()).collect();
        Ok(Self { code, status, plain: !rest.contains('{'), lines })
    }
}

impl ReplyTemplate {
    /// Appends the reply in the shape of RFC 5321 section 4.2.1.
    pub fn render(&self, values: &ReplyValues<'_>, out: &mut Vec<u8>) {
        for (n, line) in self.lines.iter().enumerate() {
            let mark = if n + 1 == self.lines.len() { ' ' } else { '-' };
            let head = match self.status {
                Some(status) => format!("{}{mark}{status} ", self.code),
                None => format!("{}{mark}", self.code),
            };
            out.extend_from_slice(head.as_bytes());
            if self.plain {
                out.extend_from_slice(line.as_bytes());
            } else {
                out.extend_from_slice(values.fill(line).as_bytes());
            }
            out.extend_from_slice(b"\r\n");
        }
    }

    /// The text in one line, as a bounce mail quotes it.
    #[must_use]
    pub fn quoted(&self, values: &ReplyValues<'_>) -> String {
        let mut out = Vec::new();
        self.render(values, &mut out);
        let text = String::from_utf8_lossy(&out).into_owned();
        text.trim_end().replace("\r\n", " ")
    }

    /// 4yz.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }
}

impl ReplyValues<'_> {
    /// Replaces the placeholders of one text.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let (local, domain) = self.address.rsplit_once('@').unwrap_or((self.address, ""));
        let reverse_domain = self.reverse_path.rsplit_once('@').map_or("", |(_, domain)| domain);
        text.replace("{address}", self.address)
            .replace("{local}", local)
            .replace("{domain}", domain)
            .replace("{reverse_path}", self.reverse_path)
            .replace("{reverse_domain}", reverse_domain)
            .replace("{host}", self.host)
            .replace("{peer}", self.peer)
            .replace("{id}", &format!("{:016x}", self.id.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: &str) {
        let seen = match ReplyTemplate::try_from(template.to_owned()) {
            Ok(reply) => {
                let mut out = Vec::new();
                let values = ReplyValues {
                    address: "a@b.test",
                    reverse_path: "s@t.test",
                    host: "mx.test",
                    ..Default::default()
                };
                reply.render(&values, &mut out);
                String::from_utf8(out).unwrap()
            }
            Err(_) => "wrong".to_owned(),
        };
        assert_eq!(seen, expected, "{template}");
    }

    #[test]
    fn replies() {
        check("250 OK", "250 OK\r\n");
        check("550 Unknown user {address}", "550 Unknown user a@b.test\r\n");
        check("550 5.1.1 one\ntwo {host}", "550-5.1.1 one\r\n550 5.1.1 two mx.test\r\n");
        check("553 {reverse_domain} does not exist", "553 t.test does not exist\r\n");
        check("550", "550 \r\n");
        check("no code", "wrong");
        check("99 x", "wrong");
        check("2500", "wrong");
    }
}
