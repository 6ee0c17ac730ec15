//! How long the people of a segment take to be counted among a million customers, on both databases.

use std::time::Instant;

use anyhow::{Context, bail};
use audience::{
    ContactStore, FieldDraft, FieldKind, FieldStore,
    segment::{Condition, Group, Join, Part, Rule, Saved, SegmentDraft, SegmentStore, Subject, Test},
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use storage::Store;

/// Now: a moment after everything that was made up.
const NOW: i64 = 1_790_000_000_000;
const DAY: i64 = 86_400_000;
/// Most a typical rule may take.
const GOAL_MS: f64 = 300.0;

/// `bench segments`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Customers.
    #[arg(long, default_value_t = 1_000_000)]
    contacts: u32,
    /// How often each rule is counted; the middle time counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The PostgreSQL server that is asked beside SQLite; a schema of its own is made and dropped.
    #[arg(long, env = "TODOKU_TEST_POSTGRES")]
    postgres: Option<String>,
    /// An existing SQLite file from an earlier run, or where to keep this one's.
    #[arg(long)]
    keep: Option<std::path::PathBuf>,
}

/// The fields of the made-up customers.
struct Fields {
    prefecture: i64,
    birthday: i64,
    spent: i64,
    interests: i64,
    member: i64,
}

/// # Errors
/// When a database cannot be made or asked.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = args.keep.clone().unwrap_or_else(|| folder.path().join("house.db"));
    let sqlite = engine(&args, "SQLite", &format!("sqlite:{}", file.display())).await?;
    let mut slowest = vec![("sqlite", sqlite)];
    if let Some(server) = args.postgres.clone().filter(|url| !url.is_empty()) {
        let schema = format!("todoku_bench_{}", std::process::id());
        admin(&server, format!("CREATE SCHEMA {schema}")).await?;
        let separator = if server.contains('?') { '&' } else { '?' };
        let found =
            engine(&args, "PostgreSQL", &format!("{server}{separator}options[search_path]={schema}")).await;
        admin(&server, format!("DROP SCHEMA {schema} CASCADE")).await?;
        slowest.push(("postgres", found?));
    }
    let worst = slowest.iter().map(|(_, (_, ms))| *ms).fold(0.0, f64::max);
    let each: serde_json::Map<String, serde_json::Value> = slowest
        .iter()
        .map(|(engine, (rule, ms))| ((*engine).to_owned(), json!({ "slowest": rule, "ms": ms.round() })))
        .collect();
    println!(
        "{}",
        json!({
            "bench": "segments", "unit": "ms", "ours": worst.round(), "peer": GOAL_MS, "peer_name": "goal",
            "ratio": GOAL_MS / worst, "conditions": { "contacts": args.contacts, "engines": each },
        })
    );
    Ok(())
}

async fn admin(server: &str, sql: String) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(server).await.context("PostgreSQL answers")?;
    connection.execute(AssertSqlSafe(sql)).await?;
    Ok(())
}

/// Fills one database and counts; the slowest typical rule with its middle time.
async fn engine(args: &Args, name: &str, url: &str) -> anyhow::Result<(String, f64)> {
    let store = Store::open(url).await?;
    let kept = SegmentStore::list(&store, false).await.map_err(|error| anyhow::anyhow!(error))?;
    let fields =
        if kept.is_empty() { fill(&store, url, args.contacts).await? } else { known(&store).await? };
    let mut slowest = (String::new(), 0.0);
    println!("{name}, {} customers:", args.contacts);
    for (what, rule) in rules(&store, &fields).await? {
        let mut times = Vec::new();
        let mut people = 0;
        for _ in 0..args.rounds.max(1) {
            let since = Instant::now();
            let found =
                SegmentStore::count(&store, &rule, NOW).await.map_err(|error| anyhow::anyhow!(error))?;
            times.push(since.elapsed().as_secs_f64() * 1_000.0);
            people = found.map_err(|problems| anyhow::anyhow!("{what}: {problems:?}"))?;
        }
        times.sort_by(f64::total_cmp);
        let middle = times[times.len() / 2];
        println!("  {middle:7.1} ms  {people:>9} people  {what}");
        if middle > slowest.1 {
            slowest = (what, middle);
        }
    }
    store.close().await;
    Ok(slowest)
}

