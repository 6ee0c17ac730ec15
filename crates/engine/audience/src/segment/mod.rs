//! Segments: who belongs to a group of customers, as a rule anybody can build, read back and have explained.
//!
//! A [`Rule`] is pure: [`problems`] finds everything that keeps it from being asked, [`sentence()`] says it. The store
//! compiles it to SQL, once, for the count, the list, the audience of a sending and the page that says why a person
//! belongs to it or not.

mod check;
mod day;
mod known;
mod pattern;
mod rule;
mod sentence;
mod store;
mod subject;

pub use check::{REFERENCES_MAX, RuleProblem, decimal, link_of, problems};
pub use day::{
    DAY_MS, Day, JAPAN_MS, civil, day_of, from_civil, is_leap, kept_on, read as read_day, start_of, weekday,
    written,
};
pub use known::{Known, KnownField, KnownLink, KnownSegment, KnownTopic};
pub use pattern::{PATTERN_CHARS_MAX, compiled as compiled_pattern};
pub use rule::{
    Condition, DEPTH_MAX, Group, Join, PARTS_MAX, Part, RULE_VERSION, Rule, Test, VALUE_CHARS_MAX, VALUES_MAX,
};
pub use sentence::{
    condition_sentence, no_segment, sentence, subject_name, test_name, unreadable, value_name,
};
pub use store::{Found, Saved, Segment, SegmentDraft, SegmentId, SegmentStore, Tick, UsedBy, Why};
pub use subject::{Column, DAYS_MAX, Deed, Kind, Moment, Subject, TIMES_MAX, Validity, Value, Values};

#[cfg(test)]
mod tests;
