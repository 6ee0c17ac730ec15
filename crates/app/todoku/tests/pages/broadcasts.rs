//! A broadcast on the pages, from the first field to the last row, and the customer who stops it.

use audience::ContactStore;
use axum::http::StatusCode;
use campaigns::{broadcast::BroadcastState, ports::BroadcastStore};
use delivery::{
    ports::SourceStore,
    source::{DomainKeys, NewDomain},
    verp::Seal,
};

use crate::{
    browser::{Browser, House, START, encoded},
    templates::write,
};

pub async fn domain(house: &House, name: &str) {
    let keys = DomainKeys {
        rsa_selector: "t1".into(),
        rsa_private: String::new(),
        rsa_public: "AAAA".into(),
        ed25519_selector: "t2".into(),
        ed25519_private: String::new(),
        ed25519_public: "BBBB".into(),
    };
    let new = NewDomain { name: name.into(), return_path_domain: format!("bounce.{name}"), keys };
    house.store.add_domain(&new, None, START).await.unwrap().unwrap();
}

pub async fn person(owner: &mut Browser, name: &str, address: &str) -> i64 {
    let form = format!("name={name}&address={address}");
    let answer = owner.fill("/contacts/new", "/contacts", &form).await;
    let path = answer.location().split('?').next().unwrap();
    path.rsplit('/').next().unwrap().parse().unwrap_or_else(|_| panic!("{}", answer.body))
}

