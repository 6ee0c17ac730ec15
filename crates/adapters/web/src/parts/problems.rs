//! What is wrong with a template, each problem at its line, in plain words.

use composition::{Part, TemplateProblem};
use maud::{Markup, html};

use crate::say::{Say, t};

/// The problems of one part beside its field. `written` is what stands in the field.
pub(crate) fn of_part(say: Say, part: Part, problems: &[TemplateProblem], written: &str) -> Markup {
    html! {
        @for problem in problems.iter().filter(|problem| problem.part == part) {
            p.wrong { (sentence(say, problem)) }
            @if let Some(line) = line_of(written, problem.line) { pre.fault { (line) } }
        }
    }
}

/// All problems with the name of their part, for a page without the fields.
pub(crate) fn list(say: Say, problems: &[TemplateProblem]) -> Markup {
    html! {
        ul.problems {
            @for problem in problems {
                li { b { (say.with(&format!("template-{}", problem.part.name()), None)) } " " (sentence(say, problem)) }
            }
        }
    }
}

/// The problem with its line in front.
fn sentence(say: Say, problem: &TemplateProblem) -> String {
    let words = say.pick(&problem.ja, &problem.en);
    match problem.line {
        0 => words.to_owned(),
        line => t!(say, "template-at-line", line = line.to_string(), words = words),
    }
}

/// The line the problem is in, cut to what fits.
fn line_of(written: &str, line: usize) -> Option<String> {
    let line = written.lines().nth(line.checked_sub(1)?)?.trim();
    (!line.is_empty()).then(|| line.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_the_line() {
        let check = |line, expected: Option<&str>| {
            assert_eq!(line_of("a\r\n  b\n\nc", line).as_deref(), expected, "{line}");
        };
        check(0, None);
        check(1, Some("a"));
        check(2, Some("b"));
        check(3, None);
        check(9, None);
    }
}
