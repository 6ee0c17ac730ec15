//! Sources on the pages: their form, their test, their rest, their warm-up, and what waits for them.

use axum::http::StatusCode;
use delivery::{
    ports::{Postponed, QueueStore, SourceStore},
    source::{
        FIRST_SOURCE, Rest, Way,
        choose::{Wait, WaitFor},
        counts::CapKind,
        warm_up::Stage,
    },
};

use crate::{
    broadcasts::{compose, person, start},
    browser::{House, START},
};

const RELAY: &str = "kind=smart_host&host=relay.example&port=587&tls=start_tls&name=shop&enabled=1";

#[tokio::test]
async fn a_password_stays_with_its_server() {
    let (house, mut owner) = House::with_owner().await;
    assert_eq!(owner.get("/route").await.location(), "/sources/1/edit");
    owner.get("/sources/1/edit").await.says(&["受信側のサーバーへ直接送る", "value=\"direct\" checked"]);
    let form = format!("{RELAY}&password=hush-hush&mechanism=plain");
    let answer = owner.fill("/sources/1/edit", "/sources/1/edit", &form).await;
    assert_eq!(answer.location(), "/sources/1?done=source-saved", "{}", answer.body);
    let shown = owner.get("/sources/1/edit").await;
    shown.says(&["value=\"relay.example\"", "value=\"shop\"", "保存してあります"]);
    assert!(!shown.body.contains("hush-hush"));
    let kept = format!("{RELAY}&password=").replace("587", "465").replace("start_tls", "implicit");
    owner.fill("/sources/1/edit", "/sources/1/edit", &kept).await;
    let source = house.store.source(FIRST_SOURCE).await.unwrap().unwrap();
    let Way::SmartHost(host) = source.draft.way else { panic!("a smart host") };
    assert_eq!((host.port, host.login.unwrap().password.as_str()), (465, "hush-hush"));
    let elsewhere = format!("{RELAY}&password=&recipient=a@b.example").replace("relay", "evil");
    for action in ["/sources/1/edit", "/sources/1/test"] {
        let answer = owner.fill("/sources/1/edit", action, &elsewhere).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{action}");
        answer.says(&["もう一度入力が必要です", "value=\"evil.example\""]);
        assert!(!answer.body.contains("hush-hush"));
    }
    let wrong = owner.fill("/sources/new", "/sources", "kind=smart_host&host=a+b&port=x&hourly=x").await;
    wrong.says(&["サーバーの名前か IP アドレス", "1から65535まで", "1以上の数字"]);
}

#[tokio::test]
async fn a_walk_is_told_step_by_step() {
    let (_house, mut owner) = House::with_owner().await;
    let nobody = owner.fill("/sources/new", "/sources/test", "kind=direct&recipient=x").await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = "kind=smart_host&host=relay.example&port=587&tls=start_tls&recipient=me@shop.example";
    for page in ["/sources/test", "/sources/1/test"] {
        let walk = owner.fill("/sources/new", page, form).await;
        assert_eq!(walk.status, StatusCode::OK);
        walk.says(&[
            "「サーバーの場所を調べる」で止まりました",
            "relay.example",
            "ここで止まりました",
            "value=\"me@shop.example\"",
        ]);
    }
}

