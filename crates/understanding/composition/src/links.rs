//! Finds the links of a template that can be recorded when they are followed, and puts a merge field in their place.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    TemplateSource,
    plain::{decode, tag_end, template_text},
    spans,
};

/// Different targets of one template that are recorded; further ones stay as they are.
pub const RECORDED_LINKS_MAX: usize = 500;
/// The longest target that is recorded, in bytes; a longer one stays as it is.
pub const TARGET_BYTES_MAX: usize = 4_000;

/// Places of one part in which a link is recorded; so many cost the engine little.
const PLACES_MAX: usize = 2_000;

/// The merge field that stands for a recorded link, before its number.
const FIELD: &str = "__link_";
/// The attribute that keeps a link from being recorded.
const NO_TRACK: &str = "data-no-track";
/// Elements whose content holds no links.
const SILENT: [&str; 3] = ["style", "script", "title"];
/// Blocks whose content is not written where it stands, or not as it stands.
const SET_ASIDE: [&str; 4] = ["raw", "filter", "macro", "call"];

/// The links of a template, as far as they lead to the web.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateLinks {
    /// Every target that can be recorded, once, in the order in which they come: the HTML first.
    pub targets: Vec<String>,
    /// Links that stay as they are because their target is made for each person, or does not end clearly.
    pub personal: Vec<String>,
}

impl TemplateLinks {
    /// Reads a template. Links to `own` pages (the house's address) are none of them.
    #[must_use]
    pub fn read(source: &TemplateSource, own: &str) -> Self {
        let html = source.html.as_deref().filter(|html| !html.trim().is_empty());
        let derived = html.filter(|_| source.text.trim().is_empty()).map(template_text);
        let text = derived.as_deref().unwrap_or(&source.text);
        let marked = marked(html.unwrap_or_default());
        let mut found = Self::default();
        let spots = html.map(spots_in_html).unwrap_or_default();
        let in_text = spots_in_text(text).into_iter().filter(|spot| !marked.contains(&spot.target));
        for spot in spots.into_iter().filter(|spot| !spot.is_marked).chain(in_text) {
            let list = if spot.is_personal { &mut found.personal } else { &mut found.targets };
            let is_own = !own.is_empty() && spot.target.starts_with(own);
            if !is_own && !list.contains(&spot.target) && list.len() < RECORDED_LINKS_MAX {
                list.push(spot.target);
            }
        }
        found
    }
}

/// Targets that are marked in the HTML; they are not recorded in the text either.
pub(crate) fn marked(html: &str) -> BTreeSet<String> {
    spots_in_html(html).into_iter().filter(|spot| spot.is_marked).map(|spot| spot.target).collect()
}

/// One link where it stands.
struct Spot {
    /// What is replaced.
    range: Range<usize>,
    target: String,
    is_personal: bool,
    is_marked: bool,
}

/// The HTML with a merge field in place of each target.
pub(crate) fn record_html(html: &str, targets: &[String]) -> String {
    replaced(html, spots_in_html(html), targets)
}

/// The text with a merge field in place of each target that is not marked.
pub(crate) fn record_text(text: &str, targets: &[String], marked: &BTreeSet<String>) -> String {
    let mut spots = spots_in_text(text);
    spots.retain(|spot| !marked.contains(&spot.target));
    replaced(text, spots, targets)
}

/// The number of the link a merge field stands for.
pub(crate) fn number_of(field: &str) -> Option<usize> {
    field.strip_prefix(FIELD)?.parse().ok()
}

fn replaced(source: &str, spots: Vec<Spot>, targets: &[String]) -> String {
    let mut out = String::with_capacity(source.len());
    let mut from = 0;
    for spot in spots.into_iter().filter(|spot| !spot.is_personal && !spot.is_marked).take(PLACES_MAX) {
        let Some(number) = targets.iter().position(|target| *target == spot.target) else { continue };
        out.push_str(&source[from..spot.range.start]);
        // `{` before `{{` would be read as one opening.
        if out.ends_with('{') {
            out.pop();
            out.push_str("{{ '{' }}");
        }
        out.push_str(&format!("{{{{ {FIELD}{number} }}}}"));
        from = spot.range.end;
    }
    out.push_str(&source[from..]);
    out
}

/// The stretches of a template that are neither merge code nor set aside by it.
fn open_stretches(source: &str) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    let mut from = 0;
    let mut closed_by: Option<String> = None;
    for span in spans::code_spans(source) {
        let inside = source[span.clone()].trim_start_matches(['{', '%', '-', '+']).trim_start();
        let word = inside.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_block = source[span.clone()].starts_with("{%");
        match &closed_by {
            Some(end) if is_block && word == end => closed_by = None,
            Some(_) => {}
            None => {
                stretches.push(from..span.start);
                if is_block && SET_ASIDE.contains(&word) {
                    closed_by = Some(format!("end{word}"));
                }
            }
        }
        from = span.end;
    }
    if closed_by.is_none() {
        stretches.push(from..source.len());
    }
    stretches
}

