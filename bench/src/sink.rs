//! A sink that costs as little as a sink can: replies made beforehand, nothing parsed that is not needed, nothing kept.
//!
//! The same one takes what Todoku, Postfix and smtp-source send. It offers what Postfix's own `smtp-sink` offers.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Instant,
};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
};

const READ_BYTES: usize = 64 * 1024;
/// Threads that serve all connections.
const THREADS: usize = 2;
const EHLO: &[u8] = b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250 8BITMIME\r\n";

/// A recipient that was watched for, and when its message was whole.
pub type Seen = (String, Instant);

/// What the connections share.
struct Shared {
    accepted: AtomicU64,
    /// The local parts that are watched for begin with this.
    watch: Option<(&'static [u8], mpsc::Sender<Seen>)>,
}

/// A sink in this process.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// Listens on a free port; `watch`: recipients whose address begins so are told.
    pub fn start(watch: Option<(&'static [u8], mpsc::Sender<Seen>)>) -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("a port for the sink")?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared { accepted: AtomicU64::new(0), watch });
        let for_all = Arc::clone(&shared);
        let threads = runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_io().build()?;
        thread::spawn(move || threads.block_on(accept(for_all, listener)));
        Ok(Self { addr, shared })
    }

    /// Messages taken so far.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }
}

/// `bench sink`: prints the port, then the count for each line that comes in, until the input ends.
pub fn serve() -> anyhow::Result<()> {
    let server = Server::start(None)?;
    println!("{}", server.addr.port());
    for line in io::stdin().lines() {
        line?;
        println!("{}", server.accepted());
    }
    Ok(())
}

/// One session.
struct Dialogue<'a> {
    shared: &'a Shared,
    replies: Vec<u8>,
    watched: Option<String>,
    in_content: bool,
    over: bool,
}

async fn accept(shared: Arc<Shared>, listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(converse(Arc::clone(&shared), stream));
    }
}

async fn converse(shared: Arc<Shared>, mut stream: TcpStream) -> io::Result<()> {
    let shared = shared.as_ref();
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink.example ESMTP\r\n").await?;
    let mut room = vec![0; READ_BYTES];
    let mut filled = 0;
    let replies = Vec::with_capacity(512);
    let mut dialogue = Dialogue { shared, replies, watched: None, in_content: false, over: false };
    while !dialogue.over {
        let read = stream.read(&mut room[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let mut at = 0;
        while let Some(used) = dialogue.step(&room[at..filled]) {
            at += used;
        }
        if dialogue.in_content {
            // Only what may be the beginning of the end is kept.
            at = at.max(filled.saturating_sub(4));
        }
        room.copy_within(at..filled, 0);
        filled -= at;
        if !dialogue.replies.is_empty() {
            stream.write_all(&dialogue.replies).await?;
            dialogue.replies.clear();
        }
    }
    Ok(())
}

impl Dialogue<'_> {
    /// Takes one command or the rest of a content off the front; `None` when neither is whole.
    fn step(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.in_content {
            let end = content_end(bytes)?;
            self.in_content = false;
            self.replies.extend_from_slice(b"250 2.0.0 Ok: taken\r\n");
            if let (Some(address), Some((_, told))) = (self.watched.take(), &self.shared.watch) {
                // Nobody listens any more when the measurement has ended.
                told.send((address, Instant::now())).ok();
            }
            self.shared.accepted.fetch_add(1, Ordering::Relaxed);
            return Some(end);
        }
        let end = memchr::memchr(b'\n', bytes)?;
        let line = &bytes[..end];
        let reply: &[u8] = match line.first().map(u8::to_ascii_uppercase) {
            Some(b'D') => {
                self.in_content = true;
                self.replies.extend_from_slice(b"354 End data with <CR><LF>.<CR><LF>\r\n");
                // The line end before the content stays, so that a lone dot is seen.
                return Some(end - 1);
            }
            Some(b'E') => EHLO,
            Some(b'Q') => {
                self.over = true;
                b"221 2.0.0 Bye\r\n"
            }
            Some(b'R') => {
                self.watched = watched_for(self.shared, line).or_else(|| self.watched.take());
                b"250 2.1.5 Ok\r\n"
            }
            _ => b"250 2.0.0 Ok\r\n",
        };
        self.replies.extend_from_slice(reply);
        Some(end + 1)
    }
}

/// Just past the lone dot.
fn content_end(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, b"\r\n.\r\n").map(|at| at + 5)
}

fn watched_for(shared: &Shared, line: &[u8]) -> Option<String> {
    let (start, _) = shared.watch.as_ref()?;
    let address = line.split(|b| *b == b'<').nth(1)?.split(|b| *b == b'>').next()?;
    address.starts_with(start).then(|| String::from_utf8_lossy(address).into_owned())
}
