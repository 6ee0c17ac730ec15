//! Segments: built without knowledge of databases, read back as a sentence, counted, explained person by person.

mod builder;
pub(crate) mod change;
pub(crate) mod count;
pub(crate) mod edit;
mod entry;
mod inputs;
pub(crate) mod list;
pub(crate) mod of_contact;
pub(crate) mod show;
pub(crate) mod why;

use audience::{
    Sentence,
    segment::{Segment, SegmentId},
};

use crate::{problem::Problem, say::Say, visit::Visit};

/// The segment.
async fn find(visit: &Visit, id: SegmentId) -> Result<Segment, Problem> {
    visit.house.segments.get(id).await?.ok_or(Problem::NotFound)
}

/// A sentence of the layers below in the reader's language.
pub(crate) fn said(say: Say, words: &Sentence) -> String {
    say.pick(&words.ja, &words.en).to_owned()
}
