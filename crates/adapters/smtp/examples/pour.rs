//! Measures how fast the client hands messages over: `pour [messages] [sessions] [bytes] [addr]`.
//!
//! Without an address it talks to a sink of its own, on a thread of its own, that only looks for line ends and dots.
//! The last line printed is one JSON object.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use bytes::{Buf, BytesMut};
use delivery::{
    hop::{HopHost, NextHop, TlsMode},
    ports::Transport,
};
use mail::{Address, ReversePath};
use smtp::{ClientLimits, ClientTls, Roots, SmtpTransport};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual: usize| arguments.next().map_or(Ok(usual), |text| text.parse());
    let (messages, sessions, bytes) = (number(100_000)?, number(20)?, number(5_000)?);
    let addr = match std::env::args().nth(4) {
        Some(addr) => addr.parse()?,
        None => start_sink()?,
    };
    let roots = Roots { system: false, ..Roots::default() };
    let limits =
        ClientLimits { chunking: std::env::var_os("POUR_DATA").is_none(), ..ClientLimits::default() };
    let transport = Arc::new(SmtpTransport::new(limits, ClientTls::new(&roots)?));
    let message: Arc<[u8]> =
        format!("Subject: pour\r\n\r\n{}", "0123456789 123456789 123456789\r\n".repeat(bytes / 32))
            .into_bytes()
            .into();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..sessions {
        tasks.spawn(pour(transport.clone(), addr, message.clone(), messages / sessions));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let rate = messages as f64 / seconds;
    println!("{{\"bench\":\"pour\",\"unit\":\"messages/s\",\"ours\":{rate:.0},\"seconds\":{seconds:.2}}}");
    Ok(())
}

async fn pour(
    transport: Arc<SmtpTransport>,
    addr: SocketAddr,
    message: Arc<[u8]>,
    messages: usize,
) -> Result<(), Failure> {
    let host = HopHost::new("sink.test", vec![addr.ip()]);
    let hop = NextHop {
        from: Vec::new(),
        hosts: vec![host],
        port: addr.port(),
        tls: TlsMode::Opportunistic,
        login: None,
        helo_name: "us.test".to_owned(),
    };
    let mut session = transport.connect(&hop).await.map_err(|failure| failure.detail)?;
    let from = ReversePath::Path(Address::parse("b-1@r.us.test")?);
    let to = Address::parse("hanako@docomo.test")?;
    for _ in 0..messages {
        for step in [true, false] {
            let result = match step {
                true => session.envelope(&from, &to).await,
                false => session.content(&message).await,
            };
            let (_, reply) = result.map_err(|failure| failure.detail)?;
            if !reply.is_success() {
                return Err(reply.line().into());
            }
        }
    }
    session.quit().await;
    Ok(())
}

/// Runs a sink for as long as the program runs.
fn start_sink() -> Result<SocketAddr, Failure> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    std::thread::spawn(move || -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            loop {
                tokio::spawn(swallow(listener.accept().await?.0));
            }
        })
    });
    Ok(addr)
}

async fn swallow(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink.test\r\n").await?;
    let mut inbox = BytesMut::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let mut in_content = false;
    loop {
        inbox.reserve(32 * 1024);
        if stream.read_buf(&mut inbox).await? == 0 {
            return Ok(());
        }
        while let Some(length) = unit(&inbox, in_content) {
            let answer: &[u8] = match (in_content, &inbox[..4]) {
                (false, b"EHLO") => b"250-sink.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n",
                (false, b"DATA") => b"354 go\r\n",
                (false, b"QUIT") => b"221 bye\r\n",
                _ => b"250 2.0.0 ok\r\n",
            };
            in_content = answer.starts_with(b"354");
            outbox.extend_from_slice(answer);
            inbox.advance(length);
        }
        stream.write_all(&outbox).await?;
        outbox.clear();
    }
}

/// The length of the next command (with its chunk) or content, when all of it is there.
fn unit(inbox: &[u8], in_content: bool) -> Option<usize> {
    if in_content {
        return memchr::memmem::find(inbox, b"\r\n.\r\n").map(|at| at + 5);
    }
    let end = memchr::memchr(b'\n', inbox)? + 1;
    let Some(count) = inbox[..end].strip_prefix(b"BDAT ") else { return Some(end) };
    let digits = count.iter().take_while(|byte| byte.is_ascii_digit());
    let chunk = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    (inbox.len() >= end + chunk).then_some(end + chunk)
}
