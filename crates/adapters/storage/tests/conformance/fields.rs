//! Fields of the house: values as their kinds want them, another kind, put away and back.

use audience::{ContactStore, Field, FieldDraft, FieldKind, FieldStore, try_retype};
use sqlx::{Connection as _, Row as _};
use storage::Store;

use crate::{
    people::{contact, draft},
    world::{NOW, cases},
};

fn field(label: &str, kind: FieldKind) -> FieldDraft {
    FieldDraft { label: label.into(), kind, choices: vec!["金".into(), "銀".into()], required: false }
}

async fn added(store: &Store, label: &str, kind: FieldKind) -> i64 {
    store.add_field(&field(label, kind), None, NOW).await.unwrap().expect("the label is free")
}

async fn person(store: &Store, fields: &[(&str, &str)]) -> i64 {
    let mut new = draft("", "客", "");
    new.fields = fields.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    store.add(&new, None, NOW).await.unwrap().unwrap()
}

async fn labels(store: &Store) -> Vec<String> {
    store.fields().await.unwrap().into_iter().map(|field| field.label).collect()
}

async fn found(store: &Store, id: i64) -> Field {
    store.fields().await.unwrap().into_iter().find(|field| field.id == id).unwrap()
}

/// `text number` of each row of `field_values`, by contact and place.
async fn compared(url: &str, field_id: i64) -> Vec<String> {
    let sql = "SELECT COALESCE(text, '-') AS text, COALESCE(CAST(number AS TEXT), '-') AS number
               FROM field_values WHERE field_id = $1 ORDER BY contact_id, seq";
    let told = |text: String, number: String| format!("{text} {}", number.trim_end_matches(".0"));
    if url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
        let rows = sqlx::query(sql).bind(field_id).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| told(row.get("text"), row.get("number"))).collect()
    } else {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        let rows = sqlx::query(sql).bind(field_id).fetch_all(&mut connection).await.unwrap();
        rows.iter().map(|row| told(row.get("text"), row.get("number"))).collect()
    }
}

cases! {
    async fn values_are_kept_as_their_kinds_want_them(store: Store, url: String) {
        let spent = added(&store, "購入額", FieldKind::Number).await;
        let born = added(&store, "誕生日", FieldKind::Date).await;
        let ranks = added(&store, "ランク", FieldKind::MultiChoice).await;
        let id = person(&store, &[
            ("購入額", "１,２００円"), ("誕生日", "平成3年12月31日"), ("ランク", "銀,金"), ("色", "アカ"), ("空", " "),
        ]).await;
        let kept = contact(&store, id).await.fields;
        let told: Vec<_> = kept.iter().map(|(key, text)| format!("{key}={text}")).collect();
        assert_eq!(told, ["ランク=金、銀", "色=アカ", "誕生日=1991-12-31", "購入額=1200"]);
        assert_eq!(compared(&url, spent).await, ["- 1200"]);
        assert_eq!(compared(&url, born).await, ["12-31 8034"]);
        assert_eq!(compared(&url, ranks).await, ["金 -", "銀 -"]);
        let color = store.fields().await.unwrap().into_iter().find(|field| field.key == "色").unwrap();
        assert_eq!((color.kind, compared(&url, color.id).await), (FieldKind::Text, vec!["あか -".to_owned()]));
        let mut other = draft("", "客", "");
        other.fields = [("ランク".into(), "金".into()), ("購入額".into(), "わからない".into())].into();
        assert!(store.edit(id, &other, None, NOW).await.unwrap());
        assert_eq!(compared(&url, ranks).await, ["金 -"]);
        assert_eq!(compared(&url, born).await, Vec::<String>::new());
        assert_eq!(compared(&url, spent).await, ["- -"], "there, but comparable with nothing");
        assert_eq!(contact(&store, id).await.fields["購入額"], "わからない");
    }

    async fn a_label_is_one_fields_only(store: Store) {
        let one = added(&store, "会員", FieldKind::Text).await;
        assert_eq!(store.add_field(&field("会員", FieldKind::Date), None, NOW).await.unwrap(), None);
        assert!(store.change_field(one, &field("旧会員", FieldKind::Text), None, NOW).await.unwrap());
        let two = added(&store, "会員", FieldKind::Choice).await;
        assert_eq!(found(&store, two).await.key, "会員 (2)", "the renamed field keeps its key");
        assert!(!store.change_field(two, &field("旧会員", FieldKind::Text), None, NOW).await.unwrap());
        assert!(!store.change_field(77, &field("何か", FieldKind::Text), None, NOW).await.unwrap());
        let three = added(&store, "地域", FieldKind::Text).await;
        assert_eq!(labels(&store).await, ["旧会員", "会員", "地域"]);
        store.move_field(three, true).await.unwrap();
        store.move_field(one, true).await.unwrap();
        assert_eq!(labels(&store).await, ["旧会員", "地域", "会員"]);
        assert!(store.archive_field(one, true, Some(1), NOW).await.unwrap());
        assert_eq!(labels(&store).await, ["地域", "会員", "旧会員"], "put away last");
        assert!(!store.field_names().await.unwrap().contains(&"会員".to_owned()));
        assert!(store.archive_field(one, false, None, NOW).await.unwrap());
        assert_eq!(labels(&store).await, ["旧会員", "地域", "会員"]);
        assert!(store.archive_field(one, true, None, NOW).await.unwrap());
        person(&store, &[("会員", "はい")]).await;
        assert_eq!(found(&store, one).await.archived_at, None, "a value brings its field back");
    }

    async fn another_kind_reads_everything_anew(store: Store, url: String) {
        let typed = ["2026/1/5", "令和元年5月1日", "未定", "20260105", "未定"];
        let mut ids = Vec::new();
        for text in typed {
            ids.push(person(&store, &[("来店日", text)]).await);
        }
        let id = store.fields().await.unwrap()[0].id;
        assert_eq!(compared(&url, id).await.len(), 5);
        let wanted = field("来店日", FieldKind::Date);
        let trial = try_retype(&store, &found(&store, id).await, &wanted).await.unwrap();
        assert_eq!((trial.values, trial.unreadable), (5, 2));
        assert_eq!(trial.examples, [("未定".to_owned(), 2)]);
        assert_eq!(compared(&url, id).await[0], "2026/1/5 -", "a trial changes nothing");
        assert!(store.retype_field(id, &wanted, None, NOW).await.unwrap());
        assert_eq!(found(&store, id).await.retyping_up_to, Some(0));
        while !store.retype_step(id, 2).await.unwrap() {}
        assert_eq!(found(&store, id).await.retyping_up_to, None);
        assert_eq!(compared(&url, id).await, ["01-05 20458", "05-01 18017", "- -", "01-05 20458", "- -"]);
        assert_eq!(contact(&store, ids[1]).await.fields["来店日"], "2019-05-01");
        assert_eq!(contact(&store, ids[2]).await.fields["来店日"], "未定");
        assert!(store.retype_field(id, &field("来店日", FieldKind::Text), None, NOW).await.unwrap());
        assert!(store.retype_step(id, 100).await.unwrap());
        assert_eq!(compared(&url, id).await[2], "未定 -", "nothing was lost");
        assert!(store.retype_step(id, 100).await.unwrap(), "there is nothing left to do");
    }
}
