//! Works out what the rows of an import make of the contacts we have, without asking the database for each row.

use std::collections::{HashMap, HashSet};

use audience::{ContactDraft, ImportMode, ImportPlan, ImportRow, OptOutRoute, POINTS_MAX, PointDraft};

use crate::{contact_rows::Kept, prefer::phone_key};

/// A contact a batch is about.
#[derive(Debug)]
pub(crate) struct Person {
    /// As it is now.
    pub(crate) kept: Kept,
    /// As it was before the batch; `None` when the batch brought it.
    pub(crate) before: Option<Kept>,
    /// True when a row of this batch said that mail is not wanted.
    pub(crate) refuses_mail: bool,
    /// True when a row of this batch was taken in for this contact, whether it changed anything or not.
    pub(crate) is_meant: bool,
    /// Further addresses and numbers the batch brought.
    pub(crate) more: Vec<PointDraft>,
}

impl Person {
    fn new(before: Option<Kept>, kept: Kept) -> Self {
        Self { kept, before, refuses_mail: false, is_meant: false, more: Vec::new() }
    }

    /// True when there is something to write.
    pub(crate) fn is_changed(&self) -> bool {
        self.before.as_ref().is_some_and(|before| *before != self.kept)
    }

    /// True when this batch opted the contact out.
    pub(crate) fn is_newly_opted_out(&self) -> bool {
        let before = self.before.as_ref().and_then(|before| before.contact.opted_out_at);
        before.is_none() && self.kept.contact.opted_out_at.is_some()
    }
}

/// The contacts a batch is about, and what rows made of them so far.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) all: Vec<Person>,
    by_id: HashMap<i64, usize>,
    by_external_id: HashMap<String, usize>,
    by_address: HashMap<String, usize>,
    /// The newest contact that has an address beside its preferred one.
    by_further: HashMap<String, usize>,
    /// What the further addresses and numbers of contacts are compared by.
    further: HashMap<i64, HashSet<String>>,
    opted_out: HashMap<String, OptOutRoute>,
}

/// What a row did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merged {
    Added,
    Updated,
    Unchanged,
    /// The mode leaves such rows out.
    Skipped,
    /// An earlier row moved the contact this row means to another address; whose the address is now, only the
    /// database knows. The rows before this one must be written first.
    Unclear,
}

impl People {
    /// A contact of the database.
    pub(crate) fn know(&mut self, kept: Kept) -> usize {
        let id = kept.contact.id;
        if let Some(at) = self.by_id.get(&id) {
            return *at;
        }
        let at = self.all.len();
        self.by_id.insert(id, at);
        if !kept.contact.external_id.is_empty() {
            self.by_external_id.insert(kept.contact.external_id.clone(), at);
        }
        self.all.push(Person::new(Some(kept.clone()), kept));
        at
    }

    /// A customer number that leads to a contact beside its own.
    pub(crate) fn know_number(&mut self, external_id: String, at: usize) {
        self.by_external_id.entry(external_id).or_insert(at);
    }

    /// The newest contact of an address.
    pub(crate) fn know_newest(&mut self, address_key: String, at: usize) {
        self.by_address.insert(address_key, at);
    }

    /// The newest contact that has an address beside its preferred one, where nobody prefers it.
    pub(crate) fn know_further(&mut self, address_key: String, at: usize) {
        self.by_further.insert(address_key, at);
    }

    /// A further address or number of a contact.
    pub(crate) fn know_point(&mut self, contact_id: i64, key: String) {
        self.further.entry(contact_id).or_default().insert(key);
    }

    /// Somebody with this address has opted out.
    pub(crate) fn know_opted_out(&mut self, address_key: String, route: OptOutRoute) {
        self.opted_out.insert(address_key, route);
    }

    /// Takes one row in. `id` is for a new contact.
    pub(crate) fn merge(&mut self, row: &ImportRow, plan: &ImportPlan, id: i64, now: i64) -> Merged {
        let draft = &row.draft;
        let Some((at, by_further)) = self.find(draft) else {
            if plan.mode == ImportMode::Update {
                return Merged::Skipped;
            }
            let at = self.add(draft, id, now);
            self.agree(at, plan);
            self.bring(at, draft);
            return Merged::Added;
        };
        let person = &mut self.all[at];
        if !by_further && draft.external_id.is_empty() && person.kept.address_key != draft.address_key {
            return Merged::Unclear;
        }
        if plan.mode == ImportMode::New {
            return Merged::Skipped;
        }
        person.is_meant = true;
        let before = person.kept.clone();
        if by_further {
            // Who is found by a further address keeps the preferred one.
            let told = ContactDraft { address: None, address_key: None, ..draft.clone() };
            overwrite(&mut person.kept, &told, now);
        } else {
            overwrite(&mut person.kept, draft, now);
        }
        self.settle(at, draft, now);
        self.agree(at, plan);
        let brought = self.bring(at, draft);
        if self.all[at].kept == before && !brought { Merged::Unchanged } else { Merged::Updated }
    }

