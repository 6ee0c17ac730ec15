//! Files as they really come: every odd one gives contacts, or rows and a file refused with a sentence.

use audience::{ImportState, failure_sentence, run_import, suggest_plan};
use encoding_rs::SHIFT_JIS;

use crate::support::MemoryStore;

/// `state added/failed [failure]`, then the names that were taken in.
fn outcome(bytes: &[u8]) -> String {
    let (plan, _, _) = suggest_plan(bytes, 20);
    let store = MemoryStore::running(bytes, plan, 7000);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let state = runtime.block_on(run_import(&store, 1, &|| 0)).unwrap();
    let job = store.job();
    let names: Vec<String> = store.inner().rows.iter().map(|row| row.draft.name.clone()).collect();
    let failure = job.failure.unwrap_or_default();
    assert_eq!(failure.is_empty(), state == ImportState::Finished, "{failure}");
    assert!(failure.is_empty() || failure_sentence(&failure).is_some(), "{failure} has no words");
    format!("{} {}/{} {failure} {}", state.name(), job.added, job.failed, names.join(" "))
}

fn check(bytes: &[u8], expected: &str) {
    assert_eq!(outcome(bytes), expected, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(200)]));
}

const ROW: &str = "山田 花子,hanako@shop.example\n";

#[test]
fn nothing_in_it() {
    check(b"", "failed 0/0 empty ");
    check("氏名,メールアドレス\r\n".as_bytes(), "failed 0/0 empty ");
    check("氏名,メールアドレス\r\n,\r\n \u{3000},\r\n".as_bytes(), "failed 0/0 empty ");
}

#[test]
fn line_ends_and_nul() {
    let mixed = format!("氏名,メールアドレス\r{ROW}次郎,jiro@shop.example\r\n三郎,saburo@shop.example\r");
    check(mixed.as_bytes(), "finished 3/0  山田 花子 次郎 三郎");
    check("氏名,メールアドレス\n花\0子,hana\0ko@shop.example\n".as_bytes(), "finished 1/0  花子");
}

#[test]
fn encodings_of_windows() {
    let text = format!("\u{feff}氏名,メールアドレス\r\n{ROW}");
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    check(&wide(u16::to_le_bytes), "finished 1/0  山田 花子");
    check(&wide(u16::to_be_bytes), "finished 1/0  山田 花子");
    let text = "氏名,メールアドレス\r\n髙橋①,a@shop.example\r\n﨑山〜,b@shop.example\r\n".replace('〜', "～");
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    assert!(!lost, "CP932 has them all");
    check(&bytes, "finished 2/0  髙橋① 﨑山～");
}

#[test]
fn odd_columns() {
    check(
        "氏名,氏名,メールアドレス,備考,備考\n花子,花代,h@shop.example,a,b\n".as_bytes(),
        "finished 1/0  花子",
    );
    let names: Vec<String> = (0..500).map(|n| format!("項目{n}")).collect();
    let values = "x,".repeat(500);
    let wide = format!(
        "氏名,メールアドレス,{}\n花子,h@shop.example,{}\n",
        names.join(","),
        values.trim_end_matches(',')
    );
    check(wide.as_bytes(), "finished 1/0  花子");
    let huge = "あ".repeat(200_000);
    check(
        format!("氏名,メールアドレス,備考\n花子,h@shop.example,{huge}\n次郎,j@shop.example,短い\n")
            .as_bytes(),
        "finished 1/1  次郎",
    );
    let long = "あ".repeat(501);
    check(format!("氏名,メールアドレス\n{long},h@shop.example\n{ROW}").as_bytes(), "finished 1/1  山田 花子");
}

#[test]
fn formulas_are_text() {
    check(
        "氏名,メールアドレス\n=cmd|' /C calc'!A0,h@shop.example\n".as_bytes(),
        "finished 1/0  =cmd|' /C calc'!A0",
    );
    check("氏名,電話番号\n花子,+81 90-1234-5678\n".as_bytes(), "finished 1/0  花子");
}
