//! Form fields with their label, a hint, and what is wrong right beside them.

use maud::{Markup, html};

/// One line of input. Empty `hint` and `None` as `wrong` show nothing.
#[derive(Default, Clone, Copy)]
pub(crate) struct Field<'a> {
    /// Name in the form; also the element's id.
    pub(crate) name: &'a str,
    /// The label.
    pub(crate) label: &'a str,
    /// What is in it.
    pub(crate) value: &'a str,
    /// `type`; `text` when empty.
    pub(crate) kind: &'a str,
    /// One sentence of help.
    pub(crate) hint: &'a str,
    /// What is wrong with the value.
    pub(crate) wrong: Option<&'a str>,
    /// `autocomplete`; `off` when empty.
    pub(crate) autocomplete: &'a str,
    /// Must be filled.
    pub(crate) required: bool,
}

impl Field<'_> {
    /// An input.
    pub(crate) fn input(&self) -> Markup {
        let kind = if self.kind.is_empty() { "text" } else { self.kind };
        self.around(&html! {
            input id=(self.name) name=(self.name) type=(kind) value=(self.value) required[self.required]
                autocomplete=(self.autocomplete()) aria-invalid=[self.wrong.map(|_| "true")]
                aria-describedby=[self.described_by()];
        })
    }

    /// Several lines.
    pub(crate) fn area(&self, rows: u32) -> Markup {
        self.around(&html! {
            textarea id=(self.name) name=(self.name) rows=(rows) required[self.required]
                aria-invalid=[self.wrong.map(|_| "true")] aria-describedby=[self.described_by()] {
                // A browser drops the first line break after the tag.
                "\n" (self.value)
            }
        })
    }

    /// A choice of (value, words).
    pub(crate) fn select(&self, choices: &[(String, String)]) -> Markup {
        self.around(&html! {
            select id=(self.name) name=(self.name) aria-describedby=[self.described_by()] {
                @for (value, words) in choices {
                    option value=(value) selected[value == self.value] { (words) }
                }
            }
        })
    }

    fn around(&self, control: &Markup) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                (control)
                @if let Some(wrong) = self.wrong {
                    p.wrong id={ (self.name) "-note" } role="alert" { (wrong) }
                } @else if !self.hint.is_empty() {
                    p.hint id={ (self.name) "-note" } { (self.hint) }
                }
            }
        }
    }

    fn autocomplete(&self) -> &str {
        if self.autocomplete.is_empty() { "off" } else { self.autocomplete }
    }

    fn described_by(&self) -> Option<String> {
        (self.wrong.is_some() || !self.hint.is_empty()).then(|| format!("{}-note", self.name))
    }
}

/// A destructive act behind one more press, which says what it will do. Works without script.
pub(crate) fn confirmed(label: &str, what_it_does: &str, form: &Markup) -> Markup {
    html! {
        details.confirm {
            summary.btn { (label) }
            div.ask {
                p { (what_it_does) }
                (form)
            }
        }
    }
}
