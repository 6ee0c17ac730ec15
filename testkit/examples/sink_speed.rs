//! Measures how many messages a second the simulator takes in measuring mode: the ceiling of a delivery benchmark.
//!
//! Usage: `sink_speed [CONNECTIONS] [MESSAGES] [BYTES]`; the last line is one JSON object.

use std::{env, io, net::SocketAddr, time::Instant};

use testkit::{Keep, Simulator, SimulatorConfig};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |n: usize, otherwise: usize| {
        env::args().nth(n).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (connections, messages, bytes) = (number(1, 32), number(2, 200_000), number(3, 5000));
    let config = SimulatorConfig { accept_all: true, keep: Keep::Counts, ..Default::default() };
    let simulator = Simulator::start(config).await?;
    let at = simulator.address_of("sink").ok_or("there is no sink")?;
    let body =
        ["Subject: speed\r\n\r\n", &"0123456789abcdef0123456789abcdef\r\n".repeat(bytes / 34)].concat();
    let begun = Instant::now();
    let each = messages / connections;
    let clients = (0..connections).map(|n| tokio::spawn(send(at, n, each, body.clone())));
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let accepted = simulator.accepted();
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let per_second = accepted as f64 / seconds;
    println!(
        "{{\"bench\":\"sink\",\"unit\":\"messages/s\",\"ours\":{per_second:.0},\"accepted\":{accepted},\
         \"connections\":{connections},\"bytes\":{}}}",
        body.len()
    );
    Ok(())
}

async fn send(at: SocketAddr, client: usize, messages: usize, body: String) -> io::Result<()> {
    let stream = TcpStream::connect(at).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    replies(&mut stream, 1).await?;
    stream.write_all(b"EHLO bench.example\r\n").await?;
    replies(&mut stream, 1).await?;
    for n in 0..messages {
        let commands =
            format!("MAIL FROM:<b@bench.example>\r\nRCPT TO:<r{client}-{n}@sink.example>\r\nDATA\r\n");
        stream.write_all(commands.as_bytes()).await?;
        replies(&mut stream, 3).await?;
        stream.write_all(format!("{body}.\r\n").as_bytes()).await?;
        replies(&mut stream, 1).await?;
    }
    Ok(())
}

async fn replies(stream: &mut BufReader<TcpStream>, mut wanted: usize) -> io::Result<()> {
    let mut line = Vec::new();
    while wanted > 0 {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.get(3) == Some(&b' ') {
            wanted -= 1;
        }
    }
    Ok(())
}
