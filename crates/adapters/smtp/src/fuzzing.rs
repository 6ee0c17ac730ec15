//! Doors for the fuzz targets: what both sides read, without a connection.

use mail::Address;
use reception::Destination;

use crate::{
    client::{Extensions, take_reply},
    server::{Answer, Content, Dialogue, Effect, ReceptionLimits, Trace, received_line},
};

/// Content that is kept at most.
const CONTENT_BYTES_MAX: usize = 4096;

/// One session with the server: lines, and content where it asks for it.
pub fn server(bytes: &[u8]) {
    let limits = ReceptionLimits { commands_max: 200, ..ReceptionLimits::default() };
    let mut dialogue = Dialogue::new("mx.todoku.example", true, limits);
    let mut rest = bytes;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let (answer, effect) = match line.strip_suffix(b"\r") {
            Some(line) => dialogue.step(line),
            None => dialogue.bad_line("500 5.5.2 Lines must end with CRLF\r\n"),
        };
        let (answer, effect) = match effect {
            Effect::Ask(address) => dialogue.answered(&address, Ok(destination(&address))),
            effect => (answer, effect),
        };
        check_answer(&answer);
        match effect {
            Effect::ReadContent(incoming) => {
                assert!(!incoming.recipients.is_empty());
                check_trace(&dialogue);
                let Some(length) = content(rest) else { return };
                rest = &rest[length..];
            }
            Effect::StartTls => dialogue = Dialogue::new("mx.todoku.example", false, limits),
            Effect::Close => return,
            Effect::None | Effect::Ask(_) => {}
        }
    }
}

fn destination(address: &Address) -> Option<Destination> {
    (address.domain() != "elsewhere.example").then_some(Destination::Role)
}

/// Whole lines, each with the code of the first.
fn check_answer(answer: &Answer) {
    let text = answer.strip_suffix("\r\n").expect("an answer ends with CRLF");
    let code = text.get(..3).expect("an answer has a code");
    for line in text.split("\r\n") {
        assert!(line.starts_with(code) && !line.contains(['\r', '\n']) && line.len() <= 510, "{text:?}");
    }
}

fn check_trace(dialogue: &Dialogue) {
    let line = received_line(&Trace {
        helo: &dialogue.helo,
        ip: [192, 0, 2, 1].into(),
        host_name: &dialogue.host_name,
        extended: dialogue.extended,
        tls: false,
        now: 0,
    });
    let text = line.strip_suffix("\r\n").expect("a field ends with CRLF");
    let folded = text.split("\r\n").skip(1).all(|line| line.starts_with('\t'));
    assert!(folded && text.is_ascii() && !text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
}

/// The content's length; the same in one piece and in two.
fn content(bytes: &[u8]) -> Option<usize> {
    let mut whole = Content::new(CONTENT_BYTES_MAX);
    let length = whole.push(bytes);
    assert!(whole.bytes().len() <= CONTENT_BYTES_MAX);
    let middle = bytes.len() / 2;
    let mut halves = Content::new(CONTENT_BYTES_MAX);
    let again = match halves.push(&bytes[..middle]) {
        Some(length) => Some(length),
        None => halves.push(&bytes[middle..]).map(|length| middle + length),
    };
    assert_eq!((again, halves.bytes()), (length, whole.bytes()));
    length
}

/// What a server answers our client, reply after reply.
pub fn replies(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Some((reply, length))) = take_reply(rest) {
        assert!((1..=rest.len()).contains(&length));
        let again = take_reply(&rest[..length]).expect("was a reply");
        assert_eq!(again, Some((reply.clone(), length)), "what follows does not matter");
        assert_eq!(take_reply(&rest[..length - 1]).unwrap_or(None), None, "not before it is whole");
        assert!((200..600).contains(&reply.code) && !reply.line().contains(['\r', '\n']));
        let _ = std::hint::black_box(Extensions::read(&reply));
        rest = &rest[length..];
    }
}
