//! What a server said: reply code, enhanced status and text (RFC 5321 section 4.2, RFC 2034).

use serde::{Deserialize, Serialize};

use crate::EnhancedStatus;

/// One complete SMTP reply. A 550 is a `Reply` like any other; it is no error of ours.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reply {
    /// The three digits, 200 to 599.
    pub code: u16,
    /// The enhanced status code, where the server gave one.
    pub status: Option<EnhancedStatus>,
    /// The text without codes, lines joined with `\n`, control characters removed.
    pub text: String,
}

/// What was wrong with the lines of a reply that could still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyDefect {
    /// The first line does not begin with three digits.
    NoCode,
    /// A later line carries another code than the first; the first one counts.
    CodesDiffer,
}

impl Reply {
    /// Builds a reply; an enhanced status at the start of `text` is taken out of it.
    #[must_use]
    pub fn new(code: u16, text: &str) -> Self {
        let (status, text) = match EnhancedStatus::strip_from(text) {
            Some((status, rest)) => (Some(status), rest),
            None => (None, text),
        };
        Self { code, status, text: printable(text) }
    }

    /// Reads the lines of one reply, without their line ends. Total: what cannot be read becomes text with code 0.
    #[must_use]
    pub fn from_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> (Self, Vec<ReplyDefect>) {
        let mut reply = Self { code: 0, status: None, text: String::new() };
        let mut defects = Vec::new();
        for (n, line) in lines.into_iter().enumerate() {
            let (code, text) = split_line(line);
            match code {
                Some(code) if n == 0 => reply.code = code,
                Some(code) if code == reply.code => {}
                Some(_) => push_once(&mut defects, ReplyDefect::CodesDiffer),
                None if n == 0 => defects.push(ReplyDefect::NoCode),
                None => {}
            }
            let (status, text) = match EnhancedStatus::strip_from(text) {
                Some((status, rest)) => (Some(status), rest),
                None => (None, text),
            };
            reply.status = reply.status.or(status);
            if n > 0 {
                reply.text.push('\n');
            }
            reply.text.push_str(&printable(text));
        }
        (reply, defects)
    }

    /// 2yz: done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3yz: go on.
    #[must_use]
    pub fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// 4yz: may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz: will not work in this form.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// The reply in one line, as people quote it: `550 5.1.1 User unknown`.
    #[must_use]
    pub fn line(&self) -> String {
        let text = self.text.replace('\n', " ");
        match self.status {
            Some(status) => format!("{} {status} {text}", self.code),
            None => format!("{} {text}", self.code),
        }
    }
}

fn split_line(line: &str) -> (Option<u16>, &str) {
    let code = line.get(..3).filter(|c| c.bytes().all(|b| b.is_ascii_digit())).and_then(|c| c.parse().ok());
    match code {
        Some(code) if (200..600).contains(&code) => {
            let text = &line[3..];
            (Some(code), text.strip_prefix([' ', '-']).unwrap_or(text))
        }
        _ => (None, line),
    }
}

fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\t' || *c == '\n').collect()
}

fn push_once(defects: &mut Vec<ReplyDefect>, defect: ReplyDefect) {
    if !defects.contains(&defect) {
        defects.push(defect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let (reply, defects) = Reply::from_lines(input.split('\n'));
        assert_eq!(format!("{} {defects:?}", reply.line()), expected, "{input}");
    }

    #[test]
    fn replies() {
        check("250 OK", "250 OK []");
        check("550 5.1.1 <a@b.jp>: User unknown", "550 5.1.1 <a@b.jp>: User unknown []");
        check("550-5.7.26 first\n550 5.7.26 second", "550 5.7.26 first second []");
        check("550", "550  []");
        check("HTTP/1.1 400 Bad Request", "0 HTTP/1.1 400 Bad Request [NoCode]");
        check("250-a\n550 b", "250 a b [CodesDiffer]");
        check("550 \u{7}bell", "550 bell []");
        check("", "0  [NoCode]");
        check("あ50 x", "0 あ50 x [NoCode]");
    }
}
