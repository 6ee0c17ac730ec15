//! Story: a broadcast to a real mail server. What arrived is read in the mailbox; what did not is explained.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bounce::{Permanence, Reason, explain};
use delivery::{ports::SourceStore, recipient::State};
use evidence::{history::MessageStory, ports::HistoryStore};
use serde_json::Value;
use testkit::{
    SimulatorConfig,
    peers::{Dovecot, PeerError, Postfix},
};

use crate::stage::{
    SHOP, Settings, Stage, add_contacts, add_domain, not_run, rows, start_broadcast, wait_until,
};
use crate::verdicts::means_the_same_everywhere;

/// The customers' company, and its server.
const DOMAIN: &str = "midori.example";
const HOST: &str = "mx.midori.example";
/// Every mailbox opens with it.
const KEY: &str = "hana-no-kagi";
const PYTHON: &str = "/usr/bin/python3";
const SOON: Duration = Duration::from_secs(60);

/// The company's server: mailboxes of hanako and taro, and two who moved away.
struct Company {
    postfix: Postfix,
    dovecot: Dovecot,
    _folder: tempfile::TempDir,
}

impl Company {
    /// Mail for jiro goes on to docomo, which does not know him; mail for kaoru to a mailbox that is full.
    async fn open(stage: &Stage) -> Result<Self, PeerError> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        for name in ["postfix", "dovecot", "mail"] {
            fs::create_dir(at(name))?;
        }
        make_public(folder.path());
        certificate(&at("postfix"));
        let docomo = stage.world.simulator.address_of("docomo").expect("the simulator has it");
        let bounces = stage.node.smtp;
        let return_paths =
            stage.store().await.domain_by_name(SHOP).await.expect("asked").expect("it was added");
        write_map(
            &at("postfix"),
            "mailboxes",
            &[("hanako@midori.example", "hanako/Maildir/"), ("taro@midori.example", "taro/Maildir/")],
        );
        write_map(
            &at("postfix"),
            "aliases",
            &[
                ("jiro@midori.example", "unknown-jiro@docomo.ne.jp"),
                ("kaoru@midori.example", "kaoru@moved.example"),
            ],
        );
        write_map(
            &at("postfix"),
            "transport",
            &[
                ("docomo.ne.jp", &format!("smtp:[{}]:{}", docomo.ip(), docomo.port())),
                ("moved.example", "error:5.2.2 the mailbox is full"),
                (&return_paths.return_path_domain, &format!("smtp:[{}]:{}", bounces.ip(), bounces.port())),
            ],
        );
        let postfix = at("postfix").display().to_string();
        let more = format!(
            "smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {postfix}/cert.pem\n\
             smtpd_tls_key_file = {postfix}/key.pem\nvirtual_mailbox_domains = {DOMAIN}\n\
             virtual_mailbox_base = {}\nvirtual_mailbox_maps = texthash:{postfix}/mailboxes\n\
             virtual_alias_maps = texthash:{postfix}/aliases\ntransport_maps = texthash:{postfix}/transport\n\
             virtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\n",
            at("mail").display()
        );
        let dovecot = Dovecot::start(&at("dovecot"), &at("mail"), KEY)?;
        let postfix = Postfix::start(&at("postfix"), HOST, &more)?;
        Ok(Self { postfix, dovecot, _folder: folder })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_lands_in_a_real_mailbox() {
    if !Path::new("/usr/lib/python3/dist-packages/dkim").exists() {
        return not_run("the package python3-dkim is not installed");
    }
    let mut stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    stage.add_owner();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let company = match Company::open(&stage).await {
        Ok(company) => company,
        Err(PeerError::NotStarted(name, words)) => panic!("{name}: {words}"),
        Err(why) => return not_run(&why.to_string()),
    };
    stage.settings.mx_port = Some(company.postfix.address().port());
    stage.configure(&stage.node, "");
    stage.world.dns.add(DOMAIN, "MX", &format!("10 {HOST}")).expect("published");
    stage.world.dns.add(HOST, "A", "127.0.0.1").expect("published");
    let people = ["hanako", "taro", "sakura", "jiro", "kaoru"].map(|name| format!("{name}@{DOMAIN}"));
    add_contacts(&store, &people).await;

    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 60_000).await;
    let settled = async || {
        let all = rows(&store, broadcast).await;
        let states: Vec<State> = all.iter().map(|row| row.state).collect();
        states == [State::Accepted, State::Accepted, State::Refused, State::Bounced, State::Bounced]
    };
    wait_until("outcomes and late bounces", SOON, settled).await;
    let mut stories = Vec::new();
    for row in rows(&store, broadcast).await {
        stories.push(store.message(row.id).await.expect("asked").expect("it exists"));
    }
    let [hanako, taro, sakura, jiro, kaoru] = &stories[..] else { panic!("five people") };

    it_arrived(&stage, &company, hanako, "山田 花子1").await;
    it_arrived(&stage, &company, taro, "山田 花子2").await;
    is_explained(sakura, Reason::UserUnknown, "User unknown in virtual mailbox table");
    is_explained(jiro, Reason::UserUnknown, "unknown-jiro@docomo.ne.jp");
    is_explained(kaoru, Reason::MailboxFull, "the mailbox is full");
    // The two late ones were accepted first; what told otherwise is kept and named.
    for late in [jiro, kaoru] {
        assert_eq!(late.attempts[0].state, State::Accepted);
        let arrival = late.arrival_id.expect("the bounce is named");
        let raw = reception::ArrivalStore::raw(&store, arrival).await.expect("asked").expect("it is kept");
        assert!(String::from_utf8_lossy(&raw).contains("MAILER-DAEMON@mx.midori.example"));
    }

