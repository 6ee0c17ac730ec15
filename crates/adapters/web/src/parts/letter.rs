//! A message as its reader sees it: subject, text, and HTML in a closed frame, as wide as a telephone or a PC.

use std::collections::BTreeMap;

use audience::Contact;
use campaigns::template::TemplateDraft;
use composition::{Links, Rendered, Template, TemplateProblem, TemplateSource};
use maud::{Markup, html};

use crate::say::{Say, t};

/// A template's content as `composition` takes it.
pub(crate) fn source(draft: &TemplateDraft) -> TemplateSource {
    TemplateSource { subject: draft.subject.clone(), text: draft.text.clone(), html: draft.html.clone() }
}

/// One customer's merge values, under the names storage fills.
pub(crate) fn values_of(contact: &Contact) -> BTreeMap<String, String> {
    let mut values = contact.fields.clone();
    let ours = [
        ("name", contact.name.as_str()),
        ("kana", &contact.kana),
        ("address", contact.address.as_deref().unwrap_or_default()),
        ("phone", &contact.phone),
        ("company", &contact.company),
        ("customer_number", &contact.external_id),
    ];
    values.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));
    values
}

/// What these values make of a template. `base_url` is where the sample link to the unsubscribe page leads.
pub(crate) fn render(
    draft: &TemplateDraft,
    known_fields: &[String],
    values: &BTreeMap<String, String>,
    base_url: &str,
) -> Result<Rendered, Vec<TemplateProblem>> {
    let known: Vec<&str> = known_fields.iter().map(String::as_str).collect();
    let links = Links {
        unsubscribe_url: Some(format!("{base_url}/u/sample")),
        view_url: Some(base_url.to_owned()),
        ..Links::default()
    };
    Template::compile(&source(draft), &known)?.render(values, &links).map_err(|problem| vec![problem])
}

/// The letter. A page that shows one goes out through [`crate::headers::with_letter`].
pub(crate) fn letter(say: Say, rendered: &Rendered) -> Markup {
    html! {
        div.letter {
            p.subject { span.sub { (t!(say, "letter-subject")) } b { (rendered.subject) } }
            fieldset.switch {
                legend.unseen { (t!(say, "letter-width")) }
                label { input.wide type="radio" name="letter-width" checked; (t!(say, "letter-pc")) }
                label { input.narrow type="radio" name="letter-width"; (t!(say, "letter-phone")) }
            }
            @match &rendered.html {
                Some(html) => {
                    // No scripts, no forms, no way out: an empty sandbox.
                    iframe sandbox title=(t!(say, "letter-html")) srcdoc=(document(html)) {}
                    details {
                        summary { (t!(say, "letter-text")) }
                        pre.paper { (text_of(rendered, html)) }
                    }
                }
                None => pre.paper { (rendered.text) },
            }
        }
    }
}

/// What readers without HTML see.
fn text_of(rendered: &Rendered, html: &str) -> String {
    if rendered.text.trim().is_empty() { composition::text_of_html(html) } else { rendered.text.clone() }
}

fn document(html: &str) -> String {
    let head =
        "<!doctype html><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">";
    format!("{head}{}", composition::safe_preview(html))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str, html: Option<&str>) -> TemplateDraft {
        TemplateDraft {
            name: "n".into(),
            subject: "{{ name }}".into(),
            text: text.into(),
            html: html.map(str::to_owned),
        }
    }

    #[test]
    fn shows_what_a_person_gets_and_nothing_that_runs() {
        let values = BTreeMap::from([("name".to_owned(), "<b>花子</b>".to_owned())]);
        let html = "<p>{{ name }}</p><script>alert(1)</script>";
        let rendered = render(
            &draft("{{ unsubscribe_url }}", Some(html)),
            &["name".into()],
            &values,
            "https://t.example",
        );
        let shown = letter(Say::default(), &rendered.unwrap()).into_string();
        assert!(shown.contains("https://t.example/u/sample") && shown.contains("sandbox"), "{shown}");
        assert!(!shown.contains("<b>花子") && !shown.contains("alert"), "{shown}");
    }

    #[test]
    fn a_problem_is_told() {
        let problems = render(&draft("{{ nam }}", None), &["name".into()], &BTreeMap::new(), "").unwrap_err();
        assert_eq!(problems[0].line, 1);
    }
}
