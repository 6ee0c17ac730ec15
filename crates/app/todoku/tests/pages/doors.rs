//! No door stands open: every page asks for a login, every form for its token, every answer carries its guard.

use axum::http::StatusCode;

use crate::browser::House;

/// The list of routes as it stands in the source, so that a new route is tested the day it is written.
const ROUTER: &str = include_str!("../../../../adapters/web/src/router.rs");

/// Pages for people without a login.
const PUBLIC: [&str; 9] =
    ["/l/", "/welcome", "/login", "/assets/", "/language", "/u/", "/healthz", "/readyz", "/explain"];

/// Path and what follows it, of every route; ids become 1.
fn routes() -> Vec<(String, &'static str)> {
    let calls = ROUTER.split(".route(").skip(1);
    let routes: Vec<_> = calls
        .map(|call| {
            let path = call.split('"').nth(1).unwrap();
            let path = path
                .replace("{id}", "1")
                .replace("{field}", "1")
                .replace("{point}", "1")
                .replace("{hash}", "0")
                .replace("{name}", "x");
            (path, call)
        })
        .collect();
    assert!(routes.len() > 20, "only {} routes found", routes.len());
    routes
}

fn is_public(path: &str) -> bool {
    PUBLIC.iter().any(|public| path.starts_with(public))
}

#[tokio::test]
async fn every_form_asks_for_its_token() {
    let (house, mut owner) = House::with_owner().await;
    let mut tried = 0;
    for (path, call) in routes() {
        if !call.contains("post(") || path.starts_with("/u/") {
            continue;
        }
        for form in ["", "csrf=wrong", "csrf=&name=x"] {
            let answer = owner.post(&path, form).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} with {form:?}");
        }
        let boundary = "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nwrong\r\n--b--\r\n";
        let answer = owner.send("POST", &path, boundary, Some("multipart/form-data; boundary=b")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} as multipart");
        let answer = owner.send("POST", &path, "{\"csrf\":1}", Some("application/json")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} as JSON");
        tried += 1;
    }
    assert!(tried > 8, "only {tried} forms");
    let mut stranger = house.browser("192.0.2.9");
    let token = owner.token("/account").await;
    let answer = stranger.post("/login", &format!("csrf={token}&login=sakura&password=x")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "a token of another browser");
}

#[tokio::test]
async fn every_page_asks_for_a_login() {
    let (house, mut owner) = House::with_owner().await;
    let mut stranger = house.browser("192.0.2.9");
    for (path, call) in routes().into_iter().filter(|(path, _)| !is_public(path)) {
        let method = if call.contains("get(") { "GET" } else { "POST" };
        let answer = stranger.send(method, &path, "", Some("application/x-www-form-urlencoded")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.location().starts_with("/login"), "{path} leads to {}", answer.location());
    }
    owner.cookies.insert("todoku".to_owned(), "0".repeat(64));
    assert_eq!(owner.get("/").await.location(), "/login", "an invented session");
}

#[tokio::test]
async fn every_answer_carries_its_guard() {
    let (_house, mut owner) = House::with_owner().await;
    for path in ["/", "/contacts", "/no-such-page", "/login", "/assets/0/todoku.css"] {
        let answer = owner.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        let inline = ["<style", "style=\"", " onclick", "<script>"];
        assert!(!inline.iter().any(|part| answer.body.contains(part)), "{path} has inline style or script");
    }
    assert_eq!(owner.get("/").await.header("cache-control"), "no-store");
    let page = owner.get("/").await.body;
    let style = page.split("/assets/").nth(1).unwrap().split('"').next().unwrap();
    let answer = owner.get(&format!("/assets/{style}")).await;
    assert!(answer.header("cache-control").contains("immutable"), "{}", answer.header("cache-control"));
}

#[tokio::test]
async fn refusals_have_pages_in_both_languages() {
    let (_house, mut owner) = House::with_owner().await;
    let answer = owner.get("/no-such-page").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    answer.says(&["このページは見つかりません", "404"]);
    let answer = owner.get("/logout").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    answer.says(&["この操作はここではできません"]);
    let large = format!("csrf=x&note={}", "a".repeat(3 * 1024 * 1024));
    let answer = owner.post("/contacts", &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    answer.says(&["大きすぎて受け取れませんでした"]);
    assert_eq!(owner.get("/contacts/999999").await.status, StatusCode::NOT_FOUND);
    let answer = owner.get("/contacts/not-a-number").await;
    assert!(answer.status.is_client_error());
    answer.says(&["<html lang=\"ja\">"]);
    owner.fill("/account", "/language", "language=en&back=/account").await;
    owner.get("/no-such-page").await.says(&["There is no such page", "<html lang=\"en\">"]);
    owner.get("/").await.says(&["<html lang=\"en\">"]);
}

#[tokio::test]
async fn cookies_are_closed() {
    let house = House::open(true).await;
    let mut browser = house.browser("192.0.2.1");
    let form = "name=Sakura&login=sakura&password=correct+horse&again=correct+horse";
    let answer = browser.fill("/welcome", "/welcome", form).await;
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["__Host-todoku=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} is not in {cookie}");
    }
    let token = &browser.cookies["__Host-todoku"];
    assert_eq!(token.len(), 64, "256 bits in hex");
}
