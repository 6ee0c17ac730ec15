//! Story: a domain asks how encryption towards it goes, and is told by mail and by HTTPS about the day before yesterday.

use std::{fs, io::Read, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::tls::{
    TlsResult,
    ports::{KeptSts, TlsCount, TlsStore},
};
use flate2::read::GzDecoder;
use serde_json::Value;
use testkit::{Keep, SimulatorConfig};

use crate::{
    stage::{Settings, Stage, add_domain, not_run, now, wait_until},
    tls::{certificates, serve_policies},
};

const SOON: Duration = Duration::from_secs(60);
const DAY_MS: i64 = 86_400_000;
const DOMAIN: &str = "company.example";

fn count(result: TlsResult, count: u64) -> TlsCount {
    TlsCount {
        day: now().div_euclid(DAY_MS) - 2,
        domain: DOMAIN.into(),
        policy_type: "sts".into(),
        policy: String::new(),
        host: "mx.company.example".into(),
        address: "192.0.2.1".into(),
        result,
        detail: String::new(),
        count,
    }
}

fn unzipped(bytes: &[u8]) -> Value {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("gzip");
    serde_json::from_str(&text).expect("JSON")
}

/// The compressed part of a mail.
fn attached(mail: &str) -> Vec<u8> {
    let (_, part) = mail.split_once("Content-Disposition: attachment").expect("an attachment");
    let (_, body) = part.split_once("\r\n\r\n").expect("its body");
    let (body, _) = body.split_once("\r\n--").expect("its end");
    STANDARD.decode(body.replace("\r\n", "")).expect("base64")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_is_told() {
    if !std::path::Path::new("/usr/bin/python3").exists() {
        return not_run("the package python3 is not installed");
    }
    let simulator =
        SimulatorConfig { keep: Keep::Content { bytes_max: 1 << 20 }, ..SimulatorConfig::default() };
    let stage = Stage::set(simulator, Settings::default()).await;
    let at = stage.folder.path();
    certificates(at);
    let https = testkit::port::free().expect("a free port");
    let mut server = serve_policies(at, https.port());
    wait_until("HTTPS", SOON, async || std::net::TcpStream::connect(https).is_ok()).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let rua = "v=TLSRPTv1; rua=mailto:tls-reports@gmail.com,https://reports.sts.example/v1";
    for (name, kind, value) in
        [(&*format!("_smtp._tls.{DOMAIN}"), "TXT", rua), ("reports.sts.example", "A", "127.0.0.1")]
    {
        stage.world.dns.add(name, kind, value).expect("published");
    }
    let body = "version: STSv1\r\nmode: testing\r\nmx: *.company.example\r\nmax_age: 86400\r\n".to_owned();
    let kept = KeptSts { id: "1".into(), body, fetched_at: now(), holds_until: now() + DAY_MS };
    store.keep_sts(DOMAIN, &kept).await.expect("kept");
    let silent = TlsCount { domain: "silent.example".into(), ..count(TlsResult::Success, 1) };
    let counts = [count(TlsResult::Success, 40), count(TlsResult::CertificateExpired, 2), silent];
    store.add_tls_counts(&counts).await.expect("counted");
    let text = fs::read_to_string(&stage.node.config).expect("it was written");
    let roots = at.join("authority.pem");
    let tls = format!("[tls]\nhttps_port = {}\nextra_roots = {roots:?}\n", https.port());
    fs::write(&stage.node.config, text + &tls).expect("written");

    let _program = stage.serve();
    wait_until("both reports", SOON, async || {
        at.join("policies/posted").exists() && !stage.world.simulator.deliveries().is_empty()
    })
    .await;
    let _ended = server.kill();
    let _reaped = server.wait();
    let posted = fs::read(at.join("policies/posted")).expect("it was posted");
    let start = b"application/tlsrpt+gzip\n";
    assert!(posted.starts_with(start));
    let report = unzipped(&posted[start.len()..]);
    let part = &report["policies"][0];
    assert_eq!(part["policy"]["policy-domain"], DOMAIN);
    assert_eq!(part["policy"]["policy-string"][1], "mode: testing");
    assert_eq!(part["policy"]["mx-host"][0], "*.company.example");
    assert_eq!(part["summary"]["total-successful-session-count"], 40);
    assert_eq!(part["failure-details"][0]["result-type"], "certificate-expired");

    let deliveries = stage.world.simulator.deliveries();
    let [mail] = &deliveries[..] else { panic!("one mail: {deliveries:?}") };
    assert_eq!((mail.recipient.as_str(), mail.signed), ("tls-reports@gmail.com", true));
    let text = String::from_utf8(mail.content.clone().expect("it was kept")).expect("ASCII");
    assert!(text.contains("\r\nTLS-Report-Domain: company.example\r\n"), "{text}");
    assert_eq!(unzipped(&attached(&text)), report);
    wait_until("nothing waits", SOON, async || {
        store.due_tls_reports(i64::MAX, 10).await.expect("asked").is_empty()
    })
    .await;
}
