//! A mail server on every loopback address of one port, with a bad habit at some of them, which can be cured.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
};

use super::Got;

/// Where a dialogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Greeting,
    Ehlo,
    StartTls,
    Mail,
    Rcpt,
    Data,
    Content,
    Rset,
    Quit,
}

/// A bad habit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// Says nothing at this step, and never hangs up. What was handed over by then is kept.
    Silent(Step),
    /// Greets with 421 and hangs up.
    Busy,
    /// Says everything at one byte a second.
    Slow,
    /// Says everything in a line of one megabyte.
    LongLines,
    /// Never ends its reply: one continuation line after the other.
    Endless,
}

/// The running server; it ends with the test.
#[derive(Clone)]
pub struct Peer {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    habits: Mutex<BTreeMap<IpAddr, Habit>>,
    got: Mutex<Got>,
}

impl Peer {
    /// Listens on all addresses of a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared::default());
        let answering = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&answering);
                // A client that goes away ends its dialogue only.
                tokio::spawn(async move { talk(stream, &shared).await });
            }
        });
        Self { port, shared }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Gives an address a bad habit.
    pub fn spoil(&self, at: Ipv4Addr, habit: Habit) {
        self.shared.habits.lock().unwrap_or_else(PoisonError::into_inner).insert(at.into(), habit);
    }

    /// Ends all bad habits; who is silent already stays so.
    pub fn cure(&self) {
        self.shared.habits.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What arrived.
    pub fn got(&self) -> Got {
        self.shared.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    fn take(&self, recipients: &mut Vec<String>) {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        for recipient in recipients.drain(..) {
            *got.entry(recipient).or_default() += 1;
        }
    }
}

struct Talk {
    out: OwnedWriteHalf,
    habit: Option<Habit>,
}

impl Talk {
    /// Says a reply as the habit has it.
    async fn say(&mut self, step: Step, reply: &str) -> io::Result<()> {
        match self.habit {
            Some(Habit::Silent(at)) if at == step => std::future::pending().await,
            Some(Habit::Slow) => {
                for byte in reply.bytes().chain(*b"\r\n") {
                    self.out.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Ok(())
            }
            Some(Habit::LongLines) => {
                let filler = "x".repeat(1024 * 1024);
                self.out.write_all(format!("{reply} {filler}\r\n").as_bytes()).await
            }
            Some(Habit::Endless) => loop {
                self.out.write_all(format!("{}-and\r\n", &reply[..3]).as_bytes()).await?;
            },
            _ => self.out.write_all(format!("{reply}\r\n").as_bytes()).await,
        }
    }
}

async fn talk(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let at: SocketAddr = stream.local_addr()?;
    let habit = shared.habits.lock().unwrap_or_else(PoisonError::into_inner).get(&at.ip()).copied();
    let (input, out) = stream.into_split();
    let mut talk = Talk { out, habit };
    if habit == Some(Habit::Busy) {
        return talk.say(Step::Greeting, "421 4.3.2 Too busy, come again later").await;
    }
    talk.say(Step::Greeting, "220 mx.peer.example ESMTP").await?;
    let mut input = BufReader::new(input);
    let mut recipients: Vec<String> = Vec::new();
    loop {
        let mut line = String::new();
        if (&mut input).take(4096).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => talk.say(Step::Ehlo, &ehlo(habit)).await?,
            "STAR" => talk.say(Step::StartTls, "220 2.0.0 Go ahead").await?,
            "MAIL" => talk.say(Step::Mail, "250 2.1.0 OK").await?,
            "RCPT" => {
                talk.say(Step::Rcpt, "250 2.1.5 OK").await?;
                recipients.extend(line.split(['<', '>']).nth(1).map(str::to_owned));
            }
            "DATA" => {
                talk.say(Step::Data, "354 Go ahead").await?;
                read_content(&mut input).await?;
                shared.take(&mut recipients);
                talk.say(Step::Content, "250 2.0.0 Taken").await?;
            }
            "RSET" => {
                recipients.clear();
                talk.say(Step::Rset, "250 2.0.0 OK").await?;
            }
            "QUIT" => return talk.say(Step::Quit, "221 2.0.0 Bye").await,
            _ => talk.say(Step::Rset, "500 5.5.2 What").await?,
        }
    }
}

fn ehlo(habit: Option<Habit>) -> String {
    let tls = if habit == Some(Habit::Silent(Step::StartTls)) { "250-STARTTLS\r\n" } else { "" };
    format!("250-mx.peer.example\r\n{tls}250-PIPELINING\r\n250 8BITMIME")
}

async fn read_content(input: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<()> {
    let mut line = Vec::new();
    while line != b".\r\n" {
        line.clear();
        if input.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
