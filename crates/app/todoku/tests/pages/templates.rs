//! Templates on the pages: nothing typed is lost, problems stand at their line, a preview runs nothing.

use axum::http::StatusCode;
use campaigns::ports::TemplateStore;

use crate::browser::{Browser, House, encoded};

/// Saves a template; its address.
pub async fn write(owner: &mut Browser, name: &str, text: &str) -> String {
    let form = format!("name={}&subject={}&text={}", encoded(name), encoded("お知らせ"), encoded(text));
    let answer = owner.fill("/templates/new", "/templates", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_mistake_is_shown_at_its_line_and_nothing_is_lost() {
    let (house, mut owner) = House::with_owner().await;
    owner.get("/templates/new").await.says(&["{{ name | default(", "unsubscribe_url", "差し込みできる項目"]);
    let text = "一行目\r\nこんにちは {{ nam }} さま\r\n{{ unsubscribe_url }}";
    let form = format!("name=&subject=%7B%7B+x&text={}&html=%3Cp%3Ea%3C/p%3E", encoded(text));
    let answer = owner.fill("/templates/new", "/templates", &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&[
        "2行目: 「nam」という差し込み項目はありません",
        "こんにちは {{ nam }} さま",
        "{{ x",
        "&lt;p&gt;a&lt;/p&gt;",
    ]);
    answer.says(&["名前を200文字以内で入力してください", "まだ保存していません"]);
    assert!(TemplateStore::list(&*house.store).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_template_is_saved_looked_at_and_copied() {
    let (_house, mut owner) = House::with_owner().await;
    owner.fill("/contacts/new", "/contacts", "name=%3Cb%3EHanako&address=hanako@docomo.ne.jp").await;
    let page = write(&mut owner, "冬", "{{ name }} 様").await;
    owner.get(&page).await.says(&["送る前に見直したいこと", "配信停止のリンクがありません"]);
    owner.get("/templates").await.says(&["冬", "お知らせ"]);
    let answer = owner.get(&format!("{page}/preview")).await;
    answer.says(&["&lt;b&gt;Hanako 様", "hanako@docomo.ne.jp"]);
    assert!(answer.header("content-security-policy").contains("script-src 'self'"));
    let id = page.rsplit('/').next().unwrap();
    owner.get(&format!("/templates/new?from={id}")).await.says(&["冬 の写し", "{{ name }} 様"]);
    let again = owner.fill(&page, &page, "name=n&subject=s&text=t").await;
    assert_eq!(again.location(), format!("{page}?done=template-saved"));
}

#[tokio::test]
async fn what_is_not_saved_can_be_looked_at() {
    let (house, mut owner) = House::with_owner().await;
    owner.fill("/contacts/new", "/contacts", "name=Hanako&address=hanako@docomo.ne.jp").await;
    let html = encoded("<p onclick=x()>{{ name }}</p><script>alert(1)</script>");
    let form = format!("name=n&subject=s&text=&html={html}");
    let answer = owner.fill("/templates/new", "/templates/preview", &form).await;
    assert_eq!(answer.status, StatusCode::OK);
    answer.says(&["iframe sandbox", "&lt;p&gt;Hanako&lt;/p&gt;", "保存していない内容"]);
    let frame = answer.body.split("srcdoc=").nth(1).unwrap().split("</iframe>").next().unwrap();
    assert!(!frame.contains("alert") && !frame.contains("onclick"), "{frame}");
    assert!(TemplateStore::list(&*house.store).await.unwrap().is_empty());
    let broken = owner.fill("/templates/new", "/templates/preview", "subject=%7B%7B").await;
    assert_eq!(broken.status, StatusCode::OK);
    broken.says(&["仕上げられません", "件名"]);
}
