//! Messages as a mail reader sees them, and what hostile values cannot do to them.

use composition::{MessageHead, Rendered, build};
use mail::Address;
use mail_parser::MessageParser;

fn head() -> MessageHead {
    MessageHead {
        from_name: "花の店".into(),
        from: Address::parse("shop@shop.example").expect("the test knows"),
        to_name: String::new(),
        to: Address::parse("hanako@customer.example").expect("the test knows"),
        reply_to: None,
        message_id: "1.abc@mail.shop.example".into(),
        date_at: 1_795_257_296_789,
        list_unsubscribe: None,
        extra: Vec::new(),
    }
}

fn body(subject: &str, text: &str) -> Rendered {
    Rendered { subject: subject.into(), text: text.into(), html: None }
}

fn header_block(message: &[u8]) -> String {
    let text = std::str::from_utf8(message).expect("the test knows");
    text.split("\r\n\r\n").next().expect("the test knows").to_owned()
}

fn sound(message: &[u8]) {
    assert!(message.is_ascii());
    let text = std::str::from_utf8(message).expect("the test knows");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "bare line ends");
    for line in text.split("\r\n") {
        assert!(line.len() <= 998, "{} bytes: {}", line.len(), &line[..80]);
    }
    for line in header_block(message).split("\r\n") {
        assert!(!line.trim().is_empty(), "a blank folded line");
    }
}

#[test]
fn the_whole_message() {
    let mut head = head();
    head.to_name = "Hanako".into();
    head.reply_to = Some(Address::parse("info@shop.example").expect("the test knows"));
    head.list_unsubscribe = Some("https://mail.shop.example/u/x".into());
    head.extra = vec![("X-Todoku-Trace".into(), "t1".into())];
    let seen = String::from_utf8(build(&head, &body("Hello", "Hi\n"))).expect("the test knows");
    let expected = "Date: Sat, 21 Nov 2026 10:34:56 +0000\r\n\
        From: =?UTF-8?B?6Iqx44Gu5bqX?= <shop@shop.example>\r\n\
        To: Hanako <hanako@customer.example>\r\n\
        Reply-To: info@shop.example\r\n\
        Subject: Hello\r\n\
        Message-ID: <1.abc@mail.shop.example>\r\n\
        List-Unsubscribe: <https://mail.shop.example/u/x>\r\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
        X-Todoku-Trace: t1\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: 7bit\r\n\
        \r\n\
        Hi\r\n";
    assert_eq!(seen, expected);
}

fn check_subject(subject: &str, expected: &str) {
    let message = build(&head(), &body(subject, "x"));
    sound(&message);
    for line in header_block(&message).split("\r\n") {
        assert!(line.len() <= 76 || !line.contains("=?"), "{line}");
    }
    let parsed = MessageParser::default().parse(&message).expect("the test knows");
    assert_eq!(parsed.subject().unwrap_or_default(), expected, "{subject}");
    assert_eq!(parsed.headers().len(), 8, "{subject}");
}

#[test]
fn subjects_come_back_as_written() {
    let long = "【重要】ご注文の商品は本日発送いたしました。".repeat(12);
    let words = "every word counts when a subject is long ".repeat(8);
    let unbroken = "x".repeat(2_000);
    for subject in [
        "",
        "Hello",
        "ご注文ありがとうございます",
        "濵田 髙﨑様へ",
        "🎉🎉🎉👨\u{200d}👩\u{200d}👧",
        "שלום עולם",
        "مرحبا",
        "a=?UTF-8?B?eA==?=b",
        "café",
        "a  b   c",
        &long,
        words.trim(),
        &unbroken,
        "\u{20bb7}野家",
        "1",
        ":",
        "=",
    ] {
        check_subject(subject, subject);
    }
    check_subject(" a\r\nBcc: x@evil.example\r\n\r\nbody", "a  Bcc: x@evil.example    body");
    check_subject("a\0b\u{85}c\u{2028}d", "a b c d");
    check_subject("\r\n", "");
    check_subject("a\u{202e}b", "ab");
}