fn spots_in_html(html: &str) -> Vec<Spot> {
    let open = open_stretches(html);
    let codes = spans::code_spans(html);
    let mut spots = Vec::new();
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        let code = codes.iter().find(|code| code.contains(&start));
        at = match code {
            Some(code) => code.end,
            None => read_tag(html, start, &open, &mut spots),
        };
    }
    spots
}

/// Reads the tag or comment at `start`, and answers where reading goes on.
fn read_tag(html: &str, start: usize, open: &[Range<usize>], spots: &mut Vec<Spot>) -> usize {
    let rest = &html[start..];
    if rest.starts_with("<!--") {
        return rest.find("-->").map_or(html.len(), |end| start + end + 3);
    }
    if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        return start + 1;
    }
    let end = start + tag_end(rest, true);
    if !html[..end].ends_with('>') {
        return end;
    }
    let name_chars = rest[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = rest[1..=name_chars].to_ascii_lowercase();
    if SILENT.contains(&name.as_str()) {
        let close = format!("</{name}");
        let lower = html[end..].to_ascii_lowercase();
        return lower.find(&close).map_or(html.len(), |at| end + at);
    }
    if (name == "a" || name == "area") && open.iter().any(|stretch| stretch.contains(&start)) {
        spots.extend(link_of(html, start + 1 + name_chars..end));
    }
    end
}

/// The link of a tag whose attributes stand in `range`.
fn link_of(html: &str, range: Range<usize>) -> Option<Spot> {
    let attributes = attributes(html, range);
    let is_marked = attributes.iter().any(|(name, _)| name == NO_TRACK);
    let (_, value) = attributes.into_iter().find(|(name, _)| name == "href")?;
    let range = value?;
    let written = html[range.clone()].trim();
    let is_personal = !spans::is_static(written);
    let target = if is_personal { written.to_owned() } else { decode(written) };
    if is_personal { leads_to_web(&target) } else { can_be_recorded(&target) }.then_some(Spot {
        range,
        target,
        is_personal,
        is_marked,
    })
}

/// Every attribute with where its value stands; names in lower case.
fn attributes(html: &str, range: Range<usize>) -> Vec<(String, Option<Range<usize>>)> {
    let bytes = html.as_bytes();
    let mut found = Vec::new();
    let mut at = range.start;
    let skip = |mut at: usize, what: fn(u8) -> bool| {
        while at < range.end && what(bytes[at]) {
            at += 1;
        }
        at
    };
    let is_space = |b: u8| b.is_ascii_whitespace();
    loop {
        at = skip(at, |b| b.is_ascii_whitespace() || b == b'/' || b == b'>');
        if at >= range.end {
            return found;
        }
        if let Some(end) = spans::code_at(html, at) {
            at = end;
            continue;
        }
        let name_end = skip(at + 1, |b| !b.is_ascii_whitespace() && !b"=/>{".contains(&b));
        let name = html.get(at..name_end).unwrap_or_default().to_ascii_lowercase();
        let equals = skip(name_end, is_space);
        if bytes.get(equals) != Some(&b'=') || equals >= range.end {
            found.push((name, None));
            at = name_end;
            continue;
        }
        let value = value_at(html, skip(equals + 1, is_space), range.end);
        at = value.end + usize::from(matches!(bytes.get(value.end), Some(b'"' | b'\'')));
        found.push((name, Some(value)));
    }
}

/// Where the value that begins at `start` stands, without its quotes; merge code hides them.
fn value_at(html: &str, start: usize, end: usize) -> Range<usize> {
    let bytes = html.as_bytes();
    let quote = bytes.get(start).copied().filter(|b| start < end && matches!(b, b'"' | b'\''));
    let start = start + usize::from(quote.is_some());
    let mut at = start;
    while at < end {
        if let Some(past) = spans::code_at_byte(html, at) {
            at = past;
            continue;
        }
        let ends = match quote {
            Some(quote) => bytes[at] == quote,
            None => bytes[at].is_ascii_whitespace() || bytes[at] == b'>',
        };
        if ends {
            break;
        }
        at += 1;
    }
    start..at.min(end)
}

fn spots_in_text(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    for stretch in open_stretches(text) {
        let mut at = stretch.start;
        while let Some(start) = next_address(&text[..stretch.end], at) {
            let run = text[start..stretch.end].bytes().take_while(|b| is_of_address(*b)).count();
            let follows = text[start + run..].chars().next();
            // Where merge code or a letter follows at once, nobody knows where the address ends.
            let is_personal = (start + run == stretch.end && run > 0 && stretch.end < text.len())
                || follows.is_some_and(|c| !c.is_ascii() && c.is_alphanumeric());
            let end = start + if is_personal { run } else { without_stops(&text[start..start + run]) };
            at = end.max(start + 1);
            let target = if is_personal { whole(text, start) } else { &text[start..end] }.to_owned();
            if if is_personal { leads_to_web(&target) } else { can_be_recorded(&target) } {
                spots.push(Spot { range: start..end, target, is_personal, is_marked: false });
            }
        }
    }
    spots
}

