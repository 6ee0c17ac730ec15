//! What rules say and what is wrong with them.

use super::*;

fn known() -> Known {
    let field = |key: &str, name: &str, kind: Kind, options: &[&str]| KnownField {
        key: key.into(),
        column: name.into(),
        name: name.into(),
        kind,
        options: options.iter().map(|one| ((*one).to_owned(), (*one).to_owned())).collect(),
        by_digits: false,
        deleted: key == "9",
    };
    let segment =
        |name: &str, rule: Rule| KnownSegment { name: name.into(), rule: Some(rule), archived: false };
    let inside = |id: &str| Rule::of(vec![Condition::new(Subject::Segment, Test::Is, &[id])]);
    Known {
        fields: vec![
            field("1", "都道府県", Kind::Choice, &["東京都", "大阪府"]),
            field("2", "誕生日", Kind::Day, &[]),
            field("3", "購入額", Kind::Number, &[]),
            field("4", "好み", Kind::Choices, &["花", "鉢", "苗"]),
            field("5", "会員", Kind::Flag, &[]),
            field("9", "古い項目", Kind::Text, &[]),
        ],
        segments: [
            (1, segment("常連", Rule::of(vec![Condition::new(Subject::Field("5".into()), Test::Yes, &[])]))),
            (2, segment("輪の一", inside("3"))),
            (3, segment("輪の二", inside("2"))),
            (
                4,
                segment(
                    "古い項目を使う",
                    Rule::of(vec![Condition::new(Subject::Field("9".into()), Test::Filled, &[])]),
                ),
            ),
        ]
        .into(),
        broadcasts: vec![(77, "春の案内".into())],
        links: vec![KnownLink { broadcast: 77, number: 2, target: "https://hana.example/spring".into() }],
        topics: vec![KnownTopic { id: 8, name: "新商品".into(), archived: false }],
    }
}

fn one(of: &str, test: Test, values: &[&str]) -> Condition {
    Condition::new(Subject::from(of.to_owned()), test, values)
}

fn check_sentence(conditions: Vec<Condition>, ja: &str, en: &str) {
    let rule = Rule::of(conditions);
    assert_eq!(problems(&rule, &known(), None), [], "{ja}");
    let said = sentence(&rule, &known());
    assert_eq!((said.ja.as_str(), said.en.as_str()), (ja, en));
}

#[test]
fn sentences() {
    let check = check_sentence;
    check(
        vec![
            one("field:1", Test::OneOf, &["東京都"]),
            one("deed:accepted", Test::Did, &["1", "90", "", "", ""]),
        ],
        "『都道府県』が『東京都』で、過去90日にメールを受信側が受領した人",
        "people whose \"都道府県\" is \"東京都\" and whose server took a mail in the past 90 days",
    );
    check(
        vec![one("name", Test::Contains, &["花"])],
        "氏名に『花』を含む人",
        "people whose name contains \"花\"",
    );
    check(
        vec![one("field:2", Test::Anniversary, &["0"]), one("field:3", Test::AtLeast, &["10,000"])],
        "『誕生日』と同じ月日が今日で、『購入額』が10,000以上の人",
        "people whose \"誕生日\" comes round today and whose \"購入額\" is at least 10,000",
    );
    check(
        vec![one("created", Test::Weekday, &["6", "7"]), one("provider", Test::OneOf, &["docomo", ""])],
        "登録した日が土曜日か日曜日で、メールの会社がNTTドコモ(ドコモメール)かそのほかの会社の人",
        "people whose day of registration is a Saturday or Sunday and whose mail provider is NTT DOCOMO (docomo mail) or other providers",
    );
    check(
        vec![one("deed:opened", Test::DidNot, &["2", "", "2026-01-01", "", "77"])],
        "2026-01-01以降に2回以上配信『春の案内』のメールを開いたことがない人",
        "people except those who opened a mail of the broadcast \"春の案内\" 2 times or more since 2026-01-01",
    );
    check(
        vec![one("field:4", Test::AllOf, &["花", "鉢"]), one("segment", Test::IsNot, &["1"])],
        "『好み』に『花』と『鉢』がすべてあり、『常連』に当てはまらない人",
        "people who have \"花\" and \"鉢\" in \"好み\" and who do not belong to \"常連\"",
    );
    check(
        vec![one("consent", Test::Given, &["8", "2026-04-01", "", "business"])],
        "2026-04-01以降に種類『新商品』について取引関係の記録がある人",
        "people for whom a business relation is on record for the topic \"新商品\" since 2026-04-01",
    );
    check(
        vec![one("consent", Test::NotGiven, &["", "", "", ""]), one("validity", Test::OneOf, &["works"])],
        "広告メールを送れる根拠の記録がなく、アドレスの状態が「使えます」の人",
        "people for whom a basis for advertising is not on record and whose address is \"works\"",
    );
    check(
        vec![one("consent", Test::Withdrawn, &["", "", "2026-05-31"])],
        "2026-05-31までに広告メールへの同意を取り消した人",
        "people who withdrew their consent to advertising until 2026-05-31",
    );
    check(
        vec![one("share", Test::Is, &["0", "10", "春"])],
        "くじ『春』の0%から10%に入る人",
        "people drawn between 0 % and 10 % of lot \"春\"",
    );
}