fn check_name(name: &str, expected: &str) {
    let mut head = head();
    head.from_name = name.into();
    head.to_name = name.into();
    let message = build(&head, &body("s", "x"));
    sound(&message);
    let parsed = MessageParser::default().parse(&message).expect("the test knows");
    assert_eq!(parsed.headers().len(), 8, "{name}");
    for (list, address) in [(parsed.from(), "shop@shop.example"), (parsed.to(), "hanako@customer.example")] {
        let mailbox = list.expect("the test knows").first().expect("the test knows");
        assert_eq!(list.expect("the test knows").iter().count(), 1, "{name}");
        assert_eq!(mailbox.name().unwrap_or_default(), expected, "{name}");
        assert_eq!(mailbox.address().expect("the test knows"), address, "{name}");
    }
}

#[test]
fn names_come_back_as_written() {
    let long = "とても長い名前の店".repeat(20);
    for name in [
        "",
        "Flower Shop",
        "花の店",
        "Shop, Inc.",
        "a \"quoted\" \\ name",
        "evil@evil.example",
        "<evil@evil.example>",
        "a (comment)",
        "=?UTF-8?Q?x?=",
        "濵髙",
        "🌸花の店🌸",
        "دكان",
        "O'Neil",
        &long,
        "x; y: z,",
        ".",
    ] {
        check_name(name, name);
    }
    check_name("a\r\nBcc: x@evil.example", "a  Bcc: x@evil.example");
    check_name("\"\r\n <x@evil.example>", "\"   <x@evil.example>");
    check_name("\0\u{7f}", "");
    check_name(&"long name ".repeat(1_000), "long name ".repeat(400).trim());
}

#[test]
fn quoted_local_parts_stay_quoted() {
    let mut head = head();
    head.to = Address::parse("\"a..b\"@docomo.ne.jp").expect("the test knows");
    head.to_name = "花子".into();
    head.reply_to = Some(Address::new("a\"b c", "shop.example").expect("the test knows"));
    let seen = header_block(&build(&head, &body("s", "x")));
    assert!(seen.contains(" <\"a..b\"@docomo.ne.jp>\r\n"), "{seen}");
    assert!(seen.contains("Reply-To: \"a\\\"b c\"@shop.example\r\n"), "{seen}");
}

fn check_field(change: impl Fn(&mut MessageHead), expected: &[&str], absent: &[&str]) {
    let mut head = head();
    change(&mut head);
    let message = build(&head, &body("s", "x"));
    sound(&message);
    let seen = header_block(&message);
    let lines: Vec<&str> = seen.split("\r\n").collect();
    for line in expected {
        assert!(lines.contains(line), "{line} is missing in {seen}");
    }
    for part in absent {
        assert!(!lines.iter().any(|line| line.starts_with(part)), "{part} is in {seen}");
    }
}

#[test]
fn no_value_adds_a_field() {
    let attack = "x\r\nBcc: v@evil.example\r\n\r\nbody";
    check_field(|h| h.message_id = attack.into(), &["Message-ID: <xBcc:v@evil.examplebody>"], &["Bcc"]);
    check_field(|h| h.list_unsubscribe = Some(attack.into()), &[], &["Bcc", "List-"]);
    let url = format!("https://a.example/{attack}><y>é");
    let clean = "List-Unsubscribe: <https://a.example/xBcc:v@evil.examplebody%3E%3Cy%3E%C3%A9>";
    check_field(|h| h.list_unsubscribe = Some(url.clone()), &[clean], &["Bcc"]);
    let far = format!("https://a.example/{}", "x".repeat(900));
    check_field(|h| h.list_unsubscribe = Some(far.clone()), &[], &["List-"]);
    let extra = |name: &str, value: &str| {
        let pair = (name.to_owned(), value.to_owned());
        move |h: &mut MessageHead| h.extra = vec![pair.clone()]
    };
    check_field(extra("X-A", attack), &["X-A: x  Bcc: v@evil.example    body"], &["Bcc"]);
    check_field(extra("X-A", "花"), &["X-A: =?UTF-8?B?6Iqx?="], &[]);
    check_field(extra("X-A", ""), &["X-A: "], &[]);
    for name in
        ["X-A:", "X A", "X-A\r\nBcc", "", "é", "bcc", "From", "Content-Type", "DKIM-Signature", "Resent-To"]
    {
        check_field(extra(name, "EVIL"), &[], &["X-A", "X A", "Bcc", "bcc", "DKIM", "Resent", ":"]);
        let mut head = head();
        head.extra = vec![(name.into(), "EVIL".into())];
        assert!(!header_block(&build(&head, &body("s", "x"))).contains("EVIL"), "{name}");
    }
    check_field(
        extra("References", &"<abc@shop.example> ".repeat(60)),
        &[" <abc@shop.example> <abc@shop.example> <abc@shop.example> <abc@shop.example>"],
        &[],
    );
}

