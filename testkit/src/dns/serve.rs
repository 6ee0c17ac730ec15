//! The sockets of the small DNS.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    answer::{Transport, answer},
    zone::Zone,
};

/// How long a TCP client may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);

pub(super) async fn udp(socket: Arc<UdpSocket>, zone: Zone, cancel: CancellationToken) {
    let mut question = vec![0; 4096];
    let answering = async {
        loop {
            // An error here is a client's closed port (ICMP), not ours.
            let Ok((bytes, from)) = socket.recv_from(&mut question).await else { continue };
            if let Some(octets) = answer(&question[..bytes], &zone, Transport::Udp) {
                let _ = socket.send_to(&octets, from).await;
            }
        }
    };
    cancel.run_until_cancelled(answering).await;
}

pub(super) async fn tcp(listener: TcpListener, zone: Zone, cancel: CancellationToken) {
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let (zone, cancel) = (zone.clone(), cancel.clone());
            tokio::spawn(async move { cancel.run_until_cancelled(tcp_one(stream, zone)).await });
        }
    };
    cancel.run_until_cancelled(accepting).await;
}

async fn tcp_one(mut stream: TcpStream, zone: Zone) -> std::io::Result<()> {
    loop {
        let Ok(length) = timeout(SILENCE_MAX, stream.read_u16()).await else { return Ok(()) };
        let mut question = vec![0; usize::from(length?)];
        stream.read_exact(&mut question).await?;
        let Some(octets) = answer(&question, &zone, Transport::Tcp) else { continue };
        let Ok(length) = u16::try_from(octets.len()) else { return Ok(()) };
        stream.write_all(&length.to_be_bytes()).await?;
        stream.write_all(&octets).await?;
    }
}
