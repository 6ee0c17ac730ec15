//! Finds the addresses in the value of a header field (RFC 5322 section 3.4).

/// The addresses in a value, in order, without names and comments; at most 1000.
pub(crate) fn addresses(value: &str) -> Vec<String> {
    if names_one(value) { clean(value).into_iter().collect() } else { several(value) }
}

/// The first of the [`addresses`] in a value.
pub(crate) fn first_address(value: &str) -> Option<String> {
    if names_one(value) { clean(value) } else { several(value).into_iter().next() }
}

/// True for `a@b` and `Name <a@b>` without anything that needs care: most values are such.
fn names_one(value: &str) -> bool {
    let value = value.trim_end();
    let named = value.ends_with('>');
    let value = value.trim_end_matches('>').as_bytes();
    let angles = value.iter().filter(|b| **b == b'<').count();
    angles == usize::from(named) && !value.iter().any(|b| b"\"(),;:>".contains(b))
}

fn several(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut plain = String::with_capacity(value.len().min(256));
    let (mut quoted, mut comment) = (false, 0u32);
    let mut angle: Option<String> = None;
    for c in value.chars() {
        match c {
            '"' if comment == 0 => {
                quoted = !quoted;
                angle.as_mut().unwrap_or(&mut plain).push(c);
            }
            '(' if !quoted && angle.is_none() => comment += 1,
            ')' if !quoted && comment > 0 => comment -= 1,
            _ if comment > 0 => {}
            '<' if !quoted => angle = Some(String::new()),
            '>' if !quoted => {
                found.extend(angle.take().and_then(|text| clean(&text)));
                plain.clear();
            }
            ',' | ';' if !quoted && angle.is_none() => found.extend(clean(&std::mem::take(&mut plain))),
            ':' if !quoted && angle.is_none() && !plain.contains('@') => plain.clear(),
            c => angle.as_mut().unwrap_or(&mut plain).push(c),
        }
        if found.len() >= 1000 {
            return found;
        }
    }
    found.extend(clean(&angle.unwrap_or(plain)));
    found
}

/// One address out of the words around it: `<a@b>`, `rfc822;a@b`, `mailto:a@b`. `None` when there is none.
pub(crate) fn clean(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.rsplit_once('<') {
        Some((_, inner)) => inner.split('>').next().unwrap_or(inner),
        None => text,
    };
    let text = text.trim();
    if is_bare(text) {
        return Some(text.to_owned());
    }
    let text = text.trim_start_matches("mailto:");
    let quoted = text.starts_with('"') || text.contains("\"@");
    let word = match quoted {
        true => text,
        false => text.split_ascii_whitespace().find(|word| word.contains('@'))?,
    };
    let word = word.trim_matches(|c: char| "<>,;:()[]'`".contains(c) || (c == '"' && !quoted));
    let word = word.trim_end_matches('.');
    let (local, domain) = word.rsplit_once('@')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let good = !local.is_empty() && !domain.is_empty() && domain.len() <= 255 && local.len() <= 256;
    (good && domain.bytes().all(plain)).then(|| word.to_owned())
}

/// True for an address without anything that needs care: most are such.
fn is_bare(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(at) = bytes.iter().position(|b| *b == b'@') else { return false };
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._".contains(b);
    let (local, domain) = (&bytes[..at], &bytes[at + 1..]);
    (1..=256).contains(&local.len())
        && (1..=255).contains(&domain.len())
        && local.iter().all(|b| plain(b) || *b == b'+')
        && domain.iter().all(plain)
        && !domain.ends_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_values() {
        let check = |value: &str, expected: &str| assert_eq!(addresses(value).join(" "), expected, "{value}");
        check("a@b.jp", "a@b.jp");
        check("\"x, y\" <a@b.jp>, c@d.jp", "a@b.jp c@d.jp");
        check("a@b.jp (comment, more)", "a@b.jp");
        check("group: a@b.jp, c@d.jp;", "a@b.jp c@d.jp");
        check("<\"a..b\"@docomo.ne.jp>", "\"a..b\"@docomo.ne.jp");
        check("nobody", "");
        check("undisclosed-recipients:;", "");
    }

    #[test]
    fn the_short_way_gives_the_same() {
        let pieces = ["a@b.jp", "<", ">", " ", "\"", "(", ")", ",", ":", "@", "Name", "花"];
        for n in 0..pieces.len().pow(4) {
            let value: String = (0..4).map(|at| pieces[n / pieces.len().pow(at) % pieces.len()]).collect();
            assert_eq!(addresses(&value), several(&value), "{value}");
        }
    }

    #[test]
    fn one_address() {
        let check =
            |text: &str, expected: Option<&str>| assert_eq!(clean(text).as_deref(), expected, "{text}");
        check("<a@b.jp>", Some("a@b.jp"));
        check("<a@b.jp>:", Some("a@b.jp"));
        check("Name <a@b.jp> (x)", Some("a@b.jp"));
        check("to a@b.jp.", Some("a@b.jp"));
        check("a..b.@docomo.ne.jp", Some("a..b.@docomo.ne.jp"));
        check("@b.jp", None);
        check("a@", None);
        check("no address", None);
    }
}
