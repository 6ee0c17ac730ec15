//! First run, login, lock and unlock, roles, the last owner, passwords.

use accounts::OperatorStore;
use axum::http::StatusCode;

use crate::browser::{Browser, House};

const DAY: i64 = 24 * 3600 * 1000;

async fn log_in(browser: &mut Browser, login: &str, password: &str) -> crate::browser::Answer {
    browser.fill("/login", "/login", &format!("login={login}&password={password}")).await
}

async fn add_member(owner: &mut Browser, house: &House, role: &str) -> i64 {
    let form = format!(
        "name=Ichiro&login=ichiro&role={role}&language=ja&password=battery+staple&again=battery+staple"
    );
    let answer = owner.fill("/operators/new", "/operators", &form).await;
    assert_eq!(answer.location(), "/operators?done=operator-added", "{}", answer.body);
    house.store.credentials("ichiro").await.unwrap().unwrap().operator.id
}

#[tokio::test]
async fn the_first_owner_is_created_once() {
    let house = House::open(false).await;
    let mut browser = house.browser("192.0.2.1");
    assert_eq!(browser.get("/").await.location(), "/login");
    assert_eq!(browser.get("/login").await.location(), "/welcome");
    let short = browser.fill("/welcome", "/welcome", "name=S&login=sakura&password=short&again=short").await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    short.says(&["短すぎます。10文字以上にしてください。", "value=\"sakura\""]);
    let differs = "name=S&login=sakura&password=correct+horse&again=correct+house";
    browser.fill("/welcome", "/welcome", differs).await.says(&["2回の入力が違います"]);
    let token = browser.token("/welcome").await;
    let form = format!("csrf={token}&name=S&login=sakura&password=correct+horse&again=correct+horse");
    assert_eq!(browser.post("/welcome", &form).await.status, StatusCode::SEE_OTHER);
    browser.get("/?done=welcome").await.says(&["管理者を作りました", "はじめの4つ"]);
    assert_eq!(browser.get("/welcome").await.location(), "/login");
    let mut second = house.browser("192.0.2.2");
    second.get("/login").await;
    let again = second.post("/welcome", &form).await;
    assert_ne!(again.status, StatusCode::OK);
    assert_eq!(OperatorStore::count(&*house.store).await.unwrap(), 1);
}

#[tokio::test]
async fn five_wrong_passwords_lock_and_another_owner_unlocks() {
    let (house, mut owner) = House::with_owner().await;
    let id = add_member(&mut owner, &house, "member").await;
    let mut member = house.browser("192.0.2.2");
    for left in [4, 3, 2, 1] {
        let answer = log_in(&mut member, "ichiro", "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        answer.says(&[&format!("あと{left}回まちがえると"), "value=\"ichiro\""]);
    }
    log_in(&mut member, "ichiro", "wrong").await.says(&["ロックされています"]);
    log_in(&mut member, "ichiro", "battery+staple").await.says(&["ロックされています"]);
    owner.get("/operators").await.says(&["ロック中"]);
    let answer = owner.fill(&format!("/operators/{id}"), &format!("/operators/{id}/unlock"), "").await;
    owner.get(answer.location()).await.says(&["ロックを解除しました"]);
    let answer = log_in(&mut member, "ICHIRO", "battery+staple").await;
    assert_eq!(answer.location(), "/");
    member.get("/").await.says(&["Ichiro"]);
}

#[tokio::test]
async fn a_login_nobody_has_is_answered_like_one_that_exists() {
    let (house, mut owner) = House::with_owner().await;
    add_member(&mut owner, &house, "member").await;
    let mut browser = house.browser("192.0.2.3");
    for n in 0..6 {
        let known = log_in(&mut browser, "ichiro", "wrong").await;
        let unknown = log_in(&mut browser, "nobody", "wrong").await;
        assert_eq!(known.status, unknown.status);
        assert_eq!(known.body.replace("ichiro", "nobody"), unknown.body, "try {n}");
    }
}

