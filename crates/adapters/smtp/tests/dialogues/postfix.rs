//! Real peers: Postfix's own test server and test client, where the machine has them.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use delivery::hop::TlsMode;
use smtp::server::ReceptionConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::sleep,
};

use crate::{
    shelf::Running,
    talk::{hop_to, run, transport},
};

/// `None`, said aloud, where the program is missing.
fn program(name: &str) -> Option<Command> {
    let found =
        ["/usr/sbin", "/usr/bin", "/usr/lib/postfix/sbin"].iter().map(|dir| Path::new(dir).join(name));
    let Some(path) = found.into_iter().find(|path| path.exists()) else {
        println!("not run: no {name}");
        return None;
    };
    let mut command = Command::new(path);
    command.kill_on_drop(true).stdin(Stdio::null());
    Some(command)
}

/// smtp-sink wants to be told whom to become when it is started by root.
async fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().await.expect("id runs");
    id.stdout.starts_with(b"0")
}

/// Runs the server on a free port; `None` where there is none.
async fn sink(options: &[&str]) -> Option<(Child, SocketAddr)> {
    let mut command = program("smtp-sink")?;
    let addr = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    if is_root().await {
        command.args(["-u", "nobody"]);
    }
    let child = command.args(options).arg(addr.to_string()).arg("16").spawn().expect("it starts");
    for _ in 0..200 {
        if TcpStream::connect(addr).await.is_ok() {
            return Some((child, addr));
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("smtp-sink does not listen");
}

#[tokio::test]
async fn messages_for_smtp_sink() {
    let Some((_child, addr)) = sink(&["-8"]).await else { return };
    let locals: Vec<String> = (0..50).map(|n| format!("hanako{n}")).collect();
    let locals: Vec<&str> = locals.iter().map(String::as_str).collect();
    let seen = run(&transport(), &hop_to(addr, TlsMode::Opportunistic), &locals).await;
    assert_eq!(seen, vec!["content 250 2.0.0 Ok"; 50]);
}

#[tokio::test]
async fn an_smtp_sink_that_refuses() {
    let Some((_child, addr)) = sink(&["-r", "RCPT", "-p"]).await else { return };
    let seen = run(&transport(), &hop_to(addr, TlsMode::Opportunistic), &["a", "b"]).await;
    assert!(seen.len() == 2 && seen.iter().all(|one| one.starts_with("rcpt 4")), "{seen:?}");
}

#[tokio::test]
async fn messages_from_smtp_source() {
    let Some(mut source) = program("smtp-source") else { return };
    let running = Running::start(ReceptionConfig::new("mx.us.test")).await;
    source.args([
        "-s",
        "5",
        "-m",
        "60",
        "-l",
        "5000",
        "-d",
        "-f",
        "mailer@docomo.test",
        "-t",
        "b-1@r.us.test",
    ]);
    let status = source.arg(running.addr.to_string()).status().await.expect("it starts");
    assert!(status.success(), "{status}");
    let kept = running.finish().await;
    assert_eq!(kept.len(), 60);
    assert!(kept.iter().all(|one| one.reverse_path == "mailer@docomo.test" && one.raw.len() > 5000));
}
