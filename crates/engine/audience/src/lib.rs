//! Who our customers are, what they agreed to, and whether their address works.
//!
//! A [`Contact`] is a customer; an operator is somebody else. An import is a durable job that can be
//! interrupted anywhere and goes on without importing a row twice.

mod consent;
mod contact;
mod field;
mod fold;
mod import;
mod merge;
mod point;
mod ports;
pub mod segment;
mod suppression;
mod topic;
mod upload;
mod validity;

pub use consent::{CONSENT_ROUTES, ConsentBasis, ConsentEntry, Erased, FileConsent, NewConsent, kept_until};
pub use contact::{
    Contact, ContactDraft, ContactFilter, ContactId, ContactPage, ContactStatus, Edited, OptOutRoute,
    Standing, UpsertKey, Upserted,
};
pub use field::{
    CHOICES_MAX, DraftProblem, FIELDS_MAX, Field, FieldDraft, FieldId, FieldKind, FieldProblem, FieldValue,
    FileRef, Indexed, LABEL_CHARS_MAX, MULTI_SEPARATOR, MonthDay, RetypeTrial, days_of, field_named,
    problem_sentence, read_date, try_retype,
};
pub use fold::folded;
pub use import::{
    Detected, ErrorCsv, FAILURES, FIELD_COLUMNS_MAX, FIELD_TARGET, NOTE_CHARS_MAX, Preview, Problem,
    ReasonLanguage, RowOutcome, RowReader, SAMPLE_BYTES, Sentence, VALUE_CHARS_MAX, detect, failure_sentence,
    guess_mapping, preview, read_row, run_import, suggest_plan,
};
pub use merge::{
    MERGE_COLUMNS, MERGE_MAX, Merge, MergeId, MergePlan, MergeRules, ValueRule, merge_columns, plan_by_hand,
    plan_by_rules, value as merge_value,
};
pub use point::{
    ContactPoint, POINT_KEPT_MS, POINT_LABEL_CHARS_MAX, POINTS_MAX, PointDraft, PointId, PointKind,
    PointOutcome, label_of,
};
pub use ports::{
    ConsentStore, ContactStore, FieldStore, ImportStore, MergeStore, PointStore, StoreFailure,
    SuppressionStore, TopicStore, ValidityStore,
};
pub use suppression::{SUPPRESSION_NOTE_CHARS_MAX, Suppression, read_suppressions};
pub use topic::{TOPIC_CHARS_MAX, Topic, TopicId, TopicRefusal};
pub use upload::{
    BatchResult, Book, ImportBatch, ImportId, ImportJob, ImportMode, ImportPlan, ImportRow, ImportState,
    ImportTrial, NewImport, RowError,
};
pub use validity::{
    AddressFailure, AddressHistory, Consequence, Delivered, Failure, Run, ValiditySettings, consequence,
    counts, dead_at_once, failure_of,
};

/// [`Contact::invalid_reason`] where a person switched the address off; else it is a `bounce::Reason` name.
pub const BY_HAND: &str = "by_hand";

/// Names of the events this crate's store methods write.
pub mod event {
    /// A contact was added by hand.
    pub const CONTACT_ADDED: &str = "contact.added";
    /// A contact came with an import.
    pub const CONTACT_IMPORTED: &str = "contact.imported";
    /// A contact was changed by hand; the detail holds `address_before` and `address_after` when the address changed.
    pub const CONTACT_EDITED: &str = "contact.edited";
    /// A contact stopped advertising mail; the detail holds the route.
    pub const CONTACT_OPTED_OUT: &str = "contact.opted_out";
    /// A contact wants mail again.
    pub const CONTACT_OPTED_IN: &str = "contact.opted_in";
    /// Several entries were made into one; the detail holds `merge_id` and `others`, or `into` at those.
    pub const CONTACT_MERGED: &str = "contact.merged";
    /// A merge was undone.
    pub const MERGE_UNDONE: &str = "contact.merge_undone";
    /// A contact agreed to advertising; the detail holds `basis` and `route`.
    pub const CONSENT_GIVEN: &str = "contact.consent_given";
    /// A contact's data were erased.
    pub const CONTACT_ERASED: &str = "contact.erased";
    /// A contact refused one topic; the detail holds `topic_id` and `route`.
    pub const TOPIC_OPTED_OUT: &str = "contact.topic_opted_out";
    /// A contact wants a topic again.
    pub const TOPIC_OPTED_IN: &str = "contact.topic_opted_in";
    /// A contact was put into the trash.
    pub const CONTACT_TRASHED: &str = "contact.trashed";
    /// A contact was taken out of the trash.
    pub const CONTACT_RESTORED: &str = "contact.restored";
    /// An address was found not to work; the detail holds the `reason`, and where failures showed it how many
    /// (`failures`), since when (`since`) and the mail that told of the last one (`arrival_id`); a person's `note`; and
    /// `further` where it is not the preferred one.
    pub const ADDRESS_INVALID: &str = "contact.address_invalid";
    /// An address counts as working again; the detail holds the person's `note`.
    pub const ADDRESS_VALID: &str = "contact.address_valid";
    /// A further address or number was added; the detail holds `kind`, `value` and `label`.
    pub const POINT_ADDED: &str = "contact.point_added";
    /// One was changed; the detail holds `kind`, `before`, `value` and `label`.
    pub const POINT_CHANGED: &str = "contact.point_changed";
    /// One was taken off; the detail as above.
    pub const POINT_REMOVED: &str = "contact.point_removed";
    /// One was brought back; the detail as above.
    pub const POINT_RESTORED: &str = "contact.point_restored";
    /// Another address or number is preferred; the detail holds `kind`, `before`, `value`, and `because`: `invalid`
    /// where the house did it by itself.
    pub const POINT_PREFERRED: &str = "contact.point_preferred";
    /// An operator confirmed an address that looks like a typo.
    pub const ADDRESS_CONFIRMED: &str = "contact.address_confirmed";
    /// Addresses or domains were put on the list of suppressions; the detail holds `keys` and `note`.
    pub const SUPPRESSED: &str = "setting.suppressed";
    /// One was taken off the list; the detail holds `key`.
    pub const SUPPRESSION_LIFTED: &str = "setting.suppression_lifted";
    /// A segment was made, changed, put away or brought back; the detail holds `what`, its `segment_id` and `name`.
    pub const SEGMENT_CHANGED: &str = "segment.changed";
    /// A field was added, changed, archived, brought back or given another kind; the detail holds `what`, the `label`
    /// and, for another kind, `kind_before` and `kind`.
    pub const FIELD_CHANGED: &str = "field.changed";
    /// An import began.
    pub const IMPORT_STARTED: &str = "import.started";
    /// An import ended.
    pub const IMPORT_FINISHED: &str = "import.finished";
}