/// An address with the merge code in it.
fn whole(text: &str, start: usize) -> &str {
    let mut at = start;
    while at < text.len() {
        at = match spans::code_at_byte(text, at) {
            Some(end) => end,
            None if is_of_address(text.as_bytes()[at]) => at + 1,
            None => break,
        };
    }
    text[start..at].trim_end_matches(|c: char| c.is_ascii_punctuation() && !"/}".contains(c))
}

/// Where the next web address begins.
fn next_address(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    (from..bytes.len()).find(|&at| {
        let rest = &bytes[at..];
        let begins =
            |scheme: &[u8]| rest.len() > scheme.len() && rest[..scheme.len()].eq_ignore_ascii_case(scheme);
        let inside = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
        matches!(rest[0], b'h' | b'H') && !inside && (begins(b"http://") || begins(b"https://"))
    })
}

fn is_of_address(b: u8) -> bool {
    b.is_ascii_graphic() && !b"<>\"`".contains(&b)
}

/// The length of an address without the punctuation of the sentence behind it.
fn without_stops(address: &str) -> usize {
    let mut rest = address;
    loop {
        let count = |c: char| rest.matches(c).count();
        let Some(last) = rest.chars().next_back() else { return 0 };
        let ends = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' => true,
            ')' => count(')') > count('('),
            ']' => count(']') > count('['),
            '}' => count('}') > count('{'),
            _ => false,
        };
        if !ends {
            return rest.len();
        }
        rest = &rest[..rest.len() - 1];
    }
}

fn leads_to_web(target: &str) -> bool {
    let begins = |scheme: &str| {
        target.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
            && target.len() > scheme.len()
    };
    begins("http://") || begins("https://")
}

