//! Reads what follows `MAIL FROM:` and `RCPT TO:`: a path and its parameters (RFC 5321 section 4.1.2).

/// Longest path, brackets included (RFC 5321 section 4.5.3.1.3).
const PATH_BYTES_MAX: usize = 256;
/// Parameters read.
const PARAMETERS_MAX: usize = 10;

/// A path without brackets and source route, and its parameters in upper case names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathArgument<'a> {
    /// Empty for `<>`.
    pub(crate) path: &'a str,
    /// `NAME`, `value`.
    pub(crate) parameters: Vec<(String, &'a str)>,
}

/// `None` when it is no path.
pub(crate) fn read(argument: &str) -> Option<PathArgument<'_>> {
    let inner = argument.strip_prefix('<')?;
    let end = closing_bracket(inner)?;
    if end + 2 > PATH_BYTES_MAX || !inner[..end].bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return None;
    }
    let path = without_route(&inner[..end])?;
    let rest = &inner[end + 1..];
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() > PARAMETERS_MAX {
        return None;
    }
    let parameters = words.into_iter().map(|word| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        (name.to_ascii_uppercase(), value)
    });
    Some(PathArgument { path, parameters: parameters.collect() })
}

fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            b' ' | b'<' if !quoted => return None,
            _ => {}
        }
    }
    None
}

/// Source routes must be taken and left aside (RFC 5321 appendix C).
fn without_route(path: &str) -> Option<&str> {
    if path.starts_with('@') { path.split_once(':').map(|(_, mailbox)| mailbox) } else { Some(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(argument: &str, expected: Option<(&str, &str)>) {
        let read = read(argument);
        let parameters = |path: &PathArgument<'_>| {
            let all: Vec<String> =
                path.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            all.join(" ")
        };
        let seen = read.as_ref().map(|path| (path.path, parameters(path)));
        let seen = seen.as_ref().map(|(path, parameters)| (*path, parameters.as_str()));
        assert_eq!(seen, expected, "{argument}");
    }

    #[test]
    fn paths() {
        check("<>", Some(("", "")));
        check("<a@b.test>", Some(("a@b.test", "")));
        check("<a@b.test> size=10 BODY=8BITMIME", Some(("a@b.test", "SIZE=10 BODY=8BITMIME")));
        check("<@x.test,@y.test:a@b.test>", Some(("a@b.test", "")));
        check("<\"a>b c\"@b.test>", Some(("\"a>b c\"@b.test", "")));
        check("<\"a\\\">b\"@b.test>", Some(("\"a\\\">b\"@b.test", "")));
        check("a@b.test", None);
        check("<a@b.test", None);
        check("<a@b.test>x", None);
        check("<a b@b.test>", None);
        check("<<a@b.test>>", None);
        check("<@x.test>", None);
        check("<花@b.test>", None);
        check("", None);
        check(&format!("<{}@b.test>", "a".repeat(300)), None);
        check(&format!("<>{}", " A=1".repeat(11)), None);
    }
}