async fn known(store: &Store) -> anyhow::Result<Fields> {
    let all = store.fields().await.map_err(|error| anyhow::anyhow!(error))?;
    let id =
        |label: &str| all.iter().find(|field| field.label == label).map(|field| field.id).context("a field");
    Ok(Fields {
        prefecture: id("都道府県")?,
        birthday: id("誕生日")?,
        spent: id("購入額")?,
        interests: id("好み")?,
        member: id("会員")?,
    })
}

async fn fill(store: &Store, url: &str, contacts: u32) -> anyhow::Result<Fields> {
    let mut ids = Vec::new();
    for (label, kind, choices) in [
        ("都道府県", FieldKind::Choice, &["東京都", "大阪府", "愛知県", "福岡県", "北海道"][..]),
        ("誕生日", FieldKind::Date, &[]),
        ("購入額", FieldKind::Number, &[]),
        ("好み", FieldKind::MultiChoice, &["花", "鉢", "苗", "土"]),
        ("会員", FieldKind::Boolean, &[]),
    ] {
        let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
        let draft = FieldDraft { label: label.into(), kind, choices, required: false };
        let added = store.add_field(&draft, None, NOW).await.map_err(|error| anyhow::anyhow!(error))?;
        ids.push(added.context("the label is free")?);
    }
    let [prefecture, birthday, spent, interests, member] = ids[..] else { bail!("five fields") };
    let fields = Fields { prefecture, birthday, spent, interests, member };
    let since = Instant::now();
    let texts = made_up(&fields, contacts, url.starts_with("sqlite"));
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await?;
        connection.execute("PRAGMA synchronous = OFF").await?;
        for text in texts {
            connection.execute(AssertSqlSafe(text)).await?;
        }
        connection.close().await?;
    } else {
        let mut connection = PgConnection::connect(url).await?;
        for text in texts {
            connection.execute(AssertSqlSafe(text)).await?;
        }
        // What autovacuum does some minutes after an import.
        for table in ["contacts", "field_values", "recipients", "links", "clicks"] {
            connection.execute(AssertSqlSafe(format!("VACUUM ANALYZE {table}"))).await?;
        }
        connection.close().await?;
    }
    let draft = SegmentDraft {
        name: "東京".into(),
        rule: Rule::of(vec![one(&format!("field:{prefecture}"), Test::OneOf, &["東京都"])]),
    };
    match SegmentStore::save(store, None, &draft, None, NOW).await.map_err(|error| anyhow::anyhow!(error))? {
        Saved::Yes(_) => {}
        other => bail!("{other:?}"),
    }
    let filled = ContactStore::count(store, &audience::ContactFilter::default())
        .await
        .map_err(|error| anyhow::anyhow!(error))?;
    println!("filled with {filled} customers in {:.0} s", since.elapsed().as_secs_f64());
    Ok(fields)
}

