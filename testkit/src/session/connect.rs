//! From the TCP connection to the greeting, and over STARTTLS to the second session.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use tokio_rustls::server::TlsStream;

use super::{Next, Session};
use crate::{
    providers::{Connection, Provider, TlsShape},
    simulator::Shared,
};

/// What a server says that is not SMTP.
const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n\x00\x16\x03\xff\r\n";

/// Leads one connection to its end.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    provider: &Provider,
    mut stream: TcpStream,
    peer: SocketAddr,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match provider.connection {
        _ if shared.accept_all => {}
        Connection::Smtp | Connection::Refused | Connection::TurnedAway => {}
        Connection::Silent => return listen_only(stream).await,
        Connection::Garbage => {
            stream.write_all(GARBAGE).await?;
            return listen_only(stream).await;
        }
    }
    let limit = provider.limits.connections.as_ref().filter(|_| !shared.accept_all);
    let open = limit.map(|limit| (limit, shared.memory.open(&provider.id, peer.ip(), limit.max)));
    if provider.tls == TlsShape::Implicit {
        let mut session = Session::new(shared, provider, shared.acceptor.accept(stream).await?, peer);
        session.tls = true;
        session.answer(&provider.greeting, "");
        return end(session).await;
    }
    let mut session = Session::new(shared, provider, stream, peer);
    if let Some((limit, None)) = &open {
        session.answer(&limit.reply, "");
        return session.wire.flush().await;
    }
    session.answer(&provider.greeting, "");
    if provider.connection == Connection::TurnedAway && !shared.accept_all {
        return session.wire.flush().await;
    }
    if !session.converse().await? {
        return Ok(());
    }
    let stream = shared.acceptor.accept(session.wire.into_stream()).await?;
    let mut session = Session::new(shared, provider, stream, peer);
    session.tls = true;
    end(session).await
}

/// A session over TLS, which says goodbye at both layers.
async fn end(mut session: Session<'_, TlsStream<TcpStream>>) -> io::Result<()> {
    session.converse().await?;
    session.wire.into_stream().shutdown().await
}

/// Reads and says nothing until the client goes.
async fn listen_only(mut stream: TcpStream) -> io::Result<()> {
    let mut unread = [0; 4096];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// RFC 3207. Whatever the client sent ahead in clear is thrown away with the old session.
    pub(super) async fn starttls(&mut self) -> io::Result<Next> {
        if self.tls || matches!(self.provider.tls, TlsShape::Absent | TlsShape::Implicit) {
            return Ok(self.mistake("502 5.5.1 Command not implemented"));
        }
        if self.provider.tls == TlsShape::Unavailable {
            self.wire.say("454 4.7.0 TLS not available due to temporary reason");
            return Ok(Next::Command);
        }
        self.wire.say("220 2.0.0 Ready to start TLS");
        self.wire.flush().await?;
        match self.provider.tls {
            TlsShape::Garbage => {
                self.wire.out().extend_from_slice(b"this is not a TLS handshake\r\n");
                Ok(Next::Close)
            }
            TlsShape::HangUp => Ok(Next::Cut),
            _ => Ok(Next::StartTls),
        }
    }
}
