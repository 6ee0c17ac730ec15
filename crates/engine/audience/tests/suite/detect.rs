//! How a file is written is found out from its first bytes, and any bytes give an answer.

use audience::{ImportPlan, SAMPLE_BYTES, detect, guess_mapping, preview, suggest_plan};
use encoding_rs::{EUC_JP, SHIFT_JIS};

const LIST: &str = "氏名,フリガナ,メールアドレス,電話番号\r\n\
    山田花子,ヤマダハナコ,hanako@shop.example,090-0000-0001\r\n佐藤次郎,サトウジロウ,jiro@shop.example,090-0000-0002\r\n";

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn check(bytes: &[u8], expected: &str) {
    let seen = detect(bytes);
    let shown = format!("{} {:?} {} {}", seen.encoding, seen.delimiter, seen.has_header, seen.sure);
    assert_eq!(shown, expected, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
}

#[test]
fn encodings() {
    check(LIST.as_bytes(), "UTF-8 ',' true true");
    check(format!("\u{feff}{LIST}").as_bytes(), "UTF-8 ',' true true");
    check(&SHIFT_JIS.encode(LIST).0, "Shift_JIS ',' true true");
    check(&EUC_JP.encode(LIST).0, "EUC-JP ',' true true");
    check(&utf16(&format!("\u{feff}{LIST}"), u16::to_le_bytes), "UTF-16LE ',' true true");
    check(&utf16(&format!("\u{feff}{LIST}"), u16::to_be_bytes), "UTF-16BE ',' true true");
    check(&utf16(LIST, u16::to_le_bytes), "UTF-16LE ',' true true");
    check(&utf16(LIST, u16::to_be_bytes), "UTF-16BE ',' true true");
    check(b"name,mail\na,a@b.example\n", "UTF-8 ',' true true");
    check(b"", "UTF-8 ',' false true");
    check(b"\xff\xfe", "UTF-16LE ',' false true");
    check(&[0; 100], "UTF-8 ',' false true");
}

#[test]
fn names_alone_are_enough() {
    for text in ["髙橋﨑子,a@b.example\n", "ﾔﾏﾀﾞ ﾊﾅｺ,a@b.example\nｻﾄｳ ｼﾞﾛｳ,c@d.example\n", "山田,a@b.example\n"]
    {
        assert_eq!(detect(&SHIFT_JIS.encode(text).0).encoding, "Shift_JIS", "{text}");
    }
    for text in ["東京都,a@b.example\n", "やまだ,a@b.example\n", "ヤマダ,a@b.example\n"] {
        assert_eq!(detect(&EUC_JP.encode(text).0).encoding, "EUC-JP", "{text}");
    }
}

#[test]
fn one_broken_byte_does_not_change_the_encoding() {
    let mut bytes = LIST.repeat(20).into_bytes();
    bytes[700] = 0xff;
    assert_eq!(detect(&bytes).encoding, "UTF-8");
}

#[test]
fn a_sample_may_end_inside_a_character() {
    for shift in 0..2 {
        let text = format!("{}{}", "a".repeat(shift), LIST.repeat(1000));
        assert_eq!(detect(&text.as_bytes()[..SAMPLE_BYTES]).encoding, "UTF-8");
        assert_eq!(detect(&SHIFT_JIS.encode(&text).0).encoding, "Shift_JIS");
    }
}

#[test]
fn delimiters_and_headers() {
    check("氏名\tメール\n花子\ta@b.example\n".as_bytes(), "UTF-8 '\\t' true true");
    check("氏名;メール\n花子;a@b.example\n".as_bytes(), "UTF-8 ';' true true");
    check("氏名\t備考\n花子\tりんご,みかん\n次郎\tなし\n".as_bytes(), "UTF-8 '\\t' true true");
    check("\"a;b;c\",x@y.example\n\"d;e\",z@y.example\n".as_bytes(), "UTF-8 ',' false true");
    check("花子,a@b.example\n".as_bytes(), "UTF-8 ',' false true");
    check("メールアドレス\na@b.example\n".as_bytes(), "UTF-8 ',' true true");
    check("a@b.example\nc@d.example\n".as_bytes(), "UTF-8 ',' false true");
    check("なにか,べつの\n花子,ａ＠ｂ．ｅｘａｍｐｌｅ\n".as_bytes(), "UTF-8 ',' true true");
}

#[test]
fn plans() {
    let (plan, preview, _) = suggest_plan(&SHIFT_JIS.encode(LIST).0, 10);
    assert_eq!(plan.columns, ["氏名", "フリガナ", "メールアドレス", "電話番号"]);
    let targets: Vec<_> = plan.mapping.values().map(String::as_str).collect();
    assert_eq!(targets, ["name", "kana", "address", "phone"]);
    assert_eq!(preview.rows.len(), 2);
    assert!(preview.problems.is_empty());
    let (plan, preview, _) = suggest_plan(b"a@b.example,1\nc@d.example,2,3\n", 10);
    assert_eq!(plan.columns, ["列1", "列2", "列3"]);
    assert_eq!(preview.problems[0].key, "uneven");
    let (plan, _, _) = suggest_plan("メール,,メール\na@b.example,x,y\n".as_bytes(), 10);
    assert_eq!(plan.columns, ["メール", "列2", "メール (2)"]);
}

fn check_problem(bytes: &[u8], encoding: &str, expected: &str) {
    let plan = ImportPlan {
        encoding: encoding.to_owned(),
        delimiter: ',',
        has_header: true,
        ..ImportPlan::default()
    };
    let keys: Vec<_> = preview(bytes, &plan, 20).problems.iter().map(|problem| problem.key).collect();
    assert_eq!(keys.join(" "), expected);
}

#[test]
fn problems() {
    check_problem(LIST.as_bytes(), "UTF-8", "");
    check_problem(LIST.as_bytes(), "no such encoding", "encoding");
    check_problem(&SHIFT_JIS.encode(LIST).0, "UTF-8", "encoding");
    check_problem(b"PK\x03\x04rest", "UTF-8", "spreadsheet");
    check_problem(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1], "UTF-8", "spreadsheet");
    check_problem(&[0, 1, 2, 3, 4, 5, 6, 7], "UTF-8", "not_text");
    check_problem("氏名,メール\n".as_bytes(), "UTF-8", "empty");
    check_problem(b"", "UTF-8", "empty");
    check_problem(format!("氏名,メール\n{}", "x".repeat(70_000)).as_bytes(), "UTF-8", "too_long");
    check_problem(
        "氏名,メール\n花子,a@b.example\n次\u{fffd}郎,b@b.example\n".as_bytes(),
        "UTF-8",
        "unreadable",
    );
    check_problem("氏名,メール\n\"花子,a@b.example\n".as_bytes(), "UTF-8", "open_quote empty");
}

#[test]
fn mapping_is_checked() {
    let columns = vec!["列1".to_owned()];
    let mut plan = ImportPlan { encoding: "UTF-8".into(), delimiter: ',', ..ImportPlan::default() };
    plan.mapping = guess_mapping(&columns, &[]);
    assert_eq!(preview(b"x\n", &plan, 5).problems[0].key, "no_mapping");
    plan.mapping.insert(0, "name".to_owned());
    assert_eq!(preview(b"x\n", &plan, 5).problems[0].key, "no_address");
}
