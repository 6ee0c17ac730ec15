//! In measuring mode the simulator takes everything, loses nothing and counts every message once.

use std::{net::SocketAddr, time::Duration};

use testkit::{Keep, Simulator, SimulatorConfig};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const CONNECTIONS: usize = 8;
const MESSAGES: usize = 250;

/// Everything is written ahead, far beyond the buffers, so that the boundaries of reads fall everywhere.
async fn flood(at: SocketAddr, client: usize) -> std::io::Result<String> {
    let (mut read, mut write) = TcpStream::connect(at).await?.into_split();
    let body = "Subject: x\r\n\r\n".to_owned() + &"..0123456789abcdef0123456789abcdef\r\n".repeat(140);
    let writing = tokio::spawn(async move {
        write.write_all(b"EHLO bench.example\r\n").await?;
        for n in 0..MESSAGES {
            let to = format!("unknown-{client}-{n}@docomo.ne.jp");
            let message = format!("MAIL FROM:<b@x.example>\r\nRCPT TO:<{to}>\r\nDATA\r\n{body}.\r\n");
            write.write_all(message.as_bytes()).await?;
        }
        write.write_all(b"QUIT\r\n").await
    });
    let mut said = String::new();
    read.read_to_string(&mut said).await?;
    writing.await.expect("does not panic")?;
    Ok(said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_is_counted_once() {
    let config = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..Default::default() };
    let simulator = Simulator::start(config).await.unwrap();
    let at = simulator.address_of("sink").unwrap();
    let clients: Vec<_> = (0..CONNECTIONS).map(|client| tokio::spawn(flood(at, client))).collect();
    for client in clients {
        let said = timeout(Duration::from_secs(60), client).await.unwrap().unwrap().unwrap();
        assert_eq!(said.matches("queued as").count(), MESSAGES);
    }
    let counts = simulator.counts_by_recipient();
    assert_eq!(counts.len(), CONNECTIONS * MESSAGES);
    assert!(counts.values().all(|count| *count == 1));
}
