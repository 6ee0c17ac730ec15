//! What the compose form holds, and what is wrong with it.

use campaigns::broadcast::{AudienceKind, Broadcast, BroadcastDraft, Purpose};
use serde::Deserialize;

use crate::say::{Say, t};

/// Longest name of a broadcast or beside From, in characters.
const NAME_CHARS_MAX: usize = 200;

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(super) name: String,
    pub(super) purpose: String,
    pub(super) template: String,
    pub(super) from_name: String,
    pub(super) from_address: String,
    pub(super) reply_to: String,
    /// The segment it is for, when it was begun from there.
    pub(super) segment: String,
    /// The pool of sources; empty for the usual one.
    pub(super) pool: String,
    /// `1` when clicks on links are to be recorded.
    pub(super) records_clicks: String,
}

/// What is wrong, by field name.
pub(super) type Wrong = Vec<(&'static str, String)>;

impl Entry {
    /// The entry a stored draft would have been.
    pub(super) fn of(broadcast: &Broadcast) -> Self {
        let draft = &broadcast.draft;
        Self {
            name: draft.name.clone(),
            purpose: draft.purpose.name().to_owned(),
            template: draft.template_id.to_string(),
            from_name: draft.from_name.clone(),
            from_address: draft.from_address.clone(),
            reply_to: draft.reply_to.clone(),
            segment: String::new(),
            pool: draft.pool.clone().unwrap_or_default(),
            records_clicks: if draft.records_clicks { "1" } else { "" }.to_owned(),
        }
    }

    /// The draft, or what is wrong. `templates` are the keys that exist.
    pub(super) fn draft(
        &self,
        say: Say,
        templates: &[i64],
        audience: AudienceKind,
    ) -> Result<BroadcastDraft, Wrong> {
        let mut wrong = Wrong::new();
        let chars = self.name.trim().chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            wrong.push(("name", t!(say, "broadcast-name-empty", max = NAME_CHARS_MAX)));
        }
        let template_id = self.template.parse().ok().filter(|id| templates.contains(id));
        if template_id.is_none() {
            wrong.push(("template", t!(say, "broadcast-template-missing")));
        }
        let odd = |c: char| c.is_control();
        if self.from_name.contains(odd) || self.from_name.chars().count() > NAME_CHARS_MAX {
            wrong.push(("from_name", t!(say, "broadcast-from-name-wrong", max = NAME_CHARS_MAX)));
        }
        let from_address = match read(say, &self.from_address) {
            Ok(address) if !address.is_empty() => address,
            Ok(_) => {
                wrong.push(("from_address", t!(say, "broadcast-from-missing")));
                String::new()
            }
            Err(words) => {
                wrong.push(("from_address", words));
                String::new()
            }
        };
        let reply_to = read(say, &self.reply_to).unwrap_or_else(|words| {
            wrong.push(("reply_to", words));
            String::new()
        });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let purpose = Purpose::from_name(&self.purpose).unwrap_or_default();
        // "Who may get advertising" is no audience of a mail that is none.
        let is_narrowed = purpose == Purpose::Transactional && audience == AudienceKind::Sendable;
        Ok(BroadcastDraft {
            name: self.name.trim().to_owned(),
            purpose,
            template_id: template_id.unwrap_or_default(),
            from_name: self.from_name.trim().to_owned(),
            from_address,
            reply_to,
            audience: if is_narrowed { AudienceKind::All } else { audience },
            pool: Some(self.pool.trim().to_owned()).filter(|pool| !pool.is_empty()),
            records_clicks: self.records_clicks == "1",
        })
    }
}

/// An address in the wire's form; empty when nothing was typed, else why it cannot be read.
fn read(say: Say, typed: &str) -> Result<String, String> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    let reading = addressing::read(typed);
    let why = || reading.notes.last().map(|note| say.pick(&note.ja, &note.en).to_owned()).unwrap_or_default();
    reading.address.as_ref().map(ToString::to_string).ok_or_else(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: &[&str]) {
        let entry: Entry = serde_html_form::from_str(form).unwrap();
        let wrong = entry.draft(Say::default(), &[7], AudienceKind::All).err().unwrap_or_default();
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, expected, "{form}");
        assert!(wrong.iter().all(|(_, words)| !words.is_empty()));
    }

    #[test]
    fn what_is_wrong() {
        check("name=a&template=7&from_address=info@shop.example", &[]);
        check("name=a&template=7&from_address=info@shop.example&reply_to=x", &["reply_to"]);
        check("name=+&template=8&from_address=", &["name", "template", "from_address"]);
        check(
            "name=a&template=7&from_name=a%0D%0ABcc:+x@y.example&from_address=info@shop.example",
            &["from_name"],
        );
        check("name=a&template=7&from_address=a@b.example%0D%0ABcc:+x@y.example", &["from_address"]);
    }

    #[test]
    fn full_width_is_read() {
        let entry = Entry {
            name: "a".into(),
            template: "7".into(),
            from_address: "ｉｎｆｏ＠ｓｈｏｐ．ｅｘａｍｐｌｅ".into(),
            ..Entry::default()
        };
        let draft = entry.draft(Say::default(), &[7], AudienceKind::All).unwrap();
        assert_eq!(draft.from_address, "info@shop.example");
    }
}
