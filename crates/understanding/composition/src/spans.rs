//! Finds where the merge language stands inside a template's text.

use std::ops::Range;

/// The byte ranges of `{{ }}`, `{% %}` and `{# #}`, delimiters included. A range that never closes runs to the end.
pub(crate) fn code_spans(source: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(start) = next_open(source, at) {
        let end = span_end(source, start);
        spans.push(start..end);
        at = end;
    }
    spans
}

/// Just past the merge code that begins at `at`, when one does.
pub(crate) fn code_at(source: &str, at: usize) -> Option<usize> {
    let opens =
        source[at..].starts_with("{{") || source[at..].starts_with("{%") || source[at..].starts_with("{#");
    opens.then(|| span_end(source, at))
}

/// The same for any byte, also one inside a character.
pub(crate) fn code_at_byte(source: &str, at: usize) -> Option<usize> {
    if source.is_char_boundary(at) { code_at(source, at) } else { None }
}

/// True when a template holds no merge language at all, so it need not be rendered.
pub(crate) fn is_static(source: &str) -> bool {
    next_open(source, 0).is_none()
}

/// The line (from 1) on which `name` first stands as a word inside the merge language; 0 when it does not.
pub(crate) fn line_of(source: &str, name: &str) -> usize {
    words(source).into_iter().find(|(_, word)| *word == name).map_or(0, |(line, _)| line)
}

/// The words inside the merge language with the lines (from 1) they stand on, attributes (`.name`) left out.
/// Quoted words are not told apart, so this is for finding a name that is known to be there.
pub(crate) fn words(source: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let (mut line, mut counted) = (1, 0);
    for span in code_spans(source) {
        let code = &source[span.clone()];
        let mut end = 0;
        for word in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
            let start = end;
            end = start + word.len();
            let before = code[..start].chars().next_back();
            end += code[end..].chars().next().map_or(0, char::len_utf8);
            if word.is_empty() || before == Some('.') {
                continue;
            }
            line += count_lines(&source[counted..span.start + start]);
            counted = span.start + start;
            words.push((line, word));
        }
    }
    words
}

/// What stands between the delimiters of the first code on a line (from 1).
pub(crate) fn code_on_line(source: &str, line: usize) -> Option<&str> {
    let span = code_spans(source).into_iter().find(|span| count_lines(&source[..span.start]) + 1 == line)?;
    Some(source[span].trim_matches(|c: char| "{}%#-".contains(c) || c.is_whitespace()))
}

fn count_lines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

fn next_open(source: &str, from: usize) -> Option<usize> {
    let bytes = source.as_bytes();
    (from..bytes.len().saturating_sub(1))
        .find(|&i| bytes[i] == b'{' && matches!(bytes[i + 1], b'{' | b'%' | b'#'))
}

/// Just past the delimiter that closes the span at `start`. Quoted strings hide delimiters, except in comments.
fn span_end(source: &str, start: usize) -> usize {
    let bytes = source.as_bytes();
    let close = match bytes[start + 1] {
        b'{' => b'}',
        other => other,
    };
    let mut quote = None;
    let mut i = start + 2;
    while i < bytes.len() {
        let b = bytes[i];
        match quote {
            Some(_) if b == b'\\' => i += 1,
            Some(q) if b == q => quote = None,
            Some(_) => {}
            None if close != b'#' && (b == b'"' || b == b'\'') => quote = Some(b),
            None if b == close && bytes.get(i + 1) == Some(&b'}') => return i + 2,
            None => {}
        }
        i += 1;
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let seen: Vec<&str> = code_spans(source).into_iter().map(|r| &source[r]).collect();
        assert_eq!(seen, expected, "{source}");
    }

    #[test]
    fn spans() {
        check("a", &[]);
        check("", &[]);
        check("{", &[]);
        check("a {{ b }} c {% if d %}", &["{{ b }}", "{% if d %}"]);
        check("{{ b | default(\"}}\") }}x", &["{{ b | default(\"}}\") }}"]);
        check("{{ b | default('\\'}}') }}x", &["{{ b | default('\\'}}') }}"]);
        check("{# it's #}{{ a }}", &["{# it's #}", "{{ a }}"]);
        check("x {{ a", &["{{ a"]);
        check("お{{ 名 }}様", &["{{ 名 }}"]);
    }

    #[test]
    fn lines() {
        assert_eq!(line_of("a\n{{ b }}\n{{ name }}", "name"), 3);
        assert_eq!(line_of("name {{ x.name }} {{ surname }}\n\n{{ name }}", "name"), 3);
        assert_eq!(line_of("name", "name"), 0);
    }
}
