//! Counts the people of a rule by the narrow index of contacts; in two halves at the same time.

use audience::segment::{Known, Rule, RuleProblem};

use super::{PRESENT, compile::Compiler};
use crate::{
    StorageError, Store,
    sql::{Arg, Engine, args},
};

/// Fewer contacts are counted at once; two halves would only cost more.
const HALVED_FROM: u64 = 50_000;
/// For so long the contact in the middle is taken for the one in the middle. A stale one makes unequal halves only.
const MIDDLE_KEPT_MS: i64 = 10 * 60_000;

/// For the one statement: no compiling, indexes that are in memory, room for the keys of a set, no further split, and
/// no look-up person by person: PostgreSQL takes sets for a tenth of what they are, and then looks up a hundred thousand.
const POSTGRES_SETTINGS: &str =
    "SELECT set_config('jit', 'off', TRUE), set_config('random_page_cost', '1.1', TRUE),
    set_config('work_mem', '64MB', TRUE), set_config('max_parallel_workers_per_gather', '0', TRUE),
    set_config('enable_nestloop', 'off', TRUE)";

/// The contact in the middle by key, if halves are worth it, and when that was found out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Middle {
    at: i64,
    id: Option<i64>,
}

impl Middle {
    /// Found out at an instant; `None` where halves are not worth it.
    pub(super) fn at(at: i64, id: Option<i64>) -> Self {
        Self { at, id }
    }
}

/// A count as it is asked: the first two arguments say between which keys.
pub(super) struct Counting {
    pub(super) sql: String,
    pub(super) args: Vec<Arg>,
}

impl Counting {
    /// Who belongs to `rule` and not to `without`.
    pub(super) fn of(
        known: &Known,
        engine: Engine,
        now: i64,
        (rule, without): (&Rule, Option<&Rule>),
    ) -> Result<Self, Vec<RuleProblem>> {
        let mut compiler = Compiler::in_part(known, engine, now);
        let mut condition = compiler.rule(rule)?;
        if let Some(without) = without {
            condition = format!("{condition} AND NOT {}", compiler.rule(without)?);
        }
        // SQLite would look every contact of a set up in the wide rows, only to see that she is not in the trash.
        let index =
            if engine == Engine::Sqlite && compiler.is_narrow() { "INDEXED BY contacts_narrow" } else { "" };
        let bounds = compiler.bounds("c.id");
        let sql = format!(
            "SELECT COUNT(*) AS people FROM contacts c {index} WHERE {PRESENT}{bounds} AND {condition}"
        );
        Ok(Self { sql, args: compiler.args })
    }

    fn between(&self, above: i64, up_to: i64) -> Vec<Arg> {
        let mut args = args![above, up_to];
        args.extend(self.args.iter().skip(2).cloned());
        args
    }
}

impl Store {
    /// How many there are.
    pub(super) async fn counted(&self, counting: &Counting, now: i64) -> Result<u64, StorageError> {
        let Some(middle) = self.middle(now).await? else {
            return self.part(counting, counting.args.clone()).await;
        };
        let lower = self.part(counting, counting.between(i64::MIN, middle));
        let upper = self.part(counting, counting.between(middle, i64::MAX));
        let (lower, upper) = tokio::try_join!(lower, upper)?;
        Ok(lower + upper)
    }

    async fn part(&self, counting: &Counting, args: Vec<Arg>) -> Result<u64, StorageError> {
        let sql = counting.sql.clone();
        if self.engine() == Engine::Sqlite {
            return self.row(sql, args).await?.map_or(Ok(0), |row| row.count("people"));
        }
        let work = self.read(move |tx| {
            Box::pin(async move {
                tx.rows(POSTGRES_SETTINGS, args![]).await?;
                tx.row(sql, args).await?.map_or(Ok(0), |row| row.count("people"))
            })
        });
        work.await
    }

    async fn middle(&self, now: i64) -> Result<Option<i64>, StorageError> {
        let kept = self.middle_kept().filter(|kept| (kept.at..kept.at + MIDDLE_KEPT_MS).contains(&now));
        if let Some(kept) = kept {
            return Ok(kept.id);
        }
        let row = self.row("SELECT COUNT(*) AS people FROM contacts", args![]).await?;
        let people = row.map_or(Ok(0), |row| row.count("people"))?;
        let id = if people < HALVED_FROM {
            None
        } else {
            let sql = "SELECT c.id FROM contacts c ORDER BY c.id LIMIT 1 OFFSET $1";
            self.row(sql, args![people / 2]).await?.map(|row| row.get("id")).transpose()?
        };
        self.keep_middle(Middle::at(now, id));
        Ok(id)
    }
}
