//! Conditions on what happened: how often, in which time, about which broadcast.

use audience::{
    event,
    segment::{Condition, Deed, Test, day_of, link_of, read_day, start_of},
};

use super::{
    compile::{Compiler, Shape},
    leaf,
};

/// The rows that count for a condition: a FROM with its WHERE, the contact left open.
pub(super) struct Rows {
    table: &'static str,
    alias: char,
    conditions: Vec<String>,
    times: i64,
    /// The instant of a row.
    at: &'static str,
    /// How often it happened, over rows.
    count: &'static str,
}

/// Which rows count.
pub(super) fn rows(compiler: &mut Compiler<'_>, what: Deed, condition: &Condition) -> Rows {
    let mut rows = match what {
        Deed::Accepted => of_recipients("r.state IN ('accepted', 'evidenced')"),
        Deed::Evidenced => of_recipients("r.state = 'evidenced'"),
        Deed::Refused => of_recipients("r.state = 'refused'"),
        Deed::Bounced => of_recipients("r.state = 'bounced'"),
        Deed::Withheld => of_recipients("r.state = 'withheld'"),
        Deed::Opened => of_events("e.kind = 'mail.opened'"),
        Deed::Clicked => of_clicks(),
        Deed::OptedOut => of_events(OPTED_OUT),
    };
    rows.times = condition.value(0).parse().unwrap_or(1);
    if let Ok(days) = condition.value(1).parse::<i64>() {
        let since = start_of(day_of(compiler.now) - days);
        rows.conditions.push(format!("{} >= {}", rows.at, compiler.arg(since)));
    } else {
        if let Some(from) = read_day(condition.value(2)) {
            rows.conditions.push(format!("{} >= {}", rows.at, compiler.arg(start_of(from))));
        }
        if let Some(until) = read_day(condition.value(3)) {
            rows.conditions.push(format!("{} < {}", rows.at, compiler.arg(start_of(until + 1))));
        }
    }
    if let Ok(broadcast) = condition.value(4).parse::<i64>() {
        let place = compiler.arg(broadcast);
        rows.conditions.push(format!("{}.broadcast_id = {place}", rows.alias));
    }
    if what == Deed::Clicked {
        of_link(compiler, condition, &mut rows);
    }
    rows
}

/// Which link, and what stands in its target.
fn of_link(compiler: &mut Compiler<'_>, condition: &Condition, rows: &mut Rows) {
    if let Some((broadcast, number)) = link_of(condition.value(5)) {
        let (broadcast, number) = (compiler.arg(broadcast), compiler.arg(number));
        rows.conditions.push(format!("k.broadcast_id = {broadcast} AND k.number = {number}"));
    }
    if !condition.value(6).is_empty() {
        let words = [condition.value(6).to_ascii_lowercase()];
        let target = leaf::folded(compiler, "l.target");
        let found = leaf::compared(compiler, &target, Test::Contains, &words);
        rows.conditions.push(format!(
            "EXISTS (SELECT 1 FROM links l
                     WHERE l.broadcast_id = k.broadcast_id AND l.number = k.number AND {found})"
        ));
    }
}

const OPTED_OUT: &str = "e.kind = 'contact.opted_out'";

fn of_recipients(condition: &str) -> Rows {
    Rows {
        table: "recipients",
        alias: 'r',
        conditions: vec![condition.to_owned()],
        times: 1,
        at: "r.state_at",
        count: "COUNT(*)",
    }
}

fn of_events(condition: &str) -> Rows {
    debug_assert!(OPTED_OUT.contains(event::CONTACT_OPTED_OUT));
    let conditions = vec![condition.to_owned()];
    Rows { table: "events", alias: 'e', conditions, times: 1, at: "e.at", count: "COUNT(*)" }
}

/// What people did, a day each; what machines did is no deed of anybody.
fn of_clicks() -> Rows {
    Rows {
        table: "clicks",
        alias: 'k',
        conditions: vec!["k.judged = 1".to_owned()],
        times: 1,
        at: "k.last_at",
        count: "COALESCE(CAST(SUM(k.times) AS BIGINT), 0)",
    }
}

impl Rows {
    fn rows_sql(&self) -> String {
        format!("FROM {} {} WHERE {}", self.table, self.alias, self.conditions.join(" AND "))
    }

    /// It happened to contact `c` so often.
    pub(super) fn condition(&self, compiler: &mut Compiler<'_>) -> String {
        let (alias, count) = (self.alias, self.count);
        let from = match compiler.shape() {
            Shape::Set => self.rows_sql() + &compiler.bounds(&format!("{alias}.contact_id")),
            Shape::Probe => self.rows_sql(),
        };
        match (compiler.shape(), self.times) {
            (Shape::Set, 1) => {
                format!("(c.id IN (SELECT {alias}.contact_id {from} AND {alias}.contact_id IS NOT NULL))")
            }
            (Shape::Set, times) => {
                let times = compiler.arg(times);
                format!(
                    "(c.id IN (SELECT {alias}.contact_id {from} AND {alias}.contact_id IS NOT NULL
                       GROUP BY {alias}.contact_id HAVING {count} >= {times}))"
                )
            }
            (Shape::Probe, 1) => format!("(EXISTS (SELECT 1 {from} AND {alias}.contact_id = c.id))"),
            (Shape::Probe, times) => {
                let times = compiler.arg(times);
                format!("((SELECT {count} {from} AND {alias}.contact_id = c.id) >= {times})")
            }
        }
    }

    /// How often it happened to contact `c`, and when last, as two expressions.
    pub(super) fn told(&self) -> (String, String) {
        let (alias, count, from) = (self.alias, self.count, self.rows_sql());
        (
            format!("(SELECT {count} {from} AND {alias}.contact_id = c.id)"),
            format!("(SELECT MAX({}) {from} AND {alias}.contact_id = c.id)", self.at),
        )
    }
}