fn can_be_recorded(target: &str) -> bool {
    let host = target.split("//").nth(1).and_then(|rest| rest.chars().next());
    leads_to_web(target)
        && target.len() <= TARGET_BYTES_MAX
        && !target.contains(|c: char| c.is_whitespace() || c.is_control())
        && host.is_some_and(|first| first.is_alphanumeric() || first == '[')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, html: &str) -> TemplateSource {
        TemplateSource {
            subject: "s".into(),
            text: text.into(),
            html: Some(html.to_owned()).filter(|html| !html.is_empty()),
        }
    }

    fn check_html(html: &str, expected: &str) {
        let found = TemplateLinks::read(&source("-", html), "https://mail.shop.example/");
        assert_eq!(record_html(html, &found.targets), expected, "{html}");
    }

    fn check_text(text: &str, expected: &str) {
        let found = TemplateLinks::read(&source(text, ""), "https://mail.shop.example/");
        assert_eq!(record_text(text, &found.targets, &BTreeSet::new()), expected, "{text}");
    }

    fn unchanged_html(html: &str) {
        check_html(html, html);
    }

    fn unchanged_text(text: &str) {
        check_text(text, text);
    }

    #[test]
    fn links_of_html() {
        check_html("<a href=\"https://a.example/\">x</a>", "<a href=\"{{ __link_0 }}\">x</a>");
        check_html(
            "<a class=b HREF = 'http://a.example/?a=1&amp;b=2' id=c>x</a>",
            "<a class=b HREF = '{{ __link_0 }}' id=c>x</a>",
        );
        check_html("<a href=https://a.example/x>x</a>", "<a href={{ __link_0 }}>x</a>");
        check_html("<A HREF=\" https://a.example/ \">x</A>", "<A HREF=\"{{ __link_0 }}\">x</A>");
        check_html("<area href='HTTPS://a.example'>", "<area href='{{ __link_0 }}'>");
        check_html(
            "<a href='https://a.example/'>1</a><a href='https://b.example/'>2</a><a href='https://a.example/'>3</a>",
            "<a href='{{ __link_0 }}'>1</a><a href='{{ __link_1 }}'>2</a><a href='{{ __link_0 }}'>3</a>",
        );
        check_html(
            "{% if vip %}<a href='https://a.example/'>x</a>{% endif %}",
            "{% if vip %}<a href='{{ __link_0 }}'>x</a>{% endif %}",
        );
        check_html(
            "<a {% if vip %}class='v'{% endif %} href='https://a.example/'>x</a>",
            "<a {% if vip %}class='v'{% endif %} href='{{ __link_0 }}'>x</a>",
        );
        check_html(
            "<a title='a>b' href='https://a.example/日本'>x</a>",
            "<a title='a>b' href='{{ __link_0 }}'>x</a>",
        );
    }

    #[test]
    fn what_stays_in_html() {
        unchanged_html("<a href='{{ unsubscribe_url }}'>stop</a>");
        unchanged_html("<a href='https://a.example/?c={{ customer_number }}'>x</a>");
        unchanged_html("<a href='https://a.example/' data-no-track>x</a>");
        unchanged_html("<a data-no-track='1' href='https://a.example/'>x</a>");
        unchanged_html("<a href='https://mail.shop.example/u/1'>x</a>");
        unchanged_html(
            "<a href='mailto:a@shop.example'>x</a><a href='tel:0312345678'>y</a><a href='#top'>z</a>",
        );
        unchanged_html(
            "<a href='/relative'>x</a><a href='javascript:alert(1)'>x</a><a href=''>x</a><a href>x</a><a>x</a>",
        );
        unchanged_html(
            "<a href='https://'>x</a><a href='https:///x'>x</a><a href='https://a.example/a b'>x</a>",
        );
        unchanged_html(
            "<!-- <a href='https://a.example/'>x</a> --><style>a[href='https://a.example/']{}</style>",
        );
        unchanged_html("<!--[if mso]><a href='https://a.example/'>x</a><![endif]-->");
        unchanged_html(
            "<img src='https://a.example/x.png'><link href='https://a.example/x.css'><form action='https://a.example/'>",
        );
        unchanged_html("{% raw %}<a href='https://a.example/'>x</a>{% endraw %}");
        unchanged_html("{% filter upper %}<a href='https://a.example/'>x</a>{% endfilter %}");
        unchanged_html("{# <a href='https://a.example/'>x</a> #}");
        unchanged_html("<a data-href='https://a.example/'>https://a.example/</a>");
        unchanged_html("<a href='https://a.example/");
        unchanged_html("< a href='https://a.example/'>");
        unchanged_html(&format!("<a href='https://a.example/{}'>x</a>", "a".repeat(TARGET_BYTES_MAX)));
    }

    #[test]
    fn links_of_text() {
        check_text("https://a.example/", "{{ __link_0 }}");
        check_text("はこちらhttps://a.example/x。\n", "はこちら{{ __link_0 }}。\n");
        check_text("(https://a.example/x) <https://b.example/>", "({{ __link_0 }}) <{{ __link_1 }}>");
        check_text("see https://a.example/x_(y), or", "see {{ __link_0 }}, or");
        check_text("「https://a.example/?a=1&b=2」", "「{{ __link_0 }}」");
        check_text("https://a.example/\n{{ name }} 様", "{{ __link_0 }}\n{{ name }} 様");
        check_text("{{ name }}https://a.example/.", "{{ name }}{{ __link_0 }}.");
        check_text("HTTP://A.example", "{{ __link_0 }}");
        check_text("{https://a.example/}", "{{ '{' }}{{ __link_0 }}}");
    }

    #[test]
    fn what_stays_in_text() {
        unchanged_text("{{ unsubscribe_url }} https://mail.shop.example/v/1 a@b.example");
        unchanged_text("https://a.example/{{ customer_number }} https://{{ host }}/");
        unchanged_text("https://a.example/をご覧ください");
        unchanged_text("xhttps://a.example https:// http://. ftp://a.example");
        unchanged_text("{% raw %}https://a.example/{% endraw %} {{ \"https://a.example/\" }}");
    }

    #[test]
    fn what_is_marked_stays_in_both_parts() {
        let both = source(
            "https://a.example/ https://b.example/",
            "<a href='https://a.example/' data-no-track>x</a>",
        );
        let found = TemplateLinks::read(&both, "");
        assert_eq!(found.targets, ["https://b.example/"]);
        let text = record_text(&both.text, &found.targets, &marked(both.html.as_deref().unwrap()));
        assert_eq!(text, "https://a.example/ {{ __link_0 }}");
    }

    #[test]
    fn what_cannot_be_recorded_is_told() {
        let html = "<a href='https://a.example/?c={{ n }}'>x</a><a href='{{ unsubscribe_url }}'>y</a>";
        let text = "https://a.example/?c={{ n }}. https://b.example/をご覧";
        let found = TemplateLinks::read(&source(text, html), "");
        assert_eq!(
            found,
            TemplateLinks {
                targets: Vec::new(),
                personal: vec!["https://a.example/?c={{ n }}".to_owned(), "https://b.example/".to_owned()],
            }
        );
    }

    #[test]
    fn numbers() {
        for (field, expected) in
            [("__link_0", Some(0)), ("__link_12", Some(12)), ("__link_", None), ("link_1", None)]
        {
            assert_eq!(number_of(field), expected, "{field}");
        }
    }
}
