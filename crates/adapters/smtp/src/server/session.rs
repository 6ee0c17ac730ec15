//! The dialogue as a pure state machine: a line in, a reply and an effect out.

use std::borrow::Cow;

use ::mail::Address;
use reception::Destination;

use super::{
    command::{self, Command},
    config::ReceptionLimits,
    ehlo, mail, rcpt, transfer,
};

/// Where the dialogue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// No HELO yet.
    Fresh,
    /// Ready for MAIL.
    Ready,
    /// MAIL was taken, RCPT may follow; the recipients so far.
    Envelope(Incoming),
}

/// The envelope of a message on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// MAIL FROM as given, without brackets.
    pub(crate) reverse_path: String,
    /// RCPT TO as given, without brackets, and what each stands for.
    pub(crate) recipients: Vec<(Address, Destination)>,
}

/// What the connection must do after a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing but send the reply.
    None,
    /// Ask what this address stands for, then call [`Dialogue::answered`]; there is no reply yet.
    Ask(Address),
    /// Read content, then say what became of it.
    ReadContent(Incoming),
    /// Begin TLS.
    StartTls,
    /// Hang up.
    Close,
}

/// A reply, complete with line ends; empty where there is none yet.
pub(crate) type Answer = Cow<'static, str>;

/// One session's dialogue.
#[derive(Debug)]
pub(crate) struct Dialogue {
    pub(crate) host_name: String,
    pub(crate) limits: ReceptionLimits,
    pub(crate) offers_tls: bool,
    pub(crate) state: State,
    /// The name the peer greeted with.
    pub(crate) helo: String,
    /// Whether it greeted with EHLO.
    pub(crate) extended: bool,
    commands: u32,
    bad_commands: u32,
    pub(crate) refused_recipients: u32,
}

impl Dialogue {
    pub(crate) fn new(host_name: &str, offers_tls: bool, limits: ReceptionLimits) -> Self {
        Self {
            host_name: host_name.to_owned(),
            limits,
            offers_tls,
            state: State::Fresh,
            helo: String::new(),
            extended: false,
            commands: 0,
            bad_commands: 0,
            refused_recipients: 0,
        }
    }

    /// Takes one line, without its line end.
    pub(crate) fn step(&mut self, line: &[u8]) -> (Answer, Effect) {
        self.commands += 1;
        if self.commands > self.limits.commands_max {
            return too_much("421 4.7.0 Too many commands\r\n");
        }
        let (answer, effect) = self.obey(command::read(line));
        if answer.starts_with("50") { self.count_bad(answer, effect) } else { (answer, effect) }
    }

    /// Takes a line that breaks the framing: too long, or not ended by CRLF.
    pub(crate) fn bad_line(&mut self, answer: &'static str) -> (Answer, Effect) {
        self.count_bad(answer.into(), Effect::None)
    }

    fn obey(&mut self, command: Command<'_>) -> (Answer, Effect) {
        match command {
            Command::Helo(name) => ehlo::helo(self, name),
            Command::Ehlo(name) => ehlo::ehlo(self, name),
            Command::Mail(argument) => mail::mail(self, argument),
            Command::Rcpt(argument) => rcpt::rcpt(self, argument),
            Command::Data => transfer::transfer(self),
            Command::Starttls => ehlo::starttls(self),
            Command::Rset => {
                self.reset();
                done("250 2.0.0 Reset\r\n")
            }
            Command::Noop => done("250 2.0.0 OK\r\n"),
            // Says nothing about who is here (RFC 5321 section 7.3).
            Command::Vrfy => done("252 2.1.5 Send the mail and see\r\n"),
            Command::Help => done("214 2.0.0 This server takes bounces and mail to postmaster\r\n"),
            Command::Quit => ("221 2.0.0 Bye\r\n".into(), Effect::Close),
            Command::NotOffered => done("502 5.5.1 Not offered here\r\n"),
            Command::BadArgument => done("501 5.5.4 Wrong argument\r\n"),
            Command::Unknown => done("500 5.5.2 Not understood\r\n"),
        }
    }

    /// Ends a transaction; HELO stays.
    pub(crate) fn reset(&mut self) {
        if self.state != State::Fresh {
            self.state = State::Ready;
        }
    }

    fn count_bad(&mut self, answer: Answer, effect: Effect) -> (Answer, Effect) {
        self.bad_commands += 1;
        if self.bad_commands > self.limits.bad_commands_max {
            return too_much("421 4.7.0 Too many wrong commands\r\n");
        }
        (answer, effect)
    }
}

/// A reply that changes nothing.
pub(crate) fn done(answer: &'static str) -> (Answer, Effect) {
    (answer.into(), Effect::None)
}

/// The last reply.
pub(crate) fn too_much(answer: &'static str) -> (Answer, Effect) {
    (answer.into(), Effect::Close)
}

#[cfg(test)]
mod tests;
