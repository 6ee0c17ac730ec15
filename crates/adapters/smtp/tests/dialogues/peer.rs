//! Plays one side of a written dialogue and complains when the other side does not keep to it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Longer than anything a test waits for on purpose.
const PATIENCE: Duration = Duration::from_secs(20);

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A server that plays one dialogue per connection, in order.
///
/// A dialogue as a server plays it; a client plays it with `C` and `S` changed over. `C: line` must come · `C. text`
/// content must come, `\r\n` written as `|`, without the final dot · `S: line` is said · `S. text` content is said,
/// as above · `S- text` is said without a line end, `\r` and `\n` spelled out · `drip text` is said byte by byte,
/// slowly · `alone` nothing more may have come · `tls` a handshake · `notls` something that is no handshake ·
/// `hang` stays silent until the other side leaves · `gone` the other side must have left · `close`.
pub struct Peer {
    pub addr: SocketAddr,
    task: JoinHandle<Result<(), String>>,
}

/// A certificate for `mx.test` and the authority that issued it.
pub struct Certificate {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: Vec<u8>,
    pem: String,
    key_pem: String,
}

impl Certificate {
    pub fn new(name: &str) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let made = params.self_signed(&key).expect("a certificate");
        Self {
            chain: vec![made.der().clone()],
            key: key.serialize_der(),
            pem: made.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    /// A certificate for `name` with the authority that issued it behind it, and that authority.
    pub fn issued(name: &str) -> (Self, CertificateDer<'static>) {
        let authority_key = rcgen::KeyPair::generate().expect("a key");
        let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no name");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority");
        let authority = params.self_signed(&authority_key).expect("a certificate");
        let issuer = rcgen::Issuer::new(params, authority_key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let params = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        let made = params.signed_by(&key, &issuer).expect("a certificate");
        let issued = Self {
            chain: vec![made.der().clone(), authority.der().clone()],
            key: key.serialize_der(),
            pem: made.pem(),
            key_pem: key.serialize_pem(),
        };
        (issued, authority.der().clone())
    }

    pub fn server_config(&self) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key)
            .expect("a usable certificate");
        Arc::new(config)
    }

    fn client_config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for certificate in &self.chain {
            roots.add(certificate.clone()).expect("a usable root");
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    /// Chain and key as PEM.
    pub fn pem(&self) -> (String, String) {
        (self.pem.clone(), self.key_pem.clone())
    }
}

impl Peer {
    pub async fn start(dialogues: &'static [&'static str]) -> Self {
        Self::start_with(dialogues, &Certificate::new("mx.test")).await
    }

    pub async fn start_with(dialogues: &'static [&'static str], certificate: &Certificate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let tls = certificate.server_config();
        let task = tokio::spawn(async move {
            for (n, dialogue) in dialogues.iter().enumerate() {
                let accepted = tokio::time::timeout(PATIENCE, listener.accept()).await;
                let Ok(Ok((stream, _))) = accepted else {
                    return Err(format!("connection {n} never came"));
                };
                let play = play(Side::Server(tls.clone()), Box::new(stream), dialogue);
                match tokio::time::timeout(PATIENCE, play).await {
                    Ok(played) => played.map_err(|error| format!("connection {n}: {error}"))?,
                    Err(_) => return Err(format!("connection {n} stands still")),
                }
            }
            Ok(())
        });
        Self { addr, task }
    }

    /// Waits until all dialogues were played, and fails when one went differently.
    pub async fn finish(self) {
        if let Err(error) = self.task.await.expect("the peer runs") {
            panic!("{error}");
        }
    }
}

/// Which side of the dialogue is played, with its TLS settings.
enum Side {
    Server(Arc<ServerConfig>),
    Client(Arc<ClientConfig>),
}

/// Plays the client's side, and fails when the server does not keep to the dialogue.
pub async fn talk_to(addr: SocketAddr, dialogue: &str) {
    let stream = TcpStream::connect(addr).await.expect("a connection");
    talk(stream, dialogue, &Certificate::new("unused.test")).await;
}

