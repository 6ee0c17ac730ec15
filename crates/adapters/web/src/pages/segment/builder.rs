//! The builder: groups of conditions as nested boxes, each row with its buttons. It works by plain forms; with script it
//! also counts while one types.

use audience::segment::{DEPTH_MAX, Group, Join, Known, Part, RuleProblem};
use maud::{Markup, html};

use super::{entry::path_name, inputs, said};
use crate::say::{Say, t};

/// What the builder shows beside the rule itself.
pub(super) struct Shown<'a> {
    pub(super) say: Say,
    pub(super) known: &'a Known,
    pub(super) problems: &'a [RuleProblem],
    /// Problems are told only once the operator has asked for an answer.
    pub(super) tell: bool,
}

/// The whole rule.
pub(super) fn rule(shown: &Shown<'_>, root: &Group) -> Markup {
    group(shown, root, &mut Vec::new())
}

fn group(shown: &Shown<'_>, group: &Group, at: &mut Vec<usize>) -> Markup {
    let (say, name) = (shown.say, path_name(at));
    let parts: Vec<Markup> = group
        .parts
        .iter()
        .enumerate()
        .map(|(n, part)| {
            at.push(n);
            let markup = match part {
                Part::Group(inner) => self::group(shown, inner, at),
                Part::Condition(condition) => {
                    row(shown, at, &inputs::condition(say, shown.known, at, condition))
                }
            };
            at.pop();
            markup
        })
        .collect();
    html! {
        fieldset.rule {
            legend.unseen { (t!(say, "segment-group")) }
            div.joint {
                select name={ "join-" (name) } aria-label=(t!(say, "segment-join")) {
                    option value="all" selected[group.join == Join::All] { (t!(say, "segment-join-all")) }
                    option value="any" selected[group.join == Join::Any] { (t!(say, "segment-join-any")) }
                }
                label.check.inline {
                    input type="checkbox" name={ "not-" (name) } value="1" checked[group.negated];
                    (t!(say, "segment-not"))
                }
                @if !at.is_empty() { (remove(say, &name, &t!(say, "segment-remove-group"))) }
            }
            (wrong(shown, at))
            @for part in parts { (part) }
            div.actions {
                button.btn type="submit" name="go" value={ "add " (name) } { (t!(say, "segment-add")) }
                @if at.len() + 1 < DEPTH_MAX {
                    button.btn type="submit" name="go" value={ "group " (name) } { (t!(say, "segment-add-group")) }
                }
            }
        }
    }
}

fn row(shown: &Shown<'_>, at: &[usize], inputs: &Markup) -> Markup {
    let name = path_name(at);
    html! {
        div.rule-row {
            div.inputs { (inputs) }
            (remove(shown.say, &name, &t!(shown.say, "segment-remove")))
            (wrong(shown, at))
        }
    }
}

fn remove(say: Say, name: &str, label: &str) -> Markup {
    html! {
        button.plain type="submit" name="go" value={ "remove " (name) } aria-label=(label) title=(label) {
            (t!(say, "segment-remove"))
        }
    }
}

fn wrong(shown: &Shown<'_>, at: &[usize]) -> Markup {
    html! {
        @if shown.tell {
            @for problem in shown.problems.iter().filter(|problem| problem.at == at) {
                p.wrong role="alert" { (said(shown.say, &problem.words)) }
            }
        }
    }
}