#[test]
fn sentences_about_links() {
    let check = check_sentence;
    check(
        vec![one("deed:clicked", Test::Did, &["1", "30", "", "", "77", "77:2", ""])],
        "過去30日に配信『春の案内』のメールのリンク『https://hana.example/spring』を開いた人",
        "people who followed the link \"https://hana.example/spring\" in a mail of the broadcast \"春の案内\" in the past 30 days",
    );
    check(
        vec![
            one("deed:clicked", Test::DidNot, &["3", "", "", "", "", "", "/sale"]),
            one("deed:clicked", Test::Did, &["1", "", "", "", ""]),
        ],
        "これまでに3回以上メールのアドレスに『/sale』を含むリンクを開いたことがなく、これまでにメールのリンクを開いた人",
        "people except those who followed a link with \"/sale\" in its address in a mail 3 times or more and who followed a link in a mail",
    );
}

#[test]
fn groups_are_said_in_brackets() {
    let name = |text: &str| Part::Condition(one("name", Test::Is, &[text]));
    let any = Group { join: Join::Any, negated: true, parts: vec![name("い"), name("う")] };
    let mut rule = Rule::of(vec![one("name", Test::Is, &["あ"])]);
    rule.root.parts.push(Part::Group(any));
    let said = sentence(&rule, &known());
    assert_eq!(said.ja, "氏名が『あ』で、〔氏名が『い』の人、または氏名が『う』の人〕に当てはまらない人");
    rule.root.join = Join::Any;
    let said = sentence(&rule, &known());
    assert_eq!(
        said.ja,
        "氏名が『あ』の人、または〔氏名が『い』の人、または氏名が『う』の人〕に当てはまらない人"
    );
    rule.root.negated = true;
    assert!(sentence(&rule, &known()).en.starts_with("everyone except ("));
    assert_eq!(sentence(&Rule::empty(), &known()).ja, "すべての人");
}

