//! A list of customers on its way in: any encoding, a look first, progress, bad rows back; and every kind of bad file.

use audience::{ContactFilter, ContactStore, ImportStore};
use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use encoding_rs::SHIFT_JIS;
use futures_util::{StreamExt, stream};

use crate::browser::{Browser, House, encoded};

const LIST: &str = "お客様番号,氏名,フリガナ,メールアドレス,電話番号,会員ランク\r\n\
    C1,山田 花子,ヤマダ ハナコ,ｈanako@docomo.ne.jp,090-0000-0001,ゴールド\r\n\
    C2,田中 一郎,タナカ イチロウ,ichiro..t@ezweb.ne.jp,090-0000-0002,\r\n\
    C3,佐藤 美咲,サトウ ミサキ,misaki@,090-0000-0003,シルバー\r\n\
    C4,高橋 健太,タカハシ ケンタ,,090-0000-0004,\r\n";

fn cp932(text: &str) -> Vec<u8> {
    SHIFT_JIS.encode(text).0.into_owned()
}

async fn uploaded(owner: &mut Browser, bytes: impl Into<Body>) -> String {
    let answer = owner.upload("名簿.csv", bytes).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    answer.location().to_owned()
}

async fn run(house: &House, page: &str) {
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    audience::run_import(&*house.store, id, &|| crate::browser::START).await.unwrap();
}

/// Presses "start" with everything as guessed.
async fn start(owner: &mut Browser, page: &str, how: &str) -> crate::browser::Answer {
    owner.fill(page, &format!("{page}/plan"), &format!("{how}&step=start")).await
}

const AS_CP932: &str = "encoding=Shift_JIS&delimiter=comma&header=1";

#[tokio::test]
async fn a_list_from_excel_comes_in() {
    let (house, mut owner) = House::with_owner().await;
    let page = uploaded(&mut owner, cp932(LIST)).await;
    let preview = owner.get(&page).await;
    preview.says(&[
        "<option value=\"Shift_JIS\" selected>",
        "山田 花子",
        "名簿.csv",
        "<option value=\"address\" selected>",
    ]);
    preview.says(&["<option value=\"kana\" selected>", "<option value=\"external_id\" selected>"]);
    assert_eq!(start(&mut owner, &page, AS_CP932).await.location(), page);
    owner.get(&page).await.says(&[
        "取り込んでいます",
        &format!("data-live=\"{page}/progress\""),
        "<progress",
    ]);
    owner.get(&format!("{page}/progress")).await.says(&["data-live"]);
    run(&house, &page).await;
    owner.get(&format!("{page}/progress")).await.says(&["data-settled"]);
    let result = owner.get(&page).await;
    result.says(&["完了", "4行を読みました", "取り込めなかった 1行", "misaki@", "errors.csv"]);
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 3);
    owner.get("/contacts?q=hanako").await.says(&["hanako@docomo.ne.jp", "山田 花子"]);
    let file = owner.get(&format!("{page}/errors.csv")).await;
    let (text, _, broken) = SHIFT_JIS.decode(&file.bytes);
    assert!(!broken && text.contains("C3,佐藤 美咲") && text.contains("取り込めなかった理由"), "{text}");
    assert!(file.header("content-disposition").contains("filename*=UTF-8''"));
    owner.get("/imports").await.says(&["名簿.csv", "完了"]);
}

#[tokio::test]
async fn another_way_of_reading_is_shown_before_it_starts() {
    let (_house, mut owner) = House::with_owner().await;
    let page = uploaded(&mut owner, LIST.as_bytes().to_vec()).await;
    owner.get(&page).await.says(&["<option value=\"UTF-8\" selected>"]);
    let changed = "encoding=UTF-8&delimiter=comma";
    let answer = start(&mut owner, &page, changed).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["読み取り方が変わったので", "列1"]);
    let wrong = "encoding=EUC-JP&delimiter=comma&header=1&step=reread";
    let answer = owner.fill(&page, &format!("{page}/plan"), wrong).await;
    assert_eq!(answer.location(), page);
    let back = "encoding=UTF-8&delimiter=comma&header=1&step=reread";
    owner.fill(&page, &format!("{page}/plan"), back).await;
    let chosen = "encoding=UTF-8&delimiter=comma&header=1&map-0=skip&map-1=name&map-2=skip&map-3=skip&map-4=skip&map-5=field";
    let answer = owner.fill(&page, &format!("{page}/plan"), &format!("{chosen}&step=start")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let invented = "encoding=KOI8-R&delimiter=comma&header=1&step=start";
    let page = uploaded(&mut owner, LIST.as_bytes().to_vec()).await;
    let answer = owner.fill(&page, &format!("{page}/plan"), invented).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn bad_files_are_told_plainly_and_lose_nothing() {
    let (house, mut owner) = House::with_owner().await;
    let empty = owner.upload("a.csv", Vec::new()).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    empty.says(&["ファイルが空です"]);
    let head_only = uploaded(&mut owner, b"name,mail\r\n".to_vec()).await;
    owner.get(&head_only).await.says(&["notice bad", "お客様の行が見つかりません", "disabled"]);
    let answer = start(&mut owner, &head_only, "encoding=UTF-8&delimiter=comma&header=1").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let broken = owner.upload("a.xlsx", b"PK\x03\x04\x14\0\x06\0xl/workbook.xml".to_vec()).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    broken.says(&["notice bad", "Excel ファイルとして読み取れません"]);
    let nothing = uploaded(&mut owner, b"color,size\r\nred,1\r\n".to_vec()).await;
    owner.get(&nothing).await.says(&["notice bad"]);
    let long = uploaded(&mut owner, vec![b'a'; 5_000_000]).await;
    assert_eq!(owner.get(&long).await.status, StatusCode::OK);
    let garbage: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let garbage = uploaded(&mut owner, garbage).await;
    assert_eq!(owner.get(&garbage).await.status, StatusCode::OK);
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 0);
}