#[tokio::test]
async fn sources_are_added_rest_and_go() {
    let (house, mut owner) = House::with_owner().await;
    owner.get("/sources/new?preset=lolipop_light").await.says(&["value=\"300\"", "value=\"3000\""]);
    let form = "label=二号&kind=direct&bind_v4=192.0.2.7&helo_name=out2.shop.example&pool=Orders&weight=30&enabled=1&hourly=1,500";
    let page =
        owner.fill("/sources/new", "/sources", form).await.location().split('?').next().unwrap().to_owned();
    owner.get("/sources").await.says(&["二号", "192.0.2.7", "orders", "送信元 1", "使っています"]);
    owner.get(&page).await.says(&["0 / 1,500 通", "まだ確かめていません"]);
    let checked = owner.fill(&page, &format!("{page}/check"), "").await;
    assert_eq!(checked.location(), format!("{page}?done=source-checked"));
    owner.get(&page).await.says(&[
        "逆引きの名前がありません",
        "回線会社",
        "ブラックリストのどれにもありません",
    ]);
    owner.fill(&page, &format!("{page}/rest"), "").await;
    owner.get(&page).await.says(&["休んでいます", "担当者が休ませました", "再開する"]);
    owner.get("/sources").await.says(&["休んでいます"]);
    owner.fill(&page, &format!("{page}/lift"), "").await;
    assert!(house.store.sources().await.unwrap().iter().all(|source| source.rest.is_none()));
    let saved =
        owner.fill("/sources", "/sources/pools", "transactional=orders&broadcast=main&reply=nowhere").await;
    assert_eq!(saved.location(), "/sources?done=source-pools-saved");
    assert_eq!(house.store.lane_pools().await.unwrap().0.len(), 1);
    owner.fill(&page, &format!("{page}/remove"), "").await;
    owner.get("/sources").await.says(&["注文メール・個別のメール", "このままでは送れません"]);
    let last = owner.fill("/sources/1", "/sources/1/remove", "").await;
    assert_eq!(last.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_warm_up_is_shown_held_and_skipped() {
    let (house, mut owner) = House::with_owner().await;
    assert_eq!(owner.get("/sources/1/warm-up").await.status, StatusCode::NOT_FOUND);
    owner.fill("/sources/1/edit", "/sources/1/edit", "kind=direct&enabled=1&curve=careful").await;
    let page = owner.get("/sources/1/warm-up").await;
    page.says(&["Gmail", "docomo・au・SoftBank", "<svg class=\"warm-up\"", "1日目", "今日は 30 通まで"]);
    let state = async || {
        let source = house.store.source(FIRST_SOURCE).await.unwrap().unwrap();
        source.warm_ups.into_iter().find(|state| state.group == "gmail").unwrap()
    };
    for (act, stage, step) in [
        ("hold", Stage::HeldByHand, 0),
        ("go", Stage::Running, 0),
        ("next", Stage::Running, 1),
        ("finish", Stage::Done, 1),
    ] {
        let answer =
            owner.fill("/sources/1/warm-up", "/sources/1/warm-up", &format!("group=gmail&act={act}")).await;
        assert_eq!(answer.location(), "/sources/1/warm-up?done=warm-up-changed");
        assert_eq!((state().await.stage, state().await.step), (stage, step), "{act}");
    }
    owner.get("/sources/1/warm-up").await.says(&["慣らしは終わりました"]);
    house.pass(24 * 3_600_000);
    let care = doctor::source_care::SourceCare {
        sources: house.store.clone(),
        dns: std::sync::Arc::new(crate::browser::NoNetwork),
        mail_host: String::new(),
        sending_ips: Vec::new(),
        rest_when_listed: doctor::source_care::RestWhenListed::Never,
    };
    care.warm_up(START + 24 * 3_600_000).await.unwrap();
    owner.get("/sources/1/warm-up").await.says(&["1日目"]);
}

#[tokio::test]
async fn what_waits_for_a_source_says_until_when() {
    let (house, mut owner) = House::with_owner().await;
    owner.fill("/domains", "/domains", "name=shop.example").await;
    person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let broadcast = compose(&mut owner, "info@shop.example").await;
    start(&house, &mut owner, &broadcast).await;
    let request = delivery::ports::ClaimRequest {
        node: "n".into(),
        now: START,
        lanes: delivery::recipient::Lane::ALL,
        lease_until: START + 60_000,
        limit: 10,
        paces: Vec::new(),
        per_site: 10,
        full_sites: Vec::new(),
    };
    let row = house.store.claim(&request).await.unwrap().remove(0);
    let why = WaitFor::Limit { kind: CapKind::Hourly, most: 1_500 };
    let wait = Wait { until: START + 1_795_000, source: Some(FIRST_SOURCE), why };
    house.store.postpone("n", &[Postponed { id: row.id, wait }]).await.unwrap();
    let page = owner.get(&format!("/messages/{}", row.id)).await;
    page.says(&["1時間の上限(1,500通)に達したので", "続きを送ります"]);
    let rest =
        Rest { since_at: START, until: None, reason: "listed".into(), sample: "192.0.2.7: Spamhaus".into() };
    house.store.rest_source(FIRST_SOURCE, &rest, None, START).await.unwrap();
    owner.get("/sources/1").await.says(&["ブラックリストに載りました", "192.0.2.7: Spamhaus"]);
}