/// Customers, their values and two broadcasts, as statements.
fn made_up(fields: &Fields, contacts: u32, sqlite: bool) -> Vec<String> {
    let series = if sqlite {
        format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {contacts})")
    } else {
        format!("WITH n (i) AS (SELECT generate_series(1::bigint, {contacts}))")
    };
    let provider = "CASE i * 7919 % 10 WHEN 0 THEN 'docomo' WHEN 1 THEN 'au' WHEN 2 THEN 'softbank'
                    WHEN 3 THEN 'gmail' WHEN 4 THEN 'gmail' WHEN 5 THEN 'yahoo_jp' ELSE '' END";
    let name = "CASE WHEN i % 50 = 0 THEN '山田 花子' WHEN i % 3 = 0 THEN '佐藤 健一' ELSE '鈴木 美咲' END";
    let prefecture = "CASE WHEN i * 31 % 100 < 11 THEN '東京都' WHEN i * 31 % 100 < 19 THEN '大阪府'
                      WHEN i * 31 % 100 < 26 THEN '愛知県' WHEN i * 31 % 100 < 30 THEN '福岡県' ELSE '北海道' END";
    let value = |field: i64, text: &str, number: &str, only: &str| {
        format!(
            "INSERT INTO field_values (field_id, contact_id, seq, text, number)
             {series} SELECT {field}, i, 0, {text}, {number} FROM n WHERE {only}"
        )
    };
    let day = "(i * 613 % 20000 - 5000)";
    let month_day = if sqlite {
        format!("strftime('%m-%d', {day} * 86400, 'unixepoch')")
    } else {
        format!("to_char(to_timestamp({day} * 86400::bigint) AT TIME ZONE 'UTC', 'MM-DD')")
    };
    let recipients = |n: u32, back: i64| {
        format!(
            "INSERT INTO recipients (id, broadcast_id, template_version_id, contact_id, address, provider, state,
                 state_at, expires_at, created_at)
             {series} SELECT {n} * 10000000 + i, {n}, 1, i, 'k' || i || '@x.example', '',
                 CASE WHEN i % 40 = 0 THEN 'refused' WHEN i % 90 = 0 THEN 'bounced' WHEN i % 30 = 0 THEN 'withheld'
                      ELSE 'accepted' END,
                 {} + i % 1000, {NOW}, {NOW} FROM n WHERE i % {n} = 0",
            NOW - back * DAY
        )
    };
    let mut texts = vec![
        format!(
            "INSERT INTO contacts (id, address, address_key, provider, name, kana, phone, company, fields, search_text,
                 opted_out_at, invalid_at, created_at, updated_at)
             {series} SELECT i, 'k' || i || '@x.example', 'k' || i || '@x.example', {provider}, {name}, 'やまだ はなこ',
                 '090-' || i, '株式会社' || i % 5000, '{{\"都道府県\":\"東京都\",\"好み\":\"花\",\"購入額\":\"1200\"}}',
                 'k' || i || ' 山田 花子 やまだ はなこ 株式会社花屋 090' || i,
                 CASE WHEN i % 20 = 0 THEN 1 END, CASE WHEN i % 33 = 0 THEN 1 END,
                 {NOW} - (i * 97 % 1500) * {DAY}, {NOW} FROM n"
        ),
        value(fields.prefecture, prefecture, "NULL", "TRUE"),
        value(fields.birthday, &month_day, day, "i % 4 <> 0"),
        value(fields.spent, "NULL", "i * 17 % 40000", "i % 3 <> 0"),
        value(fields.interests, "CASE i % 4 WHEN 0 THEN '花' WHEN 1 THEN '鉢' ELSE '苗' END", "NULL", "i % 5 <> 0"),
        value(fields.member, "NULL", "i % 2", "TRUE"),
    ];
    for (n, back) in [(1, 20), (2, 200)] {
        texts.push(format!(
            "INSERT INTO broadcasts (id, name, template_id, from_name, from_address, reply_to, audience, state, created_at)
             VALUES ({n}, '配信{n}', 1, '', 'a@x.example', '', 'all', 'finished', {NOW})"
        ));
        texts.push(recipients(n, back));
        texts.extend(clicks(&series, n, back));
    }
    texts
}

/// The three links of a broadcast, followed by one in eight of those who got it, some of them twice and some by machines.
fn clicks(series: &str, n: u32, back: i64) -> [String; 2] {
    let links = ["spring", "sale", "map"].iter().enumerate();
    let links: Vec<String> =
        links.map(|(number, name)| format!("({n}, {number}, 'https://hana.example/{name}')")).collect();
    let at = format!("{} + i % 1000", NOW - (back - 1) * DAY);
    [
        format!("INSERT INTO links (broadcast_id, number, target) VALUES {}", links.join(", ")),
        format!(
            "INSERT INTO clicks (recipient_id, number, day, sign, broadcast_id, contact_id, judged, times, first_at, last_at)
             {series} SELECT {n} * 10000000 + i, i / 8 % 3, {NOW} / {DAY} - {back}, CASE WHEN i % 7 = 0 THEN 'soon' ELSE '' END,
                 {n}, i, CASE WHEN i % 7 = 0 THEN 2 ELSE 1 END, 1 + i / 16 % 2, {at}, {at} FROM n WHERE i % 8 = 0"
        ),
    ]
}

