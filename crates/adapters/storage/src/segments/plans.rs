//! How both databases go about typical rules: by an index, with no contact asked one by one, and halves make the whole.

use audience::segment::{Condition, Group, Join, Kind, KnownSegment, KnownTopic, Part, Subject, Test};
use sqlx::{Connection as _, Executor as _};

use super::*;
use crate::sql::Engine;

fn known() -> Known {
    let field = |key: &str, kind| audience::segment::KnownField {
        key: key.into(),
        column: key.into(),
        name: key.into(),
        kind,
        options: vec![("a".into(), "a".into())],
        by_digits: false,
        deleted: false,
    };
    let tokyo = Rule::of(vec![Condition::new(Subject::Field("1".into()), Test::OneOf, &["a"])]);
    Known {
        fields: vec![field("1", Kind::Choice), field("2", Kind::Day), field("3", Kind::Number)],
        segments: [(9, KnownSegment { name: "東京".into(), rule: Some(tokyo), archived: false })].into(),
        topics: vec![KnownTopic { id: 5, name: "新商品".into(), archived: false }],
        ..Known::default()
    }
}

/// How the database goes about a count: one line for each step.
async fn plan(store: &Store, join: Join, conditions: Asked<'_>) -> String {
    let one = |(of, test, values): &(&str, Test, &[&str])| {
        Part::Condition(Condition::new(Subject::from((*of).to_owned()), *test, values))
    };
    let parts = conditions.iter().map(one).collect();
    let rule = Rule { version: 1, root: Group { join, negated: false, parts } };
    let counting = Counting::of(&known(), store.engine(), NOW, (&rule, None)).unwrap();
    let (explain, column) = match store.engine() {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
    };
    let rows = store.rows(format!("{explain} {}", counting.sql), counting.args).await.unwrap();
    rows.iter().map(|row| row.get::<String>(column).unwrap() + "\n").collect()
}

const NOW: i64 = 1_790_000_000_000;

