//! Signatures are checked by other people's verifiers: mail-auth, and dkimpy where Python has it.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use authentication::{Algorithm, AuthenticationError, KeyPair, Signer, generate};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{parse::TxtRecordParser, verify::DomainKey},
};

const NOW_AT: i64 = 1_795_257_296_789;

struct Keys {
    rsa: KeyPair,
    ed25519: KeyPair,
    signer: Signer,
}

fn keys() -> Keys {
    let rsa = generate(Algorithm::Rsa2048).expect("a key");
    let ed25519 = generate(Algorithm::Ed25519).expect("a key");
    let second = Some(("t2", ed25519.private_pem_or_der.as_str()));
    let signer = Signer::new("shop.example", ("t1", &rsa.private_pem_or_der), second).expect("a signer");
    Keys { rsa, ed25519, signer }
}

impl Keys {
    fn records(&self) -> [(String, String); 2] {
        [
            ("t1._domainkey.shop.example.".into(), format!("v=DKIM1; k=rsa; p={}", self.rsa.public_base64)),
            (
                "t2._domainkey.shop.example.".into(),
                format!("v=DKIM1; k=ed25519; p={}", self.ed25519.public_base64),
            ),
        ]
    }

    fn signed(&self, message: &str) -> Vec<u8> {
        let mut signed = self.signer.sign(message.as_bytes(), NOW_AT).expect("a signature");
        for line in signed.split(|&b| b == b'\n') {
            assert!(line.len() <= 78, "{}", String::from_utf8_lossy(line));
        }
        signed.extend_from_slice(message.as_bytes());
        signed
    }
}

/// The DNS, as far as the verifier looks.
struct Dns(HashMap<Box<str>, Txt>);

impl ResolverCache<Box<str>, Txt> for Dns {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

fn verdicts(keys: &Keys, message: &[u8]) -> Vec<bool> {
    let records = keys.records().into_iter().map(|(name, txt)| {
        let key = DomainKey::parse(txt.as_bytes()).expect("a key record");
        (name.into_boxed_str(), Txt::DomainKey(Arc::new(key)))
    });
    let dns = Dns(records.collect());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let verifier = MessageAuthenticator::new_system_conf().expect("a resolver, which is never asked");
        let message = AuthenticatedMessage::parse(message).expect("a message");
        let outputs = verifier.verify_dkim(Parameters::new(&message).with_txt_cache(&dns)).await;
        outputs.iter().map(|output| *output.result() == DkimResult::Pass).collect()
    })
}

const MESSAGES: [&str; 6] = [
    "From: =?UTF-8?B?6Iqx?= <shop@shop.example>\r\nTo: a@customer.example\r\nSubject: x\r\n\r\nbody\r\n",
    "Date: Sat, 21 Nov 2026 10:34:56 +0000\r\nFrom: a@shop.example\r\nTo: b@customer.example,\r\n\tc@customer.example\r\n\
     Subject: a  long\r\n  subject \r\nMessage-ID: <1@shop.example>\r\nReply-To: r@shop.example\r\n\
     List-Unsubscribe: <https://shop.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
     MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nX-Other: y\r\n\r\n a \t b  \r\n\r\nc\r\n",
    "From: a@shop.example\r\n\r\n",
    "From: a@shop.example\r\n\r\n\r\n\r\n",
    "FROM: a@shop.example\r\nSubject:\r\n\r\nno line end",
    "From: a@shop.example\r\nReceived: x\r\nSubject: 1\r\nSubject: 2\r\n\r\n.\r\n..\r\n",
];

#[test]
fn signatures_are_good() {
    let keys = keys();
    for message in MESSAGES {
        assert_eq!(verdicts(&keys, &keys.signed(message)), [true, true], "{message}");
    }
}

