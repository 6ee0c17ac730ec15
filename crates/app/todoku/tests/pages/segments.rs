//! Segments on the pages: built by plain forms, explained person by person, sent to.

use axum::http::StatusCode;

use crate::{
    broadcasts::{compose, domain, person},
    browser::{Browser, House, encoded},
};

const NAME: &str = "of-0=address&test-0=ends&v-0=";

/// Builds and saves a segment; its address.
async fn built(owner: &mut Browser, name: &str, rule: &str) -> String {
    let form = format!("name={}&{rule}&go=save", encoded(name));
    let answer = owner.fill("/segments/new", "/segments", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn built_without_script_and_explained() {
    let (_house, mut owner) = House::with_owner().await;
    let hanako = person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let taro = person(&mut owner, "Taro", "taro@gmail.com").await;
    owner.get("/segments").await.says(&["まだ条件がありません"]);
    let more =
        owner.fill("/segments/new", "/segments", &format!("name=keep&{NAME}@docomo.ne.jp&go=add+")).await;
    more.says(&[
        "value=\"keep\"",
        "value=\"@docomo.ne.jp\"",
        "name=\"of-1\"",
        "「氏名」の値を入れてください",
    ]);
    let counted =
        owner.fill("/segments/new", "/segments", &format!("name=&{NAME}@docomo.ne.jp&go=show")).await;
    counted.says(&["<b>1</b>", "メールアドレスが『@docomo.ne.jp』で終わる人"]);
    let fragment = owner.fill("/segments/new", "/segments/count", &format!("{NAME}.jp")).await;
    assert!(fragment.body.starts_with("<div class=\"card\" id=\"count\">"), "{}", fragment.body);
    let refused = owner.fill("/segments/new", "/segments", &format!("name=&{NAME}&go=save")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    refused.says(&["名前を100文字以内", "の値を入れてください"]);
    let page = built(&mut owner, "ドコモの方", &format!("{NAME}@docomo.ne.jp")).await;
    owner.get(&page).await.says(&["ドコモの方", "<b>1</b>", "Hanako", "なぜ当てはまる?"]);
    owner.get(&format!("{page}/people")).await.says(&["Hanako"]);
    let why = owner.get(&format!("{page}/why/{taro}")).await;
    why.says(&["この条件に当てはまりません", "メールアドレス:taro@gmail.com", "いいえ"]);
    owner.get(&format!("{page}/why/{hanako}")).await.says(&["この条件に当てはまります"]);
    owner.get(&format!("/contacts/{hanako}/segments")).await.says(&["当てはまる", "ドコモの方"]);
    let taken = format!("name={}&{NAME}x&go=save", encoded("ドコモの方"));
    owner.fill("/segments/new", "/segments", &taken).await.says(&["同じ名前の条件がすでにあります"]);
    let edit = format!("{page}/edit");
    let seen = owner.hidden(&edit, "version").await;
    let changed = format!("version={seen}&name={}&{NAME}@gmail.com", encoded("ドコモの方"));
    let ask = owner.fill(&edit, &edit, &format!("{changed}&go=save")).await;
    ask.says(&["この変更で、1人が加わり、1人が外れます"]);
    let saved = owner.fill(&edit, &edit, &format!("{changed}&go=confirm")).await;
    assert_eq!(saved.location(), format!("{page}?done=segment-saved"));
    owner.fill(&page, &format!("{page}/archive"), "").await;
    owner.get("/segments?archived=true").await.says(&["ドコモの方"]);
    owner.fill(&page, &format!("{page}/restore"), "").await;
    owner.get("/segments").await.says(&["ドコモの方", ">1</a>"]);
}

#[tokio::test]
async fn a_segment_is_sent_to_and_the_difference_is_a_page() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    let gone = person(&mut owner, "Gone", "gone@docomo.ne.jp").await;
    let taro = person(&mut owner, "Taro", "taro@gmail.com").await;
    audience::ContactStore::opt_out(
        &*house.store,
        gone,
        audience::OptOutRoute::Operator,
        None,
        crate::browser::START,
    )
    .await
    .unwrap();
    let segment = built(&mut owner, "ドコモの方", &format!("{NAME}@docomo.ne.jp")).await;
    let segment = segment.rsplit('/').next().unwrap().to_owned();
    let page = compose(&mut owner, "info@shop.example").await;
    let audience = format!("{page}/audience");
    let answer =
        owner.fill(&audience, &audience, &format!("kind=conditions&segment={segment}&go=next")).await;
    assert_eq!(answer.location(), format!("{page}/confirm"));
    owner.get(&format!("{page}/confirm")).await.says(&["1人に送る", "配信停止", "人数の差の内訳"]);
    let by_hand = format!("{page}/by-hand");
    owner.get(&format!("{by_hand}?q=Taro")).await.says(&["Taro", "加える", "外す"]);
    owner.fill(&by_hand, &by_hand, &format!("go=in+{taro}")).await;
    let difference = owner.get(&format!("{page}/difference")).await;
    difference.says(&[
        "当てはまる3人のうち、2人に送ります",
        "メールアドレスが『@docomo.ne.jp』で終わる人",
        "ここまでで残り 2人",
    ]);
    owner.fill(&by_hand, &by_hand, &format!("go=out+{taro}")).await;
    owner.get(&by_hand).await.says(&["手で外した方", "Taro"]);
    let frozen =
        owner.fill(&audience, &audience, &format!("kind=conditions&segment={segment}&go=freeze")).await;
    assert_eq!(frozen.location(), format!("{page}/audience?done=audience-frozen&n=2"));
    owner.get(&audience).await.says(&["に固定した2人です"]);
    owner.fill("/broadcasts/limits", "/broadcasts/limits", "mails=3&days=7").await;
    owner.get(&audience).await.says(&["お一人に7日間で3通まで"]);
    let wrong = owner.fill("/broadcasts/limits", "/broadcasts/limits", "mails=3&days=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let used = owner.get(&format!("/segments/{segment}")).await;
    used.says(&["まだ何にも使われていません"]);
    let broken = owner.fill(&audience, &audience, "kind=conditions&segment=5&go=next").await;
    owner.get(broken.location()).await.says(&["送る相手の条件に、直すところがあります"]);
}

#[tokio::test]
async fn a_segment_whose_field_was_put_away_says_so_and_sends_nothing() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    person(&mut owner, "Hanako", "hanako@docomo.ne.jp").await;
    owner.fill("/fields", "/fields", &format!("label={}&kind=text", encoded("会員"))).await;
    let field = audience::FieldStore::fields(&*house.store).await.unwrap().remove(0).id;
    let segment = built(&mut owner, "会員", &format!("of-0=field:{field}&test-0=empty")).await;
    let page = compose(&mut owner, "info@shop.example").await;
    let audience = format!("{page}/audience");
    let id = segment.rsplit('/').next().unwrap();
    owner.fill(&audience, &audience, &format!("kind=conditions&segment={id}&go=next")).await;
    owner.get(&format!("{page}/confirm")).await.says(&["1人に送る"]);
    owner.fill("/fields", &format!("/fields/{field}/archive"), "").await;
    let gone = "この条件が使う項目は削除されています";
    owner.get(&segment).await.says(&[gone]);
    owner.get(&format!("{page}/confirm")).await.says(&[gone]);
    owner.fill(&audience, &format!("{page}/start"), "").await;
    let broadcasts = campaigns::ports::BroadcastStore::list(&*house.store, 0, 10).await.unwrap();
    assert_eq!(broadcasts[0].state, campaigns::broadcast::BroadcastState::Draft, "it was not started");
    owner.fill("/fields", &format!("/fields/{field}/restore"), "").await;
    owner.get(&format!("{page}/confirm")).await.says(&["1人に送る"]);
}