/// The same on a given connection, with the certificate that is trusted.
pub async fn talk(stream: TcpStream, dialogue: &str, trusted: &Certificate) {
    let side = Side::Client(trusted.client_config());
    let played = tokio::time::timeout(PATIENCE, play(side, Box::new(stream), dialogue)).await;
    match played {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("{error}\nin {dialogue}"),
        Err(_) => panic!("stands still: {dialogue}"),
    }
}

async fn play(side: Side, mut wire: Box<dyn Wire>, dialogue: &str) -> Result<(), String> {
    let mine = if matches!(side, Side::Server(_)) { "S" } else { "C" };
    let mut inbox = Vec::new();
    for line in dialogue.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
        let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
        let content = rest.replace('|', "\r\n");
        match (what.strip_prefix(mine), what) {
            (Some(":"), _) => say(&mut wire, &format!("{rest}\r\n")).await?,
            (Some("."), _) => say(&mut wire, &format!("{content}\r\n.\r\n")).await?,
            (Some("-"), _) => say(&mut wire, &rest.replace("\\r", "\r").replace("\\n", "\n")).await?,
            (None, "C:" | "S:") => hear(&mut wire, &mut inbox, "\r\n", rest).await?,
            (None, "C." | "S.") => hear(&mut wire, &mut inbox, "\r\n.\r\n", &content).await?,
            (_, "drip") => drip(&mut wire, rest).await,
            (_, "alone") if inbox.is_empty() => {}
            (_, "alone") => return Err(format!("too early: {}", String::from_utf8_lossy(&inbox))),
            (_, "tls") => wire = handshake(&side, wire).await?,
            (_, "notls") => say(&mut wire, "this is no handshake at all").await?,
            (_, "hang") => while wire.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {},
            (_, "gone") => match wire.read(&mut [0; 1024]).await {
                Ok(length) if length > 0 => return Err(format!("{length} bytes more")),
                _ => {}
            },
            (_, "close") => return wire.shutdown().await.map_err(|error| error.to_string()),
            (_, other) => return Err(format!("the dialogue has no {other}")),
        }
    }
    Ok(())
}

async fn handshake(side: &Side, wire: Box<dyn Wire>) -> Result<Box<dyn Wire>, String> {
    let failed = |error: std::io::Error| format!("handshake: {error}");
    Ok(match side {
        Side::Server(config) => {
            Box::new(TlsAcceptor::from(config.clone()).accept(wire).await.map_err(failed)?)
        }
        Side::Client(config) => {
            let name = ServerName::try_from("mx.test").expect("a name");
            Box::new(TlsConnector::from(config.clone()).connect(name, wire).await.map_err(failed)?)
        }
    })
}

async fn say(wire: &mut Box<dyn Wire>, text: &str) -> Result<(), String> {
    wire.write_all(text.as_bytes()).await.map_err(|error| format!("while saying {text}: {error}"))?;
    wire.flush().await.map_err(|error| error.to_string())
}

/// Until the text ends or the other side has had enough.
async fn drip(wire: &mut Box<dyn Wire>, text: &str) {
    for byte in text.bytes() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if wire.write_all(&[byte]).await.is_err() {
            return;
        }
    }
}

async fn hear(wire: &mut Box<dyn Wire>, inbox: &mut Vec<u8>, end: &str, wanted: &str) -> Result<(), String> {
    loop {
        if let Some(at) = inbox.windows(end.len()).position(|window| window == end.as_bytes()) {
            let heard: Vec<u8> = inbox.drain(..at + end.len()).collect();
            let heard = String::from_utf8_lossy(&heard[..at]).into_owned();
            return if heard == wanted { Ok(()) } else { Err(format!("wanted {wanted:?}, heard {heard:?}")) };
        }
        let mut room = [0; 4096];
        match wire.read(&mut room).await {
            Ok(0) => return Err(format!("wanted {wanted:?}, but the client left")),
            Ok(length) => inbox.extend_from_slice(&room[..length]),
            Err(error) => return Err(format!("wanted {wanted:?}, but {error}")),
        }
    }
}
