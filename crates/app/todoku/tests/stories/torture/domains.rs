//! Torture: as many destinations as people, each with a server of its own; connections and files stay bounded.

use std::{net::Ipv4Addr, time::Duration};

use testkit::SimulatorConfig;

use super::{account, peer::Peer, short_or_full, until_finished};
use crate::stage::{Settings, Stage, add_contacts, add_domain, start_broadcast};

/// The program's connections are bounded by 200 (`delivery.connections`) and half as many again for servers that have
/// none yet; besides, it has its database, doors, and questions to the name server.
const OPEN_FILES_MAX: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn many_domains_at_once_keep_files_bounded() {
    let domains = short_or_full(1_000, 10_000);
    let peer = Peer::start().await;
    let settings = Settings { mx_port: Some(peer.port()), ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    for n in 0..domains {
        let at = Ipv4Addr::new(127, 30, (n / 250) as u8, (n % 250 + 1) as u8);
        let domain = format!("d{n}.example");
        stage.world.dns.add(&domain, "MX", &format!("10 mx.{domain}")).expect("published");
        stage.world.dns.add(&format!("mx.{domain}"), "A", &at.to_string()).expect("published");
    }
    let addresses: Vec<String> = (0..domains).map(|n| format!("hanako@d{n}.example")).collect();
    add_contacts(&store, &addresses).await;
    let broadcast = start_broadcast(&store, 3_600_000).await;
    let program = stage.serve();
    let mut files_max = 0;
    let watched = async {
        loop {
            files_max = files_max.max(program.open_files());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = until_finished(&store, broadcast, Duration::from_secs(short_or_full(300, 1_500))) => {}
        () = watched => {}
    }
    let fault = format!("{domains} domains at once, at most {files_max} files open");
    account(&fault, &store, broadcast, "", &peer.got()).await;
    assert_eq!(peer.got().len(), domains, "everybody has the mail");
    assert!(files_max < OPEN_FILES_MAX, "{files_max} files");
}
