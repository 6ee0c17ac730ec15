//! Brings one bounce mail to the sending side's SMTP server, over a real connection.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::Bounced;

/// A server that is restarting or busy is asked again this often.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
const DIALOGUE_MAX: Duration = Duration::from_secs(30);

/// The last reply: that to the final dot, or the one that refused.
pub(super) async fn post(target: SocketAddr, bounced: &Bounced, content: &str) -> io::Result<String> {
    let mut last = Err(io::Error::from(io::ErrorKind::TimedOut));
    for attempt in 0..TRIES {
        if attempt > 0 {
            sleep(BETWEEN_TRIES).await;
        }
        last = match timeout(DIALOGUE_MAX, dialogue(target, bounced, content)).await {
            Ok(result) => result,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        if last.as_ref().is_ok_and(|reply| !reply.starts_with('4')) {
            break;
        }
    }
    last
}

async fn dialogue(target: SocketAddr, bounced: &Bounced, content: &str) -> io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(target).await?);
    let mut said = reply(&mut stream).await?;
    let commands = [
        format!("EHLO {}\r\n", bounced.host),
        "MAIL FROM:<>\r\n".to_owned(),
        format!("RCPT TO:<{}>\r\n", bounced.reverse_path),
        "DATA\r\n".to_owned(),
        format!("{}.\r\n", content.replace("\r\n.", "\r\n..")),
    ];
    for command in commands {
        if !said.starts_with(['2', '3']) {
            return Ok(said);
        }
        stream.write_all(command.as_bytes()).await?;
        stream.flush().await?;
        said = reply(&mut stream).await?;
    }
    // The reply that counts is there; a client that hangs up now is no error of the server.
    let _ = stream.write_all(b"QUIT\r\n").await;
    Ok(said)
}

async fn reply(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line.trim_end().to_owned());
        }
    }
}
