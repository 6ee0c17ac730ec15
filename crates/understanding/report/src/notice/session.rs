//! Reads the piece of an SMTP session that some programs quote: which command was refused.

use std::sync::LazyLock;

use mail::Stage;
use memchr::memmem::Finder;

/// A refusal in the quoted session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The step it belongs to.
    pub(crate) stage: Stage,
    /// All its lines.
    pub(crate) answer: String,
}

/// The refusals of a quoted session, in order.
#[derive(Debug, Default)]
pub(crate) struct Session {
    refusals: Vec<Refused>,
    /// All answers in lower case, to look for an address in one go: a report may name a thousand.
    words: String,
    /// Where each answer ends in `words`.
    ends: Vec<usize>,
}

impl Session {
    /// Reads the session in a notice; empty where none is quoted.
    pub(crate) fn read(notice: &str) -> Self {
        let mut session = Self::default();
        if THEIRS.iter().all(|begin| begin.find(notice.as_bytes()).is_none()) {
            return session;
        }
        let mut last: Option<Stage> = None;
        let mut connected = false;
        let mut lines = notice.lines().map(str::trim_start).peekable();
        while let Some(line) = lines.next() {
            if let Some(command) = said_by_us(line) {
                last = stage_of(command).or(last);
                continue;
            }
            connected |= line.contains("hile talking to");
            let Some(first) = said_by_them(line).filter(|answer| is_refusal(answer)) else { continue };
            let mut answer = first.to_owned();
            while let Some(more) =
                lines.peek().and_then(|line| said_by_them(line)).filter(|_| answer.len() < 4096)
            {
                answer.push('\n');
                answer.push_str(more);
                lines.next();
            }
            let Some(stage) = last.or(connected.then_some(Stage::Greeting)) else { continue };
            session.push(stage, answer);
        }
        session
    }

    fn push(&mut self, stage: Stage, answer: String) {
        self.words.push_str(&answer.to_ascii_lowercase());
        self.words.push('\n');
        self.ends.push(self.words.len());
        self.refusals.push(Refused { stage, answer });
    }

    /// The refusal of this address; the first one, where no refusal names the address.
    pub(crate) fn refused(&self, address: &str) -> Option<&Refused> {
        let named = if address.is_empty() { None } else { self.words.find(&address.to_ascii_lowercase()) };
        let n = named.map_or(0, |at| self.ends.partition_point(|end| *end <= at));
        self.refusals.get(n)
    }
}

/// How the lines of the other side begin.
static THEIRS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new("<<<"), Finder::new("Received >>>")]);

/// `>>> RCPT To:<a@b>`; InterScan turns the arrows round and says who sent the line.
fn said_by_us(line: &str) -> Option<&str> {
    line.strip_prefix(">>>").or_else(|| line.strip_prefix("Sent <<<")).map(str::trim_start)
}

fn said_by_them(line: &str) -> Option<&str> {
    line.strip_prefix("<<<").or_else(|| line.strip_prefix("Received >>>")).map(str::trim_start)
}

fn is_refusal(answer: &str) -> bool {
    let bytes = answer.as_bytes();
    bytes.len() >= 3 && matches!(bytes[0], b'4' | b'5') && bytes[1..3].iter().all(u8::is_ascii_digit)
}

fn stage_of(command: &str) -> Option<Stage> {
    let verb = command.split([' ', ':', '\t']).next().unwrap_or("").to_ascii_uppercase();
    match verb.as_str() {
        "HELO" | "EHLO" => Some(Stage::Ehlo),
        "STARTTLS" => Some(Stage::Tls),
        "AUTH" => Some(Stage::Auth),
        "MAIL" => Some(Stage::Mail),
        "RCPT" => Some(Stage::Rcpt),
        "DATA" => Some(Stage::Data),
        "." => Some(Stage::Content),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions() {
        let check = |notice: &str, expected: Option<Stage>| {
            assert_eq!(Session::read(notice).refused("a@b.example").map(|r| r.stage), expected, "{notice}");
        };
        check(">>> RCPT To:<a@b.example>\n<<< 550 no\n", Some(Stage::Rcpt));
        check(">>> DATA\n<<< 550 <a@b.example> no\n", Some(Stage::Data));
        check(
            ">>> MAIL From:<x>\n<<< 550 no\n>>> RCPT To:<a@b.example>\n<<< 550 <A@b.example> no\n",
            Some(Stage::Rcpt),
        );
        check("... while talking to mx.b.example.:\n<<< 554 go away\n", Some(Stage::Greeting));
        check("Sent <<< RCPT TO:<a@b.example>\nReceived >>> 550 no\n", Some(Stage::Rcpt));
        check(
            ">>> MAIL From:<x>\n<<< 550 <c@b.example> no\n>>> DATA\n<<< 550 a@B.example no\n",
            Some(Stage::Data),
        );
        check("<<< 250 ok\n", None);
        check("", None);
    }

    #[test]
    fn an_answer_has_all_its_lines() {
        let session = Session::read(">>> DATA\n<<< 550-5.7.1 one\n<<< 550 5.7.1 two\n550 else\n");
        assert_eq!(session.refused("").map(|r| r.answer.as_str()), Some("550-5.7.1 one\n550 5.7.1 two"));
    }
}