/// A workbook of sheets: name, rows of cells.
fn workbook(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in (0..).zip(*rows) {
            for (column, cell) in (0..).zip(*cells) {
                sheet.write_string(row, column, *cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn another_sheet_is_chosen_without_another_upload() {
    let (house, mut owner) = House::with_owner().await;
    let file = workbook(&[
        ("会員", &[&["お名前", "メールアドレス"], &["花子", "hanako@a.example"]]),
        ("展示会", &[&["氏名", "会社名", "メール"], &["太郎", "青空", "taro@b.example"]]),
        ("空", &[]),
    ]);
    let page = uploaded(&mut owner, file).await;
    owner.get(&page).await.says(&["[会員]", "花子", "<option value=\"展示会\">展示会</option>"]);
    let form = |sheet: &str, step: &str| {
        format!(
            "step={step}&encoding=UTF-8&delimiter=comma&header=1&mode=new&basis=&sheet={}",
            encoded(sheet)
        )
    };
    // Nothing is on it: it is said, and what was there stays.
    let answer = owner.fill(&page, &format!("{page}/plan"), &form("空", "reread")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["このシートには何もありません", "花子"]);
    // Chosen and started at once: first she sees what is read now.
    let answer = owner.fill(&page, &format!("{page}/plan"), &form("展示会", "start")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says(&["[展示会]", "太郎", "青空", "taro@b.example"]);
    owner.get(&page).await.says(&["太郎", "<option value=\"new\" selected>"]);
    let answer = owner.fill(&page, &format!("{page}/plan"), &form("会員", "reread")).await;
    assert_eq!(answer.location(), page);
    owner.get(&page).await.says(&["[会員]", "花子"]);
    owner.fill(&page, &format!("{page}/plan"), &form("展示会", "reread")).await;
    owner.fill(&page, &format!("{page}/plan"), &form("ない", "start")).await;
    run(&house, &page).await;
    let contacts =
        ContactStore::list(&*house.store, &ContactFilter::default(), 0, 10).await.unwrap().contacts;
    let seen: Vec<_> =
        contacts.iter().map(|contact| (contact.name.as_str(), contact.company.as_str())).collect();
    assert_eq!(seen, [("太郎", "青空")]);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_with_a_sentence() {
    let (_house, mut owner) = House::with_owner().await;
    let line = Bytes::from(vec![b'x'; 1_000_000]);
    let pieces = stream::iter((0..202).map(move |_| Ok::<_, std::io::Error>(line.clone())));
    let answer = owner.upload("large.csv", Body::from_stream(pieces)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    answer.says(&["ファイルが200MBを超えているため"]);
}

#[tokio::test]
async fn a_cut_upload_is_told() {
    let (house, mut owner) = House::with_owner().await;
    let line = Bytes::from(vec![b'x'; 2_000_000]);
    // The break comes later than the bytes, as on a real line.
    let pieces =
        stream::iter([Ok(line.clone()), Ok(line.clone()), Ok(line), Err(std::io::Error::other("broken"))])
            .then(async |piece| {
                tokio::task::yield_now().await;
                piece
            });
    let answer = owner.upload("cut.csv", Body::from_stream(pieces)).await;
    answer.says(&["途中で終わりました"]);
    let job = &ImportStore::list(&*house.store, 1).await.unwrap()[0];
    owner.get(&format!("/imports/{}", job.id)).await.says(&["途中で終わりました", "もう一度送る"]);
}

#[tokio::test]
async fn a_running_import_can_be_stopped() {
    let (house, mut owner) = House::with_owner().await;
    let page = uploaded(&mut owner, cp932(LIST)).await;
    start(&mut owner, &page, AS_CP932).await;
    let answer = owner.fill(&page, &format!("{page}/cancel"), "").await;
    owner.get(answer.location()).await.says(&["取り込みを中止しました", "中止"]);
    run(&house, &page).await;
    assert_eq!(house.store.count(&ContactFilter::default()).await.unwrap(), 0);
}
