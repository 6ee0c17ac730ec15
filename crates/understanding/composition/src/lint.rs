//! Advice on a template before it is sent: what compiles can still be a bad mail.

use crate::{Part, ProblemKind, TemplateProblem, TemplateSource, spans};

/// Longest line of text that reads well, in characters; addresses of links are not counted.
const LINE_CHARS_MAX: usize = 200;
/// Gmail cuts HTML off after about 102 KB; merge values and links still come on top.
const HTML_BYTES_MAX: usize = 96 * 1024;

/// What the template is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LintContext {
    /// True for broadcasts and step mail: advertising law and the big providers ask for a way out.
    pub needs_unsubscribe: bool,
}

/// Looks for what a reader, a provider or the law would object to.
#[must_use]
pub fn lint(source: &TemplateSource, context: &LintContext) -> Vec<TemplateProblem> {
    let html = source.html.as_deref().unwrap_or_default();
    let mut problems = Vec::new();
    let mut add = |part, line, kind| problems.push(TemplateProblem::new(part, line, kind));
    if source.subject.trim().is_empty() {
        add(Part::Subject, 0, ProblemKind::EmptySubject);
    }
    if source.subject.contains(is_hidden) {
        add(Part::Subject, 1, ProblemKind::HiddenCharacter);
    }
    if source.text.trim().is_empty() && html.trim().is_empty() {
        add(Part::Text, 0, ProblemKind::EmptyText);
    }
    for (part, text) in
        [(Part::Subject, source.subject.as_str()), (Part::Text, &source.text), (Part::Html, html)]
    {
        if let Some(line) = text.lines().position(|line| line.contains("｛｛")) {
            add(part, line + 1, ProblemKind::FullWidthBraces);
        }
    }
    for (n, line) in source.text.lines().enumerate() {
        let length = line.chars().count();
        if length > LINE_CHARS_MAX && !line.contains("://") && spans::is_static(line) {
            add(Part::Text, n + 1, ProblemKind::LongLine { length });
        }
    }
    if html.len() > HTML_BYTES_MAX {
        add(Part::Html, 0, ProblemKind::ClippedHtml { size: html.len() });
    }
    for (part, body) in [(Part::Text, source.text.as_str()), (Part::Html, html)] {
        let blank = body.trim().is_empty();
        if context.needs_unsubscribe && !blank && spans::line_of(body, "unsubscribe_url") == 0 {
            add(part, 0, ProblemKind::NoUnsubscribeLink);
        }
    }
    problems
}

/// Zero-width and bidirectional controls; the joiner of emoji families is left alone.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(subject: &str, text: &str, html: Option<&str>, expected: &[&str]) {
        let source =
            TemplateSource { subject: subject.into(), text: text.into(), html: html.map(str::to_owned) };
        let found = lint(&source, &LintContext { needs_unsubscribe: true });
        let seen: Vec<String> =
            found.iter().map(|p| format!("{} {} {}", p.part, p.line, p.kind.name())).collect();
        assert_eq!(seen, expected, "{subject} / {text}");
    }

    #[test]
    fn advice() {
        let out = "{{ unsubscribe_url }}";
        check("件名", out, None, &[]);
        check(" ", out, None, &["subject 0 empty_subject"]);
        check("件名", " \n", None, &["text 0 empty_text"]);
        check("件名", "", Some("<a href='{{ unsubscribe_url }}'>停止</a>"), &[]);
        check("件名", "本文", None, &["text 0 no_unsubscribe_link"]);
        check("件名", out, Some("<p>本文</p>"), &["html 0 no_unsubscribe_link"]);
        check("件\u{202e}名", out, None, &["subject 1 hidden_character"]);
        check("👨\u{200d}👩\u{200d}👧 ご家族様", out, None, &[]);
        check("｛｛name｝｝様", out, None, &["subject 1 full_width_braces"]);
        check("件名", &format!("{out}\n{}", "あ".repeat(201)), None, &["text 2 long_line"]);
        check("件名", &format!("{out}\nhttps://shop.example/{}", "a".repeat(300)), None, &[]);
        check("件名", out, Some(&format!("{out}{}", "a".repeat(97 * 1024))), &["html 0 clipped_html"]);
    }

    #[test]
    fn order_mail_needs_no_way_out() {
        let source = TemplateSource { subject: "ご注文".into(), text: "本文".into(), html: None };
        assert!(lint(&source, &LintContext::default()).is_empty());
    }
}
