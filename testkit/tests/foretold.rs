//! What `expected_outcome` foretells of every demo customer is what a sending server sees on the wire.

use std::{collections::BTreeMap, time::Duration};

use testkit::{
    DEMO_SEED, DemoKind, Expected, ExpectedOutcome, Fate, Simulator, SimulatorConfig, World, demo_customers,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// The whole content went out, and nothing came back.
const NO_WORD: &str = "no word";

/// One try: `None` when the connection did not lead to a reply.
async fn attempt(simulator: &Simulator, provider: &str, recipient: &str) -> Option<String> {
    let at = simulator.address_of(provider)?;
    let mut stream = BufReader::new(TcpStream::connect(at).await.ok()?);
    let commands = [
        String::new(),
        "EHLO x.example\r\n".to_owned(),
        "MAIL FROM:<b@hanaya-midori.example>\r\n".to_owned(),
        format!("RCPT TO:<{recipient}>\r\n"),
        "DATA\r\n".to_owned(),
        "Message-ID: <1@x.example>\r\nDKIM-Signature: x\r\n\r\nx\r\n.\r\n".to_owned(),
    ];
    let mut said = String::new();
    for command in commands {
        stream.write_all(command.as_bytes()).await.ok()?;
        said = match reply(&mut stream).await {
            Some(said) => said,
            None if command.ends_with("\r\n.\r\n") => return Some(NO_WORD.to_owned()),
            None => return None,
        };
        if !said.starts_with(['2', '3']) {
            break;
        }
    }
    said.starts_with(['2', '4', '5']).then_some(said)
}

async fn reply(stream: &mut BufReader<TcpStream>) -> Option<String> {
    loop {
        let mut line = String::new();
        let read = timeout(Duration::from_millis(300), stream.read_line(&mut line)).await.ok()?.ok()?;
        if read == 0 {
            return None;
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Some(line);
        }
    }
}

/// What a sending server that tries three times would say in the end.
async fn outcome(simulator: &Simulator, expected: &Expected, recipient: &str) -> ExpectedOutcome {
    for _ in 0..3 {
        match attempt(simulator, &expected.provider, recipient).await {
            Some(said) if said.starts_with('2') => {
                let bounces = expected.outcome == ExpectedOutcome::Bounced;
                return if bounces { ExpectedOutcome::Bounced } else { ExpectedOutcome::Accepted };
            }
            Some(said) if said.starts_with('5') => return ExpectedOutcome::Refused,
            Some(said) if said == NO_WORD => return ExpectedOutcome::Doubtful,
            _ => {}
        }
    }
    ExpectedOutcome::Deferred
}

#[tokio::test]
async fn every_demo_customer() {
    let world = World::start(SimulatorConfig { time_scale: 0.0, ..Default::default() }).await.unwrap();
    world.dns.add("hanaya-midori.example", "TXT", "v=spf1 -all").unwrap();
    let simulator = &world.simulator;
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    let posted = |kind| matches!(kind, DemoKind::Sound | DemoKind::Firm | DemoKind::Legacy | DemoKind::Typo);
    for customer in demo_customers(DEMO_SEED).into_iter().filter(|c| posted(c.kind)) {
        let address = match customer.address.split_once('@').unwrap() {
            (local, domain) if customer.kind == DemoKind::Legacy => format!("\"{local}\"@{domain}"),
            _ => customer.address,
        };
        let expected = simulator.expected_outcome(&address).unwrap();
        let at = simulator.address_of(&expected.provider);
        let no_ipv6 = at.is_some_and(|at| at.is_ipv6() && !simulator.addresses().contains(&at));
        if expected.behaviour == "dns" || no_ipv6 {
            continue;
        }
        assert_eq!(outcome(simulator, &expected, &address).await, expected.outcome, "{address} {expected:?}");
        if expected.fate != Fate::NotTaken {
            *fates.entry(expected.fate).or_default() += 1;
        }
    }
    let mut recorded: BTreeMap<Fate, usize> = BTreeMap::new();
    for delivery in simulator.deliveries() {
        *recorded.entry(delivery.fate).or_default() += 1;
    }
    assert_eq!(recorded, fates);
    assert!(simulator.counts_by_recipient().values().all(|count| *count == 1));
    assert!(world.table().contains("docomo.ne.jp"));
}