#[test]
fn what_is_wrong() {
    let check = |condition: Condition, expected: &str| {
        let found = problems(&Rule::of(vec![condition.clone()]), &known(), Some(1));
        let words: Vec<&str> = found.iter().map(|problem| problem.words.en.as_str()).collect();
        assert!(words.iter().any(|words| words.contains(expected)), "{condition:?}: {words:?}");
        assert!(
            found.iter().all(|problem| problem.at == [0] && !problem.words.ja.contains('{')),
            "{found:?}"
        );
    };
    check(one("field:9", Test::Filled, &[]), "was deleted");
    check(one("field:12", Test::Filled, &[]), "was deleted");
    check(one("colour", Test::Is, &["x"]), "cannot be used");
    check(one("name", Test::PastDays, &["3"]), "cannot be compared in this way");
    check(one("name", Test::Is, &[" "]), "give a value");
    check(one("consent", Test::Given, &["9", "", "", ""]), "topic this condition uses is gone");
    check(one("consent", Test::Given, &["", "", "", "x"]), "has no value");
    check(one("consent", Test::Withdrawn, &["", "2026-02-01", "2026-01-01"]), "beginning");
    check(one("name", Test::OneOf, &["", " "]), "give a value");
    check(one("name", Test::Matches, &["(a"]), "brackets");
    check(one("field:1", Test::OneOf, &["京都府"]), "is gone");
    check(one("field:3", Test::AtLeast, &["many"]), "not a number");
    check(one("field:3", Test::Between, &["5", "3"]), "behind its end");
    check(one("field:2", Test::Is, &["2026-02-30"]), "not a date");
    check(one("field:2", Test::PastDays, &["-1"]), "as a number");
    check(one("field:2", Test::InMonth, &["13"]), "1 to 12");
    check(one("created", Test::Weekday, &["8"]), "weekday");
    check(one("deed:accepted", Test::Did, &["0", "", "", "", ""]), "how often");
    check(one("deed:accepted", Test::Did, &["1", "", "2026-02-01", "2026-01-01", ""]), "behind its end");
    check(one("deed:clicked", Test::Did, &["1", "", "", "", "", "2", ""]), "no value");
    check(
        one("deed:clicked", Test::Did, &["1", "", "", "", "78", "77:2", ""]),
        "not in the chosen broadcast",
    );
    check(one("deed:clicked", Test::Did, &["1", "", "2026-02-01", "2026-01-01", ""]), "behind its end");
    check(one("provider", Test::OneOf, &["nobody"]), "no value");
    check(one("segment", Test::Is, &["55"]), "was deleted");
    check(one("segment", Test::Is, &["1"]), "uses this segment itself");
    check(one("segment", Test::Is, &["2"]), "has something to mend");
    check(one("segment", Test::Is, &["4"]), "was deleted");
    check(one("share", Test::Is, &["50", "50", "a"]), "behind its end");
    check(one("name", Test::Is, &[&"あ".repeat(501)]), "too long");
    assert_eq!(problems(&Rule::empty(), &known(), None).len(), 1);
}

#[test]
fn limits() {
    let name = || Part::Condition(one("name", Test::Is, &["a"]));
    let mut rule = Rule::empty();
    for many in [101, 1_000] {
        rule.root.parts = (0..many).map(|_| name()).collect();
        let found = problems(&rule, &known(), None);
        assert!(found.len() == 1 && found[0].words.en.contains("too many conditions"), "{found:?}");
    }
    let mut group = Group { parts: vec![name()], ..Group::default() };
    for _ in 0..5 {
        group = Group { parts: vec![Part::Group(group)], ..Group::default() };
    }
    let deep = Rule { version: 1, root: group };
    assert!(problems(&deep, &known(), None)[0].words.en.contains("too deep"));
    let later = Rule { version: 2, root: Group::default() };
    assert!(problems(&later, &known(), None)[0].words.en.contains("newer version"));
}

#[test]
fn every_word_is_there_in_both_languages() {
    for kind in [
        Kind::Text,
        Kind::Number,
        Kind::Day,
        Kind::Moment,
        Kind::Choice,
        Kind::Choices,
        Kind::Flag,
        Kind::Deed,
        Kind::Clicked,
        Kind::Standing,
        Kind::Status,
        Kind::Provider,
        Kind::Consent,
        Kind::Validity,
        Kind::Segment,
        Kind::Share,
    ] {
        for test in kind.tests() {
            assert!(kind.values(*test).is_some());
            let name = test_name(kind, *test);
            assert!(!name.ja.is_ascii() && name.en.is_ascii(), "{kind:?} {test:?}");
        }
    }
    for basis in crate::ConsentBasis::ALL {
        assert!(!value_name(Kind::Consent, Test::Given, basis.name()).ja.is_ascii(), "{basis:?}");
    }
    for state in Validity::ALL {
        assert!(!value_name(Kind::Validity, Test::OneOf, state.name()).ja.is_ascii(), "{state:?}");
    }
    let subjects = Column::ALL.iter().map(|one| Subject::Column(*one));
    let subjects = subjects.chain(Moment::ALL.iter().map(|one| Subject::Moment(*one)));
    for subject in subjects.chain(Deed::ALL.iter().map(|one| Subject::Deed(*one))) {
        assert!(!subject_name(&subject, &known()).ja.is_ascii(), "{subject:?}");
    }
}
