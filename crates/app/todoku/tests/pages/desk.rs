//! What did not arrive, on the pages: the desk, correcting an address, other ways, and the story of one message.

use audience::ContactStore;
use axum::http::StatusCode;
use delivery::{
    attempt::{Attempt, Peer},
    outcome,
    ports::{ClaimRequest, Claimed, CommitMark, Later, QueueStore, Record},
    recipient::State,
    retry::RetryPolicy,
    transcript::Spoken,
};
use evidence::ports::DeskStore;
use mail::{Reply, Stage};
use reception::{ArrivalKind, ArrivalStore, Destination, Joined, JoinedBy, NewArrival};

use crate::{
    broadcasts::{compose, domain, person, start},
    browser::{Browser, House, START, encoded},
};

/// Claims what is due and lets the server answer each row.
pub async fn deliver(house: &House, answer: impl Fn(&Claimed) -> (&'static str, Stage)) {
    let request = ClaimRequest {
        node: "n".into(),
        now: START + 1_000,
        lanes: delivery::recipient::Lane::ALL,
        lease_until: START + 60_000,
        limit: 100,
        per_site: 100,
        full_sites: Vec::new(),
        paces: Vec::new(),
    };
    for row in house.store.claim(&request).await.unwrap() {
        let mark = CommitMark { id: row.id, values: Some(row.values.clone()), source: Default::default() };
        house.store.mark_committing("n", &[mark], START + 1_000).await.unwrap();
        let (line, stage) = answer(&row);
        let attempt = Attempt {
            source: delivery::source::FIRST_SOURCE,
            started_at: START + 1_000,
            ended_at: START + 2_500,
            peer: Some(Peer { host: "mx.test".into(), address: "192.0.2.9:25".into(), ..Peer::default() }),
            stage,
            reply: Some(Reply::from_lines([line]).0),
            trouble: None,
            detail: String::new(),
        };
        let outcome = outcome::decide(&row, &attempt, RetryPolicy::of(&[]));
        let spoken = Spoken::default();
        let record = Record { id: row.id, provider: String::new(), attempt, outcome, spoken };
        house.store.record("n", &[record], START + 2_600).await.unwrap();
    }
}

fn answers(row: &Claimed) -> (&'static str, Stage) {
    match row.to.split('@').next().unwrap_or_default() {
        "gone" => ("550 5.1.1 <gone@gmial.example>: Recipient address rejected: User unknown", Stage::Rcpt),
        "full" => ("552 5.2.2 Mailbox is full <script>alert(1)</script>", Stage::Rcpt),
        "later" => ("451 4.7.1 Greylisted, please try again", Stage::Rcpt),
        _ => ("250 2.0.0 Ok: queued", Stage::Content),
    }
}

/// A broadcast to four people with four fates.
async fn sent() -> (House, Browser, Vec<i64>) {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    let mut contacts = Vec::new();
    for address in ["gone@gmial.example", "full@docomo.ne.jp", "later@firm.example", "fine@ezweb.ne.jp"] {
        let name = address.split('@').next().unwrap();
        contacts.push(person(&mut owner, name, address).await);
    }
    let page = compose(&mut owner, "info@shop.example").await;
    start(&house, &mut owner, &page).await;
    deliver(&house, answers).await;
    let mut rows = Vec::new();
    let all = campaigns::report::RowFilter::default();
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    let found = campaigns::ports::BroadcastStore::rows(&*house.store, id, &all, 0, 10).await.unwrap().0;
    for contact in contacts {
        rows.push(found.iter().find(|row| row.contact_id == contact).unwrap().id);
    }
    (house, owner, rows)
}

#[tokio::test]
async fn the_desk_says_who_why_and_what_next() {
    let (house, mut owner, rows) = sent().await;
    let desk = owner.get("/desk").await;
    desk.says(&[
        "gone@gmial.example",
        "宛先なし",
        "当店の番です",
        "full@docomo.ne.jp",
        "受信箱が満杯",
        "お客様の番です",
    ]);
    desk.says(&["アドレスを直して再送", "別の方法で対応した…", "&lt;script&gt;", "name=\"ids\""]);
    assert!(!desk.body.contains("<script>alert") && !desk.body.contains("fine@"), "{}", desk.body);
    let one = owner.get("/desk?reason=mailboxfull&provider=docomo&state=refused").await;
    one.says(&["full@docomo.ne.jp", "そのまま再送…"]);
    assert!(!one.body.contains("<code>gone@"), "{}", one.body);
    let by_code = owner.get("/desk?q=42550").await;
    by_code.says(&["gone@gmial.example"]);
    assert!(!by_code.body.contains("<code>full@"), "{}", by_code.body);
    owner.get("/desk?q=nobody").await.says(&["当てはまるものはありません"]);
    owner.get("/").await.says(&["/desk?reason=mailboxfull&amp;provider=docomo"]);
    let _ = (house, rows);
}

#[tokio::test]
async fn an_address_is_corrected_and_the_mail_goes_again() {
    let (house, mut owner, rows) = sent().await;
    let page = format!("/desk/{}/correct", rows[0]);
    owner.get(&page).await.says(&[
        "gone@gmial.example",
        "このメールアドレスは存在しません",
        "直して再送する",
    ]);
    for (form, words) in [
        ("address=", "正しいアドレスを入力してください"),
        ("address=gone@gmial.example", "アドレスが変わっていません"),
        ("address=hanako@gmai.com", "gmail.com に直す"),
        ("address=hanako", "value=\"hanako\""),
    ] {
        let answer = owner.fill(&page, &page, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        answer.says(&[words]);
    }
    let answer = owner.fill(&page, &page, "address=hanako@gmai.com&fix=hanako@gmail.com").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let new = answer.location().split('?').next().unwrap().to_owned();
    let message = owner.get(&new).await;
    message.says(&["送信待ち", "hanako@gmail.com", "data-live", "さんが送り直しました", "もとの1通を見る"]);
    deliver(&house, answers).await;
    owner.get(&format!("{new}/live")).await.says(&["data-settled", "受信側が受領"]);
    owner.get(&format!("/messages/{}", rows[0])).await.says(&["送り直した1通を見る"]);
    assert!(!owner.get("/desk").await.body.contains("gone@gmial"), "it left the desk");
}

#[tokio::test]
async fn several_are_dealt_with_at_once_and_taken_back() {
    let (house, mut owner, rows) = sent().await;
    let open = async || house.store.open_count().await.unwrap();
    assert_eq!(open().await, 2);
    let form = format!("ids={}&ids={}&way=phone&note={}&back=/desk", rows[0], rows[1], encoded("夕方"));
    let answer = owner.fill("/desk", "/desk/handle", &form).await;
    assert_eq!(open().await, 0);
    owner.get(answer.location()).await.says(&["2件を対応ずみにしました", "対応ずみを取り消す"]);
    owner.get("/desk?handled=1").await.says(&["gone@gmial.example", "対応ずみ"]);
    owner.get(&format!("/messages/{}", rows[1])).await.says(&["電話(夕方)"]);
    let undo = format!("ids={}.{}&back=/desk", rows[0], rows[1]);
    owner.fill("/desk?handled=1", "/desk/undo", &undo).await;
    assert_eq!(open().await, 2);
    let again = format!("ids={}&ids={}&back=/desk%3Fq%3D", rows[0], rows[1]);
    let answer = owner.fill("/desk", "/desk/resend", &again).await;
    assert!(answer.location().starts_with("/desk?q=&done=desk-resent"), "{}", answer.location());
    let evil = owner.fill("/desk", "/desk/handle", "ids=1&back=https://evil.example").await;
    assert!(evil.location().starts_with("/desk"), "{}", evil.location());
}

#[tokio::test]
async fn one_message_tells_its_story() {
    let (house, mut owner, rows) = sent().await;
    let refused = owner.get(&format!("/messages/{}", rows[0])).await;
    refused.says(&[
        "送信が決まりました",
        "1回目",
        "<mark>",
        "確かさ",
        "コード: 42550",
        "宛先の申告まで進みました",
        "アドレスを直して再送",
    ]);
    let full = owner.get(&format!("/messages/{}", rows[1])).await;
    full.says(&["受信箱が満杯", "&lt;script&gt;alert(1)"]);
    owner.get(&format!("/messages/{}", rows[2])).await.says(&["再試行中", "次は", "451 4.7.1 <mark>"]);
    let taken = owner.get(&format!("/messages/{}", rows[3])).await;
    taken.says(&[
        "受信側が受領",
        "コード: 40000",
        "受領されても、届いたとは言い切れません",
        "「shop.example」",
        "受信リストに登録",
    ]);
    owner.get(&format!("/messages/{}/sent", rows[3])).await.says(&[
        "fine 様",
        "/u/sample",
        "送ったとおりの内容",
    ]);
    assert_eq!(owner.get(&format!("/messages/{}/bounce", rows[3])).await.status, StatusCode::NOT_FOUND);
    bounce(&house, rows[3]).await;
    let bounced = owner.get(&format!("/messages/{}", rows[3])).await;
    bounced.says(&["後日不達", "いったん受領されたあと", &format!("/messages/{}/bounce", rows[3])]);
    bounced.says(&[
        "42550 / 90000",
        "このメールの返信先に届いた知らせです",
        "forwarded@mori.example についてのエラー",
    ]);
    owner.get("/desk?q=90000").await.says(&["fine@ezweb.ne.jp", "1件"]);
    let mail = owner.get(&format!("/messages/{}/bounce", rows[3])).await;
    mail.says(&["Undelivered", "&lt;b&gt;sorry", "User unknown"]);
    assert!(!mail.body.contains("<b>sorry"), "{}", mail.body);
    assert_eq!(owner.get("/messages/1").await.status, StatusCode::NOT_FOUND);
}

/// A bounce mail comes back for a row.
async fn bounce(house: &House, id: i64) {
    let raw = b"From: MAILER-DAEMON@mx.test\r\nSubject: Undelivered\r\n\r\n<b>sorry</b>: 550 5.1.1 User unknown\r\n";
    let new = NewArrival {
        reverse_path: String::new(),
        forward_path: "b-1@bounce.shop.example".into(),
        destination: Destination::ReturnPath(id),
        peer: "192.0.2.9 mx.test".into(),
        raw: raw.to_vec(),
    };
    let arrival = house.store.keep(&new, START + 90_000).await.unwrap();
    let reply = Reply::from_lines(["550 5.1.1 User unknown"]).0;
    let verdict = bounce::understand(&bounce::Refusal::new(&reply, Stage::Later, START + 90_000));
    let about = Some("forwarded@mori.example".to_owned());
    let later = Later::BouncedAside { verdict, reply, about };
    let joined = Some(Joined { recipient_id: id, by: JoinedBy::ReturnPath });
    house.store.recognise(arrival, ArrivalKind::Bounce, joined, START + 90_000).await.unwrap();
    assert!(house.store.record_later(id, &later, arrival, START + 90_000).await.unwrap());
    let story = evidence::ports::HistoryStore::message(&*house.store, id).await.unwrap().unwrap();
    assert_eq!(story.state, State::Bounced);
    assert!(ContactStore::get(&*house.store, story.contact_id).await.unwrap().is_some());
}

#[tokio::test]
async fn who_is_in_doubt_is_sent_again_or_left() {
    let (house, mut owner) = House::with_owner().await;
    domain(&house, "shop.example").await;
    for address in ["one@firm.example", "two@firm.example"] {
        person(&mut owner, address.split('@').next().unwrap(), address).await;
    }
    let page = compose(&mut owner, "info@shop.example").await;
    start(&house, &mut owner, &page).await;
    let request = ClaimRequest {
        node: "n".into(),
        now: START + 1_000,
        lanes: delivery::recipient::Lane::ALL,
        lease_until: START + 60_000,
        limit: 100,
        per_site: 100,
        full_sites: Vec::new(),
        paces: Vec::new(),
    };
    let rows = house.store.claim(&request).await.unwrap();
    for row in &rows {
        let mark = CommitMark { id: row.id, values: Some(row.values.clone()), source: Default::default() };
        house.store.mark_committing("n", &[mark], START + 1_000).await.unwrap();
    }
    // The program dies between the message and the answer; the next one cannot know.
    let recovered = house.store.recover("m", START, START + 2_000).await.unwrap();
    assert_eq!(recovered.in_doubt, 2);
    let message = |n: usize| format!("/messages/{}", rows[n].id);
    owner.get(&page).await.says(&["届いていないかも"]);
    owner.get(&message(0)).await.says(&[
        "届いたかどうか分かりません",
        "もう一度送る…",
        "同じメールが2通届きます",
        "そのままにする…",
    ]);
    owner.get("/desk").await.says(&["one@firm.example", "two@firm.example"]);

    let again = owner.fill(&message(0), "/desk/resend", &format!("ids={}", rows[0].id)).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    owner.get(again.location()).await.says(&["送信待ち", "もとの1通を見る"]);
    let left = format!("ids={}&way=leave&back={}", rows[1].id, encoded(&message(1)));
    assert_eq!(owner.fill(&message(1), "/desk/handle", &left).await.status, StatusCode::SEE_OTHER);
    owner.get(&message(1)).await.says(&["そのままにした", "届いていないかも"]);
    owner.get("/desk").await.says(&["「届いていない」は残っていません"]);
    deliver(&house, answers).await;
    owner.get(again.location()).await.says(&["受信側が受領"]);
}
