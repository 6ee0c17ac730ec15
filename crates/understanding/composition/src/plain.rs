//! Plain text from HTML: simple and readable, for the text part that a mail should never lack.

use crate::spans;

/// Readable text of an HTML body: paragraphs, list marks, link addresses. Not a renderer.
#[must_use]
pub fn text_of_html(html: &str) -> String {
    Reader::new(html, false).run()
}

/// The same for a template: the merge language passes through untouched.
pub(crate) fn template_text(html: &str) -> String {
    Reader::new(html, true).run()
}

/// Elements whose content is never read aloud.
const SILENT: [&str; 6] = ["head", "style", "script", "title", "noscript", "template"];
/// Elements that stand in a paragraph of their own.
const PARAGRAPHS: [&str; 14] =
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre", "section", "article"];
/// Elements that stand on a line of their own.
const LINES: [&str; 10] = ["div", "tr", "li", "dt", "dd", "header", "footer", "address", "figure", "center"];

struct Reader<'a> {
    html: &'a str,
    codes: std::iter::Peekable<std::vec::IntoIter<std::ops::Range<usize>>>,
    out: String,
    /// Line breaks owed before the next word.
    breaks: usize,
    space: bool,
    has_words: bool,
    /// Where the open links lead, and where their text begins in `out`.
    links: Vec<(String, usize)>,
    is_template: bool,
}

impl<'a> Reader<'a> {
    fn new(html: &'a str, is_template: bool) -> Self {
        let codes = if is_template { spans::code_spans(html) } else { Vec::new() };
        Self {
            html,
            codes: codes.into_iter().peekable(),
            out: String::with_capacity(html.len() / 2),
            breaks: 0,
            space: false,
            has_words: false,
            links: Vec::new(),
            is_template,
        }
    }

    fn run(mut self) -> String {
        let mut at = 0;
        while at < self.html.len() {
            at = self.step(at);
        }
        self.out.truncate(self.out.trim_end().len());
        self.out
    }

