//! Story: nine companies, each with its own idea of encryption, behind a real Postfix and a signed DNS. Who proves what
//! was promised gets the mail; who does not is waited for, and the page says why.

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use authentication::public_key_of;
use aws_lc_rs::digest::{SHA256, digest};
use bounce::Reason;
use delivery::{
    recipient::State,
    tls::{TlsResult, ports::TlsStore},
};
use evidence::{history::MessageStory, ports::HistoryStore};
use storage::Store;
use testkit::{
    SimulatorConfig,
    peers::{Named, PeerError, Postfix, SignedWorld},
};

use crate::stage::{
    Settings, Stage, add_contacts, add_domain, not_run, now, rows, start_broadcast, wait_until,
};

const PYTHON: &str = "/usr/bin/python3";
const SOON: Duration = Duration::from_secs(90);
const DAY_MS: i64 = 86_400_000;

/// Domain, what becomes of the mail, what the page says.
const COMPANIES: [(&str, State, &str); 9] = [
    ("dane.example", State::Accepted, "証明書を確認済み・DANE"),
    ("authority.example", State::Accepted, "証明書を確認済み・DANE"),
    ("sts.example", State::Accepted, "証明書を確認済み・MTA-STS"),
    ("testing.example", State::Accepted, "証明書は確認できませんでした・MTA-STS(試験中)"),
    ("plain.example", State::Accepted, "証明書は確認できませんでした"),
    ("wrong.example", State::Deferred, "安全のための決まりで相手サーバーの証明が必要ですが"),
    ("mismatch.example", State::Deferred, "安全のための決まりで相手サーバーの証明が必要ですが"),
    ("bogus.example", State::Deferred, "DNS の署名(DNSSEC)を確認できませんでした"),
    ("strict.example", State::Deferred, "安全のための決まりで相手サーバーの証明が必要ですが"),
];

/// The authority of the story and the one certificate of the server, for some of the hosts.
pub struct Certificates {
    authority: Vec<u8>,
    own: Vec<u8>,
}

/// Everything that runs.
struct Peers {
    named: Named,
    postfix: Postfix,
    policies: Child,
    folder: tempfile::TempDir,
}

impl Drop for Peers {
    fn drop(&mut self) {
        let _ended = self.policies.kill();
        let _reaped = self.policies.wait();
    }
}

