//! Keeps segments, and answers who belongs to one: the count, the list, the difference and the reasons all come from
//! the same compiled rule.

mod compile;
mod consent;
mod count;
mod day;
mod deed;
mod field;
mod leaf;
mod rows;
mod why;

use async_trait::async_trait;
use audience::{
    Contact, ContactId, StoreFailure,
    segment::{
        Found, Known, Rule, RuleProblem, Saved, Segment, SegmentDraft, SegmentId, SegmentStore, UsedBy, Why,
    },
};

pub(crate) use compile::Compiler;
pub(crate) use consent::agreed_to_topic;
pub(crate) use count::Middle;
pub(crate) use rows::known;

use count::Counting;

use crate::{
    StorageError, Store,
    contact_rows::{COLUMNS, contact_of},
    sql::{Arg, args},
};

/// Contacts a rule is asked of: everyone who is not in the trash.
pub(crate) const PRESENT: &str = "c.trashed_at IS NULL";

/// A condition on contact `c` with its arguments.
type Compiled = Result<(String, Vec<Arg>), Vec<RuleProblem>>;

#[async_trait]
impl SegmentStore for Store {
    async fn list(&self, archived: bool) -> Result<Vec<Segment>, StoreFailure> {
        Ok(rows::list(self, archived).await?)
    }

    async fn get(&self, id: SegmentId) -> Result<Option<Segment>, StoreFailure> {
        Ok(rows::get(self, id).await?)
    }

    async fn save(
        &self,
        id: Option<SegmentId>,
        draft: &SegmentDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Saved, StoreFailure> {
        let draft = draft.clone();
        let of = id.map(|id| (id, None));
        let saved = self.write(move |tx| Box::pin(rows::save(tx, of, draft, actor, now))).await;
        Ok(rows::unless_taken(saved)?)
    }

    async fn save_version(
        &self,
        (id, seen): (SegmentId, i64),
        draft: &SegmentDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Saved, StoreFailure> {
        let (draft, of) = (draft.clone(), Some((id, Some(seen))));
        let saved = self.write(move |tx| Box::pin(rows::save(tx, of, draft, actor, now))).await;
        Ok(rows::unless_taken(saved)?)
    }

    async fn archive(
        &self,
        id: SegmentId,
        archived: bool,
        actor: Option<i64>,
        now: i64,
    ) -> Result<Saved, StoreFailure> {
        let saved = self.write(move |tx| Box::pin(rows::archive(tx, id, archived, actor, now))).await;
        Ok(rows::unless_taken(saved)?)
    }

    async fn used_by(&self, id: SegmentId) -> Result<UsedBy, StoreFailure> {
        Ok(rows::used_by(self, id).await?)
    }

    async fn known(&self) -> Result<Known, StoreFailure> {
        Ok(self.known_now().await?)
    }

    async fn count(&self, rule: &Rule, now: i64) -> Result<Found<u64>, StoreFailure> {
        let known = self.known_now().await?;
        match Counting::of(&known, self.engine(), now, (rule, None)) {
            Ok(counting) => Ok(Ok(self.counted(&counting, now).await?)),
            Err(problems) => Ok(Err(problems)),
        }
    }

    async fn people(
        &self,
        rule: &Rule,
        now: i64,
        offset: u64,
        limit: u64,
    ) -> Result<Found<Vec<Contact>>, StoreFailure> {
        let (condition, mut args) = match self.compiled(rule, now).await? {
            Ok(compiled) => compiled,
            Err(problems) => return Ok(Err(problems)),
        };
        let n = args.len();
        args.extend(args![limit, offset]);
        // The keys of the page first, so that the wide rows of the others are not carried along.
        let sql = format!(
            "SELECT {COLUMNS} FROM contacts c WHERE c.id IN (
                 SELECT c.id FROM contacts c WHERE {PRESENT} AND {condition} ORDER BY c.id DESC LIMIT ${} OFFSET ${})
             ORDER BY c.id DESC",
            n + 1,
            n + 2
        );
        let rows = self.rows(sql, args).await?;
        Ok(Ok(rows.iter().map(contact_of).collect::<Result<_, _>>()?))
    }

    async fn difference(&self, old: &Rule, new: &Rule, now: i64) -> Result<Found<(u64, u64)>, StoreFailure> {
        let known = self.known_now().await?;
        let mut sides = Vec::new();
        for (yes, no) in [(new, old), (old, new)] {
            match Counting::of(&known, self.engine(), now, (yes, Some(no))) {
                Ok(counting) => sides.push(self.counted(&counting, now).await?),
                Err(problems) => return Ok(Err(problems)),
            }
        }
        Ok(Ok((sides[0], sides[1])))
    }

    async fn why(
        &self,
        rule: &Rule,
        contact: ContactId,
        now: i64,
    ) -> Result<Option<Found<Why>>, StoreFailure> {
        let known = self.known_now().await?;
        Ok(why::why(self, &known, rule, (contact, now)).await?)
    }

    async fn segments_of(
        &self,
        contact: ContactId,
        now: i64,
    ) -> Result<Vec<(Segment, Option<bool>)>, StoreFailure> {
        Ok(why::segments_of(self, contact, now).await?)
    }
}

impl Store {
    /// What rules can refer to.
    async fn known_now(&self) -> Result<Known, StorageError> {
        self.read(|tx| Box::pin(rows::known(tx))).await
    }

    async fn compiled(&self, rule: &Rule, now: i64) -> Result<Compiled, StorageError> {
        let known = self.known_now().await?;
        let mut compiler = Compiler::new(&known, self.engine(), now, Vec::new());
        Ok(compiler.rule(rule).map(|condition| (condition, compiler.args)))
    }
}

#[cfg(test)]
mod plans;
