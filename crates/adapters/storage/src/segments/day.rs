//! Conditions on days: the instants every contact has, and the days in fields.

use audience::segment::{
    Condition, DAY_MS, Day, JAPAN_MS, Test, civil, from_civil, kept_on, read_day, start_of,
};

use super::compile::Compiler;
use crate::sql::{Engine, json};

/// First and last day, both counted.
pub(super) type Days = (Option<Day>, Option<Day>);

/// The days a test means; `None` for tests that look at the month and day only, or at the day of the week.
pub(super) fn days_of(condition: &Condition, today: Day) -> Option<Days> {
    let count = || condition.value(0).parse::<Day>().unwrap_or(0);
    let day = |n: usize| read_day(condition.value(n));
    Some(match condition.test {
        Test::Is => (day(0), day(0)),
        Test::Less => (None, day(0).map(|day| day - 1)),
        Test::More => (day(0).map(|day| day + 1), None),
        Test::Between => (day(0), day(1)),
        Test::PastDays => (Some(today - count()), Some(today)),
        Test::OlderThan => (None, Some(today - count() - 1)),
        Test::DaysAgo => (Some(today - count()), Some(today - count())),
        Test::DaysAhead => (Some(today + count()), Some(today + count())),
        Test::NextDays => (Some(today), Some(today + count())),
        Test::ThisMonth => {
            let (year, month, _) = civil(today);
            let first = from_civil(year, i64::from(month), 1);
            (Some(first), Some(from_civil(year, i64::from(month) + 1, 1) - 1))
        }
        _ => return None,
    })
}

/// The months and days a test means.
pub(super) fn months_and_days(condition: &Condition, today: Day) -> Vec<String> {
    // A year has every month and day; more would only repeat them.
    let count = condition.value(0).parse::<Day>().unwrap_or(0).min(36_600);
    match condition.test {
        Test::AnniversaryWithin => kept_on(today..=today + count.min(366)),
        _ => kept_on(std::iter::once(today + count)),
    }
}

/// The months `01` … `12` a test names.
pub(super) fn months(condition: &Condition) -> Vec<String> {
    condition
        .filled()
        .filter_map(|value| value.parse::<u32>().ok())
        .map(|month| format!("{month:02}"))
        .collect()
}

/// The days of the week a test names, as JSON numbers; Monday is 1.
pub(super) fn weekdays(compiler: &mut Compiler<'_>, condition: &Condition) -> String {
    let wanted: Vec<i64> = condition.filled().filter_map(|value| value.parse().ok()).collect();
    let place = compiler.arg(json(&wanted));
    match compiler.engine {
        Engine::Sqlite => format!("(SELECT value FROM json_each({place}))"),
        Engine::Postgres => {
            format!("(SELECT CAST(jsonb_array_elements_text({place}::jsonb) AS BIGINT))")
        }
    }
}

/// The day of the week of a day counted from 1970-01-01, as SQL; Monday is 1.
pub(super) fn weekday_sql(day: &str) -> String {
    format!("((({day}) + 3) % 7 + 7) % 7 + 1")
}

/// A test of an instant.
pub(super) fn moment(compiler: &mut Compiler<'_>, column: &str, condition: &Condition) -> String {
    match condition.test {
        Test::Empty => return format!("{column} IS NULL"),
        Test::Filled => return format!("{column} IS NOT NULL"),
        _ => {}
    }
    let tested = match days_of(condition, compiler.today()) {
        Some((first, last)) => {
            let first = first.map(|day| format!("{column} >= {}", compiler.arg(start_of(day))));
            let last = last.map(|day| format!("{column} < {}", compiler.arg(start_of(day + 1))));
            let both: Vec<String> = first.into_iter().chain(last).collect();
            both.join(" AND ")
        }
        None => by_month_or_weekday(compiler, column, condition),
    };
    format!("({column} IS NOT NULL AND {tested})")
}

fn by_month_or_weekday(compiler: &mut Compiler<'_>, column: &str, condition: &Condition) -> String {
    if condition.test == Test::Weekday {
        let list = weekdays(compiler, condition);
        return format!("{} IN {list}", weekday_sql(&format!("({column} + {JAPAN_MS}) / {DAY_MS}")));
    }
    let of_year = match compiler.engine {
        Engine::Sqlite => format!("strftime('%m-%d', ({column} + {JAPAN_MS}) / 1000, 'unixepoch')"),
        Engine::Postgres => {
            format!("to_char(to_timestamp(({column} + {JAPAN_MS}) / 1000) AT TIME ZONE 'UTC', 'MM-DD')")
        }
    };
    if condition.test == Test::InMonth {
        let list = compiler.list(&months(condition));
        return format!("substr({of_year}, 1, 2) IN {list}");
    }
    let list = compiler.list(&months_and_days(condition, compiler.today()));
    format!("{of_year} IN {list}")
}
