//! Links that are recorded, on the pages: said before the start, counted after, each number with its people.

use axum::http::StatusCode;
use campaigns::clicks::ClickStore;
use delivery::verp::Seal;
use mail::Stage;

use crate::{
    broadcasts::{domain, person, start},
    browser::{Browser, House, START, encoded},
    desk::deliver,
};

const TEXT: &str = "{{ name }} 様\nhttps://hana.example/spring\nhttps://hana.example/?c={{ customer_number }}\n\
                    {{ unsubscribe_url }}";
const HTML: &str = "<a href='https://hana.example/spring'>春</a> <a href='https://hana.example/sale'>値引き</a> \
                    <a href='https://hana.example/map'>地図</a> <a href='{{ unsubscribe_url }}'>停止</a>";

/// A draft whose links are recorded, or not; its address.
async fn composed(owner: &mut Browser, recorded: bool) -> String {
    let form = format!("name=a&subject=b&text={}&html={}&go=save", encoded(TEXT), encoded(HTML));
    let template = owner.fill("/templates/new", "/templates", &form).await;
    let template = template.location().split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    let tick = if recorded { "&records_clicks=1" } else { "" };
    let form = format!("name=Spring&template={template}&from_name=Shop&from_address=info@shop.example{tick}");
    let answer = owner.fill("/broadcasts/new", "/broadcasts", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().trim_end_matches("/audience").to_owned()
}

/// A letter taken by the servers of two people: the page of the broadcast, and for each person the contact's key and
/// the addresses of the links.
async fn sent(house: &House, owner: &mut Browser) -> (String, Vec<(i64, Vec<String>)>) {
    domain(house, "shop.example").await;
    let contacts =
        [person(owner, "Hanako", "hanako@docomo.ne.jp").await, person(owner, "Taro", "taro@gmail.com").await];
    let page = composed(owner, true).await;
    start(house, owner, &page).await;
    deliver(house, |_| ("250 2.0.0 Ok", Stage::Content)).await;
    let id: i64 = page.rsplit('/').next().unwrap().parse().unwrap();
    let targets = ["spring", "sale", "map"].map(|name| format!("https://hana.example/{name}"));
    house.store.links_of(id, &targets).await.unwrap();
    let all = campaigns::report::RowFilter::default();
    let rows = campaigns::ports::BroadcastStore::rows(&*house.store, id, &all, 0, 10).await.unwrap().0;
    let seal = Seal::links("0123456789abcdef");
    let of = |contact: i64| {
        let row = rows.iter().find(|row| row.contact_id == contact).unwrap();
        (contact, (0..3).map(|n| format!("/l/{}", seal.link_token(row.id, n))).collect())
    };
    (page, contacts.into_iter().map(of).collect())
}

#[tokio::test]
async fn what_is_recorded_is_said_before_the_start() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let form = owner.get("/broadcasts/new").await;
    form.says(&["name=\"records_clicks\"", "リンクのクリックを記録する", "https ではありません"]);
    assert!(
        !form.body.contains("name=\"records_clicks\" value=\"1\" checked"),
        "no https, no records unasked"
    );
    let page = composed(&mut owner, true).await;
    let confirm = owner.get(&format!("{page}/confirm")).await;
    confirm.says(&["3か所のリンク先を記録します", "記録しないリンク(1件)", "https://hana.example/?c="]);
    owner.get(&format!("{page}/edit")).await.says(&["name=\"records_clicks\" value=\"1\" checked"]);
    owner.get("/broadcasts/new").await.says(&["name=\"records_clicks\" value=\"1\" checked"]);
    let page = composed(&mut owner, false).await;
    owner.get(&format!("{page}/confirm")).await.says(&["クリックの記録", "記録しません"]);
}

