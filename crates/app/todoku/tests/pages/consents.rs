//! Pages: an import is tried before it starts and brings its consent, the proof of it, a copy and the erasure.

use audience::{ConsentStore, ContactFilter, ContactStore, ImportState, ImportStore};
use axum::http::StatusCode;

use crate::browser::{House, START, encoded};

#[tokio::test]
async fn from_the_file_to_the_proof() {
    let (house, mut owner) = House::with_owner().await;
    let answer =
        owner.upload("名簿.csv", "氏名,メールアドレス\n花子,h@docomo.ne.jp\n太郎,t@a.example\n,x\n").await;
    let page = answer.location().to_owned();
    owner.get(&page).await.says(&["取り込まずに試す", "同意の根拠", "取り込む行"]);
    let id: i64 = page.rsplit('/').next().unwrap().parse().unwrap();
    let form = "encoding=UTF-8&delimiter=comma&header=1&map-0=name&map-1=address";
    let plan = format!("{page}/plan");
    let terms = format!("{form}&basis=written&wording=&evidence={}&preset_name=a", encoded("展示会の名刺"));
    let unproven = owner.fill(&page, &plan, &format!("{form}&basis=consent&step=start")).await;
    assert_eq!(unproven.status, StatusCode::UNPROCESSABLE_ENTITY);
    unproven.says(&["証拠のある場所"]);
    owner.fill(&page, &plan, &format!("{terms}&step=try")).await;
    owner.get(&page).await.says(&["試しています"]);
    audience::run_import(&*house.store, id, &|| START).await.unwrap();
    owner.get(&page).await.says(&["試した結果", "まだ何も取り込んでいません"]);
    let trial = ImportStore::get(&*house.store, id).await.unwrap().unwrap().trial.unwrap();
    assert_eq!((trial.added, trial.failed), (2, 1));
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 0);
    owner.fill(&page, &plan, &format!("{terms}&step=start")).await;
    assert_eq!(audience::run_import(&*house.store, id, &|| START).await.unwrap(), ImportState::Finished);
    let people = ContactStore::list(&*house.store, &ContactFilter::default(), 0, 9).await.unwrap().contacts;
    let one = format!("/contacts/{}", people[0].id);
    owner.get(&one).await.says(&["から同意があります", "同意の証明"]);
    owner.get(&format!("{one}/consent")).await.says(&[
        "書面・名刺で知らされた",
        "展示会の名刺",
        "名簿の取り込み",
    ]);
    let proof = format!("{one}/consent");
    let typed = format!("basis=consent&route=phone&day=2026/1/5&evidence={}", encoded("電話の記録"));
    owner.fill(&proof, &proof, "basis=consent&route=phone").await.says(&["証拠のある場所"]);
    owner.fill(&proof, &proof, &typed).await;
    owner.get(&proof).await.says(&["電話の記録", "本人の同意・申し込み"]);
    let copy = owner.get(&format!("{one}/data.json")).await;
    let copy: serde_json::Value = serde_json::from_str(&copy.body).unwrap();
    assert_eq!(copy["consents"].as_array().unwrap().len(), 2);
    owner.get(&format!("{one}/erase")).await.says(&["消えるもの", "残るもの", "消去は取り消せません"]);
    owner.fill(&format!("{one}/erase"), &format!("{one}/erase"), "").await.says(&["個人情報を消去しました"]);
    assert_eq!(owner.get(&one).await.status, StatusCode::NOT_FOUND);
    let key = people[0].address.as_deref().unwrap();
    assert_eq!(house.store.ledger_of_erased(key).await.unwrap().len(), 2);
}
