//! What the form of one customer holds, and what becomes of it.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use addressing::Reading;
use audience::{Contact, ContactDraft, ContactStatus, Field as HouseField, FieldKind, MULTI_SEPARATOR};
use serde::Deserialize;

use crate::{
    parts::value::{EXTRA, PICK},
    say::{Say, t},
};

/// Longest value of one field, in characters.
const FIELD_CHARS_MAX: usize = 2000;

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
    /// What the address and the number are called; left as they are where the form has no such field.
    pub(super) address_label: Option<String>,
    pub(super) phone_label: Option<String>,
    /// [`ContactStatus`]; empty leaves it.
    pub(super) status: String,
    /// `yes` or `no`: whether advertising is wanted, as the shop was told; empty leaves it.
    pub(super) dm: String,
    /// [`Contact::version`] as it was when the form was opened; empty in forms of old.
    pub(super) version: String,
    /// What the form was opened with, each as a print of it: what differs from it was typed.
    pub(super) seen: String,
    /// The suggestion, when its button was pressed.
    fix: String,
    /// The address as typed, when "leave it as it is" was pressed.
    keep: String,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

/// Enough of a text to see whether it is still the same, however a browser sent its ends of lines.
fn print(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.split_whitespace().for_each(|word| word.hash(&mut hasher));
    format!("{:08x}", hasher.finish() >> 32)
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
    Wrong(String, String),
}

impl Entry {
    /// The entry a stored contact would have been.
    pub(super) fn of(contact: &Contact) -> Self {
        let extra = |(name, value): (&String, &String)| (format!("{EXTRA}{name}"), value.clone());
        let mut entry = Self {
            address: contact.address.clone().unwrap_or_default(),
            name: contact.name.clone(),
            kana: contact.kana.clone(),
            phone: contact.phone.clone(),
            company: contact.company.clone(),
            external_id: contact.external_id.clone(),
            note: contact.note.clone(),
            address_label: Some(contact.address_label.clone()),
            phone_label: Some(contact.phone_label.clone()),
            version: contact.version.to_string(),
            status: contact.status.name().to_owned(),
            dm: if contact.dm_refused_at.is_some() { "no" } else { "yes" }.to_owned(),
            rest: contact.fields.iter().map(extra).collect(),
            ..Self::default()
        };
        entry.look();
        entry
    }

    /// Days without a year as people write them.
    pub(super) fn readable(mut self, fields: &[HouseField]) -> Self {
        for field in fields.iter().filter(|field| field.kind == FieldKind::Date) {
            if let Some(value) = self.rest.get_mut(&format!("{EXTRA}{}", field.key))
                && let Some((None, at)) = audience::read_date(value)
            {
                *value = format!("{}/{}", at.month, at.day);
            }
        }
        self.look();
        self
    }

    fn look(&mut self) {
        self.seen = self
            .inputs()
            .iter()
            .map(|(name, value)| print(name) + &print(value))
            .collect::<Vec<_>>()
            .join(" ");
    }

    /// Whether this was typed, and does not only stand there since the form was opened.
    pub(super) fn is_typed(&self, name: &str, value: &str) -> bool {
        let was = self.seen.split(' ').find_map(|seen| seen.strip_prefix(&print(name)));
        was.map_or(!value.is_empty(), |was| was != print(value))
    }

    /// A stored contact with another address typed in, and the button that was pressed about it.
    pub(crate) fn with_address(contact: &Contact, address: String, fix: String, keep: String) -> Self {
        Self { address, fix, keep, ..Self::of(contact) }
    }

    /// The extra fields, by their column names.
    pub(super) fn extra(&self) -> BTreeMap<String, String> {
        let pairs = self.rest.iter();
        let mut extra: BTreeMap<String, String> = pairs
            .filter_map(|(name, value)| Some((name.strip_prefix(EXTRA)?.to_owned(), value.clone())))
            .collect();
        for (name, value) in &self.rest {
            let Some((_, key)) = name.strip_prefix(PICK).and_then(|rest| rest.split_once(':')) else {
                continue;
            };
            let joined = extra.entry(key.to_owned()).or_default();
            if !joined.is_empty() {
                joined.push_str(MULTI_SEPARATOR);
            }
            joined.push_str(value);
        }
        extra
    }

