//! Tries another kind on all values of a field before it is changed, and says what would not convert.

use std::collections::HashMap;

use super::{Field, FieldDraft};
use crate::{FieldStore, StoreFailure};

/// Values read at once.
const PAGE: u64 = 5_000;
/// Different values that are told apart.
const DIFFERENT_MAX: usize = 1_000;
/// Different values that are shown.
const SHOWN_MAX: usize = 20;

/// What a change of kind would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetypeTrial {
    /// Customers who have a value.
    pub values: u64,
    /// Of these, values that cannot be read as the new kind. They stay as they were written and match no comparison.
    pub unreadable: u64,
    /// The most frequent unreadable values, each with how many have it.
    pub examples: Vec<(String, u64)>,
    /// Values that occur, most frequent first, as proposals for choices; empty when there are too many.
    pub different: Vec<(String, u64)>,
}

/// Reads every value of `field` as `draft` would have it. Changes nothing.
///
/// # Errors
/// When the store cannot be asked.
pub async fn try_retype(
    store: &dyn FieldStore,
    field: &Field,
    draft: &FieldDraft,
) -> Result<RetypeTrial, StoreFailure> {
    let trial_field = Field { kind: draft.kind, choices: draft.choices.clone(), ..field.clone() };
    let mut trial = RetypeTrial::default();
    let (mut bad, mut all) = (HashMap::new(), HashMap::new());
    let mut after = 0;
    loop {
        let page = store.values_of_field(field.id, after, PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = *last;
        for (_, text) in page {
            trial.values += 1;
            if trial_field.read(&text).is_err() {
                trial.unreadable += 1;
                count(&mut bad, &text);
            }
            count(&mut all, &text);
        }
    }
    trial.examples = sorted(bad, SHOWN_MAX);
    if all.len() <= super::CHOICES_MAX {
        trial.different = sorted(all, super::CHOICES_MAX);
    }
    Ok(trial)
}

fn count(seen: &mut HashMap<String, u64>, text: &str) {
    if let Some(times) = seen.get_mut(text) {
        *times += 1;
    } else if seen.len() < DIFFERENT_MAX {
        seen.insert(text.to_owned(), 1);
    }
}

fn sorted(seen: HashMap<String, u64>, most: usize) -> Vec<(String, u64)> {
    let mut sorted: Vec<_> = seen.into_iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.truncate(most);
    sorted
}
