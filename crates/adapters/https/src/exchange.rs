//! One request and its answer over a connection of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use delivery::hop::MxAnswer;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::Incoming,
    header::{CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::{HttpsClient, HttpsError};

/// Addresses of one host that are tried.
const ADDRESSES_MAX: usize = 4;
const AGENT: &str = concat!("Todoku/", env!("CARGO_PKG_VERSION"));

/// A request.
pub(crate) struct Asked<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a str,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: Vec<u8>,
}

/// What a server answered.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl HttpsClient {
    pub(crate) async fn exchange(&self, asked: Asked<'_>) -> Result<Answered, HttpsError> {
        match tokio::time::timeout(self.settings.timeout, self.run(asked)).await {
            Ok(done) => done,
            Err(_) => Err(HttpsError::TimedOut),
        }
    }

    /// Posts `body`; `Ok` when the server took it (2xx).
    ///
    /// # Errors
    /// See [`HttpsError`].
    pub async fn post(&self, url: &str, content_type: &'static str, body: Vec<u8>) -> Result<(), HttpsError> {
        let asked = Asked { method: Method::POST, url, content_type: Some(content_type), body };
        let answered = self.exchange(asked).await?;
        match answered.status.is_success() {
            true => Ok(()),
            false => Err(HttpsError::Answer(format!("the server answered {}", answered.status))),
        }
    }

    /// Posts a form; the status and the body that came back, whatever they say.
    ///
    /// # Errors
    /// See [`HttpsError`].
    pub async fn post_form(&self, url: &str, body: Vec<u8>) -> Result<(u16, Vec<u8>), HttpsError> {
        let content_type = Some("application/x-www-form-urlencoded");
        let answered = self.exchange(Asked { method: Method::POST, url, content_type, body }).await?;
        Ok((answered.status.as_u16(), answered.body))
    }

    async fn run(&self, asked: Asked<'_>) -> Result<Answered, HttpsError> {
        let no_url = || HttpsError::Url(asked.url.to_owned());
        let uri: Uri = asked.url.parse().map_err(|_| no_url())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https")).ok_or_else(no_url)?;
        let port = uri.port_u16().unwrap_or(self.settings.port);
        let stream = self.connect(host, port).await?;
        let broke = |error: hyper::Error| HttpsError::Unreachable(format!("the exchange broke off: {error}"));
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request =
            Request::builder().method(asked.method).uri(path).header(HOST, host).header(USER_AGENT, AGENT);
        if let Some(content_type) = asked.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let request = request
            .body(Full::new(Bytes::from(asked.body)))
            .map_err(|_| HttpsError::Url(asked.url.to_owned()))?;
        let talking = async {
            let answer = sender.send_request(request).await.map_err(broke)?;
            self.read(answer).await
        };
        let connection = async {
            // Its end is seen by the exchange itself.
            let _ended = connection.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            done = talking => done,
            () = connection => Err(HttpsError::TimedOut),
        }
    }

    async fn read(&self, answer: Response<Incoming>) -> Result<Answered, HttpsError> {
        let status = answer.status();
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let most = self.settings.body_bytes_max;
        let body = Limited::new(answer.into_body(), most).collect().await;
        let body = body.map_err(|error| {
            HttpsError::Answer(format!("the body cannot be read (at most {most} bytes): {error}"))
        })?;
        Ok(Answered { status, content_type, body: body.to_bytes().to_vec() })
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, HttpsError> {
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| HttpsError::Url(host.to_owned()))?;
        let hosts = match self.resolver.host(host).await {
            MxAnswer::Hosts(hosts) => hosts,
            MxAnswer::Trouble(words) | MxAnswer::Barred(_, words) => {
                return Err(HttpsError::Unreachable(words));
            }
            _ => return Err(HttpsError::Unreachable(format!("{host} does not exist"))),
        };
        let mut last = HttpsError::Unreachable(format!("{host} has no address"));
        for ip in hosts.iter().flat_map(|host| &host.addresses).take(ADDRESSES_MAX) {
            let address = SocketAddr::new(*ip, port);
            match TcpStream::connect(address).await {
                Ok(stream) => return self.tls.connect(name, stream).await.map_err(|error| sort(&error)),
                Err(error) => last = HttpsError::Unreachable(format!("{host} ({address}): {error}")),
            }
        }
        Err(last)
    }
}

fn sort(error: &std::io::Error) -> HttpsError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(why)) => HttpsError::Certificate(why.to_string()),
        _ => HttpsError::Unreachable(format!("the TLS handshake failed: {error}")),
    }
}
