//! Finds the addresses in a line, with what stands before and after them.

/// One address in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spotted<'l> {
    pub(crate) address: &'l str,
    pub(crate) before: &'l str,
    pub(crate) after: &'l str,
}

/// Most addresses of one line.
const ADDRESSES_MAX: usize = 50;

/// All addresses of a line, from left to right.
pub(crate) fn spot(line: &str) -> Vec<Spotted<'_>> {
    let mut found: Vec<Spotted<'_>> = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'@', &line.as_bytes()[from..]).map(|n| from + n) {
        from = at + 1;
        let start = local_start(line, at);
        let end = domain_end(line, at + 1);
        if start == at || end == at + 1 || found.len() >= ADDRESSES_MAX {
            continue;
        }
        let address = &line[start..end];
        if is_plausible(address) {
            found.push(Spotted { address, before: &line[..start], after: &line[end..] });
        }
        from = end;
    }
    found
}

fn local_start(line: &str, at: usize) -> usize {
    let bytes = line.as_bytes();
    if at > 1 && bytes[at - 1] == b'"' {
        return line[..at - 1].rfind('"').unwrap_or(at);
    }
    let mut start = at;
    while start > 0 && is_local(bytes[start - 1]) {
        start -= 1;
    }
    // `mailto:` and `rfc822;` are cut off by their colon and semicolon; `T=[a@b]` and `'a@b'` are not.
    while start < at && b"='/-+*".contains(&bytes[start]) {
        start += 1;
    }
    start
}

fn is_local(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b)
}

fn domain_end(line: &str, from: usize) -> usize {
    let bytes = line.as_bytes();
    let mut end = from;
    while end < bytes.len() && (bytes[end].is_ascii_alphanumeric() || b"-._".contains(&bytes[end])) {
        if bytes[end] == b'.' && bytes.get(end + 1) == Some(&b'.') {
            // No domain has two dots in a row: `a@b.example...User unknown` goes on with words.
            break;
        }
        end += 1;
    }
    while end > from && b".-_".contains(&bytes[end - 1]) {
        end -= 1;
    }
    end
}

/// An address whose domain has a dot, or that stands in brackets anyway.
fn is_plausible(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    !local.is_empty() && local.len() <= 128 && domain.contains('.') && domain.len() <= 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spots() {
        let check = |line: &str, expected: &str| {
            let seen: Vec<&str> = spot(line).iter().map(|s| s.address).collect();
            assert_eq!(seen.join(" "), expected, "{line}");
        };
        check("<a@b.example>: no", "a@b.example");
        check("  a@b.example", "a@b.example");
        check("to a@b.example, c@d.example.", "a@b.example c@d.example");
        check("<\"a b\"@docomo.ne.jp>", "\"a b\"@docomo.ne.jp");
        check("a..b.@docomo.ne.jp [User unknown]", "a..b.@docomo.ne.jp");
        check("rfc822;a@b.example", "a@b.example");
        check("F=[s@x.example] T=[a@b.example]", "s@x.example a@b.example");
        check("550 a@b.example...User unknown", "a@b.example");
        check("mail@ @b.example a@b", "");
        check("宛先a@b.exampleです", "a@b.example");
    }
}