fn one(of: &str, test: Test, values: &[&str]) -> Condition {
    Condition::new(Subject::from(of.to_owned()), test, values)
}

/// What marketers ask.
async fn rules(store: &Store, fields: &Fields) -> anyhow::Result<Vec<(String, Rule)>> {
    let segments = SegmentStore::list(store, false).await.map_err(|error| anyhow::anyhow!(error))?;
    let tokyo = segments.first().context("the segment")?.id.to_string();
    let field = |id: i64, test: Test, values: &[&str]| one(&format!("field:{id}"), test, values);
    let received = |test: Test, days: &str| one("deed:accepted", test, &["1", days, "", "", ""]);
    let clicked = |test: Test, values: [&str; 7]| one("deed:clicked", test, &values);
    let sendable = || one("standing", Test::OneOf, &["sendable"]);
    let any = |conditions: Vec<Condition>| Rule {
        version: 1,
        root: Group {
            join: Join::Any,
            negated: false,
            parts: conditions.into_iter().map(Part::Condition).collect(),
        },
    };
    let all = [
        (
            "in Tokyo, and a mail was accepted in the past 90 days",
            Rule::of(vec![field(fields.prefecture, Test::OneOf, &["東京都"]), received(Test::Did, "90")]),
        ),
        (
            "docomo, au or SoftBank, and can be sent to",
            Rule::of(vec![one("provider", Test::OneOf, &["docomo", "au", "softbank"]), sendable()]),
        ),
        (
            "birthday within a week, and can be sent to",
            Rule::of(vec![field(fields.birthday, Test::AnniversaryWithin, &["7"]), sendable()]),
        ),
        (
            "spent 30,000 or more, and no mail was accepted in the past 30 days",
            Rule::of(vec![field(fields.spent, Test::AtLeast, &["30000"]), received(Test::DidNot, "30")]),
        ),
        ("name contains 花", Rule::of(vec![one("name", Test::Contains, &["花"])])),
        (
            "likes flowers or pots, and is a member",
            Rule::of(vec![
                field(fields.interests, Test::OneOf, &["花", "鉢"]),
                field(fields.member, Test::Yes, &[]),
            ]),
        ),
        ("registered in the past 30 days", Rule::of(vec![one("created", Test::PastDays, &["30"])])),
        ("a tenth, drawn by lot", Rule::of(vec![one("share", Test::Is, &["0", "10", "A"])])),
        (
            "not in the segment Tokyo, and can be sent to",
            Rule::of(vec![one("segment", Test::IsNot, &[&tokyo]), sendable()]),
        ),
        ("a mail was accepted in the past 90 days", Rule::of(vec![received(Test::Did, "90")])),
        (
            "a mail was accepted in the past 30 days, and no link of it was followed",
            Rule::of(vec![received(Test::Did, "30"), clicked(Test::DidNot, ["1", "", "", "", "1", "", ""])]),
        ),
        (
            "followed the link of the sale twice in the past 90 days, and can be sent to",
            Rule::of(vec![clicked(Test::Did, ["2", "90", "", "", "1", "1:1", ""]), sendable()]),
        ),
        (
            "ever followed a link with 'spring' in its address",
            Rule::of(vec![clicked(Test::Did, ["1", "", "", "", "", "", "spring"])]),
        ),
        (
            "in Osaka or Aichi, or spent 35,000 or more",
            any(vec![
                field(fields.prefecture, Test::OneOf, &["大阪府", "愛知県"]),
                field(fields.spent, Test::AtLeast, &["35000"]),
            ]),
        ),
    ];
    Ok(all.into_iter().map(|(what, rule)| (what.to_owned(), rule)).collect())
}