#[test]
fn dates_are_total() {
    check_field(|h| h.date_at = 0, &["Date: Thu, 01 Jan 1970 00:00:00 +0000"], &[]);
    check_field(|h| h.date_at = i64::MIN, &["Date: Thu, 01 Jan 1970 00:00:00 +0000"], &[]);
    check_field(|h| h.date_at = i64::MAX, &["Date: Thu, 30 Dec 9999 21:59:59 +0000"], &[]);
}

fn check_body(text: &str, html: Option<&str>, expected_text: &str, expected_html: Option<&str>) {
    let rendered = Rendered { subject: "件名".into(), text: text.into(), html: html.map(str::to_owned) };
    let message = build(&head(), &rendered);
    sound(&message);
    assert_eq!(message, build(&head(), &rendered), "not deterministic");
    assert!(!message.ends_with(b"\r\n\r\n") || expected_text.is_empty());
    let parsed = MessageParser::default().parse(&message).expect("the test knows");
    let seen = parsed.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(seen.trim_end(), expected_text, "{text}");
    if let Some(expected) = expected_html {
        let seen = parsed.body_html(0).expect("the test knows").replace("\r\n", "\n");
        assert_eq!(seen.trim_end(), expected, "{text}");
        assert_eq!(parsed.parts.len(), 3);
    }
}

#[test]
fn bodies_come_back_as_written() {
    check_body("", None, "", None);
    check_body("こんにちは\n\n濵髙 🎉\n", None, "こんにちは\n\n濵髙 🎉", None);
    check_body("x\r\ny\rz", None, "x\ny\nz", None);
    check_body("x\n \n\u{3000}\n\n", None, "x", None);
    check_body(".\n..\nFrom me", None, ".\n..\nFrom me", None);
    check_body("שלום", None, "שלום", None);
    let huge = "長い行".repeat(20_000);
    check_body(&huge, None, &huge, None);
    let huge = "long line ".repeat(20_000);
    check_body(&huge, None, huge.trim(), None);
    check_body("文", Some("<p>文 é</p>"), "文", Some("<p>文 é</p>"));
    check_body("", Some("<p>文</p><p>字</p>"), "文\n\n字", Some("<p>文</p><p>字</p>"));
    check_body("--=_todoku_x\n--", Some("<p>=_todoku_</p>"), "--=_todoku_x\n--", Some("<p>=_todoku_</p>"));
}

#[test]
fn a_body_cannot_close_its_own_part() {
    let rendered =
        |text: &str| Rendered { subject: "s".into(), text: text.into(), html: Some("<p>h</p>".into()) };
    let message = String::from_utf8(build(&head(), &rendered("x"))).expect("the test knows");
    let boundary = message
        .split("boundary=\"")
        .nth(1)
        .expect("the test knows")
        .split('"')
        .next()
        .expect("the test knows")
        .to_owned();
    let attack = format!("x\n--{boundary}--\nContent-Type: text/html\n\n<b>evil</b>");
    let message = build(&head(), &rendered(&attack));
    let parsed = MessageParser::default().parse(&message).expect("the test knows");
    assert_eq!(parsed.parts.len(), 3);
    assert_eq!(parsed.body_text(0).expect("the test knows").replace("\r\n", "\n").trim_end(), attack);
}
