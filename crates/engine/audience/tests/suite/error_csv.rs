//! The file of bad rows is like the one that came, and can be imported again as it is.

use crate::support::MemoryStore;
use audience::{ErrorCsv, ImportPlan, ImportState, ReasonLanguage, guess_mapping, run_import, suggest_plan};
use encoding_rs::{EUC_JP, SHIFT_JIS};

const LIST: &str = "会員番号;氏名;メール;備考\r\n1;花子;hanako;=1+1\r\n2;次郎;jiro@shop.example;\r\n\
    3;\"三;郎 \"\"さぶ\"\"\";;よい\r\n4;四郎;shiro@@shop.example;\"二\r\n行\"\r\n5;+;-;@\r\n6;六郎\r\n";

fn plan(encoding: &str, has_header: bool) -> ImportPlan {
    let columns = ["会員番号", "氏名", "メール", "備考"].map(str::to_owned).to_vec();
    let mapping = guess_mapping(&columns, &[]);
    ImportPlan {
        encoding: encoding.to_owned(),
        delimiter: ';',
        has_header,
        columns,
        mapping,
        ..ImportPlan::default()
    }
}

fn run(store: &MemoryStore) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let work = async {
        assert_eq!(run_import(store, 1, &|| 0).await.unwrap(), ImportState::Finished);
        let mut file = ErrorCsv::open(store, 1, ReasonLanguage::Ja).await.unwrap().unwrap();
        let mut bytes = Vec::new();
        while let Some(piece) = file.next_piece(store).await.unwrap() {
            bytes.extend(piece);
        }
        bytes
    };
    runtime.block_on(work)
}

fn check(bytes: &[u8], encoding: &'static encoding_rs::Encoding, bom: &[u8]) {
    let store = MemoryStore::running(bytes, plan(encoding.name(), true), 50);
    let file = run(&store);
    assert!(file.starts_with(bom), "{}", encoding.name());
    let (text, _, broken) = encoding.decode(&file);
    assert!(!broken);
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split("\r\n").collect();
    assert_eq!(lines[0], "会員番号;氏名;メール;備考;取り込めなかった理由");
    assert!(
        lines[1].starts_with("1;花子;hanako;=1+1;メールアドレス「hanako」は使えません。"),
        "{}",
        lines[1]
    );
    assert!(lines[2].starts_with("4;四郎;shiro@@shop.example;\"二"), "{}", lines[2]);
    assert!(lines[4].starts_with("5;+;-;@;"), "{}", lines[4]);
    assert!(lines[5].starts_with("6;六郎;;;列の数が足りません"), "{}", lines[5]);
    assert_eq!((lines.len(), lines[6]), (7, ""));
}

#[test]
fn encodings_come_back() {
    check(LIST.as_bytes(), encoding_rs::UTF_8, b"1".get(1..).unwrap());
    check(format!("\u{feff}{LIST}").as_bytes(), encoding_rs::UTF_8, b"\xef\xbb\xbf");
    check(&SHIFT_JIS.encode(LIST).0, SHIFT_JIS, b"\x89\xef");
    check(&EUC_JP.encode(LIST).0, EUC_JP, b"\xb2\xf1");
    let utf16: Vec<u8> = format!("\u{feff}{LIST}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    check(&utf16, encoding_rs::UTF_16LE, b"\xff\xfe");
}

#[test]
fn it_can_be_imported_again() {
    let first = run(&MemoryStore::running(LIST.as_bytes(), plan("UTF-8", true), 4000));
    let (plan, preview, detected) = suggest_plan(&first, 20);
    assert_eq!((detected.delimiter, preview.rows.len()), (';', 4));
    let targets: Vec<_> = plan.mapping.values().map(String::as_str).collect();
    assert_eq!(targets, ["external_id", "name", "address", "note", "skip"]);
    let again = MemoryStore::running(&first, plan, 4000);
    assert_eq!(run(&again), with_padding_taken(&first));
    // The short row came back with its empty cells, so it is taken in now.
    assert_eq!((again.job().added, again.job().failed), (1, 3));
}

fn with_padding_taken(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(file.to_vec()).unwrap();
    let kept = text.split_inclusive("\r\n").filter(|line| !line.starts_with("6;")).collect::<String>();
    kept.into_bytes()
}

#[test]
fn without_header_and_without_errors() {
    let rows = LIST.split_once("\r\n").unwrap().1;
    let file =
        String::from_utf8(run(&MemoryStore::running(rows.as_bytes(), plan("UTF-8", false), 4000))).unwrap();
    assert!(file.starts_with("1;花子;hanako;=1+1;"));
    let good = "会員番号;氏名;メール;備考\r\n1;花子;;\r\n";
    let file = run(&MemoryStore::running(good.as_bytes(), plan("UTF-8", true), 4000));
    assert_eq!(String::from_utf8(file).unwrap(), "会員番号;氏名;メール;備考;取り込めなかった理由\r\n");
}

#[test]
fn many_errors_come_in_pieces() {
    let rows = (0..1000).map(|n| format!("{n};花子;bad;\r\n")).collect::<String>();
    let store = MemoryStore::running(rows.as_bytes(), plan("UTF-8", false), 4000);
    let file = String::from_utf8(run(&store)).unwrap();
    assert_eq!(file.matches("\r\n").count(), 1000);
    assert!(file.lines().enumerate().all(|(n, line)| line.starts_with(&format!("{n};"))));
}
