//! Several entries of one person made into one: which value survives, by hand or by a rule per column.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Contact, ContactDraft, ContactId};

/// Key of a merge.
pub type MergeId = i64;

/// Most entries that are made into one at once.
pub const MERGE_MAX: usize = 10;

/// Columns of ours that can be chosen from; fields stand beside them as `field:KEY`.
pub const MERGE_COLUMNS: [&str; 7] = ["address", "name", "kana", "phone", "company", "external_id", "note"];

/// Which value of a column survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueRule {
    /// The surviving entry's; where it has none, the newest other one.
    #[default]
    Fill,
    /// The surviving entry's, even when it has none.
    Keep,
    /// The newest entry's that has one.
    Newest,
}

impl ValueRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Fill, Self::Keep, Self::Newest];

    /// The stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Keep => "keep",
            Self::Newest => "newest",
        }
    }

    /// The rule with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// How entries with one address are made into one without asking about each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MergeRules {
    /// The oldest entry survives instead of the newest.
    pub oldest_survives: bool,
    /// Rules by column; [`ValueRule::Fill`] where there is none.
    pub by_column: BTreeMap<String, ValueRule>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergePlan {
    /// The entry that survives.
    pub master: ContactId,
    /// Those that go into it.
    pub others: Vec<ContactId>,
    /// What the surviving entry then says.
    pub result: ContactDraft,
}

/// A merge that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Key.
    pub id: MergeId,
    /// The entries that went into the surviving one.
    pub others: Vec<ContactId>,
    /// When.
    pub at: i64,
    /// When it was undone.
    pub undone_at: Option<i64>,
}

/// Every column the entries have a value in, ours first.
#[must_use]
pub fn merge_columns(contacts: &[Contact]) -> Vec<String> {
    let fields: BTreeSet<&String> = contacts.iter().flat_map(|contact| contact.fields.keys()).collect();
    let ours = MERGE_COLUMNS
        .iter()
        .filter(|column| contacts.iter().any(|contact| !value(contact, column).is_empty()));
    ours.map(|column| (*column).to_owned())
        .chain(fields.into_iter().map(|key| format!("field:{key}")))
        .collect()
}

/// The value of a column of [`merge_columns`].
#[must_use]
pub fn value<'a>(contact: &'a Contact, column: &str) -> &'a str {
    match column {
        "address" => contact.address.as_deref().unwrap_or_default(),
        "name" => &contact.name,
        "kana" => &contact.kana,
        "phone" => &contact.phone,
        "company" => &contact.company,
        "external_id" => &contact.external_id,
        "note" => &contact.note,
        field => {
            field.strip_prefix("field:").and_then(|key| contact.fields.get(key)).map_or("", String::as_str)
        }
    }
}

/// The plan a person chose: `chosen` says of which entry a column is taken; the surviving one's where it does not.
#[must_use]
pub fn plan_by_hand(
    contacts: &[Contact],
    master: ContactId,
    chosen: &BTreeMap<String, ContactId>,
) -> Option<MergePlan> {
    let of = |id: ContactId| contacts.iter().find(|contact| contact.id == id);
    let survivor = of(master)?;
    if !(2..=MERGE_MAX).contains(&contacts.len()) {
        return None;
    }
    let mut result = ContactDraft::default();
    for column in merge_columns(contacts) {
        let from = chosen.get(&column).and_then(|id| of(*id)).unwrap_or(survivor);
        take(&mut result, from, &column);
    }
    Some(finished(contacts, survivor, result))
}

/// The plan of the rules.
#[must_use]
pub fn plan_by_rules(contacts: &[Contact], rules: &MergeRules) -> Option<MergePlan> {
    let mut newest_first: Vec<&Contact> = contacts.iter().collect();
    newest_first.sort_by_key(|contact| std::cmp::Reverse(contact.id));
    newest_first.truncate(MERGE_MAX);
    let survivor =
        if rules.oldest_survives { newest_first.last().copied() } else { newest_first.first().copied() }?;
    if newest_first.len() < 2 {
        return None;
    }
    let mut result = ContactDraft::default();
    for column in merge_columns(contacts) {
        let newest = newest_first.iter().copied().find(|contact| !value(contact, &column).is_empty());
        let own = !value(survivor, &column).is_empty();
        let from = match rules.by_column.get(&column).copied().unwrap_or_default() {
            ValueRule::Keep => survivor,
            ValueRule::Fill if own => survivor,
            ValueRule::Fill | ValueRule::Newest => newest.unwrap_or(survivor),
        };
        take(&mut result, from, &column);
    }
    let taken: Vec<Contact> = newest_first.into_iter().cloned().collect();
    Some(finished(&taken, survivor, result))
}