    // And the shop owner reads it on the page of the person; what came late means the same everywhere.
    for late in [jiro, kaoru] {
        means_the_same_everywhere(&stage, &store, late.id).await;
    }
    let mut browser = stage.log_in();
    for (story, words) in [(sakura, "このメールアドレスは存在しません"), (kaoru, "いっぱい")]
    {
        browser.get(&format!("/contacts/{}", story.contact_id)).says(&[words, &story.address]);
    }
}

/// The message is in the mailbox as it should be, and it is known that it went over TLS.
async fn it_arrived(stage: &Stage, company: &Company, story: &MessageStory, name: &str) {
    let attempt = &story.attempts[0];
    assert_eq!((attempt.host.as_str(), story.attempts.len()), (HOST, 1));
    assert!(attempt.tls.as_deref().is_some_and(|tls| tls.starts_with("TLS")), "{attempt:?}");
    let raw = fetch(company.dovecot.address(), &story.address);
    let mail = read(&raw, stage.world.dns_addr());
    let text = |field: &str| mail[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("subject"), format!("{name}さまへ"));
    assert_eq!(text("from"), format!("花屋みどり <info@{SHOP}>"));
    assert!(text("to").contains(&story.address), "{mail:#}");
    assert!(text("return_path").starts_with("<b-"), "{mail:#}");
    assert!(text("received").contains("with ESMTPS"), "{mail:#}");
    assert!(text("text").starts_with(&format!("{name} 様")), "{mail:#}");
    assert!(text("text").contains("お花のご案内です。"), "{mail:#}");
    let link = format!("http://{}/u/", stage.node.web);
    assert!(text("text").contains(&link) && text("list_unsubscribe").contains(&link), "{mail:#}");
    assert_eq!(text("list_unsubscribe_post"), "List-Unsubscribe=One-Click");
    assert!(mail["lines_max"].as_u64().is_some_and(|bytes| bytes <= 998));
    for algorithm in ["rsa-sha256", "ed25519-sha256"] {
        let signature = &mail["signatures"][algorithm];
        assert_eq!(signature["d"], SHOP, "{algorithm}: {mail:#}");
        assert_eq!(signature["holds"], true, "{algorithm}: {mail:#}");
        assert_eq!(signature["holds_altered"], false, "{algorithm}: {mail:#}");
    }
}

/// It did not arrive; the server's own words are kept, and there is a sentence in both languages.
fn is_explained(story: &MessageStory, reason: Reason, words: &str) {
    let verdict = story.verdict.as_ref().expect("a verdict");
    assert_eq!((verdict.reason, verdict.permanence), (reason, Permanence::Permanent), "{verdict:?}");
    let reply = story.reply.as_ref().expect("what the server said").line();
    assert!(reply.contains(words) && !verdict.evidence.is_empty(), "{reply}: {verdict:?}");
    let explained = explain(verdict.reason, None);
    assert!(explained.what_ja.ends_with('。') && explained.what_en.ends_with('.'), "{explained:?}");
}

/// Reads the only message of a mailbox over IMAP (RFC 9051).
fn fetch(at: SocketAddr, mailbox: &str) -> Vec<u8> {
    let stream = TcpStream::connect(at).expect("Dovecot listens");
    stream.set_read_timeout(Some(SOON)).expect("a time-out");
    let mut imap = BufReader::new(stream);
    let mut message = Vec::new();
    for command in [&format!("a LOGIN {mailbox} {KEY}"), "a SELECT INBOX", "a FETCH 1:* BODY[]", "a LOGOUT"] {
        imap.get_mut().write_all(format!("{command}\r\n").as_bytes()).expect("it goes out");
        loop {
            let mut line = String::new();
            assert_ne!(imap.read_line(&mut line).expect("an answer"), 0, "{command}: Dovecot hung up");
            if let Some(size) = line.trim_end().strip_suffix('}').and_then(|line| line.rsplit_once('{')) {
                assert!(message.is_empty(), "{mailbox} has one message");
                message = vec![0; size.1.parse().expect("a number")];
                imap.read_exact(&mut message).expect("the message");
            }
            if line.starts_with("a ") {
                assert!(line.starts_with("a OK "), "{command}: {line}");
                break;
            }
        }
    }
    message
}

/// What Python's parser and dkimpy see.
fn read(raw: &[u8], dns: SocketAddr) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/read_mail.py");
    let mut python = Command::new(PYTHON)
        .arg(script)
        .arg(dns.port().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    python.stdin.take().expect("it is piped").write_all(raw).expect("it reads");
    let output = python.wait_with_output().expect("it ended");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(raw));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn certificate(folder: &Path) {
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            &format!("/CN={HOST}"),
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder)
        .output()
        .expect("openssl starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn write_map(folder: &Path, name: &str, entries: &[(&str, &str)]) {
    let lines = entries.iter().map(|(key, value)| format!("{key} {value}\n"));
    fs::write(folder.join(name), lines.collect::<String>()).expect("written");
}

/// The accounts of the servers walk through the folder, and mail belongs to `nobody`.
fn make_public(folder: &Path) {
    let run = |program: &str, args: &[&str]| {
        let status = Command::new(program).args(args).current_dir(folder).status().expect("it starts");
        assert!(status.success(), "{program} {args:?}");
    };
    run("chmod", &["755", "."]);
    if crate::stage::is_root() {
        run("chown", &["nobody:nogroup", "mail"]);
    }
}
