//! The page that reads an error mail: for everybody, with the proof marked, kindly, and without keeping anything.

use axum::http::StatusCode;
use evidence::ports::EventLog;

use crate::browser::{Answer, Browser, House};

const DSN: &str = "From: MAILER-DAEMON@mx.midori.example\nTo: info@hanaya.example\nSubject: Undelivered Mail\n\
    MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\n\n\
    --x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.midori.example\n\n\
    Final-Recipient: rfc822; hanako@midori.example\nAction: failed\nStatus: 5.1.1\n\
    Diagnostic-Code: smtp; 550 5.1.1 <script>hanako</script> User unknown\n\n\
    Final-Recipient: rfc822; taro@docomo.ne.jp\nAction: failed\nStatus: 5.2.2\n\
    Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\n\
    --x\nContent-Type: text/rfc822-headers\n\nSubject: Your order\nTo: hanako@midori.example\n--x--\n";

async fn ask(browser: &mut Browser, field: &str, mail: &str) -> Answer {
    let token = browser.token("/explain").await;
    let form = format!(
        "--b-9\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n\
         --b-9\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"a.eml\"\r\n\r\n{mail}\r\n--b-9--\r\n"
    );
    browser.send("POST", "/explain", &form, Some("multipart/form-data; boundary=b-9")).await
}

#[tokio::test]
async fn anybody_can_have_an_error_mail_explained() {
    let house = House::open(false).await;
    let mut guest = house.browser("192.0.2.7");
    let before = house.store.unread("test", 100).await.unwrap().len();
    for field in ["text", "file"] {
        let answer = ask(&mut guest, field, DSN).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.says(&[
            "届かなかったことを知らせるメールです",
            "件名「Your order」",
            "hanako@midori.example",
            "宛先なし",
            "当店の番です",
            "<mark>User unknown</mark>",
            "&lt;script&gt;",
            "42550",
            "550 5.1.1",
            "taro@docomo.ne.jp",
            "受信箱が満杯",
            "お客様の番です",
            "確かさ: 確かです",
        ]);
        assert!(!answer.body.contains("<script>hanako"), "{}", answer.body);
    }
    assert_eq!(house.store.unread("test", 100).await.unwrap().len(), before, "nothing is kept");
}

#[tokio::test]
async fn what_is_no_error_mail_is_answered_kindly() {
    let (_house, mut owner) = House::with_owner().await;
    let letter = "From: hanako@midori.example\nTo: info@hanaya.example\nSubject: Thanks\n\nLovely roses.\n";
    ask(&mut owner, "text", letter).await.says(&["エラーメールではないようです", "迷惑メールフォルダー"]);
    let away = "From: hanako@midori.example\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n";
    ask(&mut owner, "text", away).await.says(&["自動返信です", "メールは届いています"]);
    ask(&mut owner, "text", "550 5.1.1 User unknown")
        .await
        .says(&["文面の一部から", "宛先は書かれていません"]);
    let late = DSN.replace("failed", "delayed");
    ask(&mut owner, "text", &late).await.says(&["送り続けています", "今は操作は要りません"]);
    let nothing = ask(&mut owner, "text", "  \r\n").await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    nothing.says(&["文面を貼り付けるか"]);
    owner.fill("/account", "/language", "language=en&back=/explain").await;
    ask(&mut owner, "text", DSN).await.says(&["It is your turn", "How sure: certain"]);
}

#[tokio::test]
async fn asking_has_limits() {
    let (house, _owner) = House::with_owner().await;
    let mut guest = house.browser("192.0.2.8");
    let answer = ask(&mut guest, "text", &"a".repeat(2 * 1024 * 1024 + 1)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    answer.says(&["大きすぎます"]);
    let mut seen = Vec::new();
    for _ in 0..25 {
        seen.push(ask(&mut guest, "text", "550 5.1.1 User unknown").await.status);
    }
    assert_eq!(seen.iter().filter(|status| **status == StatusCode::OK).count(), 19);
    assert_eq!(seen.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    house.pass(60_000);
    assert_eq!(ask(&mut guest, "text", "550 5.1.1 User unknown").await.status, StatusCode::OK);
    house.browser("192.0.2.9").get("/login").await.says(&["href=\"/explain\""]);
}
