//! A small DNS on loopback: UDP and TCP, one zone in memory, records that can be added while it runs.

mod answer;
mod serve;
mod zone;

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::Deref,
    sync::Arc,
};

use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use zone::{Fault, Zone};

use crate::TestkitError;

/// How often a port that is free for UDP and TCP is asked for.
const PORT_TRIES: usize = 50;

/// A running name server. Dropping it ends it.
pub struct Dns {
    addr: SocketAddr,
    zone: Zone,
    _cancel: DropGuard,
}

impl Dns {
    /// Answers from `zone` on a free port of 127.0.0.1, UDP and TCP.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(zone: Zone) -> Result<Self, TestkitError> {
        Self::start_at(zone, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Answers from `zone` at `at`; port 0 = a free one.
    ///
    /// # Errors
    /// When the port is not free for both UDP and TCP.
    pub async fn start_at(zone: Zone, at: SocketAddr) -> Result<Self, TestkitError> {
        let (udp, tcp) = bind(at).await?;
        let addr = udp.local_addr().map_err(|source| TestkitError::Listen { at: at.to_string(), source })?;
        let cancel = CancellationToken::new();
        tokio::spawn(serve::udp(Arc::new(udp), zone.clone(), cancel.clone()));
        tokio::spawn(serve::tcp(tcp, zone.clone(), cancel.clone()));
        Ok(Self { addr, zone, _cancel: cancel.drop_guard() })
    }

    /// Where it answers.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its zone; a clone stays connected to the running server.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }
}

impl Deref for Dns {
    type Target = Zone;

    /// [`Zone::add`], [`Zone::remove`], [`Zone::fail`] take effect at once.
    fn deref(&self) -> &Zone {
        &self.zone
    }
}

async fn bind(at: SocketAddr) -> Result<(UdpSocket, TcpListener), TestkitError> {
    let tries = if at.port() == 0 { PORT_TRIES } else { 1 };
    let mut last = None;
    for _ in 0..tries {
        match bind_once(at).await {
            Ok(both) => return Ok(both),
            Err(source) => last = Some(TestkitError::Listen { at: at.to_string(), source }),
        }
    }
    Err(last.expect("there is at least one try"))
}

async fn bind_once(at: SocketAddr) -> std::io::Result<(UdpSocket, TcpListener)> {
    let tcp = TcpListener::bind(at).await?;
    let udp = UdpSocket::bind(tcp.local_addr()?).await?;
    Ok((udp, tcp))
}
