//! Makes plain text of HTML, for notices that come as HTML only.

/// Longest HTML that is read, in bytes.
const HTML_BYTES_MAX: usize = 256 * 1024;

/// The text of HTML: tags away, lines at blocks, the usual entities read.
pub(crate) fn to_text(html: &str) -> String {
    let mut limit = html.len().min(HTML_BYTES_MAX);
    while !html.is_char_boundary(limit) {
        limit -= 1;
    }
    let mut rest = &html[..limit];
    let mut out = String::with_capacity(rest.len() / 2);
    while let Some(at) = rest.find(['<', '&']) {
        push_words(&mut out, &rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('<') { tag(&mut out, rest) } else { entity(&mut out, rest) };
    }
    push_words(&mut out, rest);
    out
}

/// Line ends in HTML are spaces.
fn push_words(out: &mut String, words: &str) {
    for c in words.chars() {
        let c = if c == '\n' || c == '\t' { ' ' } else { c };
        if !(c == ' ' && (out.ends_with(' ') || out.ends_with('\n'))) {
            out.push(c);
        }
    }
}

fn tag<'h>(out: &mut String, rest: &'h str) -> &'h str {
    let name: String =
        rest[1..].chars().take_while(|c| c.is_ascii_alphanumeric() || "!-/".contains(*c)).take(12).collect();
    let name = name.to_ascii_lowercase();
    if let Some(skipped) = ["style", "script", "head"].iter().find(|skipped| name == **skipped) {
        return rest.find(&format!("</{skipped}")).map_or("", |end| &rest[end..]);
    }
    let end =
        if name.starts_with("!--") { rest.find("-->").map(|n| n + 3) } else { rest.find('>').map(|n| n + 1) };
    let blocks = ["br", "p", "div", "tr", "li", "h1", "h2", "h3", "hr", "table", "pre", "blockquote", "td"];
    if blocks.contains(&name.trim_matches('/')) && !out.ends_with('\n') {
        out.push('\n');
    }
    end.map_or("", |end| &rest[end..])
}

fn entity<'h>(out: &mut String, rest: &'h str) -> &'h str {
    let end = rest.bytes().take(10).position(|b| b == b';');
    let Some(end) = end else {
        out.push('&');
        return &rest[1..];
    };
    let c = match &rest[1..end] {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        other => number(other),
    };
    match c {
        Some(c) => {
            out.push(c);
            &rest[end + 1..]
        }
        None => {
            out.push('&');
            &rest[1..]
        }
    }
}

fn number(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let value = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(value).filter(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let check = |html: &str, expected: &str| assert_eq!(to_text(html).trim(), expected, "{html}");
        check("<p>a <b>b</b></p><p>c</p>", "a b\nc");
        check("a&lt;x@y.example&gt; &amp; &#65; &bogus;", "a<x@y.example> & A &bogus;");
        check("<style>p {}</style>a<!-- x -->b", "ab");
        check("<head><title>t</title></head>a", "a");
        check("a < b", "a");
        check("<", "");
    }
}
