//! Templates with hostile values, the messages made of them, and their signatures.

use std::sync::LazyLock;

use authentication::{Algorithm, Signer};
use composition::{
    Attachment, Links, MessageHead, Rendered, Template, TemplateLinks, TemplateSource, Values,
};

use crate::{NOW, texts};

/// Fields of a message that the builder writes by itself.
const OWN_FIELDS: [&str; 11] = [
    "date",
    "from",
    "to",
    "reply-to",
    "subject",
    "message-id",
    "mime-version",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "content-type",
    "content-transfer-encoding",
];

/// Subject, text, HTML, then the values: a template is compiled, filled in and built, and the message has no line
/// that a value put there.
pub fn composition(bytes: &[u8]) {
    let texts = texts(bytes);
    let text = |n: usize| texts.get(n).cloned().unwrap_or_default();
    let source = TemplateSource { subject: text(0), text: text(1), html: texts.get(2).cloned() };
    let _ = composition::lint(&source, &composition::LintContext { needs_unsubscribe: true });
    let values: Values = [("name", 3), ("company", 4)].map(|(name, n)| (name.to_owned(), text(n))).into();
    let links = Links {
        unsubscribe_url: Some(text(5)),
        view_url: Some("https://hanaya.example/v/1".to_owned()),
        ..Links::default()
    };
    let found = TemplateLinks::read(&source, "https://hanaya.example/");
    if let Ok(template) = Template::compile(&source, &["name", "company"]) {
        let _ = template.required_fields();
        let recording = Template::compile_recording(&source, &["name", "company"], &found.targets);
        let itself = Links { recorded: found.targets.clone(), ..links.clone() };
        let recording = recording.expect("what compiles does so with its links recorded");
        if let (Ok(plain), Ok(recorded)) =
            (template.render(&values, &links), recording.render(&values, &itself))
        {
            assert_eq!(recorded.text, plain.text, "each link stands for itself");
        }
        if let Ok(body) = template.render(&values, &links) {
            assert!(!body.subject.contains(char::is_control), "{:?}", body.subject);
            check_message(&text, &body);
        }
    }
    check_message(&text, &Rendered { subject: text(0), text: text(1), html: texts.get(2).cloned() });
}

fn check_message(text: &dyn Fn(usize) -> String, body: &Rendered) {
    let shop = mail::Address::new("shop", "hanaya.example").expect("an address");
    let head = MessageHead {
        from_name: text(3),
        from: shop.clone(),
        to_name: text(4),
        to: mail::Address::parse(&text(5)).unwrap_or(shop),
        reply_to: None,
        message_id: text(6),
        date_at: NOW,
        list_unsubscribe: Some(text(5)),
        extra: vec![(text(7), text(3)), ("X-Extra".to_owned(), text(4))],
    };
    let file = Attachment { file_name: text(3), media_type: text(4), content: text(1).into_bytes() };
    for files in [&[][..], &[file]] {
        let message = composition::build_with_files(&head, body, files);
        check_lines(&message);
        let fields = check_fields(&message);
        let known = |name: &String| OWN_FIELDS.contains(&name.as_str()) || *name == "x-extra";
        let strange = fields.iter().filter(|name| !known(name) && !name.eq_ignore_ascii_case(text(7).trim()));
        assert_eq!(strange.count(), 0, "{fields:?}");
    }
}

/// RFC 5322 section 2.3: CR and LF only together, ASCII only, no line over 998 bytes.
fn check_lines(message: &[u8]) {
    let text = std::str::from_utf8(message).expect("a message is ASCII");
    assert!(text.is_ascii());
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        assert!(line.len() <= 998, "{} bytes", line.len());
    }
}

/// The names of the header's fields in lower case, none of them twice.
fn check_fields(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message);
    let (header, _) = text.split_once("\r\n\r\n").expect("an empty line ends the header");
    let lines = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let name = |line: &str| line.split_once(':').expect("a field has a name").0.to_ascii_lowercase();
    let fields: Vec<String> = lines.map(name).collect();
    for (n, field) in fields.iter().enumerate().filter(|(_, field)| OWN_FIELDS.contains(&field.as_str())) {
        assert!(!fields[..n].contains(field), "{field} stands twice");
    }
    fields
}

/// Makes a text of HTML, and a preview that runs nothing.
pub fn html(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = composition::text_of_html(&text);
    let safe = composition::safe_preview(&text).to_ascii_lowercase();
    for bad in ["<script", "<iframe", "<form", "<object", "<style", "<svg"] {
        assert!(!safe.contains(bad), "{safe}");
    }
    let again = composition::safe_preview(&safe).to_ascii_lowercase();
    assert!(!again.contains("<script"), "{again}");
}

static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let key = |algorithm| authentication::generate(algorithm).expect("a key").private_pem_or_der;
    let (rsa, ed25519) = (key(Algorithm::Rsa2048), key(Algorithm::Ed25519));
    Signer::new("hanaya.example", ("t1", &rsa), Some(("t2", &ed25519))).expect("a signer")
});

/// Signs any bytes as a message.
pub fn signing(bytes: &[u8]) {
    let Ok(fields) = SIGNER.sign(bytes, NOW) else { return };
    check_lines(&fields);
    let text = String::from_utf8_lossy(&fields);
    let starts = text.split("\r\n").filter(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
    assert!(
        starts.clone().count() == 2 && starts.clone().all(|line| line.starts_with("DKIM-Signature:")),
        "{text}"
    );
}
