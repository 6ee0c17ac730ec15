//! Customers on the pages: adding with a question about the address, the list, one person, what she wants.

use audience::{
    AddressFailure, ContactFilter, ContactStore, Failure, Standing, ValiditySettings, ValidityStore,
};
use axum::http::StatusCode;
use bounce::Reason;

use crate::browser::{Browser, House, START, encoded};

async fn add(owner: &mut Browser, form: &str) -> String {
    let answer = owner.fill("/contacts/new", "/contacts", form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_typo_is_asked_about_and_never_changed() {
    let (house, mut owner) = House::with_owner().await;
    let typed = "name=Hanako&address=hanako@gmai.com";
    let answer = owner.fill("/contacts/new", "/contacts", typed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["gmail.com に直す", "このままで正しい", "value=\"hanako@gmai.com\"", "value=\"Hanako\""]);
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 0);
    let fixed = add(&mut owner, &format!("{typed}&fix=hanako@gmail.com")).await;
    owner.get(&fixed).await.says(&["hanako@gmail.com", "送れます"]);
    let kept = add(&mut owner, &format!("{typed}&keep=hanako@gmai.com")).await;
    owner.get(&kept).await.says(&["hanako@gmai.com", "送れます"]);
    let broken = owner.fill("/contacts/new", "/contacts", "name=H&address=hanako").await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    let lines =
        owner.fill("/contacts/new", "/contacts", "name=H&address=a@b.example%0D%0ABcc:+x@y.example").await;
    assert_eq!(lines.status, StatusCode::UNPROCESSABLE_ENTITY);
    owner
        .get("/contacts/address-note?value=hanako@gmai.com")
        .await
        .says(&["data-fill=\"#address\"", "gmail.com"]);
}

#[tokio::test]
async fn full_width_and_old_carrier_addresses_are_taken() {
    let (_house, mut owner) = House::with_owner().await;
    let wide = add(&mut owner, "name=A&address=%EF%BD%88anako@docomo.ne.jp").await;
    owner.get(&wide).await.says(&["hanako@docomo.ne.jp"]);
    let dots = add(&mut owner, "name=B&address=hanako..y@docomo.ne.jp").await;
    owner.get(&dots).await.says(&["hanako..y", "送れます"]);
}

#[tokio::test]
async fn text_from_outside_stays_text() {
    let (_house, mut owner) = House::with_owner().await;
    let evil = "name=%3Cscript%3Ealert(1)%3C/script%3E&note=%22%3E%3Cimg+src=x%3E&phone=1";
    let page = add(&mut owner, evil).await;
    for path in [page.clone(), format!("{page}/edit"), "/contacts".to_owned()] {
        let body = owner.get(&path).await.body;
        assert!(!body.contains("<script>alert") && !body.contains("<img src=x"), "{path}: {body}");
    }
    let answer = owner.get("/contacts?q=%22%3E%3Cscript%3Ealert(1)").await;
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
    let answer = owner.get("/?done=%3Cb%3E").await;
    assert!(!answer.body.contains("<b>") || !answer.body.contains("class=\"flash\""));
}

#[tokio::test]
async fn what_the_customer_wants() {
    let (house, mut owner) = House::with_owner().await;
    let page = add(&mut owner, "name=Hanako&address=hanako@docomo.ne.jp").await;
    let id: i64 = page.rsplit('/').next().unwrap().parse().unwrap();
    let standing = async || house.store.get(id).await.unwrap().unwrap().standing();
    owner.fill(&page, &format!("{page}/opt-out"), "").await;
    assert_eq!(standing().await, Standing::OptedOut);
    owner.get(&page).await.says(&["配信停止", "担当者の操作", "配信停止になりました"]);
    owner.fill(&page, &format!("{page}/opt-in"), "").await;
    assert_eq!(standing().await, Standing::Sendable);
    house
        .store
        .mark_invalid("hanako@docomo.ne.jp", "userunknown", None, crate::browser::START)
        .await
        .unwrap();
    owner.get(&page).await.says(&["アドレス無効", "アドレスを直す", "使えると確かめた"]);
    owner.fill(&page, &format!("{page}/mark-valid"), "why=lift-asked&note=by+phone").await;
    assert_eq!(standing().await, Standing::Sendable);
    owner.get(&page).await.says(&["戻しました。お客様に、使えると確かめた。by phone(Sakura)"]);
    owner.fill(&page, &format!("{page}/switch-off"), "why=off-told").await;
    assert_eq!(standing().await, Standing::Invalid);
    owner
        .get(&page)
        .await
        .says(&["担当者が止めました。お客様から、使っていないと聞いた。", "から送信を止めています"]);
}

#[tokio::test]
async fn the_list_counts_what_it_shows() {
    let (_house, mut owner) = House::with_owner().await;
    for n in 0..60 {
        add(&mut owner, &format!("name=Person+{n}&address=person{n}@docomo.ne.jp&external_id=C{n}")).await;
    }
    add(&mut owner, "name=Nobody&phone=0300000000").await;
    let first = owner.get("/contacts").await;
    first.says(&["61件中 1–50件", "page=2"]);
    assert_eq!(first.body.matches("data-label=\"電話番号\"").count(), 50);
    let second = owner.get("/contacts?page=2").await;
    second.says(&["61件中 51–61件"]);
    assert_eq!(second.body.matches("data-label=\"電話番号\"").count(), 11);
    let found = owner.get("/contacts?standing=no_address").await;
    found.says(&["Nobody", "1件中 1–1件"]);
    owner.get("/contacts?q=C59").await.says(&["Person 59", "1件中"]);
    owner.get("/contacts?q=zzz").await.says(&["当てはまるお客様はいません"]);
    let taken = owner.fill("/contacts/new", "/contacts", "name=X&external_id=C1").await;
    taken.says(&["このお客様番号は、ほかのお客様に使われています"]);
}

#[tokio::test]
async fn failures_that_add_up_are_told_before_and_after_they_switch_off() {
    let (house, mut owner) = House::with_owner().await;
    let page = add(&mut owner, "name=Hanako&address=hanako@docomo.ne.jp").await;
    for n in 0..4 {
        let at = START + n * 5 * 24 * 3_600_000;
        let failure = AddressFailure {
            address_key: "hanako@docomo.ne.jp".into(),
            failure: Failure { recipient_id: 70 + n, at, reason: Reason::MailboxFull, is_temporary: false },
            arrival_id: None,
        };
        house.store.record_failure(&failure, &ValiditySettings::default(), at).await.unwrap();
        let seen = owner.get(&page).await;
        match n {
            0..3 => seen.says(&["送れます", &format!("続けて{}回届いていません(受信箱が満杯)", n + 1)]),
            _ => seen.says(&[
                "アドレス無効",
                "12月6日(日) 8:40まで、続けて4回届きませんでした",
                "続けて4回届かなかったため(受信箱が満杯)、次からは送りません。",
                "href=\"/messages/73\"",
                "使えると確かめた",
            ]),
        };
    }
}

#[tokio::test]
async fn the_second_of_two_people_sees_both_values() {
    let (_house, mut owner) = House::with_owner().await;
    let page = add(&mut owner, "name=Hanako&address=hanako@docomo.ne.jp").await;
    let edit = format!("{page}/edit");
    owner.get(&edit).await.says(&["name=\"version\" value=\"1\""]);
    owner.fill(&edit, &edit, "name=Hanayo&address=hanako@docomo.ne.jp&version=1").await;
    let late = owner.fill(&edit, &edit, "name=Hanae&address=hanako@docomo.ne.jp&version=1").await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.says(&["Hanayo", "Hanae", "name=\"version\" value=\"2\"", "選んだ値で保存"]);
    owner.fill(&edit, &edit, "name=Hanae&address=hanako@docomo.ne.jp&version=2").await;
    owner.get(&page).await.says(&["Hanae"]);
    // What she left alone is proposed as somebody else has saved it meanwhile, and the wish not to get news is no exception.
    let seen = owner.hidden(&edit, "seen").await;
    let form = |name: &str, dm: &str| {
        format!("name={name}&address=hanako@docomo.ne.jp&dm={dm}&status=registered&version=3")
    };
    owner.fill(&edit, &edit, &form("Hanae", "no")).await;
    let late = owner.fill(&edit, &edit, &format!("{}&seen={}", form("Hana", "yes"), encoded(&seen))).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    late.says(&["name=\"dm\" value=\"no\" checked", "name=\"name\" value=\"Hana\" checked", "希望しない"]);
    assert!(!late.body.contains("name=\"status\" value=\"registered\" checked"), "it is the same for both");
}

#[tokio::test]
async fn duplicates_are_merged_and_apart_again() {
    let (house, mut owner) = House::with_owner().await;
    let one = add(&mut owner, "name=Hanako&address=h@docomo.ne.jp&phone=03").await;
    let two = add(&mut owner, "company=Flower&address=h@docomo.ne.jp").await;
    let id = |page: &str| page.rsplit('/').next().unwrap().to_owned();
    let ids = format!("{},{}", id(&two), id(&one));
    owner.get("/duplicates").await.says(&["h@docomo.ne.jp", "まとめる", "1組あります"]);
    owner.get(&format!("/merge?ids={ids}")).await.says(&["残す登録", "Hanako", "Flower"]);
    let form = format!("ids={}&master={}&from:name={}&from:company={}", ids, id(&two), id(&one), id(&two));
    owner.fill(&format!("/merge?ids={ids}"), "/merge", &form).await;
    owner.get(&two).await.says(&["Hanako", "元に戻す", "ほかの登録と1つにまとめました"]);
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 1);
    let body = owner.get(&two).await.body;
    let undo = body.split("action=\"/merges/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    owner.fill(&two, &format!("/merges/{undo}"), "").await;
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 2);
    owner.fill("/duplicates", "/duplicates/merge", "survivor=oldest&rule-name=fill").await;
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 1);
    assert_eq!(owner.get("/merge?ids=1,2").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_export_holds_no_formula() {
    let (_house, mut owner) = House::with_owner().await;
    add(&mut owner, "name=%3Dcmd%7Ccalc&address=h@docomo.ne.jp&phone=%2B81901234567").await;
    owner.get("/contacts/export").await.says(&["1人を書き出します", "Shift_JIS"]);
    let file = owner.get("/contacts/export.csv").await;
    file.says(&["\u{feff}\"お客様番号\"", "\"'=cmd|calc\"", "\"+81901234567\""]);
    let old = owner.get("/contacts/export.csv?encoding=shift_jis").await;
    assert!(!old.bytes.starts_with(b"\xef\xbb\xbf") && old.body.contains("'=cmd|calc"));
}
