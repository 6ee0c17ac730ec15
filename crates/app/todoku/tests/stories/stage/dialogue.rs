//! A dialogue of lines with a server, by hand: SMTP as a stranger speaks it.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// One connection.
pub struct Dialogue {
    stream: BufReader<TcpStream>,
}

impl Dialogue {
    /// Connects to an SMTP server and introduces itself.
    pub fn open(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).expect("the server listens");
        stream.set_read_timeout(Some(ANSWER_MAX)).expect("a time-out");
        let mut dialogue = Self { stream: BufReader::new(stream) };
        assert!(dialogue.answer().starts_with("220 "));
        assert!(dialogue.say("EHLO mx.elsewhere.example").starts_with("250 "));
        dialogue
    }

    /// Says a line; the last line of the answer.
    pub fn say(&mut self, line: &str) -> String {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("the line goes out");
        self.answer()
    }

    /// Brings a message from the null path; the answer to its end, or to the first command that was refused.
    pub fn bring(&mut self, to: &str, message: &str) -> String {
        let content = format!("{}\r\n.", message.trim_end().replace("\r\n.", "\r\n.."));
        let mut said = String::new();
        for line in ["MAIL FROM:<>", &format!("RCPT TO:<{to}>"), "DATA", &content] {
            said = self.say(line);
            if !said.starts_with(['2', '3']) {
                break;
            }
        }
        said
    }

    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stream.read_line(&mut line).expect("an answer"), 0, "the server hung up");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
}
