//! Keeps segments, and answers who belongs to one: the count, the list, the difference and the reasons all come from
//! the same compiled rule.

mod compile;
mod consent;
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
pub(crate) use rows::known;

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
        let saved = self.write(move |tx| Box::pin(rows::save(tx, id, draft, actor, now))).await;
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
        let (condition, args) = match self.compiled(rule, now).await? {
            Ok(compiled) => compiled,
            Err(problems) => return Ok(Err(problems)),
        };
        Ok(Ok(self.counted(&condition, args).await?))
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
            let mut compiler = Compiler::new(&known, self.engine(), now, Vec::new());
            let condition = match (compiler.rule(yes), compiler.rule(no)) {
                (Ok(yes), Ok(no)) => format!("{yes} AND NOT {no}"),
                (Err(problems), _) | (_, Err(problems)) => return Ok(Err(problems)),
            };
            sides.push(self.counted(&condition, compiler.args).await?);
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

    async fn counted(&self, condition: &str, args: Vec<Arg>) -> Result<u64, StorageError> {
        let sql = format!("SELECT COUNT(*) AS people FROM contacts c WHERE {PRESENT} AND {condition}");
        self.row(sql, args).await?.map_or(Ok(0), |row| row.count("people"))
    }
}

#[cfg(test)]
mod tests {
    use audience::segment::{Condition, Subject, Test};

    use super::*;

    /// How SQLite goes about a count: one line for each step.
    async fn plan(store: &Store, conditions: &[(&str, Test, &[&str])]) -> String {
        let one = |(of, test, values): &(&str, Test, &[&str])| {
            Condition::new(Subject::from((*of).to_owned()), *test, values)
        };
        let rule = Rule::of(conditions.iter().map(one).collect());
        let mut known = Known::default();
        let field = |key: &str, kind| audience::segment::KnownField {
            key: key.into(),
            column: key.into(),
            name: key.into(),
            kind,
            options: vec![("a".into(), "a".into())],
            by_digits: false,
            deleted: false,
        };
        known.fields = vec![
            field("1", audience::segment::Kind::Choice),
            field("2", audience::segment::Kind::Day),
            field("3", audience::segment::Kind::Number),
        ];
        let mut compiler = Compiler::new(&known, store.engine(), 1_790_000_000_000, Vec::new());
        let condition = compiler.rule(&rule).unwrap();
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT COUNT(*) FROM contacts c WHERE {PRESENT} AND {condition}");
        let rows = store.rows(sql, compiler.args).await.unwrap();
        rows.iter().map(|row| row.get::<String>("detail").unwrap() + "\n").collect()
    }

    #[tokio::test]
    async fn typical_rules_look_at_no_wide_rows_and_go_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}/house.db", folder.path().display())).await.unwrap();
        let check = async |conditions: &[(&str, Test, &[&str])], expected: &[&str]| {
            let plan = plan(&store, conditions).await;
            for part in expected {
                assert!(plan.contains(part), "{conditions:?} without {part}:\n{plan}");
            }
            let scans = plan.lines().filter(|step| step.trim_start().starts_with("SCAN "));
            for step in scans {
                let quick =
                    step.contains("COVERING INDEX") || step.contains("json_each") || step.contains("VIRTUAL");
                assert!(quick, "{conditions:?} walks over a whole table: {step}");
            }
        };
        let narrow = "COVERING INDEX contacts_narrow";
        let by_field = "SEARCH v USING PRIMARY KEY (field_id=?)";
        let mails = "COVERING INDEX recipients_by_contact";
        let did: &[&str] = &["1", "90", "", "", ""];
        check(
            &[("provider", Test::OneOf, &["docomo", "au"]), ("standing", Test::OneOf, &["sendable"])],
            &[narrow],
        )
        .await;
        check(&[("created", Test::PastDays, &["30"])], &[narrow]).await;
        check(&[("share", Test::Is, &["0", "10", "a"])], &[narrow]).await;
        check(&[("field:1", Test::OneOf, &["a"])], &[by_field, "SEARCH c USING INTEGER PRIMARY KEY"]).await;
        check(&[("field:1", Test::OneOf, &["a"]), ("deed:accepted", Test::Did, did)], &[by_field, mails])
            .await;
        check(&[("field:2", Test::AnniversaryWithin, &["7"])], &[by_field]).await;
        check(
            &[("field:3", Test::AtLeast, &["5"]), ("deed:accepted", Test::DidNot, did)],
            &[by_field, mails],
        )
        .await;
        check(&[("deed:accepted", Test::Did, did)], &[mails]).await;
        check(&[("deed:stopped", Test::Did, did)], &["events_by_contact"]).await;
    }
}
