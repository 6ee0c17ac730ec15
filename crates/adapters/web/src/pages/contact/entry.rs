//! What the form of one customer holds, and what becomes of it.

use std::collections::BTreeMap;

use addressing::Reading;
use audience::{Contact, ContactDraft};
use serde::Deserialize;

use crate::say::{Say, t};

/// Longest value of one field, in characters.
const FIELD_CHARS_MAX: usize = 2000;
/// Marks an extra field's input, so that no column name can be mistaken for one of ours.
pub(super) const EXTRA: &str = "extra:";

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) kana: String,
    pub(super) phone: String,
    pub(super) company: String,
    pub(super) external_id: String,
    pub(super) note: String,
    /// The suggestion, when its button was pressed.
    fix: String,
    /// The address as typed, when "leave it as it is" was pressed.
    keep: String,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// What to do with an entry.
pub(crate) enum Decision {
    /// Save it. `confirmed`: a person looked at a suspicious address and left it so.
    Save {
        /// What to save.
        draft: Box<ContactDraft>,
        /// See above.
        confirmed: bool,
    },
    /// Ask about the address first.
    Ask(Box<Reading>),
    /// A field cannot be saved; why.
    Wrong(&'static str, String),
}

impl Entry {
    /// The entry a stored contact would have been.
    pub(super) fn of(contact: &Contact) -> Self {
        let extra = |(name, value): (&String, &String)| (format!("{EXTRA}{name}"), value.clone());
        Self {
            address: contact.address.clone().unwrap_or_default(),
            name: contact.name.clone(),
            kana: contact.kana.clone(),
            phone: contact.phone.clone(),
            company: contact.company.clone(),
            external_id: contact.external_id.clone(),
            note: contact.note.clone(),
            rest: contact.fields.iter().map(extra).collect(),
            ..Self::default()
        }
    }

    /// A stored contact with another address typed in, and the button that was pressed about it.
    pub(crate) fn with_address(contact: &Contact, address: String, fix: String, keep: String) -> Self {
        Self { address, fix, keep, ..Self::of(contact) }
    }

    /// The extra fields, by their column names.
    pub(super) fn extra(&self) -> BTreeMap<String, String> {
        let pairs = self.rest.iter();
        pairs
            .filter_map(|(name, value)| Some((name.strip_prefix(EXTRA)?.to_owned(), value.clone())))
            .collect()
    }

    /// Takes the pressed suggestion over into the address.
    pub(crate) fn with_fix(mut self) -> Self {
        if !self.fix.is_empty() {
            self.address = std::mem::take(&mut self.fix);
        }
        self
    }

    /// Reads the address and decides. `before` is the contact as it is stored.
    pub(crate) fn decide(&self, say: Say, before: Option<&Contact>) -> Decision {
        if let Some(wrong) = self.too_long(say) {
            return wrong;
        }
        let mut draft = self.draft(before);
        if self.address.trim().is_empty() {
            return match self.identity() {
                true => Decision::Save { draft: Box::new(draft), confirmed: false },
                false => Decision::Wrong("name", t!(say, "contact-empty")),
            };
        }
        let reading = addressing::read(&self.address);
        let Some(address) = &reading.address else { return Decision::Ask(Box::new(reading)) };
        let wire = address.to_string();
        let unchanged = before.is_some_and(|contact| contact.address.as_deref() == Some(&wire));
        let kept = !self.keep.is_empty() && self.keep == self.address;
        if reading.suggestion.is_some() && !unchanged && !kept {
            return Decision::Ask(Box::new(reading));
        }
        draft.set_address(&reading);
        if let Some(contact) = before.filter(|_| unchanged) {
            draft.lookalike_of.clone_from(&contact.lookalike_of);
        }
        let confirmed = kept && draft.lookalike_of.is_some();
        Decision::Save { draft: Box::new(draft), confirmed }
    }

    fn draft(&self, before: Option<&Contact>) -> ContactDraft {
        let mut fields = before.map(|contact| contact.fields.clone()).unwrap_or_default();
        fields.extend(self.extra().into_iter().map(|(name, value)| (name, value.trim().to_owned())));
        ContactDraft {
            name: self.name.trim().to_owned(),
            kana: self.kana.trim().to_owned(),
            phone: self.phone.trim().to_owned(),
            company: self.company.trim().to_owned(),
            external_id: self.external_id.trim().to_owned(),
            note: self.note.trim().to_owned(),
            fields,
            ..ContactDraft::default()
        }
    }

    /// Somebody can be told from others by it.
    fn identity(&self) -> bool {
        [&self.name, &self.company, &self.phone, &self.external_id].iter().any(|text| !text.trim().is_empty())
    }

    fn too_long(&self, say: Say) -> Option<Decision> {
        let fields = [
            ("name", &self.name),
            ("kana", &self.kana),
            ("phone", &self.phone),
            ("company", &self.company),
            ("external_id", &self.external_id),
            ("note", &self.note),
        ];
        let over = |text: &str| text.chars().count() > FIELD_CHARS_MAX;
        let named = fields.iter().find(|(_, text)| over(text)).map(|(name, _)| *name);
        let extra = self.rest.values().any(|text| over(text)).then_some("note");
        named.or(extra).map(|name| Decision::Wrong(name, t!(say, "contact-too-long", max = FIELD_CHARS_MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: &str) {
        let entry: Entry = serde_html_form::from_str(form).unwrap();
        let seen = match entry.with_fix().decide(Say::default(), None) {
            Decision::Save { draft, confirmed } => {
                format!(
                    "{:?} {} {:?} {confirmed}",
                    draft.address.unwrap_or_default(),
                    draft.name,
                    draft.fields
                )
            }
            Decision::Ask(reading) => format!("ask {:?}", reading.suggestion.map(|s| s.address)),
            Decision::Wrong(field, _) => format!("wrong {field}"),
        };
        assert_eq!(seen, expected, "{form}");
    }

    #[test]
    fn decides() {
        check("address=hanako@docomo.ne.jp&name=H", "\"hanako@docomo.ne.jp\" H {} false");
        check("address=hanako@gmai.com&name=H", "ask Some(\"hanako@gmail.com\")");
        check("address=hanako@gmai.com&fix=hanako@gmail.com", "\"hanako@gmail.com\"  {} false");
        check("address=hanako@gmai.com&keep=hanako@gmai.com", "\"hanako@gmai.com\"  {} true");
        check("address=other@gmai.com&keep=hanako@gmai.com", "ask Some(\"other@gmail.com\")");
        check("address=hanako", "ask None");
        check("address=&name=H", "\"\" H {} false");
        check("address=&name=&phone=", "wrong name");
        check("name=H&extra:color=red&other=x", "\"\" H {\"color\": \"red\"} false");
        check(&format!("name={}", "a".repeat(2001)), "wrong name");
    }
}
