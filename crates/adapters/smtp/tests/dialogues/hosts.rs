//! Which host the client talks to when there are several.

use std::net::IpAddr;

use delivery::hop::{HopHost, NextHop, TlsMode};
use tokio::net::TcpListener;

use crate::{
    peer::Peer,
    talk::{connect, fail, hop, hop_to, show_failure, transport},
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

#[tokio::test]
async fn a_source_speaks_from_its_own_address() {
    for ours in ["127.0.0.2", "127.0.0.3"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let from = vec!["::1".parse().unwrap(), ours.parse().unwrap()];
        let hop = NextHop { from, ..hop_to(addr, TlsMode::None) };
        // The listener hangs up at once; all that matters is who called.
        let called = tokio::spawn(async move { listener.accept().await.unwrap().1.ip().to_string() });
        fail(&transport(), &hop).await;
        assert_eq!(called.await.unwrap(), ours);
    }
}

#[tokio::test]
async fn a_source_of_one_family_has_no_way_to_the_other() {
    let hop = NextHop {
        from: vec!["::1".parse().unwrap()],
        ..hop_to("127.0.0.1:9".parse().unwrap(), TlsMode::None)
    };
    assert_eq!(show_failure(&fail(&transport(), &hop).await), "dns DnsTrouble");
}

#[tokio::test]
async fn an_address_that_is_not_ours_is_named() {
    let hop = NextHop {
        from: vec!["192.0.2.9".parse().unwrap()],
        ..hop_to("127.0.0.1:9".parse().unwrap(), TlsMode::None)
    };
    let failure = fail(&transport(), &hop).await;
    assert!(failure.detail.contains("cannot send from 192.0.2.9"), "{}", failure.detail);
}