#[tokio::test]
async fn clicks_are_counted_and_each_number_has_its_people() {
    let (house, mut owner) = House::with_owner().await;
    let (page, people) = sent(&house, &mut owner).await;
    owner.get(&page).await.says(&["リンクを開いた方は、まだいません"]);
    let [(hanako, hers), (taro, his)] = &people[..] else { panic!() };
    house.pass(60_000);
    let mut phone = house.browser("198.51.100.7");
    for _ in 0..2 {
        let answer = phone.get(&hers[1]).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::FOUND, "https://hana.example/sale"));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.headers.get("set-cookie").is_none(), "a reader gets no cookie");
    }
    phone.get(&hers[0]).await;
    let head = phone.send("HEAD", &his[2], "", None).await;
    assert_eq!((head.status, head.location()), (StatusCode::FOUND, "https://hana.example/map"));
    phone.agent = "Mozilla/5.0 (compatible; Googlebot/2.1)".to_owned();
    assert_eq!(phone.get(&his[1]).await.status, StatusCode::FOUND);
    house.desk.step(START + 61_000).await.unwrap();
    house.pass(20_000);
    house.desk.step(START + 81_000).await.unwrap();
    let report = owner.get(&page).await;
    report.says(&["1人がリンクを開きました(合わせて3回)", "hana.example/spring", "届いた証拠あり"]);
    let links = |body: &str| body.matches("/clicks?").count() + body.matches("/clicks\"").count();
    assert_eq!(links(&report.body), 9, "a link for each number that is not 0: {}", report.body);
    let list = owner.get(&format!("{page}/clicks?link=1")).await;
    list.says(&["リンクを開いた方", "https://hana.example/sale", "Hanako", "2回"]);
    assert!(!list.body.contains("Taro"));
    let machines = owner.get(&format!("{page}/clicks?machine=1")).await;
    machines.says(&["機械が開いた記録", "Taro", "確認だけの問い合わせ", "自動で動くプログラム"]);
    assert!(!machines.body.contains("Hanako"));
    owner
        .get(&format!("/contacts/{hanako}"))
        .await
        .says(&["メールのリンクを開きました:https://hana.example/sale", "届いた証拠あり"]);
    assert!(!owner.get(&format!("/contacts/{taro}")).await.body.contains("メールのリンクを開きました"));
    owner
        .get(&format!("/contacts/{hanako}/data.json"))
        .await
        .says(&["mail.clicked", "https://hana.example/sale"]);

    let at = list.body.find("/segments/new?").unwrap();
    let builder = list.body[at..].split('"').next().unwrap().replace("&amp;", "&");
    let id = page.rsplit('/').next().unwrap();
    let builder = owner.get(&builder).await;
    builder.says(&[
        "value=\"deed:clicked\" selected",
        &format!("value=\"{id}:1\" selected"),
        "hana.example/sale",
    ]);
    builder.says(&["<b>1</b>"]);
}

#[tokio::test]
async fn what_is_no_link_of_ours_leads_nowhere() {
    let (house, mut owner) = House::with_owner().await;
    let (page, people) = sent(&house, &mut owner).await;
    house.pass(60_000);
    let mut phone = house.browser("198.51.100.7");
    let token = &people[0].1[0];
    let seal = Seal::links("0123456789abcdef");
    for odd in [
        "/l/x".to_owned(),
        "/l/https://evil.example/".to_owned(),
        "/l/%2e%2e%2fevil".to_owned(),
        "/l/%ff%fe".to_owned(),
        token[..token.len() - 1].to_owned(),
        token.replace("-00-", "-01-"),
        format!("/l/{}", seal.link_token(1, 0)),
        format!("/l/{}", seal.token(1)),
        format!("/l/{}", "l-".repeat(2_000)),
    ] {
        let answer = phone.get(&odd).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::NOT_FOUND, ""), "{odd}");
        answer.says(&["このリンクは読み取れませんでした"]);
    }
    phone.get(&format!("{token}%E3%82%92%E3%81%94%E8%A6%A7")).await;
    phone.get(&token.to_ascii_uppercase().replace("/L/", "/l/")).await;
    house.desk.step(START + 61_000).await.unwrap();
    house.desk.step(START + 99_000).await.unwrap();
    owner.get(&page).await.says(&["1人がリンクを開きました(合わせて2回)"]);
    owner
        .fill(&format!("/contacts/{}", people[0].0), &format!("/contacts/{}/erase", people[0].0), "confirm=1")
        .await;
    assert_eq!(
        phone.get(token).await.location(),
        "https://hana.example/spring",
        "who was erased still gets there"
    );
    house.desk.step(START + 100_000).await.unwrap();
    house.desk.step(START + 200_000).await.unwrap();
    let report = owner.get(&format!("{page}/clicks")).await;
    report.says(&["個人情報を消去した方", "2回"]);
}