    /// What was typed, as inputs of a form; without the version.
    pub(super) fn inputs(&self) -> Vec<(String, String)> {
        let ours = [
            ("address", &self.address),
            ("name", &self.name),
            ("kana", &self.kana),
            ("phone", &self.phone),
            ("company", &self.company),
            ("external_id", &self.external_id),
            ("note", &self.note),
            ("status", &self.status),
            ("dm", &self.dm),
            ("keep", &self.keep),
        ];
        let labels = [("address_label", &self.address_label), ("phone_label", &self.phone_label)];
        let labels = labels.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let extra = self.extra().into_iter().map(|(key, value)| (format!("{EXTRA}{key}"), value));
        let ours = ours.into_iter().chain(labels);
        ours.map(|(name, value)| (name.to_owned(), value.clone())).chain(extra).collect()
    }

    /// Takes the pressed suggestion over into the address.
    pub(crate) fn with_fix(mut self) -> Self {
        if !self.fix.is_empty() {
            self.address = std::mem::take(&mut self.fix);
        }
        self
    }

    /// Reads the address and the fields of the house, and decides. `before` is the contact as it is stored.
    pub(crate) fn decide(&self, say: Say, before: Option<&Contact>, fields: &[HouseField]) -> Decision {
        if let Some(wrong) = self.too_long(say).or_else(|| self.wrong_field(say, before, fields)) {
            return wrong;
        }
        let mut draft = self.draft(before);
        if self.address.trim().is_empty() {
            return match self.identity() {
                true => Decision::Save { draft: Box::new(draft), confirmed: false },
                false => Decision::Wrong("name".to_owned(), t!(say, "contact-empty")),
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
            status: ContactStatus::from_name(&self.status),
            dm_wanted: match self.dm.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            ..ContactDraft::default()
        }
    }

    /// The first field whose value its kind cannot take. What was there before is not asked about.
    fn wrong_field(&self, say: Say, before: Option<&Contact>, fields: &[HouseField]) -> Option<Decision> {
        let typed = self.extra();
        fields.iter().filter(|field| field.kind != FieldKind::File).find_map(|field| {
            let value = typed.get(&field.key)?.trim();
            let name = format!("{EXTRA}{}", field.key);
            if value.is_empty() {
                let words = || t!(say, "field-is-required", name = field.label.as_str());
                return field.required.then(|| Decision::Wrong(name, words()));
            }
            if before.and_then(|contact| contact.fields.get(&field.key)).is_some_and(|kept| kept == value) {
                return None;
            }
            let problem = field.read(value).err()?;
            let sentence = audience::problem_sentence(field, problem, value);
            Some(Decision::Wrong(name, say.pick(&sentence.ja, &sentence.en).to_owned()))
        })
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
        named
            .or(extra)
            .map(|name| Decision::Wrong(name.to_owned(), t!(say, "contact-too-long", max = FIELD_CHARS_MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: &str) {
        let entry: Entry = serde_html_form::from_str(form).unwrap();
        let seen = match entry.with_fix().decide(Say::default(), None, &[]) {
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
        check("name=H&extra:r=&pick:0:r=A&pick:1:r=B", "\"\" H {\"r\": \"A、B\"} false");
        check("name=H&extra:color=red&other=x", "\"\" H {\"color\": \"red\"} false");
        check(&format!("name={}", "a".repeat(2001)), "wrong name");
    }

    #[test]
    fn what_was_typed_and_what_only_stood_there() {
        let mut stored =
            Entry { name: "花子".into(), note: "一行目\n二行目".into(), ..Entry::default() };
        stored.look();
        let check = |name: &str, value: &str, expected: bool| {
            assert_eq!(stored.is_typed(name, value), expected, "{name}: {value}");
        };
        check("name", "花子", false);
        check("name", "花代", true);
        check("name", "", true);
        check("note", "一行目\r\n二行目", false);
        check("phone", "", false);
        check("phone", "03", true);
        check("extra:color", "", false);
        check("extra:color", "red", true);
        assert!(Entry::default().is_typed("name", "花子"), "a form of old tells nothing");
    }
}
