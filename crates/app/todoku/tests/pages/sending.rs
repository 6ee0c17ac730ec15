//! Sending domains on the pages.

use axum::http::StatusCode;
use delivery::ports::SourceStore;

use crate::{
    broadcasts::{compose, person, start},
    browser::House,
};

#[tokio::test]
async fn a_domain_is_added_checked_and_removed() {
    let (house, mut owner) = House::with_owner().await;
    for (typed, words) in [
        ("", "ドメインを入力してください"),
        ("gmail.com", "差出人に使えません"),
        ("shop", "value=\"shop\""),
        ("%22%3E%3Cscript%3E", "&lt;script&gt;"),
    ] {
        let answer = owner.fill("/domains", "/domains", &format!("name={typed}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        answer.says(&[words]);
    }
    let answer = owner.fill("/domains", "/domains", "name=https://www.Shop.Example/").await;
    let page = answer.location().split('?').next().unwrap().to_owned();
    let again = owner.fill("/domains", "/domains", "name=shop.example").await;
    again.says(&["すでに登録されています"]);
    let shown = owner.get(&page).await;
    shown.says(&[
        "v=spf1 ip4:192.0.2.25 ~all",
        "v=DKIM1; k=rsa; p=",
        "v=DKIM1; k=ed25519; p=",
        "_dmarc.shop.example",
    ]);
    shown.says(&[
        "10 mx.todoku.example",
        "bounce.shop.example",
        "data-copy=\"#value-0\"",
        "未確認",
        "todoku-202611._domainkey",
    ]);
    let secret = house.store.domains().await.unwrap().remove(0).keys.rsa_private;
    assert!(!shown.body.contains(&secret[..40]));
    let checked = owner.fill(&page, &format!("{page}/check"), "").await;
    assert_eq!(checked.location(), format!("{page}?done=domain-checked"));
    owner.get(&page).await.says(&["まだない", "直す所あり", "確かめました"]);
    owner.get("/domains").await.says(&["shop.example", "直す所あり"]);
    owner.get("/broadcasts/from-note?value=info@shop.example").await.says(&["直す所あり", &page]);
    person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let broadcast = compose(&mut owner, "info@shop.example").await;
    start(&house, &mut owner, &broadcast).await;
    let refused = owner.fill(&page, &format!("{page}/remove"), "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    refused.says(&["まだ外せません"]);
    owner.fill(&broadcast, &format!("{broadcast}/cancel"), "").await;
    let removed = owner.fill(&page, &format!("{page}/remove"), "").await;
    assert_eq!(removed.location(), "/domains?done=domain-removed");
    assert_eq!(owner.get(&page).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_owners_set_up_sending() {
    let (house, mut owner) = House::with_owner().await;
    let form = "name=Member&login=member&role=member&language=ja&password=correct+horse&again=correct+horse";
    let answer = owner.fill("/operators/new", "/operators", form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let mut member = house.browser("192.0.2.77");
    member.fill("/login", "/login", "login=member&password=correct+horse").await;
    member.get("/desk").await.says(&["届いていない"]);
    for path in ["/domains", "/route", "/sources", "/sources/1"] {
        assert_eq!(member.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let token = member.token("/account").await;
    let answer = member.post("/domains", &format!("csrf={token}&name=shop.example")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}