type Asked<'a> = &'a [(&'a str, Test, &'a [&'a str])];

const DID: &[&str] = &["1", "90", "", "", ""];

const CLICKED: &[&str] = &["2", "", "", "", "1", "1:0", ""];

/// What marketers ask.
const TYPICAL: &[(Join, Asked<'static>)] = &[
    (Join::All, &[("provider", Test::OneOf, &["docomo", "au"]), ("standing", Test::OneOf, &["sendable"])]),
    (Join::All, &[("field:1", Test::OneOf, &["a"]), ("deed:accepted", Test::Did, DID)]),
    (Join::All, &[("deed:clicked", Test::Did, CLICKED), ("standing", Test::OneOf, &["sendable"])]),
    (Join::All, &[("deed:accepted", Test::Did, DID), ("deed:clicked", Test::DidNot, CLICKED)]),
    (Join::Any, &[("field:1", Test::OneOf, &["a"]), ("field:3", Test::AtLeast, &["35000"])]),
    (Join::Any, &[("field:1", Test::OneOf, &["a"]), ("validity", Test::OneOf, &["invalid"])]),
    (Join::All, &[("field:1", Test::OneOf, &["a"]), ("field:3", Test::AtLeast, &["5"])]),
    (Join::All, &[("segment", Test::IsNot, &["9"]), ("standing", Test::OneOf, &["sendable"])]),
    (Join::All, &[("consent", Test::Given, &["5", "", "", "consent"])]),
    (
        Join::All,
        &[("consent", Test::NotGiven, &["", "", "", ""]), ("field:2", Test::AnniversaryWithin, &["7"])],
    ),
];

/// The server of the tests with a schema of its own; `None` where there is none.
async fn on_postgres() -> Option<(Store, String)> {
    let server = std::env::var("TODOKU_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
    let schema = format!("todoku_plans_{}", std::process::id());
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    for sql in ["DROP SCHEMA IF EXISTS", "CREATE SCHEMA"] {
        let cascade = if sql.starts_with("DROP") { " CASCADE" } else { "" };
        admin.execute(sqlx::AssertSqlSafe(format!("{sql} {schema}{cascade}"))).await.unwrap();
    }
    let separator = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{separator}options[search_path]={schema}");
    Some((Store::open(&url).await.unwrap(), schema))
}

/// Some thousand contacts with values, so that the planner has to choose.
const FILL: [&str; 4] = [
    "INSERT INTO contacts (id, address, address_key, created_at, updated_at)
     SELECT i, 'k' || i, 'k' || i, 1, 1 FROM generate_series(1, 20000) AS i",
    "INSERT INTO field_values (field_id, contact_id, seq, text, number)
     SELECT f, i, 0, CASE WHEN i % 9 = 0 THEN 'a' ELSE 'b' END, i FROM generate_series(1, 20000) AS i,
         generate_series(1, 3) AS f",
    "INSERT INTO recipients (id, broadcast_id, template_version_id, contact_id, address, provider, state, state_at,
         expires_at, created_at)
     SELECT i, 1, 1, i, '', '', 'accepted', 1790000000000 - i, 1, 1 FROM generate_series(1, 20000) AS i",
    "ANALYZE",
];

async fn halves_make_the_whole(store: &Store) {
    for (join, conditions) in TYPICAL {
        let one = |(of, test, values): &(&str, Test, &[&str])| {
            Part::Condition(Condition::new(Subject::from((*of).to_owned()), *test, values))
        };
        let parts = conditions.iter().map(one).collect();
        let rule = Rule { version: 1, root: Group { join: *join, negated: false, parts } };
        let counting = Counting::of(&known(), store.engine(), NOW, (&rule, None)).unwrap();
        let mut found = Vec::new();
        for id in [None, Some(0), Some(1), Some(7_001), Some(20_000), Some(i64::MAX)] {
            store.keep_middle(Middle::at(NOW, id));
            found.push(store.counted(&counting, NOW).await.unwrap());
        }
        assert!(found.iter().all(|people| *people == found[0]), "{conditions:?} {found:?}");
    }
}

#[tokio::test]
async fn postgres_asks_no_contact_one_by_one_for_a_set() {
    let Some((store, schema)) = on_postgres().await else { return println!("not run: no PostgreSQL") };
    for sql in FILL {
        store.execute(sql, args![]).await.unwrap();
    }
    for (join, conditions) in TYPICAL {
        let plan = plan(&store, *join, conditions).await;
        // A set is hashed or joined once; a plain SubPlan in a filter would be run for every contact.
        let one_by_one = plan.lines().any(|line| line.contains("Filter") && line.contains("(SubPlan"));
        assert!(!one_by_one, "{conditions:?}\n{plan}");
    }
    halves_make_the_whole(&store).await;
    store.execute(format!("DROP SCHEMA {schema} CASCADE"), args![]).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn sqlite_asks_no_contact_one_by_one_for_a_set() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}/house.db", folder.path().display())).await.unwrap();
    for sql in FILL.iter().take(3) {
        let series = "(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20000) SELECT i FROM s) AS n";
        let sql = sql.replace("generate_series(1, 20000) AS i", series);
        let sql = sql.replace(
            "generate_series(1, 3) AS f",
            "(SELECT 1 AS f UNION ALL SELECT 2 UNION ALL SELECT 3) AS f",
        );
        store.execute(sql, args![]).await.unwrap();
    }
    halves_make_the_whole(&store).await;
    for (join, conditions) in TYPICAL {
        let plan = plan(&store, *join, conditions).await;
        for step in plan.lines().map(str::trim_start) {
            let wide = step.starts_with("SCAN c") && !step.contains("COVERING INDEX")
                || step.contains("SEARCH c USING INTEGER PRIMARY KEY");
            assert!(!wide, "{conditions:?} reads the wide rows: {step}\n{plan}");
            let values = step.starts_with("SEARCH v USING PRIMARY KEY (field_id=? AND contact_id=?)");
            assert!(!values, "{conditions:?} asks one by one: {step}\n{plan}");
        }
    }
}

#[tokio::test]
async fn typical_rules_look_at_no_wide_rows_and_go_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&format!("sqlite:{}/house.db", folder.path().display())).await.unwrap();
    let check = async |conditions: &[(&str, Test, &[&str])], expected: &[&str]| {
        let plan = plan(&store, Join::All, conditions).await;
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
    let by_field = "SEARCH v USING PRIMARY KEY (field_id=? AND contact_id>? AND contact_id<?)";
    let by_set = "COVERING INDEX contacts_narrow (id=?)";
    let mails = "COVERING INDEX recipients_by_contact";
    let did: &[&str] = &["1", "90", "", "", ""];
    check(
        &[("provider", Test::OneOf, &["docomo", "au"]), ("standing", Test::OneOf, &["sendable"])],
        &[narrow],
    )
    .await;
    check(&[("created", Test::PastDays, &["30"])], &[narrow]).await;
    check(&[("share", Test::Is, &["0", "10", "a"])], &[narrow]).await;
    check(&[("field:1", Test::OneOf, &["a"])], &[by_field, by_set]).await;
    check(&[("field:1", Test::OneOf, &["a"]), ("deed:accepted", Test::Did, did)], &[by_field, mails]).await;
    check(&[("field:2", Test::AnniversaryWithin, &["7"])], &[by_field]).await;
    check(&[("field:3", Test::AtLeast, &["5"]), ("deed:accepted", Test::DidNot, did)], &[by_field, mails])
        .await;
    check(&[("deed:accepted", Test::Did, did)], &[mails]).await;
    check(&[("deed:stopped", Test::Did, did)], &["events_by_contact"]).await;
}