#[test]
fn what_is_signed_cannot_change() {
    let keys = keys();
    let signed = String::from_utf8(keys.signed(MESSAGES[1])).expect("ASCII");
    for (old, new) in [
        ("\r\n a ", "\r\n b "),
        ("Subject: a", "Subject: b"),
        ("One-Click", "Two-Click"),
        ("https://shop", "https://evil"),
        ("1.0", "1.1"),
        ("10:34", "10:35"),
        ("From: a@", "From: b@"),
        ("r@shop", "s@shop"),
        ("\r\nX-Other", "\r\nFrom: evil@evil.example\r\nX-Other"),
        ("\r\nX-Other", "\r\nSubject: evil\r\nX-Other"),
        ("\r\nX-Other", "\r\nCc: evil@evil.example\r\nX-Other"),
    ] {
        let changed = signed.replacen(old, new, 1);
        assert_ne!(changed, signed, "{old}");
        assert_eq!(verdicts(&keys, changed.as_bytes()), [false, false], "{old} -> {new}");
    }
    let harmless = signed.replacen("X-Other: y", "X-Other: z", 1);
    assert_eq!(verdicts(&keys, harmless.as_bytes()), [true, true]);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let keys = keys();
    let sign = |at| keys.signer.sign(MESSAGES[1].as_bytes(), at).expect("a signature");
    assert_eq!(sign(NOW_AT), sign(NOW_AT));
    assert_ne!(sign(NOW_AT), sign(NOW_AT + 1_000));
    assert!(String::from_utf8(sign(NOW_AT)).expect("ASCII").contains("t=1795257296;"));
}

#[test]
fn what_cannot_be_signed() {
    let keys = keys();
    for message in ["", "Subject: x\r\n\r\nFrom: a@shop.example\r\n", "\r\nFrom: a@shop.example"] {
        assert_eq!(keys.signer.sign(message.as_bytes(), 0), Err(AuthenticationError::NoFrom), "{message}");
    }
    let private = keys.rsa.private_pem_or_der.as_str();
    for (domain, selector) in
        [("shop.example\r\nX: y", "t1"), ("shop.example", "t1; d=evil"), ("", "t1"), ("a", "")]
    {
        assert_eq!(Signer::new(domain, (selector, private), None).err(), Some(AuthenticationError::Name));
    }
    let short = Signer::new("shop.example", ("t1", "AAAA"), None).err();
    assert_eq!(short, Some(AuthenticationError::PrivateKey));
}

#[test]
fn any_bytes_can_be_signed() {
    let keys = keys();
    proptest::proptest!(|(start in "(From: a@shop\\.example\r\n)?", rest in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300))| {
        let message = [start.as_bytes(), &rest].concat();
        if let Ok(lines) = keys.signer.sign(&message, NOW_AT) {
            let lines = String::from_utf8(lines).expect("ASCII");
            proptest::prop_assert!(lines.is_ascii() && lines.ends_with("\r\n") && !lines.contains("\r\n\r\n"));
            proptest::prop_assert_eq!(lines.matches("DKIM-Signature: ").count(), 2);
        }
    });
}

const DKIMPY: &str = "
import sys, dkim, json
given = json.load(sys.stdin)
records = {name.encode(): txt.encode() for name, txt in given['records']}
message = given['message'].encode()
d = dkim.DKIM(message)
print(''.join('1' if d.verify(idx=i, dnsfunc=lambda name, timeout=5: records.get(name)) else '0' for i in range(2)))
";

#[test]
fn dkimpy_agrees() {
    let python = std::env::var("TODOKU_PYTHON").unwrap_or_else(|_| "python3".into());
    let is_there = Command::new(&python).args(["-c", "import dkim, nacl"]).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        println!("not run: no dkimpy");
        return;
    }
    let keys = keys();
    for message in MESSAGES {
        let signed = String::from_utf8(keys.signed(message)).expect("ASCII");
        let quoted = |text: &str| format!("{text:?}").replace("\\'", "'");
        let records =
            keys.records().map(|(name, txt)| format!("[{}, {}]", quoted(&name), quoted(&txt))).join(",");
        let given = format!("{{\"records\": [{records}], \"message\": {}}}", quoted(&signed));
        let mut child = Command::new(&python)
            .args(["-c", DKIMPY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python was there");
        child.stdin.take().expect("piped").write_all(given.as_bytes()).expect("python reads");
        let output = child.wait_with_output().expect("python ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "11", "{message}");
    }
}