    /// Reads one thing at `at` and answers where the next one begins.
    fn step(&mut self, at: usize) -> usize {
        while self.codes.next_if(|code| code.start < at).is_some() {}
        if let Some(code) = self.codes.next_if(|code| code.start == at) {
            let written = &self.html[code.clone()];
            if written.starts_with("{{") {
                self.word(written)
            } else {
                self.out.push_str(written)
            }
            return code.end;
        }
        let rest = &self.html[at..];
        if rest.starts_with("<!--") {
            return rest.find("-->").map_or(self.html.len(), |end| at + end + 3);
        }
        if rest.starts_with('<')
            && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c))
        {
            let end = tag_end(rest, self.is_template);
            return self.tag(at, rest[1..end].trim_end_matches('>'), at + end);
        }
        if let Some((c, len)) = rest.strip_prefix('&').and_then(entity) {
            self.character(c, true);
            return at + 1 + len;
        }
        let c = rest.chars().next().unwrap_or(' ');
        self.character(c, false);
        at + c.len_utf8()
    }

    /// Acts on a tag and answers where reading goes on after it.
    fn tag(&mut self, start: usize, inside: &str, after: usize) -> usize {
        let (closing, inside) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
        let name_end = inside.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inside.len());
        let name = inside[..name_end].to_ascii_lowercase();
        let name = name.as_str();
        if SILENT.contains(&name) && !closing && !inside.ends_with('/') {
            return self.skip_to_close(name, after.max(start + 1));
        }
        if PARAGRAPHS.contains(&name) {
            self.breaks = self.breaks.max(2);
        } else if LINES.contains(&name) {
            self.breaks = self.breaks.max(1);
        }
        match (name, closing) {
            ("br", _) => self.breaks = (self.breaks + 1).min(3),
            ("hr", _) => {
                self.breaks = 2;
                self.word("----------------");
                self.breaks = 2;
            }
            ("li", false) => {
                self.word("・");
                self.space = false;
            }
            ("td" | "th", true) => self.space = true,
            ("img", false) => {
                if let Some(alt) = attribute(inside, "alt").filter(|alt| !alt.trim().is_empty()) {
                    self.word(&alt);
                }
            }
            ("a", false) => {
                let target = attribute(inside, "href").unwrap_or_default();
                self.links.push((target, self.out.len()));
            }
            ("a", true) => self.close_link(),
            _ => {}
        }
        after
    }

    fn skip_to_close(&self, name: &str, from: usize) -> usize {
        let rest = &self.html[from..];
        let close = rest.match_indices("</").find(|(at, _)| {
            rest.get(at + 2..at + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
        });
        let Some((at, _)) = close else { return self.html.len() };
        rest[at..].find('>').map_or(self.html.len(), |end| from + at + end + 1)
    }

    /// Writes the address behind its words, unless the words are the address.
    fn close_link(&mut self) {
        let Some((target, start)) = self.links.pop() else { return };
        let target = target.trim();
        let shown = self.out[start.min(self.out.len())..].trim();
        let address =
            target.strip_prefix("mailto:").or_else(|| target.strip_prefix("tel:")).unwrap_or(target);
        if address.is_empty() || target.starts_with('#') || shown == address || shown == target {
            return;
        }
        if shown.is_empty() {
            self.word(address);
        } else {
            self.out.push_str(&format!(" ( {address} )"));
        }
    }

    /// A word that is not taken apart.
    fn word(&mut self, word: &str) {
        self.flush();
        self.out.push_str(word);
    }

    fn character(&mut self, c: char, from_entity: bool) {
        if c == '\u{a0}' || (c.is_whitespace() && c != '\u{3000}') {
            self.space = true;
            return;
        }
        self.flush();
        // An escaped brace is a brace to the reader and must not become merge language.
        if self.is_template && from_entity && c == '{' {
            self.out.push_str("{{ \"{\" }}");
        } else {
            self.out.push(c);
        }
    }

    fn flush(&mut self) {
        if self.breaks > 0 {
            let end = self.out.trim_end_matches([' ', '\t']).len();
            self.out.truncate(end);
            // The engine takes away one line break after a block tag.
            let lost = usize::from(self.is_template && self.out.ends_with("%}"));
            if self.has_words {
                self.out.extend(std::iter::repeat_n('\n', self.breaks + lost));
            }
        } else if self.space && !self.out.is_empty() && !self.out.ends_with(['\n', ' ']) {
            self.out.push(' ');
        }
        self.breaks = 0;
        self.space = false;
        self.has_words = true;
    }
}

/// Just past the `>` that ends the tag at the start of `rest`; quotes and merge code hide a `>`.
pub(crate) fn tag_end(rest: &str, is_template: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut quote = None;
    let mut i = 1;
    while i < bytes.len() {
        let b = bytes[i];
        if is_template
            && b == b'{'
            && let Some(end) = spans::code_at(rest, i)
        {
            i = end;
            continue;
        }
        match quote {
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if b == b'"' || b == b'\'' => quote = Some(b),
            None if b == b'>' => return i + 1,
            None => {}
        }
        i += 1;
    }
    rest.len()
}

/// The value of an attribute, entities decoded.
fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + lower[from..].find(wanted)?;
        from = at + wanted.len();
        let value = tag[from..].trim_start();
        if !lower[..at].ends_with(|c: char| c.is_ascii_whitespace() || c == '"' || c == '\'') {
            continue;
        }
        let Some(value) = value.strip_prefix('=').map(str::trim_start) else { continue };
        let value = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => quoted(&value[1..], quote),
            _ => value.split(|c: char| c.is_whitespace()).next().unwrap_or_default(),
        };
        return Some(decode(value));
    }
}