fn finished(contacts: &[Contact], survivor: &Contact, mut result: ContactDraft) -> MergePlan {
    result.status = Some(survivor.status);
    let refuses = contacts.iter().any(|contact| contact.dm_refused_at.is_some());
    result.dm_wanted = refuses.then_some(false);
    let others = contacts.iter().map(|contact| contact.id).filter(|id| *id != survivor.id).collect();
    MergePlan { master: survivor.id, others, result }
}

fn take(result: &mut ContactDraft, from: &Contact, column: &str) {
    match column {
        "address" => {
            result.address.clone_from(&from.address);
            let address = from.address.as_deref().and_then(|address| mail::Address::parse(address).ok());
            result.address_key = address.as_ref().map(mail::Address::key);
            result.provider.clone_from(&from.provider);
            result.lookalike_of.clone_from(&from.lookalike_of);
        }
        "name" => result.name.clone_from(&from.name),
        "kana" => result.kana.clone_from(&from.kana),
        "phone" => result.phone.clone_from(&from.phone),
        "company" => result.company.clone_from(&from.company),
        "external_id" => result.external_id.clone_from(&from.external_id),
        "note" => result.note.clone_from(&from.note),
        field => {
            let text = value(from, field);
            if let Some(key) = field.strip_prefix("field:").filter(|_| !text.is_empty()) {
                result.fields.insert(key.to_owned(), text.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(id: i64, name: &str, phone: &str, color: &str) -> Contact {
        let fields =
            if color.is_empty() { BTreeMap::new() } else { [("色".to_owned(), color.to_owned())].into() };
        let text = serde_json::json!({
            "id": id, "address": "a@a.example", "provider": "", "name": name, "kana": "", "phone": phone, "company": "",
            "external_id": "", "note": "", "fields": fields, "status": "registered", "version": 1,
            "created_at": 0, "updated_at": 0,
        });
        serde_json::from_value(text).unwrap()
    }

    fn people() -> [Contact; 3] {
        [contact(1, "古い", "03", "赤"), contact(2, "", "", ""), contact(3, "新しい", "", "青")]
    }

    fn check(rules: &[(&str, ValueRule)], oldest_survives: bool, expected: &str) {
        let by_column = rules.iter().map(|(column, rule)| ((*column).to_owned(), *rule)).collect();
        let plan = plan_by_rules(&people(), &MergeRules { oldest_survives, by_column }).unwrap();
        let result = &plan.result;
        let color = result.fields.get("色").map_or("", String::as_str);
        let seen = format!("{} {:?} {} {} {color}", plan.master, plan.others, result.name, result.phone);
        assert_eq!(seen, expected);
    }

    #[test]
    fn rules_decide_by_column() {
        check(&[], false, "3 [2, 1] 新しい 03 青");
        check(&[], true, "1 [3, 2] 古い 03 赤");
        check(&[("phone", ValueRule::Keep)], false, "3 [2, 1] 新しい  青");
        check(&[("name", ValueRule::Newest), ("field:色", ValueRule::Newest)], true, "1 [3, 2] 新しい 03 青");
    }

    #[test]
    fn a_person_decides() {
        let people = people();
        assert_eq!(merge_columns(&people), ["address", "name", "phone", "field:色"]);
        let chosen = [("name".to_owned(), 1), ("phone".to_owned(), 99)].into();
        let plan = plan_by_hand(&people, 3, &chosen).unwrap();
        assert_eq!((plan.result.name.as_str(), plan.result.phone.as_str()), ("古い", ""));
        assert_eq!(plan.result.address_key.as_deref(), Some("a@a.example"));
        assert_eq!(plan_by_hand(&people, 9, &BTreeMap::new()), None);
        assert_eq!(plan_by_hand(&people[..1], 1, &BTreeMap::new()), None);
        assert_eq!(plan_by_rules(&people[..1], &MergeRules::default()), None);
    }

    #[test]
    fn a_refusal_survives() {
        let mut people = people();
        people[0].dm_refused_at = Some(1);
        assert_eq!(plan_by_rules(&people, &MergeRules::default()).unwrap().result.dm_wanted, Some(false));
    }
}
