//! Pages: the shop's own fields, their values at a customer, topics and the trash.

use audience::{ContactStore, FieldKind, FieldStore, TopicStore};
use axum::http::StatusCode;

use crate::browser::{Browser, House, encoded};

async fn add_field(owner: &mut Browser, label: &str, kind: &str, choices: &str) {
    let form = format!("label={}&kind={kind}&choices={}", encoded(label), encoded(choices));
    let answer = owner.fill("/fields", "/fields", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

async fn id_of(house: &House, label: &str) -> i64 {
    let fields = house.store.fields().await.unwrap();
    fields.into_iter().find(|field| field.label == label).unwrap().id
}

#[tokio::test]
async fn values_are_asked_for_as_their_kinds_want_them() {
    let (house, mut owner) = House::with_owner().await;
    owner.get("/fields").await.says(&["まだ項目がありません"]);
    add_field(&mut owner, "誕生日", "date", "").await;
    add_field(&mut owner, "好み", "multi_choice", "花\n鉢\n苗").await;
    let taken = owner.fill("/fields", "/fields", &format!("label={}&kind=text", encoded("好み"))).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    taken.says(&["同じ名前の項目"]);
    owner.fill("/fields", "/fields", "label=x&kind=choice&choices=").await.says(&["選択肢を1つ以上"]);
    owner.get("/fields").await.says(&["誕生日", "日付", "花 / 鉢 / 苗", "{{ 誕生日 }}"]);
    let (born, likes) = (encoded("extra:誕生日"), encoded("好み"));
    let wrong = format!("name=H&{born}={}", encoded("あした"));
    let answer = owner.fill("/contacts/new", "/contacts", &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["日付として読み取れません", "value=\"あした\""]);
    let right = format!(
        "name=H&{born}={}&extra:{likes}=&pick:0:{likes}={}&pick:2:{likes}={}",
        encoded("平成3年1月5日"),
        encoded("花"),
        encoded("苗")
    );
    let answer = owner.fill("/contacts/new", "/contacts", &right).await;
    let page = answer.location().split('?').next().unwrap().to_owned();
    owner.get(&page).await.says(&["1991年1月5日", "花、苗"]);
    owner.get(&format!("{page}/edit")).await.says(&["value=\"1991-01-05\"", "value=\"苗\" checked"]);
    let id = id_of(&house, "誕生日").await;
    owner.fill("/fields", &format!("/fields/{id}/archive"), "").await;
    owner.get("/fields").await.says(&["しまった項目", "戻す"]);
    owner.fill(&format!("{page}/edit"), &format!("{page}/edit"), "name=H2").await;
    owner.fill("/fields", &format!("/fields/{id}/restore"), "").await;
    owner.get(&page).await.says(&["1991年1月5日", "H2"]);
}

#[tokio::test]
async fn another_kind_is_tried_first() {
    let (house, mut owner) = House::with_owner().await;
    add_field(&mut owner, "会員", "text", "").await;
    for (name, value) in [("A", "金"), ("B", "銀"), ("C", "2")] {
        let form = format!("name={name}&{}={}", encoded("extra:会員"), encoded(value));
        owner.fill("/contacts/new", "/contacts", &form).await;
    }
    let id = id_of(&house, "会員").await;
    let trial = owner.get(&format!("/fields/{id}/retype?kind=number")).await;
    trial.says(&["3人です", "2人の値は、読み取れません", "金", "銀"]);
    let trial = owner.get(&format!("/fields/{id}/retype?kind=choice")).await;
    trial.says(&["すべての値を読み取れます", "いまある値から提案", "2 / 金 / 銀"]);
    let path = format!("/fields/{id}/retype");
    let form = format!("kind=choice&choices={}", encoded("金\n銀\n2"));
    let answer = owner.fill(&format!("/fields/{id}"), &path, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let field = house.store.fields().await.unwrap().remove(0);
    assert_eq!((field.kind, field.retyping_up_to), (FieldKind::Choice, Some(0)));
    owner.get("/fields").await.says(&["値を読み直しています"]);
    assert!(house.store.retype_step(id, 100).await.unwrap());
}

#[tokio::test]
async fn topics_status_and_the_trash() {
    let (house, mut owner) = House::with_owner().await;
    let form = format!("name={}&description=x", encoded("新商品"));
    owner.fill("/topics", "/topics", &form).await;
    owner.fill("/topics", "/topics", &form).await.says(&["同じ名前の種類"]);
    owner.fill("/topics", "/topics", "name=").await.says(&["1文字以上"]);
    let topic = house.store.topics().await.unwrap().remove(0).id;
    let answer = owner
        .fill("/contacts/new", "/contacts", "name=H&address=h@docomo.ne.jp&status=provisional&dm=no")
        .await;
    let page = answer.location().split('?').next().unwrap().to_owned();
    let id: i64 = page.rsplit('/').next().unwrap().parse().unwrap();
    owner.get(&page).await.says(&["DM希望せず", "仮登録", "新商品"]);
    owner.fill(&page, &format!("{page}/topics"), "").await;
    assert_eq!(house.store.topic_refusals(id).await.unwrap().len(), 1);
    owner.get(&page).await.says(&["から希望しない"]);
    owner.fill(&page, &format!("{page}/topics"), &format!("topic-{topic}=1")).await;
    assert_eq!(house.store.topic_refusals(id).await.unwrap(), []);
    owner.fill(&page, &format!("{page}/trash"), "").await;
    owner.get(&page).await.says(&["ごみ箱にいます", "元に戻す"]);
    assert!(!owner.get("/contacts").await.body.contains(&page));
    owner.get("/contacts?trash=1").await.says(&[&page]);
    owner.fill(&page, &format!("{page}/restore"), "").await;
    assert_eq!(house.store.get(id).await.unwrap().unwrap().trashed_at, None);
}