/// Up to the closing quote; quotes inside merge code do not close.
fn quoted(value: &str, quote: char) -> &str {
    let codes = spans::code_spans(value);
    let close = value
        .match_indices(quote)
        .find(|(at, _)| !codes.iter().any(|code| code.contains(at) && value[code.clone()].ends_with('}')));
    close.map_or(value, |(at, _)| &value[..at])
}

pub(crate) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match entity(rest) {
            Some((c, len)) => {
                out.push(c);
                rest = &rest[len..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out
}

/// The character an entity stands for, and its length after the `&`, `;` included.
fn entity(rest: &str) -> Option<(char, usize)> {
    let end = rest.bytes().take(10).position(|b| b == b';')?;
    let name = &rest[..end];
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace())?
        }
        None => NAMED.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((c, end + 1))
}

/// The named entities that mail templates use.
const NAMED: [(&str, char); 21] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("yen", '¥'),
    ("hellip", '…'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("middot", '·'),
    ("bull", '•'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("rarr", '→'),
    ("larr", '←'),
    ("times", '×'),
    ("zwnj", '\u{200c}'),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        assert_eq!(text_of_html(html), expected, "{html}");
    }

    fn check_template(html: &str, expected: &str) {
        assert_eq!(template_text(html), expected, "{html}");
    }

    #[test]
    fn texts() {
        check("", "");
        check("<p>一行目</p>\n<p>二行目</p>", "一行目\n\n二行目");
        check("a<br>b<br/>c", "a\nb\nc");
        check("<div>a</div><div>b</div>", "a\nb");
        check("a   b\n c&nbsp;d", "a b c d");
        check("<ul><li>りんご</li><li>みかん</li></ul>", "・りんご\n・みかん");
        check(
            "<a href=\"https://shop.example/?a=1&amp;b=2\">店へ</a>。",
            "店へ ( https://shop.example/?a=1&b=2 )。",
        );
        check("<a href='https://shop.example/'>https://shop.example/</a>", "https://shop.example/");
        check("<a href='mailto:info@shop.example'>info@shop.example</a>", "info@shop.example");
        check(
            "<a href='https://shop.example/'><img src=x alt='公式サイト'></a>",
            "公式サイト ( https://shop.example/ )",
        );
        check("<a href='https://shop.example/'><img src=x></a>", "https://shop.example/");
        check("<a data-href='x' href=#top>上へ</a>", "上へ");
        check("<head><title>t</title><style>p{}</style></head><body>本文<script>x()</script></body>", "本文");
        check("<!-- c --><!--[if mso]><p>x</p><![endif]-->y", "y");
        check("&lt;b&gt; &#x3042;&#12356; &unknown; &", "<b> あい &unknown; &");
        check(
            "<table><tr><td>品名</td><td>数</td></tr><tr><td>茶</td><td>2</td></tr></table>",
            "品名 数\n茶 2",
        );
        check("a<hr>b", "a\n\n----------------\n\nb");
        check("1 < 2 and 3<4", "1 < 2 and 3<4");
        check("<p title='a>b'>c</p>", "c");
        check("<p", "");
        check("<style>never closed", "");
        check("a</a>b", "ab");
        check("全角\u{3000}空白", "全角\u{3000}空白");
    }

    #[test]
    fn template_texts() {
        check_template("<p>{{ name }} 様</p>", "{{ name }} 様");
        check_template("<p>{{ name | default(\"<お客様>\") }}様</p>", "{{ name | default(\"<お客様>\") }}様");
        check_template(
            "<a href=\"{{ url | default(\"x\") }}\">開く</a>",
            "開く ( {{ url | default(\"x\") }} )",
        );
        check_template("{% if a < b %}<p>x</p>{% endif %}", "{% if a < b %}x{% endif %}");
        check_template("a{% if b %}<p>x</p>{% endif %}", "a{% if b %}\n\n\nx{% endif %}");
        check_template("&#123;&#123; name }}", "{{ \"{\" }}{{ \"{\" }} name }}");
        check_template("<p {% if a > b %}class=x{% endif %}>y</p>", "y");
    }
}
