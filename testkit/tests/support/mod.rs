//! A line-by-line SMTP client for the tests, led by a script of `C:` and `S:` lines.

use std::{net::SocketAddr, time::Duration};

use testkit::Simulator;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// No reply of the simulator takes this long at the time scale of the tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Plays a script against one provider. `C: text` sends a line; `S: pattern` reads one line (`*`
/// stands for anything), `S: closed` is the end of the connection, `S+: pattern` the last line of a longer reply.
pub async fn play(simulator: &Simulator, provider: &str, script: &str) {
    let at = simulator.address_of(provider).expect("the provider has an address");
    let mut stream = BufReader::new(connect(at).await);
    follow(&mut stream, script).await;
}

pub async fn connect(at: SocketAddr) -> TcpStream {
    let stream =
        timeout(PATIENCE, TcpStream::connect(at)).await.expect("connects in time").expect("connects");
    stream.set_nodelay(true).expect("a fresh connection");
    stream
}

pub async fn follow<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, script: &str) {
    for step in script.lines().map(str::trim).filter(|step| !step.is_empty()) {
        if let Some(line) = step.strip_prefix("C:") {
            let line = line.strip_prefix(' ').unwrap_or(line);
            stream.write_all(line.as_bytes()).await.expect("sends");
            stream.write_all(b"\r\n").await.expect("sends");
            stream.flush().await.expect("sends");
        } else if let Some(pattern) = step.strip_prefix("S+: ") {
            let mut line = read(stream).await;
            while line.as_bytes().get(3) == Some(&b'-') {
                line = read(stream).await;
            }
            assert!(matches(pattern, &line), "expected {pattern:?}, got {line:?} in\n{script}");
        } else if let Some(pattern) = step.strip_prefix("S: ") {
            let line = read(stream).await;
            assert!(matches(pattern, &line), "expected {pattern:?}, got {line:?} in\n{script}");
        } else {
            panic!("not a step: {step}");
        }
    }
}

async fn read<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut line = Vec::new();
    let read = timeout(PATIENCE, stream.read_until(b'\n', &mut line)).await.expect("a line in time");
    match read {
        Ok(0) | Err(_) => "closed".to_owned(),
        Ok(_) => String::from_utf8_lossy(&line).trim_end().to_owned(),
    }
}

fn matches(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut open = false;
    for part in parts {
        open = true;
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || (open && pattern.ends_with('*'))
}
