//! What this crate asks of the store: each method is one transaction, with the events it causes.

use async_trait::async_trait;

use crate::{
    AddressFailure, AddressHistory, BatchResult, ConsentEntry, Consequence, Contact, ContactDraft,
    ContactFilter, ContactId, ContactPage, ContactPoint, Edited, Erased, Field, FieldDraft, FieldId, FileRef,
    ImportBatch, ImportId, ImportJob, ImportPlan, ImportState, ImportTrial, Merge, MergeId, MergePlan,
    MergeRules, NewConsent, NewImport, OptOutRoute, PointDraft, PointId, PointKind, PointOutcome, RowError,
    Suppression, Topic, TopicId, TopicRefusal, UpsertKey, Upserted, ValiditySettings,
};

/// The store could not be asked.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// Contacts at rest. `actor` is the operator who did it; `None` is the house itself or the command line.
#[async_trait]
pub trait ContactStore: Send + Sync {
    /// One page, newest first. `offset` and `limit` in contacts.
    async fn list(
        &self,
        filter: &ContactFilter,
        offset: u64,
        limit: u64,
    ) -> Result<ContactPage, StoreFailure>;
    /// How many the filter matches.
    async fn count(&self, filter: &ContactFilter) -> Result<u64, StoreFailure>;
    /// One contact.
    async fn get(&self, id: ContactId) -> Result<Option<Contact>, StoreFailure>;
    /// Adds a contact by hand. `None` when the customer number is taken.
    async fn add(
        &self,
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<ContactId>, StoreFailure>;
    /// Changes a contact by hand; a changed address counts as working again. `false` when there is no such
    /// contact or the customer number is another's.
    async fn edit(
        &self,
        id: ContactId,
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// As [`ContactStore::edit`], when the contact is still of this version ([`Contact::version`]).
    async fn edit_version(
        &self,
        id: (ContactId, i64),
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Edited, StoreFailure>;
    /// Changes the contact that all `keys` lead to, or adds one. Empty values change nothing; an opt-out is never lifted.
    async fn upsert(
        &self,
        keys: &[UpsertKey],
        draft: &ContactDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Upserted, StoreFailure>;
    /// Contacts behind `after` in the order of their keys, for files of many.
    async fn list_after(
        &self,
        filter: &ContactFilter,
        after: ContactId,
        limit: u64,
    ) -> Result<Vec<Contact>, StoreFailure>;
    /// Stops advertising mail for every contact with this contact's address; idempotent.
    async fn opt_out(
        &self,
        id: ContactId,
        route: OptOutRoute,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// The same, because of one message to her: she answered it with a complaint or its unsubscribe link.
    async fn opt_out_after(
        &self,
        id: ContactId,
        route: OptOutRoute,
        recipient_id: i64,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// The customer wants mail again.
    async fn opt_in(&self, id: ContactId, actor: Option<i64>, now: i64) -> Result<(), StoreFailure>;
    /// Marks the address as not working for every contact that has it, if it has not changed since.
    async fn mark_invalid(
        &self,
        address_key: &str,
        reason: &str,
        recipient_id: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// The address counts as working again for everyone who has it, and failures are counted anew; `note` says why.
    async fn mark_valid(
        &self,
        id: ContactId,
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
    /// An operator says a look-alike address is right as it is.
    async fn confirm_address(&self, id: ContactId, actor: Option<i64>, now: i64) -> Result<(), StoreFailure>;
    /// Puts contacts into the trash, or takes them out; they get no mail while they are in it. Gives how many changed.
    async fn trash(
        &self,
        ids: &[ContactId],
        trashed: bool,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure>;
    /// Names of the extra fields in use, sorted, at most 200.
    async fn field_names(&self) -> Result<Vec<String>, StoreFailure>;
}

/// Further addresses and telephone numbers of contacts, at rest. `by`: the operator and the instant.
#[async_trait]
pub trait PointStore: Send + Sync {
    /// Those of a contact, oldest first; behind them what was taken off and can be brought back.
    async fn points(&self, id: ContactId) -> Result<Vec<ContactPoint>, StoreFailure>;
    /// Those in use of many contacts, by contact and oldest first.
    async fn points_of(&self, ids: &[ContactId]) -> Result<Vec<ContactPoint>, StoreFailure>;
    /// How many further addresses and how many numbers one contact has at most.
    async fn most_points(&self) -> Result<(u64, u64), StoreFailure>;
    /// Adds one.
    async fn add_point(
        &self,
        id: ContactId,
        draft: &PointDraft,
        by: (Option<i64>, i64),
    ) -> Result<PointOutcome, StoreFailure>;
    /// Gives one another value or label; another address counts as working unless it is known not to.
    async fn change_point(
        &self,
        of: (ContactId, PointId),
        draft: &PointDraft,
        by: (Option<i64>, i64),
    ) -> Result<PointOutcome, StoreFailure>;
    /// Names the preferred address or number.
    async fn label_preferred(
        &self,
        of: (ContactId, PointKind),
        label: &str,
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure>;
    /// Takes one off, or brings it back.
    async fn remove_point(
        &self,
        of: (ContactId, PointId),
        removed: bool,
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure>;
    /// Makes one the preferred one; the one that was takes its place, and each keeps its validity. Where somebody with
    /// the new address has refused mail, the refusal holds.
    async fn prefer_point(
        &self,
        of: (ContactId, PointId),
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure>;
    /// A person says that a further address works or does not, for everyone who has it; `note` says why.
    async fn judge_point(
        &self,
        of: (ContactId, PointId),
        works: (bool, &str),
        by: (Option<i64>, i64),
    ) -> Result<bool, StoreFailure>;
}

/// The fields of the house, at rest.
#[async_trait]
pub trait FieldStore: Send + Sync {
    /// Every field in order, archived ones behind the others; at most [`crate::FIELDS_MAX`].
    async fn fields(&self) -> Result<Vec<Field>, StoreFailure>;
    /// Adds a field. `None` when another one has its label, or there are [`crate::FIELDS_MAX`].
    async fn add_field(
        &self,
        draft: &FieldDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<FieldId>, StoreFailure>;
    /// Changes label, choices and whether it is required; never the kind. A choice that is gone stays where it was
    /// chosen. `false` when there is no such field or another one has the label.
    async fn change_field(
        &self,
        id: FieldId,
        draft: &FieldDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Moves a field one place up or down.
    async fn move_field(&self, id: FieldId, up: bool) -> Result<(), StoreFailure>;
    /// Puts a field away or brings it back; its values are kept. `false` when another field has its label meanwhile.
    async fn archive_field(
        &self,
        id: FieldId,
        archived: bool,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Values of a field as they are written, of contacts behind `after`, in order.
    async fn values_of_field(
        &self,
        id: FieldId,
        after: ContactId,
        limit: u64,
    ) -> Result<Vec<(ContactId, String)>, StoreFailure>;
    /// Gives a field another kind (and choices). What is there is read anew by [`FieldStore::retype_step`].
    async fn retype_field(
        &self,
        id: FieldId,
        draft: &FieldDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Reads the next `limit` values of a field whose kind has changed; `true` when none is left.
    async fn retype_step(&self, id: FieldId, limit: u64) -> Result<bool, StoreFailure>;
    /// Keeps a file (name and bytes) as a contact's value of a field of files, or takes it away. `false` when there is
    /// no such contact or field.
    async fn set_file(
        &self,
        of: (ContactId, FieldId),
        file: Option<(String, Vec<u8>)>,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// A contact's file of a field.
    async fn file_of(
        &self,
        contact: ContactId,
        field: FieldId,
    ) -> Result<Option<(FileRef, Vec<u8>)>, StoreFailure>;
}

/// The ledger of consents at rest, and what the law wants of it.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// Adds an agreement to the ledger. It never lifts an opt-out. `false` when there is no such contact.
    async fn record_consent(
        &self,
        new: &NewConsent,
        actor: Option<i64>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Every entry of a contact, oldest first.
    async fn ledger(&self, id: ContactId) -> Result<Vec<ConsentEntry>, StoreFailure>;
    /// Entries that were kept of somebody with this address ([`mail::Address::key`]) whose data were erased.
    async fn ledger_of_erased(&self, address_key: &str) -> Result<Vec<ConsentEntry>, StoreFailure>;
    /// Erases a person's data: contact, values, what was merged into messages. What stays is in the answer; `None`
    /// when there is no such contact.
    async fn erase(
        &self,
        id: ContactId,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<Erased>, StoreFailure>;
    /// Drops what was kept of erased persons and need not be kept any longer; gives how many entries.
    async fn forget_expired(&self, now: i64) -> Result<u64, StoreFailure>;
}

/// Entries of one person at rest, made into one.
#[async_trait]
pub trait MergeStore: Send + Sync {
    /// Groups of contacts that share an address, and how many groups there are.
    async fn duplicates(&self, offset: u64, limit: u64) -> Result<(Vec<Vec<Contact>>, u64), StoreFailure>;
    /// Makes entries into one. Their history is shown together, their customer numbers lead to the survivor, and a
    /// refusal of one holds for all. `None` when one of them is gone meanwhile.
    async fn merge(
        &self,
        plan: &MergePlan,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Option<MergeId>, StoreFailure>;
    /// Makes the next `limit` groups into one each; gives how many were.
    async fn merge_duplicates(
        &self,
        rules: &MergeRules,
        limit: u64,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure>;
    /// What went into a contact, newest first.
    async fn merges_of(&self, id: ContactId) -> Result<Vec<Merge>, StoreFailure>;
    /// Everybody is again as before the merge. `false` when it was undone already.
    async fn undo_merge(&self, id: MergeId, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
}

/// Topics at rest, and who refuses which.
#[async_trait]
pub trait TopicStore: Send + Sync {
    /// Every topic in order, archived ones behind the others.
    async fn topics(&self) -> Result<Vec<Topic>, StoreFailure>;
    /// Adds a topic, or changes the one of `id`. `None` when another one has the name, there are too many, or the one
    /// to be changed is gone.
    async fn save_topic(
        &self,
        id: Option<TopicId>,
        name_and_description: (&str, &str),
        now: i64,
    ) -> Result<Option<TopicId>, StoreFailure>;
    /// Puts a topic away or brings it back.
    async fn archive_topic(&self, id: TopicId, archived: bool, now: i64) -> Result<(), StoreFailure>;
    /// What a contact refuses.
    async fn topic_refusals(&self, id: ContactId) -> Result<Vec<TopicRefusal>, StoreFailure>;
    /// Whether every contact with this contact's address wants a topic; idempotent.
    async fn set_topic(
        &self,
        what: (ContactId, TopicId),
        wanted: bool,
        by: (OptOutRoute, Option<i64>),
        now: i64,
    ) -> Result<(), StoreFailure>;
}

/// Imports at rest. The bytes of an upload are kept in pieces, so a large file is never whole in memory.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// The fields that columns may go to, archived ones left out.
    async fn import_fields(&self) -> Result<Vec<Field>, StoreFailure>;
    /// Begins an upload.
    async fn create(&self, new: NewImport, now: i64) -> Result<ImportId, StoreFailure>;
    /// Keeps piece `seq` (0, 1, 2 …) of the upload and adds to `bytes_total`.
    async fn append(&self, id: ImportId, seq: u64, bytes: &[u8]) -> Result<(), StoreFailure>;
    /// Piece `seq` of the upload.
    async fn piece(&self, id: ImportId, seq: u64) -> Result<Option<Vec<u8>>, StoreFailure>;
    /// Keeps piece `seq` of the workbook whose sheet the upload is, so that another sheet can be read.
    async fn keep_book(&self, id: ImportId, seq: u64, bytes: &[u8]) -> Result<(), StoreFailure>;
    /// Piece `seq` of the workbook.
    async fn book_piece(&self, id: ImportId, seq: u64) -> Result<Option<Vec<u8>>, StoreFailure>;
    /// Takes the upload's pieces and plan away and gives it another name, so that another sheet of its workbook can stand
    /// there; `false` when it was not in [`ImportState::Uploaded`].
    async fn start_over(&self, id: ImportId, file_name: &str) -> Result<bool, StoreFailure>;
    /// One import.
    async fn get(&self, id: ImportId) -> Result<Option<ImportJob>, StoreFailure>;
    /// The newest imports.
    async fn list(&self, limit: u64) -> Result<Vec<ImportJob>, StoreFailure>;
    /// Sets the plan while the import has not begun.
    async fn set_plan(&self, id: ImportId, plan: &ImportPlan) -> Result<bool, StoreFailure>;
    /// Begins taking rows in; `false` when it was not in [`ImportState::Uploaded`].
    async fn start(&self, id: ImportId, now: i64) -> Result<bool, StoreFailure>;
    /// Imports that are running, for the worker and after a restart.
    async fn running(&self) -> Result<Vec<ImportJob>, StoreFailure>;
    /// Takes a batch in: contacts, errors, counts and progress in one transaction.
    ///
    /// A row with a customer number updates the contact with that number; a row without one updates the newest
    /// contact with the same address; otherwise it becomes a new contact. Empty cells change nothing.
    async fn apply(&self, id: ImportId, batch: &ImportBatch, now: i64) -> Result<BatchResult, StoreFailure>;
    /// Begins a trial run, which changes no contact; `false` when the import was not in [`ImportState::Uploaded`].
    async fn start_trial(&self, id: ImportId, now: i64) -> Result<bool, StoreFailure>;
    /// Looks at a batch as [`ImportStore::apply`] would take it in, adds what it found to the trial's numbers and moves
    /// its progress. `false` as there.
    async fn try_batch(&self, id: ImportId, batch: &ImportBatch) -> Result<bool, StoreFailure>;
    /// Ends a trial run: back to [`ImportState::Uploaded`] with its numbers and how many of its people get no advertising;
    /// `None` when it was stopped or failed.
    async fn end_trial(&self, id: ImportId, trial: Option<&ImportTrial>) -> Result<(), StoreFailure>;
    /// Remembers how columns are assigned, under a name; another one of that name is replaced.
    async fn save_preset(&self, name: &str, plan: &ImportPlan, now: i64) -> Result<(), StoreFailure>;
    /// The remembered assignments, newest first, at most 50.
    async fn presets(&self) -> Result<Vec<(String, ImportPlan)>, StoreFailure>;
    /// Ends the import as finished, failed or cancelled; a running one only.
    async fn end(
        &self,
        id: ImportId,
        state: ImportState,
        failure: Option<&str>,
        now: i64,
    ) -> Result<bool, StoreFailure>;
    /// Bad rows after row `after`, in order.
    async fn errors(&self, id: ImportId, after: u64, limit: u64) -> Result<Vec<RowError>, StoreFailure>;
}

/// Whether addresses work, at rest: what failed, and what follows from it.
#[async_trait]
pub trait ValidityStore: Send + Sync {
    /// Records that a message to an address failed, once per message, and does what follows from all its failures
    /// ([`consequence`](crate::consequence)): may switch it off for everyone who has it.
    async fn record_failure(
        &self,
        failure: &AddressFailure,
        settings: &ValiditySettings,
        now: i64,
    ) -> Result<Consequence, StoreFailure>;
    /// What is known about messages to an address ([`mail::Address::key`]).
    async fn address_history(&self, address_key: &str) -> Result<AddressHistory, StoreFailure>;
    /// A person says that the address of this contact does not work, for everyone who has it; `note` says why.
    async fn switch_off(
        &self,
        id: ContactId,
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<(), StoreFailure>;
}

/// The list of addresses and domains nothing is sent to.
#[async_trait]
pub trait SuppressionStore: Send + Sync {
    /// Entries that contain `search`, newest first, and how many there are.
    async fn suppressions(
        &self,
        search: &str,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<Suppression>, u64), StoreFailure>;
    /// Puts keys ([`Suppression::key`]) on the list; gives how many were not on it.
    async fn suppress(
        &self,
        keys: &[String],
        note: &str,
        actor: Option<i64>,
        now: i64,
    ) -> Result<u64, StoreFailure>;
    /// Takes one off the list; `false` when it is not on it.
    async fn lift_suppression(&self, key: &str, actor: Option<i64>, now: i64) -> Result<bool, StoreFailure>;
}
