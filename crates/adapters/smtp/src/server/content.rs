//! Takes content off the wire: only CRLF.CRLF ends it, and doubled dots are undone (RFC 5321 section 4.5.2).
//!
//! A bare LF or CR is kept as it came and never counts as a line end, so no second message can hide behind one.

/// Content as it comes in.
#[derive(Debug)]
pub(crate) struct Content {
    bytes: Vec<u8>,
    position: Position,
    bytes_max: usize,
    seen: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    LineStart,
    /// Within a line.
    Text,
    /// After CR within a line.
    Cr,
    /// After a dot at the start of a line.
    Dot,
    /// After `.` CR at the start of a line.
    DotCr,
}

impl Content {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), position: Position::LineStart, bytes_max, seen: 0 }
    }

    /// Takes a piece. `Some(n)` when the content ended after `n` bytes of it.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < piece.len() {
            let byte = piece[at];
            match (self.position, byte) {
                (Position::Text, _) => {
                    let end = memchr::memchr(b'\r', &piece[at..]).map_or(piece.len(), |cr| at + cr + 1);
                    if piece[end - 1] == b'\r' {
                        self.position = Position::Cr;
                    }
                    self.keep(&piece[at..end]);
                    at = end;
                    continue;
                }
                (Position::Cr, b'\n') => {
                    self.keep(b"\n");
                    self.position = Position::LineStart;
                }
                (Position::Cr, b'\r') => self.keep(b"\r"),
                (Position::LineStart, b'.') => self.position = Position::Dot,
                (Position::Dot, b'\r') => self.position = Position::DotCr,
                (Position::DotCr, b'\n') => return Some(at + 1),
                (Position::DotCr, _) => {
                    self.keep(b"\r");
                    self.position = Position::Cr;
                    continue;
                }
                (Position::Cr | Position::LineStart | Position::Dot, _) => {
                    self.position = Position::Text;
                    continue;
                }
            }
            at += 1;
        }
        None
    }

    /// Bytes that came, kept or not.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    /// True when more came than may be kept; the bytes are gone then.
    pub(crate) fn is_too_big(&self) -> bool {
        self.seen > self.bytes_max
    }

    /// Forgets what came and keeps nothing of what comes.
    pub(crate) fn give_up(&mut self) {
        self.bytes = Vec::new();
        self.bytes_max = 0;
    }

    /// What was kept.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn keep(&mut self, piece: &[u8]) {
        self.seen += piece.len();
        if self.is_too_big() {
            self.bytes = Vec::new();
        } else {
            self.bytes.extend_from_slice(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{missing_line_end, stuff};

    /// The same in one piece and byte by byte.
    fn check(input: &str, expected: &str) {
        let mut whole = Content::new(1000);
        let end = whole.push(input.as_bytes());
        let mut single = Content::new(1000);
        let single_end = input.bytes().position(|byte| single.push(&[byte]).is_some()).map(|at| at + 1);
        assert_eq!((end, whole.bytes()), (single_end, single.bytes()), "{input:?}");
        let rest = end.map_or("(open)", |end| &input[end..]);
        let seen = format!("{}/{rest}", String::from_utf8_lossy(whole.bytes()));
        assert_eq!(seen, expected, "{input:?}");
    }

    #[test]
    fn contents() {
        check("a\r\n.\r\n", "a\r\n/");
        check(".\r\n", "/");
        check("a\r\n.\r\nQUIT\r\n", "a\r\n/QUIT\r\n");
        check("a\r\n..b\r\n.\r\n", "a\r\n.b\r\n/");
        check("a\r\n..\r\n.\r\n", "a\r\n.\r\n/");
        check(".a\r\n.\r\n", "a\r\n/");
        check("a", "a/(open)");
        check("a\r\n.\r", "a\r\n/(open)");
        check("\r\n\r\n.\r\n", "\r\n\r\n/");
    }

    #[test]
    fn nothing_else_ends_it() {
        check("a\n.\nMAIL", "a\n.\nMAIL/(open)");
        check("a\n.\r\nMAIL", "a\n.\r\nMAIL/(open)");
        check("a\r\n.\nMAIL", "a\r\n\nMAIL/(open)");
        check("a\r.\rMAIL", "a\r.\rMAIL/(open)");
        check("a\r.\r\nMAIL", "a\r.\r\nMAIL/(open)");
        check("a\r\n.\rMAIL", "a\r\n\rMAIL/(open)");
        check("a\r\n.\r\r\nMAIL", "a\r\n\r\r\nMAIL/(open)");
        check("a\r\r\n.\r\nMAIL", "a\r\r\n/MAIL");
        check("a\r\n\0.\r\nMAIL", "a\r\n\0.\r\nMAIL/(open)");
        check("a\r\n.\r\0\nMAIL", "a\r\n\r\0\nMAIL/(open)");
    }

    #[test]
    fn what_is_too_big_is_dropped_and_still_ends() {
        let mut content = Content::new(10);
        assert_eq!(content.push(b"0123456789\r\n"), None);
        assert!(content.is_too_big() && content.bytes().is_empty());
        assert_eq!(content.push(b"more\r\n.\r\n"), Some(9));
        let mut content = Content::new(10);
        assert_eq!(content.push(b"01234567\r\n.\r\n"), Some(13));
        assert!(!content.is_too_big());
    }

    /// Every text of up to eight characters that matter, as the client sends it: it ends where the client ended it,
    /// and lines that were whole come out as they went in.
    #[test]
    fn what_the_client_stuffs_comes_out_again() {
        for length in 0..=8_u32 {
            for number in 0..4_u32.pow(length) {
                let pick = |at| b"a.\r\n"[(number >> (2 * at) & 3) as usize];
                let text: Vec<u8> = (0..length).map(pick).collect();
                let line_end = missing_line_end(&text);
                let sent = [stuff(&text).as_ref(), line_end, b".\r\n"].concat();
                let mut content = Content::new(100);
                assert_eq!(content.push(&sent), Some(sent.len()), "{text:?}");
                if !text.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r')
                    && !text.starts_with(b"\n")
                {
                    assert_eq!(content.bytes(), [&text, line_end].concat(), "{text:?}");
                }
            }
        }
    }
}
