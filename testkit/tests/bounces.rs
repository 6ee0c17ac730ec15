//! A message that was taken comes back later, by real SMTP, in the form of the provider's mail server.

mod support;

use std::{sync::Arc, time::Duration};

use support::play;
use testkit::{Simulator, SimulatorConfig};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};

/// A server for the return path that takes everything; the first connection is told to come again.
async fn receive(listener: TcpListener, got: mpsc::UnboundedSender<String>) {
    let mut first = true;
    while let Ok((stream, _)) = listener.accept().await {
        let greeting = if std::mem::take(&mut first) { "421 later" } else { "220 mx.shop.example" };
        let _ = dialogue(stream, greeting, &got).await;
    }
}

async fn dialogue(
    stream: TcpStream,
    greeting: &str,
    got: &mpsc::UnboundedSender<String>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(format!("{greeting}\r\n").as_bytes()).await?;
    let mut all = String::new();
    let mut in_content = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        all.push_str(&line);
        in_content = match (in_content, line.trim_end()) {
            (true, ".") => {
                let _ = got.send(std::mem::take(&mut all));
                stream.write_all(b"250 ok\r\n").await?;
                false
            }
            (true, _) => true,
            (false, "DATA") => {
                stream.write_all(b"354 go\r\n").await?;
                true
            }
            (false, _) => {
                stream.write_all(b"250-x\r\n250 ok\r\n").await?;
                false
            }
        };
    }
}

#[tokio::test]
async fn every_form_comes_back_to_the_return_path() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let (send, mut got) = mpsc::unbounded_channel();
    let receiving = tokio::spawn(receive(listener, send));
    let simulator =
        Arc::new(Simulator::start(SimulatorConfig { time_scale: 0.0, ..Default::default() }).await.unwrap());
    simulator.set_dsn_target(target);
    let cases = [
        ("postfix", "hanako@midori-hoikuen.example", "X-Postfix-Queue-ID"),
        ("exim", "hanako@tanpopo-kai.example", "X-Failed-Recipients: hanako@tanpopo-kai.example"),
        ("exchange", "hanako@nishiki-shoji.example", "X-MS-Exchange-Message-Is-Ndr"),
        ("qmail", "hanako@yuhigaoka-jinja.example", "qmail-send"),
        ("au", "late-filtered@ezweb.ne.jp", "X-SPASIGN: NG"),
        ("biglobe", "late-full@biglobe.ne.jp", "\r\nThe number of messages in recipient"),
    ];
    for (provider, recipient, mark) in cases {
        let script = format!(
            "S: 220 *\nC: EHLO x\nS+: 250 *\nC: MAIL FROM:<b+{provider}@shop.example>\nS: 250 *\n\
             C: RCPT TO:<{recipient}>\nS: 250 *\nC: DATA\nS: 354 *\nC: Message-ID: <{provider}@shop.example>\n\
             C: DKIM-Signature: x\nC:\nC: text\nC: .\nS: 250 *"
        );
        play(&simulator, provider, &script).await;
        let bounce = timeout(Duration::from_secs(20), got.recv()).await.unwrap().unwrap();
        assert!(bounce.contains("MAIL FROM:<>\r\n"), "{bounce}");
        assert!(bounce.contains(&format!("RCPT TO:<b+{provider}@shop.example>\r\n")), "{bounce}");
        assert!(bounce.contains(mark), "{mark}: {bounce}");
        assert!(bounce.contains(&format!("Message-ID: <{provider}@shop.example>\r\n")), "{bounce}");
    }
    let all_told = simulator.wait_until(|record| record.bounces().len() == cases.len());
    timeout(Duration::from_secs(20), all_told).await.unwrap();
    assert!(simulator.bounces().iter().all(|bounce| bounce.reply == "250 ok"));
    receiving.abort();
}

#[tokio::test]
async fn nothing_comes_back_to_the_null_path() {
    let config = SimulatorConfig {
        time_scale: 0.0,
        dsn_target: Some(([127, 0, 0, 1], 9).into()),
        ..Default::default()
    };
    let simulator = Simulator::start(config).await.unwrap();
    let script = "S: 220 *\nC: EHLO x\nS+: 250 *\nC: MAIL FROM:<>\nS: 250 *\n\
        C: RCPT TO:<hanako@midori-hoikuen.example>\nS: 250 *\nC: DATA\nS: 354 *\nC:\nC: .\nS: 250 *";
    play(&simulator, "postfix", script).await;
    assert_eq!((simulator.accepted(), simulator.bounces_pending()), (1, 0));
}
