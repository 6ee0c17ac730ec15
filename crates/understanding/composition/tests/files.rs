//! Files on a message come back whole and under their names.

use composition::{Attachment, MessageHead, Rendered, build, build_with_files};
use mail::Address;
use mail_parser::{MessageParser, MimeHeaders};

fn head() -> MessageHead {
    MessageHead {
        from_name: String::new(),
        from: Address::parse("shop@shop.example").expect("an address"),
        to_name: String::new(),
        to: Address::parse("hanako@customer.example").expect("an address"),
        reply_to: None,
        message_id: "1@shop.example".into(),
        date_at: 0,
        list_unsubscribe: None,
        extra: Vec::new(),
    }
}

fn check(file_name: &str, media_type: &str, name: &str, kind: &str) {
    let content: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    let file = |name: &str| Attachment {
        file_name: name.into(),
        media_type: media_type.into(),
        content: content.clone(),
    };
    let body = Rendered { subject: "s".into(), text: "文".into(), html: Some("<p>文</p>".into()) };
    let message = build_with_files(&head(), &body, &[file(file_name), file("b.txt")]);
    let text = std::str::from_utf8(&message).expect("ASCII");
    assert!(text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 100), "{text}");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{text}");
    let parsed = MessageParser::default().parse(&message).expect("a message");
    assert_eq!(parsed.attachment_count(), 2, "{file_name}");
    assert_eq!(parsed.body_text(0).as_deref().map(str::trim_end), Some("文"));
    assert_eq!(parsed.body_html(0).as_deref().map(str::trim_end), Some("<p>文</p>"));
    let seen = parsed.attachment(0).expect("a file");
    assert_eq!(seen.attachment_name(), Some(name), "{file_name}");
    assert_eq!(seen.contents(), content, "{file_name}");
    let seen = seen.content_type().expect("a type");
    assert_eq!(format!("{}/{}", seen.ctype(), seen.subtype().unwrap_or_default()), kind, "{media_type}");
}

#[test]
fn files() {
    let pdf = "application/pdf";
    check("invoice.pdf", pdf, "invoice.pdf", pdf);
    check("請求書(濵髙様).pdf", pdf, "請求書(濵髙様).pdf", pdf);
    check("🎉.png", "image/png", "🎉.png", "image/png");
    // A parser turns text into UTF-8, so no text type is compared byte for byte.
    check("a\"b;c.txt", "application/json", "a\"b;c.txt", "application/json");
    check("../../etc/passwd", pdf, "passwd", pdf);
    check("C:\\temp\\x.doc", pdf, "x.doc", pdf);
    check("", pdf, "attachment", pdf);
    check("..", pdf, "attachment", pdf);
    check("x\r\nBcc: v@evil.example", pdf, "x  Bcc: v@evil.example", pdf);
    check(&"長".repeat(300), pdf, &"長".repeat(120), pdf);
    for bad in ["", "pdf", "application/pdf\r\nX: y", "multipart/mixed", "message/rfc822", "a/b; c=d"] {
        check("x", bad, "x", "application/octet-stream");
    }
}

#[test]
fn no_files_change_nothing() {
    let body = Rendered { subject: "s".into(), text: "x".into(), html: None };
    assert_eq!(build(&head(), &body), build_with_files(&head(), &body, &[]));
}
