//! Which host the client talks to when there are several.

use std::net::IpAddr;

use delivery::hop::{HopHost, NextHop, TlsMode};

use crate::{
    peer::Peer,
    talk::{connect, fail, hop, show_failure, transport},
};

#[tokio::test]
async fn the_next_host_is_tried() {
    let peer = Peer::start(&[
        "S: 554 5.7.1 go away",
        "S: 220 x
         C: EHLO us.test
         S: 250 x
         C: QUIT",
    ])
    .await;
    let mut hop = hop(&peer, TlsMode::None);
    let unused: IpAddr = "127.255.255.254".parse().unwrap();
    hop.hosts[0].addresses.insert(0, unused);
    hop.hosts.push(HopHost::new("mx2.test", vec![peer.addr.ip()]));
    let session = connect(&transport(), &hop).await;
    assert_eq!(session.peer().host, "mx2.test");
    session.quit().await;
    peer.finish().await;
}

#[tokio::test]
async fn a_failure_tells_of_the_ones_before_it() {
    let peer = Peer::start(&["S: 554 5.7.1 you are listed\nclose"]).await;
    let mut hop = hop(&peer, TlsMode::None);
    let unused: IpAddr = "127.255.255.254".parse().unwrap();
    hop.hosts[0].addresses.push(unused);
    let failure = fail(&transport(), &hop).await;
    assert_eq!(show_failure(&failure), "connect Refused");
    assert!(failure.detail.contains("554 5.7.1 you are listed"), "{}", failure.detail);
    assert_eq!(failure.peer.unwrap().address, format!("127.255.255.254:{}", peer.addr.port()));
    peer.finish().await;
}

#[tokio::test]
async fn no_address() {
    let hop = NextHop {
        from: Vec::new(),
        hosts: Vec::new(),
        port: 25,
        tls: TlsMode::None,
        login: None,
        helo_name: "us.test".to_owned(),
    };
    assert_eq!(show_failure(&fail(&transport(), &hop).await), "dns DnsTrouble");
}
