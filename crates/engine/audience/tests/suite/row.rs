//! One row becomes a contact, or comes back with a reason in both languages.

use audience::{ContactDraft, ImportPlan, RowOutcome, guess_mapping, read_row};

const COLUMNS: &str = "顧客番号,氏名,フリガナ,メールアドレス,電話番号,会社名,備考,メルマガ,好きな色";

fn plan() -> ImportPlan {
    let columns: Vec<String> = COLUMNS.split(',').map(str::to_owned).collect();
    let mapping = guess_mapping(&columns, &[]);
    ImportPlan {
        encoding: "UTF-8".into(),
        delimiter: ',',
        has_header: true,
        columns,
        mapping,
        ..ImportPlan::default()
    }
}

fn read(line: &str) -> RowOutcome {
    read_row(7, line.split(',').map(str::to_owned).collect(), &plan(), &[])
}

fn good(line: &str) -> ContactDraft {
    match read(line) {
        RowOutcome::Good(row) => row.draft,
        RowOutcome::Bad(error) => panic!("{}", error.ja),
    }
}

fn check_bad(line: &str, ja: &str, en: &str) {
    match read(line) {
        RowOutcome::Good(row) => panic!("{:?}", row.draft),
        RowOutcome::Bad(error) => {
            assert!(error.ja.contains(ja), "{}", error.ja);
            assert!(error.en.contains(en), "{}", error.en);
            assert_eq!((error.row, error.cells.join(",")), (7, line.to_owned()));
        }
    }
}

#[test]
fn a_whole_row() {
    let draft =
        good("Ａ１２,山田 花子,ヤマダ ハナコ,Ｈａｎａｋｏ＠docomo.ne.jp,０９０,花屋,メモ,希望しない,青");
    assert_eq!(draft.address.as_deref(), Some("Hanako@docomo.ne.jp"));
    assert_eq!(draft.address_key.as_deref(), Some("hanako@docomo.ne.jp"));
    assert_eq!((draft.provider.as_str(), draft.external_id.as_str()), ("docomo", "A12"));
    assert_eq!(
        (draft.name.as_str(), draft.kana.as_str(), draft.phone.as_str()),
        ("山田 花子", "ヤマダ ハナコ", "０９０")
    );
    assert_eq!(
        (draft.company.as_str(), draft.note.as_str(), draft.wants_mail),
        ("花屋", "メモ", Some(false))
    );
    assert_eq!(draft.fields["好きな色"], "青");
    assert_eq!(draft.lookalike_of, None);
}

#[test]
fn what_may_be_missing() {
    assert_eq!(good(",花子,,,,,,,").address, None);
    assert_eq!(good("12,,,,,,,,").external_id, "12");
    assert_eq!(good(",,,a@shop.example,,,,,").name, "");
    assert_eq!(good("1,花子,,a@shop.example").name, "花子");
    assert_eq!(good("1,花子,,a@shop.example,,,,,,,,").fields.len(), 0);
    assert_eq!(good(" , 　花子　 ,,,,,, ,").name, "花子");
}

#[test]
fn addresses() {
    assert_eq!(good(",,,a..b@docomo.ne.jp,,,,,").address.as_deref(), Some("\"a..b\"@docomo.ne.jp"));
    assert_eq!(good(",,,hanako@gmai.com,,,,,").lookalike_of.as_deref(), Some("gmail.com"));
    check_bad(",花子,,hanako,,,,,", "メールアドレス「hanako」は使えません。", "\"hanako\" cannot be used.");
    check_bad(",花子,,hanakogmail.com,,,,,", "hanako@gmail.com", "hanako@gmail.com");
    check_bad(",花子,,a\r\nRCPT TO:<x@y.example>,,,,,", "改行", "line break");
    check_bad(",花子,,a@b.example;c@d.example,,,,,", "1つ", "one");
}

#[test]
fn reasons() {
    check_bad(",,,,,,,,", "氏名も顧客番号もありません", "no customer number");
    check_bad(",,,,,,,希望しない,青", "氏名も顧客番号もありません", "no customer number");
    check_bad(
        "1,花子",
        "列の数が足りません(2列".replace('(', "（").as_str(),
        "too few columns (2; expected 9)",
    );
    check_bad("1,花子,,a@b.example,,,,,,x", "列の数が多すぎます", "too many columns (10; expected 9)");
    check_bad(",花\u{fffd}子,,,,,,,", "「氏名」に読み取れない文字", "\"氏名\" has characters");
    check_bad(",花子,,,,,,たぶん,", "「メルマガ」の「たぶん」", "\"たぶん\" in \"メルマガ\"");
    check_bad("1.23E+11,花子,,,,,,,", "指数の形", "exponent");
    check_bad(
        &format!(",{},,,,,,,", "あ".repeat(501)),
        "「氏名」が長すぎます（501文字。500文字まで）",
        "at most 500",
    );
    check_bad(&format!(",花子,,,,,{},,", "あ".repeat(5001)), "「備考」が長すぎます", "at most 5000");
    check_bad(",花子,,bad,,,,maybe,", "「メルマガ」の「maybe」", "\"bad\" cannot be used.");
}

#[test]
fn limits_are_just_reached() {
    assert_eq!(good(&format!(",{},,,,,,,", "あ".repeat(500))).name.chars().count(), 500);
    assert_eq!(good(&format!(",花子,,,,,{},,", "あ".repeat(5000))).note.chars().count(), 5000);
}

#[test]
fn control_characters_go() {
    assert_eq!(good(",花\u{1}子\t山\r\n田,,,,,,,").name, "花 子 山 田");
    assert_eq!(good(",花子,,,,,一行目\r\n二\u{7}行目\r,,").note, "一行目\n二行目");
}

#[test]
fn a_column_that_names_the_refusal() {
    let columns = vec!["メール".to_owned(), "配信停止".to_owned()];
    let mapping = guess_mapping(&columns, &[]);
    let plan = ImportPlan { columns, mapping, ..plan() };
    let wants = |answer: &str| match read_row(1, vec!["a@b.example".into(), answer.into()], &plan, &[]) {
        RowOutcome::Good(row) => row.draft.wants_mail,
        RowOutcome::Bad(error) => panic!("{}", error.ja),
    };
    assert_eq!((wants("1"), wants("0"), wants("")), (Some(false), Some(true), None));
}

fn check_name(columns: &str, line: &str, expected: &str) {
    let columns: Vec<String> = columns.split(',').map(str::to_owned).collect();
    let mapping = guess_mapping(&columns, &[]);
    let plan = ImportPlan { columns, mapping, ..plan() };
    match read_row(1, line.split(',').map(str::to_owned).collect(), &plan, &[]) {
        RowOutcome::Good(row) => assert_eq!(format!("{}/{}", row.draft.name, row.draft.kana), expected),
        RowOutcome::Bad(error) => panic!("{}", error.ja),
    }
}

#[test]
fn names_in_two_columns() {
    check_name("お名前(姓),お名前(名),セイ,メイ", "山田,花子,ヤマダ,ハナコ", "山田 花子/ヤマダ ハナコ");
    check_name("姓,名,フリガナ(姓),フリガナ(名)", "山田,花子,ヤマダ,ハナコ", "山田 花子/ヤマダ ハナコ");
    check_name("First Name,Last Name", "Hanako,Yamada", "Hanako Yamada/");
    check_name("姓,名", ",花子", "花子/");
    check_name("姓,名", "山田,", "山田/");
    check_name("氏名,名", "山田花子,花子", "山田花子/");
}