    /// The contact a row means, and whether it was found by an address beside its preferred one.
    fn find(&self, draft: &ContactDraft) -> Option<(usize, bool)> {
        if !draft.external_id.is_empty() {
            return self.by_external_id.get(&draft.external_id).map(|at| (*at, false));
        }
        let key = draft.address_key.as_ref()?;
        let preferred = self.by_address.get(key).map(|at| (*at, false));
        preferred.or_else(|| self.by_further.get(key).map(|at| (*at, true)))
    }

    /// Takes further addresses and numbers along that the contact has not yet; `true` when there was one.
    fn bring(&mut self, at: usize, draft: &ContactDraft) -> bool {
        if draft.more.is_empty() {
            return false;
        }
        let person = &mut self.all[at];
        let known = self.further.entry(person.kept.contact.id).or_default();
        let count = person.more.len();
        let own =
            [person.kept.address_key.clone().unwrap_or_default(), phone_key(&person.kept.contact.phone)];
        for more in &draft.more {
            if known.len() < POINTS_MAX
                && !own.contains(&more.value_key)
                && known.insert(more.value_key.clone())
            {
                self.by_further.entry(more.value_key.clone()).or_insert(at);
                person.more.push(more.clone());
            }
        }
        person.more.len() > count
    }

    fn add(&mut self, draft: &ContactDraft, id: i64, now: i64) -> usize {
        let at = self.all.len();
        let kept = Kept::new(id, draft, now);
        self.all.push(Person { is_meant: true, ..Person::new(None, kept) });
        if !draft.external_id.is_empty() {
            self.by_external_id.insert(draft.external_id.clone(), at);
        }
        self.settle(at, draft, now);
        at
    }

    /// The file's consent counts for those who have none yet and have not refused.
    fn agree(&mut self, at: usize, plan: &ImportPlan) {
        let contact = &mut self.all[at].kept.contact;
        if let Some(consent) = plan.consent.as_ref().filter(|_| contact.opted_out_at.is_none())
            && contact.consent.is_none()
            && contact.dm_refused_at.is_none()
        {
            contact.consent = Some(consent.basis);
            contact.consented_at = Some(consent.at);
        }
    }

    /// Keeps the address index right and the opt-out with the address.
    fn settle(&mut self, at: usize, draft: &ContactDraft, now: i64) {
        let Some(key) = self.all[at].kept.address_key.clone() else {
            self.refuse_mail(at, draft, now);
            return;
        };
        let newest = self.by_address.get(&key).map(|other| &self.all[*other].kept);
        let id = self.all[at].kept.contact.id;
        if newest.is_none_or(|other| other.address_key.as_ref() != Some(&key) || other.contact.id < id) {
            self.by_address.insert(key.clone(), at);
        }
        if let Some(route) = self.opted_out.get(&key) {
            self.all[at].kept.opt_out(*route, now);
        }
        if self.refuse_mail(at, draft, now) {
            self.opted_out.entry(key).or_insert(OptOutRoute::Import);
        }
    }

    fn refuse_mail(&mut self, at: usize, draft: &ContactDraft, now: i64) -> bool {
        let person = &mut self.all[at];
        if draft.wants_mail != Some(false) {
            return false;
        }
        person.refuses_mail = true;
        person.kept.opt_out(OptOutRoute::Import, now)
    }
}

/// Empty cells change nothing.
pub(crate) fn overwrite(kept: &mut Kept, draft: &ContactDraft, now: i64) {
    kept.restate(draft, now);
    // Who is in a file that is taken in is a customer again.
    kept.contact.trashed_at = None;
    if draft.address.is_some() && kept.contact.address != draft.address {
        kept.readdress(draft);
    }
    let contact = &mut kept.contact;
    let cells = [
        (&mut contact.name, &draft.name),
        (&mut contact.kana, &draft.kana),
        (&mut contact.phone, &draft.phone),
        (&mut contact.company, &draft.company),
        (&mut contact.note, &draft.note),
    ];
    for (cell, told) in cells {
        if !told.is_empty() {
            cell.clone_from(told);
        }
    }
    for (name, told) in draft.fields.iter().filter(|(_, told)| !told.is_empty()) {
        if contact.fields.get(name) != Some(told) {
            contact.fields.insert(name.clone(), told.clone());
        }
    }
}