/// A draft from `from`; its address.
pub async fn compose(owner: &mut Browser, from: &str) -> String {
    let template = write(owner, "冬", "{{ name }} 様\n{{ unsubscribe_url }}").await;
    let template = template.rsplit('/').next().unwrap();
    let form =
        format!("name={}&template={template}&from_name=Shop&from_address={from}", encoded("冬のご予約"));
    let answer = owner.fill("/broadcasts/new", "/broadcasts", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().trim_end_matches("/audience").to_owned()
}

fn id_of(page: &str) -> i64 {
    page.rsplit('/').next().unwrap().parse().unwrap()
}

/// Chooses everyone and starts.
pub async fn start(house: &House, owner: &mut Browser, page: &str) {
    owner.fill(&format!("{page}/audience"), &format!("{page}/audience"), "kind=all").await;
    let answer = owner.fill(&format!("{page}/confirm"), &format!("{page}/start"), "").await;
    assert_eq!(answer.location(), format!("{page}?done=broadcast-started"), "{}", answer.body);
    while !house.store.write_audience(id_of(page), 100, START).await.unwrap() {}
}

#[tokio::test]
async fn from_the_first_field_to_the_last_row() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    let hanako = person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    person(&mut owner, "Taro", "").await;
    let gone = person(&mut owner, "Gone", "gone@gmail.com").await;
    house.store.opt_out(gone, audience::OptOutRoute::Operator, None, START).await.unwrap();
    let page = compose(&mut owner, "info@shop.example").await;
    owner.get(&format!("{page}/audience")).await.says(&["送れるお客様", "1人", "3人"]);
    owner.fill(&format!("{page}/audience"), &format!("{page}/audience"), "kind=all").await;
    let confirm = owner.get(&format!("{page}/confirm")).await;
    confirm.says(&["1人に送る", "アドレスなし", "配信停止", "−1", "Hanako 様", "part=no_address"]);
    owner.get(&format!("{page}/people?part=opted_out")).await.says(&["Gone", "gone@gmail.com"]);
    owner.get(&format!("{page}/people?part=remaining")).await.says(&["Hanako"]);
    start(&house, &mut owner, &page).await;
    owner.get(&page).await.says(&["送信中", "一時停止…", "中止…", "data-live", "rows?state=withheld"]);
    let live = owner.get(&format!("{page}/live")).await;
    assert!(live.body.starts_with("<div data-live") && !live.body.contains("<html"), "{}", live.body);
    let rows = owner.get(&format!("{page}/rows?state=waiting&provider=docomo")).await;
    rows.says(&["Hanako", &format!("/contacts/{hanako}"), "/messages/"]);
    assert!(!rows.body.contains("Gone"), "{}", rows.body);
    owner.get(&format!("{page}/rows?reason=opted_out")).await.says(&["Gone"]);
    owner.get(&format!("{page}/rows?provider=")).await.says(&["Taro"]);
    let csv = owner.get(&format!("{page}/rows.csv")).await;
    assert!(csv.body.starts_with("\u{feff}\"お名前\""), "{}", csv.body);
    assert_eq!(csv.body.lines().count(), 4);
    owner.get("/broadcasts").await.says(&["冬のご予約", "送信中"]);
    let english = house.browser("192.0.2.9").get(&page).await;
    assert_eq!(english.status, StatusCode::SEE_OTHER, "nobody else sees it");
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_with_the_place_to_mend_it() {
    let (house, mut owner) = House::with_owner().await;
    let page = compose(&mut owner, "info@other.example").await;
    owner.get(&format!("{page}/edit")).await.says(&["other.example は送信元ドメインに登録されていない"]);
    owner
        .get("/broadcasts/from-note?value=a@gmail.com")
        .await
        .says(&["gmail.com のアドレスは差出人に使えません"]);
    let confirm = owner.get(&format!("{page}/confirm")).await;
    confirm.says(&[
        "other.example が送信元ドメインに登録されていません",
        "送る方が一人もいません",
        "/domains",
        "/audience",
    ]);
    assert!(!confirm.body.contains("/start\""), "{}", confirm.body);
    let forced = owner.fill(&format!("{page}/confirm"), &format!("{page}/start"), "").await;
    assert_eq!(forced.location(), format!("{page}/confirm"));
    assert_eq!(
        BroadcastStore::get(&*house.store, id_of(&page)).await.unwrap().unwrap().state,
        BroadcastState::Draft
    );
    let lost = owner.fill("/broadcasts/new", "/broadcasts", "name=keepme&template=1&from_address=x").await;
    assert_eq!(lost.status, StatusCode::UNPROCESSABLE_ENTITY);
    lost.says(&["文面を選んでください", "value=\"keepme\"", "value=\"x\""]);
}

#[tokio::test]
async fn picks_are_kept_over_searches_and_pages() {
    let (house, mut owner) = House::with_owner().await;
    let mut ids = Vec::new();
    for n in 0..60 {
        ids.push(person(&mut owner, &format!("Kyaku{n}"), &format!("k{n}@docomo.ne.jp")).await);
    }
    let page = compose(&mut owner, "info@shop.example").await;
    let (pick, id) = (format!("{page}/pick"), id_of(&page));
    let picked = async || house.store.picked(id, 100).await.unwrap().len();
    let form = format!("go=page-2&shown={0}&shown={1}&picked={0}&picked={1}", ids[0], ids[1]);
    let answer = owner.fill(&pick, &pick, &form).await;
    assert_eq!(answer.location(), format!("{pick}?page=2"));
    owner.fill(&pick, &pick, &format!("go=search&q=Kyaku3&shown={0}&picked={0}", ids[2])).await;
    assert_eq!(picked().await, 3);
    owner.fill(&pick, &pick, &format!("go=stay&shown={}", ids[2])).await;
    assert_eq!(picked().await, 2);
    owner.fill(&pick, &pick, "go=all&found_by=Kyaku5").await;
    assert_eq!(picked().await, 13, "5 and 50 to 59");
    owner.get(&format!("{pick}?page=2")).await.says(&["13人を選んでいます", "60件中 51"]);
    owner.fill(&pick, &pick, "go=none").await;
    assert_eq!(picked().await, 0);
}

#[tokio::test]
async fn pause_resume_and_cancel_are_there_when_they_make_sense() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let page = compose(&mut owner, "info@shop.example").await;
    start(&house, &mut owner, &page).await;
    for (verb, state, next) in [
        ("pause", BroadcastState::Paused, "再開…"),
        ("resume", BroadcastState::Running, "一時停止…"),
        ("cancel", BroadcastState::Cancelled, "配信を中止"),
    ] {
        let answer = owner.fill(&page, &format!("{page}/{verb}"), "").await;
        assert!(answer.location().starts_with(&format!("{page}?done=")), "{verb}");
        assert_eq!(BroadcastStore::get(&*house.store, id_of(&page)).await.unwrap().unwrap().state, state);
        owner.get(&page).await.says(&[next]);
    }
    let late = owner.fill(&page, &format!("{page}/pause"), "").await;
    assert_eq!(late.location(), page, "too late, and the page says so");
    let forged = owner.post(&format!("{page}/cancel"), "csrf=wrong").await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_customer_stops_mail_with_her_link_alone() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    let hanako = person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let page = compose(&mut owner, "info@shop.example").await;
    start(&house, &mut owner, &page).await;
    let filter = campaigns::report::RowFilter::default();
    let row = house.store.rows(id_of(&page), &filter, 0, 1).await.unwrap().0.remove(0);
    let link = format!("/u/{}", Seal::unsubscribe("0123456789abcdef").token(row.id));
    let mut customer = house.browser("198.51.100.7");
    let stopped = async || ContactStore::get(&*house.store, hanako).await.unwrap().unwrap().opt_out_route;
    let asked = customer.get(&link).await;
    asked.says(&["停止する", "Shop", "h…@docomo.ne.jp"]);
    assert!(!asked.body.contains("hanako@") && !asked.body.contains("Todoku"), "{}", asked.body);
    customer.send("HEAD", &link, "", None).await;
    assert_eq!(stopped().await, None, "looking stops nothing");
    let one_click = "List-Unsubscribe=One-Click";
    let done = customer.post(&link, one_click).await;
    assert_eq!(done.status, StatusCode::OK);
    done.says(&["停止しました"]);
    assert_eq!(stopped().await, Some(audience::OptOutRoute::OneClick));
    customer.get(&link).await.says(&["停止しました"]);
    assert!(customer.cookies.is_empty(), "{:?}", customer.cookies);
    for wrong in ["/u/sample", "/u/u-1-000000000000", "/u/%00"] {
        let answer = customer.post(wrong, one_click).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
        answer.says(&["このリンクでは停止できませんでした"]);
    }
}
