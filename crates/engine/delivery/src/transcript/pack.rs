//! Divides a transcript into what many of them share, kept once, and what is this one's own: its times, queue ids, sizes.
//!
//! In the shared part the recipient's address, the return path's local part and everything that looks like an
//! identifier or a number are replaced by signs. The own part is one character per line for the time, and then the
//! replaced words in their order.

use super::{LINE_END, Line, Voice};

/// Stands for the recipient's address.
const TO: char = '\u{11}';
/// Stands for the local part of the return path.
const TOKEN: char = '\u{12}';
/// Stands for the next word of the own part.
const WORD: char = '\u{13}';
/// The sign of no time between two lines; the next ones in ASCII follow.
const BEAT_ZERO: u8 = b'0';
/// Times below this have a sign of their own.
const BEATS: u64 = 64;

/// A transcript in two parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packed {
    /// What many share.
    pub script: String,
    /// What is this one's own.
    pub own: String,
}

/// Packs lines as a tape has them.
pub(super) fn pack(text: &str, after_ms: &[u64], to: &str) -> Packed {
    let mut packed = Packed { script: String::with_capacity(text.len()), own: beats(after_ms) };
    let token = return_path(text);
    for line in text.split_inclusive(LINE_END) {
        let ours = line.starts_with(Voice::We.sign());
        let mut rest = line;
        while !rest.is_empty() {
            let known = [(to, TO), (token, TOKEN)].into_iter().find(|(word, _)| at_start(rest, word));
            if let Some((word, sign)) = known {
                packed.script.push(sign);
                rest = &rest[word.len()..];
                continue;
            }
            let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if word.is_empty() {
                let first = rest.chars().next().map_or(rest.len(), char::len_utf8);
                packed.script.push_str(&rest[..first]);
                rest = &rest[first..];
                continue;
            }
            if is_own(word, ours) {
                packed.script.push(WORD);
                packed.own.push(' ');
                packed.own.push_str(word);
            } else {
                packed.script.push_str(word);
            }
            rest = after;
        }
    }
    packed
}

/// Puts both parts together again. Total: what does not fit is left out or shown as it is.
#[must_use]
pub fn unpack(packed: &Packed, to: &str, token: &str) -> Vec<Line> {
    let (beats, words) = packed.own.split_once(' ').unwrap_or((&packed.own, ""));
    let mut times = times(beats).into_iter();
    let mut words = words.split(' ');
    let mut after_ms = 0;
    let mut lines = Vec::new();
    for line in packed.script.split_terminator(LINE_END) {
        let mut signs = line.chars();
        let voice = signs.next().map_or(Voice::Note, Voice::of);
        let mut text = String::with_capacity(line.len() + 32);
        for sign in signs {
            match sign {
                TO => text.push_str(to),
                TOKEN => text.push_str(token),
                WORD => text.push_str(words.next().unwrap_or("…")),
                plain => text.push(plain),
            }
        }
        after_ms += times.next().unwrap_or(0);
        lines.push(Line { after_ms, voice, text });
    }
    lines
}

/// The local part of our return path, which MAIL says and ENVID repeats.
fn return_path(text: &str) -> &str {
    let path = text.split_once("MAIL FROM:<").map_or("", |(_, rest)| rest);
    path.split_once('@').map_or("", |(local, _)| local)
}

/// Whether this known word stands here as a whole.
fn at_start(rest: &str, word: &str) -> bool {
    !word.is_empty()
        && rest.starts_with(word)
        && !rest[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '.')
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+' | '%' | '#' | '$')
}