#[tokio::test]
async fn one_address_cannot_guess_for_long() {
    let (house, _owner) = House::with_owner().await;
    let mut browser = house.browser("192.0.2.7");
    let mut last = StatusCode::OK;
    for n in 0..25 {
        last = log_in(&mut browser, &format!("name{n}"), "wrong").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let mut other = house.browser("192.0.2.8");
    assert_eq!(log_in(&mut other, "sakura", "correct+horse").await.location(), "/");
    house.pass(120_000);
    assert_eq!(log_in(&mut browser, "sakura", "correct+horse").await.location(), "/");
}

#[tokio::test]
async fn the_last_owner_stays() {
    let (house, mut owner) = House::with_owner().await;
    let me = house.store.credentials("sakura").await.unwrap().unwrap().operator.id;
    let page = format!("/operators/{me}");
    for (verb, form) in [("role", "role=member"), ("remove", "")] {
        let answer = owner.fill(&page, &format!("{page}/{verb}"), form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{verb}");
        answer.says(&["この方は最後の管理者です"]);
    }
    let other = add_member(&mut owner, &house, "owner").await;
    let answer = owner.fill(&page, &format!("{page}/role"), "role=member").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let answer = owner.get(&format!("/operators/{other}")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "no owner any more");
    answer.says(&["この画面は管理者だけが開けます"]);
}

#[tokio::test]
async fn a_removed_operator_is_out_at_once() {
    let (house, mut owner) = House::with_owner().await;
    let id = add_member(&mut owner, &house, "member").await;
    let mut member = house.browser("192.0.2.2");
    log_in(&mut member, "ichiro", "battery+staple").await;
    assert_eq!(member.get("/contacts").await.status, StatusCode::OK);
    assert_eq!(member.get("/operators").await.status, StatusCode::FORBIDDEN);
    owner.fill(&format!("/operators/{id}"), &format!("/operators/{id}/remove"), "").await;
    assert!(member.get("/contacts").await.location().starts_with("/login"));
    log_in(&mut member, "ichiro", "battery+staple").await.says(&["ログイン名かパスワードが違います"]);
}

#[tokio::test]
async fn own_password_and_sessions() {
    let (house, mut owner) = House::with_owner().await;
    let mut elsewhere = house.browser("192.0.2.2");
    log_in(&mut elsewhere, "sakura", "correct+horse").await;
    let wrong = "current=wrong&password=battery+staple&again=battery+staple";
    owner.fill("/account", "/account/password", wrong).await.says(&["いまのパスワードが違います"]);
    let right = "current=correct+horse&password=battery+staple&again=battery+staple";
    let answer = owner.fill("/account", "/account/password", right).await;
    owner.get(answer.location()).await.says(&["パスワードを変えました"]);
    assert!(elsewhere.get("/").await.location().starts_with("/login"), "the other device is out");
    assert_eq!(log_in(&mut elsewhere, "sakura", "battery+staple").await.location(), "/");
    house.pass(6 * DAY);
    assert_eq!(owner.get("/").await.status, StatusCode::OK, "used within a week");
    house.pass(6 * DAY);
    assert_eq!(owner.get("/").await.status, StatusCode::OK, "used again: it went on");
    house.pass(8 * DAY);
    assert_eq!(owner.get("/").await.location(), "/login", "not used for over a week");
    log_in(&mut elsewhere, "sakura", "battery+staple").await;
    let before = elsewhere.cookies["todoku"].clone();
    elsewhere.fill("/account", "/logout", "").await;
    elsewhere.cookies.insert("todoku".to_owned(), before);
    assert_eq!(elsewhere.get("/").await.location(), "/login", "a token is dead after the logout");
}

#[tokio::test]
async fn a_login_goes_on_only_to_our_own_pages() {
    let (house, _owner) = House::with_owner().await;
    for (next, expected) in
        [("/contacts?page=2", "/contacts?page=2"), ("//evil.example", "/"), ("https://evil.example", "/")]
    {
        let mut browser = house.browser("192.0.2.4");
        let form = format!("login=sakura&password=correct+horse&next={next}");
        assert_eq!(browser.fill("/login", "/login", &form).await.location(), expected);
    }
}
