//! Fetches policies from servers on loopback, good and bad ones.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use delivery::{
    hop::{MxAnswer, MxHost},
    ports::MxResolver,
    tls::ports::StsFetch,
};
use https::{HttpsClient, HttpsSettings};
use rustls::{RootCertStore, ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

struct Loopback;

#[async_trait]
impl MxResolver for Loopback {
    async fn mx(&self, _domain: &str) -> MxAnswer {
        MxAnswer::NoMailHost
    }

    async fn host(&self, name: &str) -> MxAnswer {
        MxAnswer::Hosts(vec![MxHost::new(0, name, vec!["127.0.0.1".parse().unwrap()])])
    }
}

/// A server with a certificate for `name` that gives `answer` to its first question; its port and certificate.
async fn serve(name: &str, answer: String) -> (u16, CertificateDer<'static>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let der = made.der().clone();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], private)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).await.unwrap();
        let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
        assert!(asked.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("host: mta-sts.shop.test\r\n"), "{asked}");
        // The other side may have left in the middle.
        let _sent = stream.write_all(answer.as_bytes()).await;
        let _ended = stream.shutdown().await;
    });
    (port, der)
}

async fn check(name: &str, answer: &str, expected: &str) {
    let answer = answer.replace('|', "\r\n");
    let (port, certificate) = serve(name, answer).await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let settings = HttpsSettings { port, timeout: Duration::from_secs(3), body_bytes_max: 64 };
    let client = HttpsClient::new(Arc::new(Loopback), roots, settings).unwrap();
    let seen = match client.fetch("shop.test").await {
        Ok(body) => body,
        Err(failure) => format!("{}: {}", failure.result.name(), failure.words),
    };
    assert!(seen.contains(expected), "{seen}");
}

const HOST: &str = "mta-sts.shop.test";

#[tokio::test]
async fn a_policy() {
    let answer =
        "HTTP/1.1 200 OK|Content-Type: text/plain; charset=utf-8|Content-Length: 15||version: STSv1|";
    check(HOST, answer, "version: STSv1").await;
}

#[tokio::test]
async fn what_is_no_policy() {
    let moved = "HTTP/1.1 301 Moved|Location: https://elsewhere.test/|Content-Length: 0||";
    check(
        HOST,
        moved,
        "sts-policy-fetch-error: https://mta-sts.shop.test/.well-known/mta-sts.txt: the server answered 301",
    )
    .await;
    check(HOST, "HTTP/1.1 404 Not Found|Content-Length: 0||", "answered 404").await;
    check(HOST, "HTTP/1.1 200 OK|Content-Type: text/html|Content-Length: 2||hi", "not text/plain").await;
    let long = format!("HTTP/1.1 200 OK|Content-Type: text/plain|Content-Length: 100||{}", "x".repeat(100));
    check(HOST, &long, "at most 64 bytes").await;
    check(HOST, "HTTP/1.1 200 OK|Content-Type: text/plain|Content-Length: 50||hi", "cannot be read").await;
    check(HOST, "220 mx.shop.test ESMTP||", "broke off").await;
    check("other.test", "", "sts-webpki-invalid").await;
}