/// Whether other transcripts will have another word in its place.
fn is_own(word: &str, ours: bool) -> bool {
    if word.find('@').is_some_and(|at| at > 0) {
        return true;
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    match ours {
        true => digits == word.len(),
        false => digits > 1 && !is_code(word),
    }
}

/// A reply code, an enhanced status, or both with the line's hyphen: `250`, `2.1.0`, `250-2.1.0`, `250-PIPELINING`.
fn is_code(word: &str) -> bool {
    let (code, rest) = word.split_at(word.len().min(3));
    let is_reply_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let status = match rest.strip_prefix('-') {
        Some(status) if is_reply_code => status,
        _ if is_reply_code && rest.is_empty() => return true,
        _ => word,
    };
    let parts = status.split('.');
    let numbers =
        parts.filter(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let is_status = status.split('.').count() == 3 && numbers.count() == 3;
    is_status || (status.len() < word.len() && status.bytes().filter(u8::is_ascii_digit).count() < 2)
}

fn beats(after_ms: &[u64]) -> String {
    let mut beats = String::with_capacity(after_ms.len() + 8);
    let mut before = 0;
    for at in after_ms {
        let beat = at.saturating_sub(before);
        before = *at;
        match u8::try_from(beat) {
            Ok(small) if beat < BEATS => beats.push(char::from(BEAT_ZERO + small)),
            _ => beats.push_str(&format!("~{beat}.")),
        }
    }
    beats.truncate(beats.trim_end_matches(char::from(BEAT_ZERO)).len());
    beats
}

fn times(beats: &str) -> Vec<u64> {
    let mut times = Vec::with_capacity(beats.len());
    let mut rest = beats;
    while let Some(sign) = rest.bytes().next() {
        if let Some((number, after)) = rest.strip_prefix('~').and_then(|rest| rest.split_once('.')) {
            times.push(number.parse().unwrap_or(0));
            rest = after;
        } else {
            times.push(u64::from(sign.saturating_sub(BEAT_ZERO)));
            let mut signs = rest.chars();
            signs.next();
            rest = signs.as_str();
        }
    }
    times
}

#[cfg(test)]
mod tests {
    use mail::Reply;

    use super::{super::Tape, *};

    const TO_ONE: &str = "hanako.1990@ezweb.example";
    const TOKEN_ONE: &str = "b-3vk0000001-7k2mabcdefgh";

    fn tape(to: &str, token: &str, queue_id: &str, first_ms: u64) -> Tape {
        let mut tape = Tape::default();
        tape.we(
            first_ms,
            &format!("MAIL FROM:<{token}@r.shop.example> RET=HDRS ENVID={token} BODY=8BITMIME\r\nRCPT TO:<{to}>\r\n"),
        );
        tape.they(first_ms + 7, &Reply::from_lines(["250 2.1.0 Sender ok"]).0);
        tape.they(first_ms + 7, &Reply::from_lines([format!("250 2.1.5 <{to}>... ok").as_str()]).0);
        tape.we(first_ms + 9, "BDAT 5123 LAST\r\n");
        let reply = format!("250-2.0.0 OK\n250 2.0.0 queued as {queue_id} 1700000000.12");
        tape.they(first_ms + 612, &Reply::from_lines(reply.lines()).0);
        tape
    }

    #[test]
    fn two_dialogues_of_one_kind_share_their_script_and_come_back_word_for_word() {
        let mut one = tape(TO_ONE, TOKEN_ONE, "4F2C81A2B3", 0);
        let mut two = tape("taro@docomo.example", "b-3vk0000002-zzzzzzzzzzzz", "99AA11", 3);
        let before = one.clone();
        let (one, two) = (one.take_packed(TO_ONE).unwrap(), two.take_packed("taro@docomo.example").unwrap());
        assert_eq!(one.script, two.script);
        assert_eq!(one.own, "00702~603. 5123 4F2C81A2B3 1700000000.12");
        assert_eq!(two.own, "30702~603. 5123 99AA11 1700000000.12");
        let lines = unpack(&one, TO_ONE, TOKEN_ONE);
        let text: String =
            lines.iter().map(|line| format!("{}{}{LINE_END}", line.voice.sign(), line.text)).collect();
        assert_eq!((text.as_str(), lines[5].after_ms), (before.text.as_str(), 612));
        assert_eq!(lines[5].text, "250-2.0.0 OK\n250 2.0.0 queued as 4F2C81A2B3 1700000000.12");
    }

    fn check(line: &str, own: &str) {
        let mut tape = Tape::default();
        match line.strip_prefix("> ") {
            Some(command) => tape.we(0, command),
            None => tape.they(0, &Reply::from_lines(line.lines()).0),
        }
        let packed = tape.take_packed("a@b.example").unwrap();
        assert_eq!(packed.own.trim_start(), own, "{line}");
        assert_eq!(unpack(&packed, "a@b.example", "").concat_text(), line.trim_start_matches("> "));
    }

    trait ConcatText {
        fn concat_text(&self) -> String;
    }

    impl ConcatText for Vec<Line> {
        fn concat_text(&self) -> String {
            self.iter().map(|line| line.text.as_str()).collect()
        }
    }

    #[test]
    fn what_is_own() {
        check(
            "250 2.0.0 OK  1700000000 d2e1a72-6be1f2a3si12345.12 - gsmtp",
            "1700000000 d2e1a72-6be1f2a3si12345.12",
        );
        check("250 Ok", "");
        check("250-mx.example\n250-8BITMIME\n250-SIZE 35882577\n250 CHUNKING", "35882577");
        check("550 5.1.1 <a@b.example>: unknown", "");
        check("550 5.1.1 <c@b.example>: unknown", "c@b.example");
        check("550 5.7.1 [192.0.2.1] is listed", "192.0.2.1");
        check("421-4.7.0 wait\n421 4.7.0 12:34:56", "12 34 56");
        check("250 日本語 2.0.0 は成功 ab12", "ab12");
        check("> RCPT TO:<a@b.example> NOTIFY=FAILURE ORCPT=rfc822;a@b.example", "");
        check("> BDAT 77 LAST", "77");
    }

    #[test]
    fn no_two_parts_make_it_fail() {
        for own in ["", "~", "~~", "~9", "~9.", "あ", "0 ", "~99999999999999999999. x"] {
            let packed = Packed { script: "<250 \u{13} \u{13}\u{1e}\u{1e}x".into(), own: own.into() };
            assert_eq!(unpack(&packed, "", "").len(), 3, "{own}");
        }
    }
}
