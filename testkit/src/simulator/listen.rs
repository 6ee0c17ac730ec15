//! Opens one port on every provider's loopback address and starts a task for each connection.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::net::{TcpListener, TcpStream};

use super::Shared;
use crate::{
    TestkitError,
    providers::{Connection, Provider, ProviderBook},
    session,
};

/// How often a free port is asked for before giving up.
const PORT_TRIES: usize = 50;

pub(super) struct Bound {
    pub(super) port: u16,
    pub(super) listeners: Vec<(Arc<Provider>, SocketAddr, TcpListener)>,
}

/// Port 0 asks for one that is free on all addresses. An IPv6 address on a machine without IPv6 is left out.
pub(super) async fn bind(book: &ProviderBook, port: u16) -> Result<Bound, TestkitError> {
    let hosts = hosts(book);
    let tries = if port == 0 { PORT_TRIES } else { 1 };
    let mut last = None;
    for _ in 0..tries {
        match bind_all(&hosts, port).await {
            Ok(bound) => return Ok(bound),
            Err(error) => last = Some(error),
        }
    }
    Err(last.expect("there is at least one try"))
}

fn hosts(book: &ProviderBook) -> Vec<(Arc<Provider>, IpAddr)> {
    let listens = |p: &&Arc<Provider>| p.connection != Connection::Refused;
    book.providers().iter().filter(listens).filter_map(|p| Some((Arc::clone(p), p.ip?))).collect()
}

async fn bind_all(hosts: &[(Arc<Provider>, IpAddr)], port: u16) -> Result<Bound, TestkitError> {
    let mut bound = Bound { port, listeners: Vec::with_capacity(hosts.len()) };
    for (provider, ip) in hosts {
        let at = SocketAddr::new(*ip, bound.port);
        match TcpListener::bind(at).await {
            Ok(listener) => {
                let at = listener
                    .local_addr()
                    .map_err(|source| TestkitError::Listen { at: at.to_string(), source })?;
                bound.port = at.port();
                bound.listeners.push((Arc::clone(provider), at, listener));
            }
            Err(error) if ip.is_ipv6() && error.kind() == std::io::ErrorKind::AddrNotAvailable => {
                tracing::info!(%at, "no IPv6 here: this provider is left out");
            }
            Err(source) => return Err(TestkitError::Listen { at: at.to_string(), source }),
        }
    }
    Ok(bound)
}

pub(super) fn serve(shared: Arc<Shared>, provider: Arc<Provider>, listener: TcpListener) {
    let cancel = shared.cancel.clone();
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, peer)) => serve_one(&shared, &provider, stream, peer),
                    // Out of file descriptors, mostly: give the open connections time to end.
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                }
            }
        };
        cancel.run_until_cancelled(accepting).await;
    });
}

fn serve_one(shared: &Arc<Shared>, provider: &Arc<Provider>, stream: TcpStream, peer: SocketAddr) {
    let (shared, provider) = (Arc::clone(shared), Arc::clone(provider));
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let cancel = shared.cancel.clone();
        let conversation = session::serve(&shared, &provider, stream, peer);
        if let Some(Err(error)) = cancel.run_until_cancelled(conversation).await {
            tracing::debug!(%error, provider = provider.id, "connection ended");
        }
    });
}
