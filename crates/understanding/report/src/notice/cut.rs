//! Cuts a text into the notice and the message returned below it.

use super::knowledge::KNOWLEDGE;
use crate::{lines, original};

/// Most places at which a returned header is looked for.
const TRIES_MAX: usize = 64;

/// A text in two.
pub(crate) struct Cut<'t> {
    /// What the program wrote.
    pub(crate) notice: &'t str,
    /// The returned message or its header; empty when there is none.
    pub(crate) returned: &'t str,
}

/// Finds the place where the returned message begins.
pub(crate) fn cut(text: &str) -> Cut<'_> {
    let mut tries = 0;
    for (at, line) in lines::with_ends(text) {
        if tries == TRIES_MAX {
            break;
        }
        let next = at + line.len();
        let boundary = KNOWLEDGE.is_boundary(line);
        tries += usize::from(boundary);
        if boundary && has_returned(&text[next..]) {
            let returned = text[next..].trim_start_matches(['\n', ' ', '-', '=']);
            return Cut { notice: &text[..at], returned };
        }
        if tries < TRIES_MAX && may_begin_header(line) {
            tries += 1;
            if original::begins_header(&text.as_bytes()[at..]) {
                return Cut { notice: &text[..at], returned: &text[at..] };
            }
        }
    }
    Cut { notice: text, returned: "" }
}

/// True when what follows is a message, or there is nothing left to read.
fn has_returned(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['\n', ' ', '-', '=', '\t']);
    rest.is_empty() || original::looks_like_header(rest.as_bytes(), 1) || rest.starts_with("--")
}

fn may_begin_header(line: &str) -> bool {
    if !line.as_bytes().first().is_some_and(|first| b"rfdmxst".contains(&first.to_ascii_lowercase())) {
        return false;
    }
    let names = [
        "received:",
        "return-path:",
        "from:",
        "date:",
        "message-id:",
        "delivered-to:",
        "x-",
        "dkim-signature:",
        "subject:",
        "to:",
        "mime-version:",
    ];
    names.iter().any(|name| line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts() {
        let check = |text: &str, notice: &str, returned: &str| {
            let seen = cut(text);
            assert_eq!((seen.notice, seen.returned), (notice, returned), "{text}");
        };
        check("a\n--- Below this line is a copy of the message.\n\nSubject: x\n", "a\n", "Subject: x\n");
        check("a\nReceived: x\nFrom: y\nTo: z\n\nb", "a\n", "Received: x\nFrom: y\nTo: z\n\nb");
        check("a\nTo: z\nSubject: s\nb\n", "a\nTo: z\nSubject: s\nb\n", "");
        check("only words\n", "only words\n", "");
    }
}
