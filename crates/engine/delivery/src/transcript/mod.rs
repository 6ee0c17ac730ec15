//! What was said in an attempt, word for word and to the millisecond; `pack` keeps equal dialogues in a few bytes.

mod pack;
pub mod store;

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use mail::Reply;

pub use pack::{Packed, unpack};

/// Between two lines on a tape; no command and no reply has it.
const LINE_END: char = '\u{1e}';
/// Bytes of one tape; a server that says more is not quoted to its end.
const TAPE_BYTES_MAX: usize = 16 * 1024;
/// Characters of one command or reply that are kept.
const LINE_CHARS_MAX: usize = 2_000;

/// Whose words they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// Ours.
    We,
    /// The other server's.
    They,
    /// Nobody's: what happened on the way, such as `tls TLSv1.3`. The first word says what.
    Note,
}

impl Voice {
    const ALL: [(Self, char); 3] = [(Self::We, '>'), (Self::They, '<'), (Self::Note, '*')];

    /// The sign in front of a line.
    #[must_use]
    pub fn sign(self) -> char {
        Self::ALL.iter().find(|(voice, _)| *voice == self).map_or('*', |(_, sign)| *sign)
    }

    fn of(sign: char) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == sign).map_or(Self::Note, |(voice, _)| *voice)
    }
}

/// One line of a transcript. A reply of several lines is one, with `\n` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds since the first line's clock began.
    pub after_ms: u64,
    /// Whose.
    pub voice: Voice,
    /// The words.
    pub text: String,
}

/// Takes down what is said. Cheap to write on and to use again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tape {
    /// Lines with their signs, each ended by [`LINE_END`].
    text: String,
    /// When each was said.
    after_ms: Vec<u64>,
}

impl Tape {
    /// True when nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.after_ms.is_empty()
    }

    /// Takes commands down, one per line end.
    pub fn we(&mut self, after_ms: u64, commands: &str) {
        for command in commands.lines() {
            self.begin(Voice::We, after_ms).write(command);
        }
    }

    /// Takes a reply down.
    pub fn they(&mut self, after_ms: u64, reply: &Reply) {
        let tape = self.begin(Voice::They, after_ms);
        let code = reply.code.to_string();
        let lines = reply.text.bytes().filter(|byte| *byte == b'\n').count();
        let mut room = tape.room();
        for (n, line) in reply.text.split('\n').enumerate() {
            tape.text.push_str(&code);
            tape.text.push(if n < lines { '-' } else { ' ' });
            if let Some(status) = reply.status {
                tape.text.push_str(&status.to_string());
                tape.text.push(' ');
            }
            room = room.saturating_sub(line.len() + code.len() + 1);
            if room == 0 {
                tape.text.extend(line.chars().take(LINE_CHARS_MAX / 4));
                tape.text.push('…');
                break;
            }
            tape.text.push_str(line);
            if n < lines {
                tape.text.push('\n');
            }
        }
        tape.text.push(LINE_END);
    }

    /// Takes down what happened.
    pub fn note(&mut self, after_ms: u64, words: &str) {
        self.begin(Voice::Note, after_ms).write(words);
    }

    /// Adds what another tape has; its clock began `after_ms` later.
    pub fn append(&mut self, after_ms: u64, other: &Self) {
        self.text.push_str(&other.text);
        self.after_ms.extend(other.after_ms.iter().map(|at| at + after_ms));
    }

    /// Packs and forgets it; `None` when nothing was said. `to`: the recipient's address, which lines repeat.
    pub fn take_packed(&mut self, to: &str) -> Option<Packed> {
        let packed = (!self.is_empty()).then(|| pack::pack(&self.text, &self.after_ms, to));
        self.text.clear();
        self.after_ms.clear();
        packed
    }

    fn begin(&mut self, voice: Voice, after_ms: u64) -> &mut Self {
        self.after_ms.push(after_ms);
        self.text.push(voice.sign());
        self
    }

    fn room(&self) -> usize {
        TAPE_BYTES_MAX.saturating_sub(self.text.len()).min(LINE_CHARS_MAX)
    }

    fn write(&mut self, words: &str) {
        if words.len() <= self.room() && !words.contains(char::is_control) {
            self.text.push_str(words);
        } else {
            let plain = words.chars().map(|c| if c.is_control() { ' ' } else { c });
            self.text.extend(plain.take(LINE_CHARS_MAX / 4));
        }
        self.text.push(LINE_END);
    }
}

/// How a connection was opened; the attempts over it share one.
#[derive(Debug, Default)]
pub struct Opening {
    /// When it began.
    pub at: i64,
    /// What was said.
    pub packed: Packed,
    key: OnceLock<i64>,
    kept: AtomicBool,
}

impl Opening {
    /// Of a tape; `None` when nothing was said.
    #[must_use]
    pub fn of(at: i64, tape: &mut Tape) -> Option<Self> {
        let packed = tape.take_packed("")?;
        Some(Self { at, packed, ..Self::default() })
    }

    /// Its key in the store, made at the first call.
    pub fn key(&self, make: impl FnOnce() -> i64) -> i64 {
        *self.key.get_or_init(make)
    }

    /// Whether it is durable.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Relaxed)
    }

    /// Notes that it is.
    pub fn set_kept(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }
}

/// What was said in one attempt.
#[derive(Debug, Clone, Default)]
pub struct Spoken {
    /// How the connection was opened.
    pub opening: Option<std::sync::Arc<Opening>>,
    /// What was said about this message.
    pub message: Option<Packed>,
}
