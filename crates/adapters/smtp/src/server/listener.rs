//! Listens, lets connections in and ends them when the server stops.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use reception::{ArrivalStore, ReturnPaths};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    admission::Admission,
    config::{Clock, ReceptionConfig},
    connection::{Connection, Shared},
    greeting::FULL,
    receive::ROOM_BYTES,
};
use crate::{SmtpError, stream::Stream};

/// Pause after the system refused a connection (no file handles left), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a connection that is one too many may take to hear so.
const FULL_TIMEOUT: Duration = Duration::from_secs(2);

/// The server, bound and not running yet.
pub struct ReceptionServer {
    listener: TcpListener,
    local_addr: SocketAddr,
    shared: Arc<Shared>,
    door: Arc<Admission>,
}

impl ReceptionServer {
    /// Binds the address.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        addr: SocketAddr,
        config: ReceptionConfig,
        return_paths: Arc<dyn ReturnPaths>,
        arrivals: Arc<dyn ArrivalStore>,
        clock: Clock,
    ) -> Result<Self, SmtpError> {
        let listener = TcpListener::bind(addr).await?;
        let local_addr = listener.local_addr()?;
        let limits = &config.limits;
        let door = Admission::new(limits.connections_max, limits.connections_per_ip_max);
        let room = Arc::new(Semaphore::new(limits.receiving_bytes_max.div_ceil(ROOM_BYTES)));
        let shared = Arc::new(Shared { config, return_paths, arrivals, clock, room });
        Ok(Self { listener, local_addr, shared, door })
    }

    /// The address bound, with the port the system chose where 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `stop` is cancelled; then sessions end at their next command, and all within the grace time.
    pub async fn run(self, stop: CancellationToken) {
        let mut sessions = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                // Ended sessions are cleared away as they end, or the set would grow for ever.
                Some(_) = sessions.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.let_in(stream, peer, &stop, &mut sessions),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        let grace = self.shared.config.limits.grace;
        drop(self.listener);
        let ended = timeout(grace, async { while sessions.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!(sessions = sessions.len(), "sessions did not end in time and are cut off");
            sessions.abort_all();
        }
    }

    fn let_in(
        &self,
        mut stream: TcpStream,
        peer: SocketAddr,
        stop: &CancellationToken,
        sessions: &mut JoinSet<()>,
    ) {
        let ip = peer.ip().to_canonical();
        let Some(admitted) = self.door.admit(ip) else {
            tracing::debug!(%ip, "too many connections");
            // Best effort: a peer that does not listen is cut off anyway.
            if sessions.len() < 2 * self.shared.config.limits.connections_max {
                sessions.spawn(async move {
                    let _ = timeout(FULL_TIMEOUT, stream.write_all(FULL.as_bytes())).await;
                });
            }
            return;
        };
        // Replies are single small writes; waiting to fill a packet would only slow the peer down.
        let _ = stream.set_nodelay(true);
        let connection = Connection::new(Stream::Clear(stream), ip, self.shared.clone(), stop.clone());
        sessions.spawn(async move {
            let _admitted = admitted;
            if let Err(error) = connection.serve().await {
                tracing::debug!(%ip, %error, "a session broke off");
            }
        });
    }
}