pub fn certificates(folder: &Path) -> Certificates {
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "The story's authority");
    let authority = params.self_signed(&authority_key).expect("a certificate");
    let issuer = rcgen::Issuer::new(params, authority_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let names = ["mx.sts.example", "mx.authority.example", "mta-sts.sts.example", "mta-sts.wrong.example"];
    let names = [&names[..], &["mta-sts.testing.example", "reports.sts.example"]]
        .concat()
        .into_iter()
        .map(str::to_owned);
    let params = rcgen::CertificateParams::new(names.collect::<Vec<_>>()).expect("names");
    let own = params.signed_by(&key, &issuer).expect("a certificate");
    fs::write(folder.join("authority.pem"), authority.pem()).expect("written");
    fs::write(folder.join("cert.pem"), own.pem() + &authority.pem()).expect("written");
    fs::write(folder.join("key.pem"), key.serialize_pem()).expect("written");
    Certificates { authority: authority.der().to_vec(), own: own.der().to_vec() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// What the name server tells of all of them; `port` is the Postfix's.
fn world(certificates: &Certificates, port: u16) -> SignedWorld {
    let sum = |bytes: &[u8]| hex(digest(&SHA256, bytes).as_ref());
    let key = sum(public_key_of(&certificates.own).expect("a certificate has a key"));
    let mut world = SignedWorld::default();
    for (domain, ..) in COMPANIES {
        let mut records = format!("{domain}. IN MX 10 mx.{domain}.\nmx.{domain}. IN A 127.0.0.1\n");
        let mut tlsa = |data: String| records += &format!("_{port}._tcp.mx.{domain}. IN TLSA {data}\n");
        match domain {
            "dane.example" | "bogus.example" => tlsa(format!("3 1 1 {key}")),
            "authority.example" => tlsa(format!("2 0 1 {}", sum(&certificates.authority))),
            "mismatch.example" => tlsa(format!("3 1 1 {}", "00".repeat(32))),
            "sts.example" | "testing.example" | "wrong.example" => {
                records += &format!("_mta-sts.{domain}. IN TXT \"v=STSv1; id=20261122;\"\n");
                records += &format!("mta-sts.{domain}. IN A 127.0.0.1\n");
            }
            _ => {}
        }
        match domain {
            "plain.example" => world.unsigned.push((domain.to_owned(), records)),
            _ => world.signed += &records,
        }
    }
    world.tampered.push((format!("_{port}._tcp.mx.bogus.example"), "TLSA".to_owned()));
    world
}

pub fn serve_policies(folder: &Path, port: u16) -> Child {
    let policies = folder.join("policies");
    fs::create_dir(&policies).expect("made");
    for (domain, mode) in [("sts", "enforce"), ("wrong", "enforce"), ("testing", "testing")] {
        let text = format!("version: STSv1\r\nmode: {mode}\r\nmx: mx.{domain}.example\r\nmax_age: 86400\r\n");
        fs::write(policies.join(format!("mta-sts.{domain}.example")), text).expect("written");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/policies.py");
    Command::new(PYTHON)
        .arg(script)
        .arg(port.to_string())
        .args([folder.join("cert.pem"), folder.join("key.pem"), policies])
        .stdin(Stdio::null())
        .spawn()
        .expect("Python starts")
}

impl Peers {
    fn start(folder: tempfile::TempDir, https_port: u16) -> Result<Self, PeerError> {
        let at = |name: &str| folder.path().join(name);
        for name in ["postfix", "named"] {
            fs::create_dir(at(name))?;
        }
        let open = Command::new("chmod").args(["755", "."]).current_dir(folder.path()).status()?;
        assert!(open.success());
        let made = certificates(folder.path());
        let domains: Vec<&str> = COMPANIES.iter().map(|(domain, ..)| *domain).collect();
        let more = format!(
            "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {0}/cert.pem\nsmtpd_tls_key_file = {0}/key.pem\n\
             mydestination =\nrelay_domains = {1}\nsmtpd_relay_restrictions = permit_auth_destination, reject\n\
             transport_maps = static:discard:\n",
            folder.path().display(),
            domains.join(" ")
        );
        let postfix = Postfix::start(&at("postfix"), "mx.sts.example", &more)?;
        let named = Named::start(&at("named"), &world(&made, postfix.address().port()))?;
        let policies = serve_policies(folder.path(), https_port);
        Ok(Self { named, postfix, policies, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The usual configuration, with the signed DNS in place of the simulated one.
fn configure(stage: &mut Stage, peers: &Peers, https_port: u16) {
    stage.settings.mx_port = Some(peers.postfix.address().port());
    stage.settings.retry_delays = "[\"10m\"]";
    stage.configure(&stage.node, "");
    let text = fs::read_to_string(&stage.node.config).expect("it was written");
    let text = text.replace(&stage.world.dns_addr().to_string(), &peers.named.address().to_string());
    let tls = format!(
        "[tls]\nhttps_port = {https_port}\ntrust_anchors = {:?}\nextra_roots = {:?}\nreports = false\n",
        peers.named.anchors(),
        peers.path("authority.pem")
    );
    fs::write(&stage.node.config, format!("{text}\n{tls}")).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_where_the_promised_encryption_is_proven() {
    let mut stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let https = testkit::port::free().expect("a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let peers = match Peers::start(folder, https.port()) {
        Ok(peers) => peers,
        Err(PeerError::NotStarted(name, words)) => panic!("{name}: {words}"),
        Err(why) => return not_run(&why.to_string()),
    };
    wait_until("the policies", SOON, async || TcpStream::connect(https).is_ok()).await;
    stage.add_owner();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    configure(&mut stage, &peers, https.port());
    stage.command(&["tls", "require", "strict.example", "verified"], "").good();
    let people: Vec<String> = COMPANIES.iter().map(|(domain, ..)| format!("hanako@{domain}")).collect();
    add_contacts(&store, &people).await;

    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 24 * 3_600_000).await;
    wait_until("an outcome for everybody", SOON, async || {
        let settled = rows(&store, broadcast).await.into_iter().filter(|row| row.state != State::Waiting);
        settled.count() == COMPANIES.len()
    })
    .await;
    let mut browser = stage.log_in();
    for row in rows(&store, broadcast).await {
        let story = store.message(row.id).await.expect("asked").expect("it exists");
        let domain = story.address.rsplit_once('@').expect("an address").1.to_owned();
        let (_, state, words) = COMPANIES.iter().find(|(known, ..)| *known == domain).expect("a company");
        assert_eq!(story.state, *state, "{domain}: {:#?}", story.attempts);
        browser.get(&format!("/messages/{}", story.id)).says(&[words]);
        if *state == State::Deferred {
            is_waited_for(&story);
        }
    }
    it_was_counted(&store).await;
    it_is_kept(&store).await;
    browser.get("/encryption").says(&[
        "strict.example",
        "testing.example",
        "証明書が別の名前のものです",
        "DANE",
    ]);
    browser.get("/encryption?domain=bogus.example").says(&["DNS の署名を確認できませんでした", "TLSA of"]);
    assert_eq!(browser.fill("/encryption", "/encryption", "domain=nonsense&rule=verified").status, 422);
    let lifted = browser.fill("/encryption", "/encryption", "domain=strict.example&rule=");
    assert!(lifted.location.starts_with("/encryption?done="), "{lifted:?}");
    assert_eq!(store.tls_rules().await.expect("asked"), []);
}

/// Nothing was handed over, a reason is given, and there is a next try.
fn is_waited_for(story: &MessageStory) {
    let verdict = story.verdict.as_ref().expect("a verdict");
    assert_eq!(verdict.reason, Reason::SecurityError, "{verdict:?}");
    assert!(
        story.next_at.is_some() && story.attempts.iter().all(|attempt| attempt.reply.is_none()),
        "{story:?}"
    );
}

/// What the reports of today will say.
async fn it_was_counted(store: &Store) {
    let today = now().div_euclid(DAY_MS);
    let expected = [
        ("dane.example", "tlsa", TlsResult::Success),
        ("authority.example", "tlsa", TlsResult::Success),
        ("sts.example", "sts", TlsResult::Success),
        ("testing.example", "sts", TlsResult::CertificateHostMismatch),
        ("plain.example", "no-policy-found", TlsResult::Success),
        ("wrong.example", "sts", TlsResult::CertificateHostMismatch),
        ("mismatch.example", "tlsa", TlsResult::ValidationFailure),
        ("bogus.example", "tlsa", TlsResult::DnssecInvalid),
        ("strict.example", "no-policy-found", TlsResult::CertificateHostMismatch),
    ];
    wait_until("the counts", SOON, async || {
        let counts = store.tls_counts(today, 1000).await.expect("asked");
        expected.iter().all(|(domain, kind, result)| {
            counts.iter().any(|c| c.domain == *domain && c.policy_type == *kind && c.result == *result)
        })
    })
    .await;
}

/// A policy outlives a restart, and the server that gave it.
async fn it_is_kept(store: &Store) {
    let kept = store.kept_sts("sts.example").await.expect("asked").expect("it was fetched");
    assert_eq!(kept.id, "20261122");
    assert_eq!(kept.holds_until - kept.fetched_at, DAY_MS);
}
