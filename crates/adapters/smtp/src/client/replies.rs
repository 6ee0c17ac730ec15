//! Takes one reply off the front of what a server sent, within limits (RFC 5321 section 4.2).

use std::borrow::Cow;

use mail::Reply;

/// Longest reply line taken, line end included. RFC 5321 allows 512; real servers say more.
const LINE_BYTES_MAX: usize = 4096;
/// Most lines of one reply.
const LINES_MAX: usize = 100;
/// Longest reply in all.
const REPLY_BYTES_MAX: usize = 64 * 1024;
/// How much of a strange line is quoted.
const QUOTE_CHARS_MAX: usize = 200;

/// What came is no SMTP reply; the words say why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAReply(pub(crate) String);

/// The reply at the start of `bytes` and its length; `None` when it is not complete.
pub(crate) fn take_reply(bytes: &[u8]) -> Result<Option<(Reply, usize)>, NotAReply> {
    let mut lines: Vec<Cow<'_, str>> = Vec::new();
    let mut start = 0;
    loop {
        let rest = &bytes[start..];
        let end = memchr::memchr(b'\n', &rest[..rest.len().min(LINE_BYTES_MAX)]);
        let Some(end) = end else {
            return if rest.len() >= LINE_BYTES_MAX {
                Err(NotAReply(format!("a reply line is over {LINE_BYTES_MAX} bytes: {}", quote(rest))))
            } else {
                Ok(None)
            };
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        let last = is_last(line)?;
        lines.push(String::from_utf8_lossy(line));
        start += end + 1;
        if lines.len() > LINES_MAX || start > REPLY_BYTES_MAX {
            return Err(NotAReply(format!("the reply does not end: {}", quote(line))));
        }
        if last {
            let (reply, defects) = Reply::from_lines(lines.iter().map(AsRef::as_ref));
            return match defects.is_empty() {
                true => Ok(Some((reply, start))),
                false => Err(NotAReply(format!("the codes of one reply differ: {}", quote(line)))),
            };
        }
    }
}

fn is_last(line: &[u8]) -> Result<bool, NotAReply> {
    let code = line.len() >= 3 && matches!(line[0], b'2'..=b'5') && line[1..3].iter().all(u8::is_ascii_digit);
    match line.get(3) {
        Some(b'-') if code => Ok(false),
        None | Some(b' ' | b'\t') if code => Ok(true),
        _ => Err(NotAReply(format!("not an SMTP reply: {}", quote(line)))),
    }
}

fn quote(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(4 * QUOTE_CHARS_MAX)]);
    text.chars().filter(|c| !c.is_control()).take(QUOTE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let seen = match take_reply(input.as_bytes()) {
            Ok(Some((reply, length))) => format!("{} / {}", reply.line(), &input[length..]),
            Ok(None) => "more".to_owned(),
            Err(NotAReply(words)) => words.chars().take(60).collect(),
        };
        assert_eq!(seen, expected, "{input:.100}");
    }

    #[test]
    fn a_reply_is_taken_when_it_is_whole_and_not_before() {
        let whole = b"250-mx.example hello\r\n250-SIZE 1000\r\n250 HELP\r\n";
        for length in 0..whole.len() {
            assert_eq!(take_reply(&whole[..length]), Ok(None), "{length}");
        }
        assert!(take_reply(whole).is_ok_and(|taken| taken.is_some_and(|(_, length)| length == whole.len())));
    }

    #[test]
    fn replies() {
        check("250 OK\r\n", "250 OK / ");
        check("250 OK\n", "250 OK / ");
        check("250\r\n", "250  / ");
        check("250 OK\r", "more");
        check("", "more");
        check("250-a\r\n", "more");
        check("250-a\r\n250 b\r\n354 go", "250 a b / 354 go");
        check("550 5.1.1 no such user\r\n", "550 5.1.1 no such user / ");
        check("250-a\r\n550 b\r\n", "the codes of one reply differ: 550 b");
        check("HTTP/1.1 400 Bad Request\r\n", "not an SMTP reply: HTTP/1.1 400 Bad Request");
        check("SSH-2.0-OpenSSH_9\r\n", "not an SMTP reply: SSH-2.0-OpenSSH_9");
        check("150 early\r\n", "not an SMTP reply: 150 early");
        check("620 late\r\n", "not an SMTP reply: 620 late");
        check("2500 OK\r\n", "not an SMTP reply: 2500 OK");
        check("\r\n", "not an SMTP reply: ");
        check(&format!("250 {}\r\n", "x".repeat(4090)), &format!("250 {} / ", "x".repeat(4090)));
        check(
            &format!("250 {}\r\n", "x".repeat(4092)),
            &format!("a reply line is over 4096 bytes: 250 {}", "x".repeat(23)),
        );
        check(&"250-x\r\n".repeat(100), "more");
        check(&"250-x\r\n".repeat(101), "the reply does not end: 250-x");
        check(
            &format!("250-{}\r\n", "x".repeat(4000)).repeat(17),
            &format!("the reply does not end: 250-{}", "x".repeat(32)),
        );
    }
}
