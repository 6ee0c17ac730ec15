//! What the form of a template holds, and what stands in the way of saving it.

use campaigns::{start, template::TemplateDraft};
use composition::{LintContext, TemplateProblem};
use serde::Deserialize;

use crate::{
    parts::letter,
    say::{Say, t},
};

/// Longest name in our lists, in characters.
const NAME_CHARS_MAX: usize = 200;

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Entry {
    /// The entry a stored template would have been.
    pub(super) fn of(draft: &TemplateDraft) -> Self {
        Self {
            name: draft.name.clone(),
            subject: draft.subject.clone(),
            text: draft.text.clone(),
            html: draft.html.clone().unwrap_or_default(),
        }
    }

    /// A letter to begin with: a name that is filled in, and the way out that the law asks for.
    pub(super) fn fresh(say: Say) -> Self {
        Self { text: t!(say, "template-starter"), ..Self::default() }
    }

    /// What would be stored.
    pub(super) fn draft(&self) -> TemplateDraft {
        TemplateDraft {
            name: self.name.trim().to_owned(),
            subject: self.subject.trim().to_owned(),
            text: lines(&self.text),
            html: Some(lines(&self.html)).filter(|html| !html.trim().is_empty()),
        }
    }

    /// What is wrong with the name.
    pub(super) fn wrong_name(&self, say: Say) -> Option<String> {
        let chars = self.name.trim().chars().count();
        (chars == 0 || chars > NAME_CHARS_MAX).then(|| t!(say, "template-name-empty", max = NAME_CHARS_MAX))
    }

    /// What keeps it from being filled in.
    pub(super) fn problems(&self, known_fields: &[String]) -> Vec<TemplateProblem> {
        start::template_problems(&self.draft(), known_fields)
    }

    /// What could be better.
    pub(super) fn advice(&self) -> Vec<TemplateProblem> {
        composition::lint(&letter::source(&self.draft()), &LintContext { needs_unsubscribe: true })
    }
}

/// Browsers post CRLF; templates are kept with LF.
fn lines(written: &str) -> String {
    written.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored() {
        let entry: Entry =
            serde_html_form::from_str("name=+a+&subject=b%0D%0A&text=c%0D%0Ad&html=%0D%0A").unwrap();
        let draft = entry.draft();
        assert_eq!((draft.name.as_str(), draft.subject.as_str(), draft.text.as_str()), ("a", "b", "c\nd"));
        assert_eq!(draft.html, None);
        assert!(entry.wrong_name(Say::default()).is_none());
        assert!(Entry::default().wrong_name(Say::default()).is_some());
    }

    #[test]
    fn the_starter_can_be_sent() {
        for language in [accounts::Language::Ja, accounts::Language::En] {
            let entry = Entry { subject: "s".into(), ..Entry::fresh(Say(language)) };
            assert!(entry.text.contains("{{ name | default("), "{}", entry.text);
            assert!(
                entry.problems(&["name".to_owned()]).is_empty(),
                "{:?}",
                entry.problems(&["name".into()])
            );
            assert!(entry.advice().is_empty(), "{:?}", entry.advice());
        }
    }
}
