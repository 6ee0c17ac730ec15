//! Story: strangers at the mail server. It takes bounces that are ours, and nothing else.

use std::time::Duration;

use delivery::{event, recipient::State};
use evidence::ports::HistoryStore;
use testkit::SimulatorConfig;

use crate::stage::{
    Dialogue, SHOP, Settings, Stage, add_contacts, add_domain, rows, start_broadcast, wait_until,
};

const SOON: Duration = Duration::from_secs(30);

fn bounce(to: &str, status: &str, words: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mail.aozora-bungu.example\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.aozora-bungu.example\r\n\r\n\
         Final-Recipient: rfc822; hanako@aozora-bungu.example\r\nAction: failed\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; {words}\r\n--x--\r\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_ours_is_taken_and_only_once() {
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let (hanako, taro) = ("hanako@aozora-bungu.example", "taro@aozora-bungu.example");
    add_contacts(&store, &[hanako, taro].map(str::to_owned)).await;
    let _program = stage.serve();
    let broadcast = start_broadcast(&store, 60_000).await;
    let state_of = async |to: &str| {
        let row = rows(&store, broadcast).await.into_iter().find(|row| row.address == to).expect("a row");
        (row.state, row.reason, row.id)
    };
    wait_until("both", SOON, async || {
        let all = rows(&store, broadcast).await;
        all.len() == 2 && all.iter().all(|row| row.state == State::Accepted)
    })
    .await;
    let sent = stage.world.simulator.deliveries();
    let path_to = |to: &str| {
        let delivery = sent.iter().find(|delivery| delivery.recipient == to).expect("it was sent");
        delivery.reverse_path.clone()
    };
    let ours = path_to(hanako);

    // No relay, no made-up return path, nothing that would make us answer a stranger's mail.
    let mut stranger = Dialogue::open(stage.node.smtp);
    let forged = ours.replacen("b-", "b-7", 1);
    let unsigned = format!("b-1@{}", ours.split_once('@').expect("an address").1);
    for to in ["someone@gmail.com", hanako, &forged, &unsigned, &format!("nobody@{SHOP}"), "root"] {
        assert!(stranger.say("MAIL FROM:<win@prize.example>").starts_with("250 "));
        let said = stranger.say(&format!("RCPT TO:<{to}>"));
        assert!(said.starts_with("55") || said.starts_with("501 "), "{to}: {said}");
        assert!(stranger.say("DATA").starts_with("5"), "{to}: no content without a recipient");
        stranger.say("RSET");
    }

    // A bounce to a path of ours changes the outcome, once, however often and with whatever reason it comes again.
    let unknown = bounce(&ours, "5.1.1", "550 5.1.1 User unknown");
    assert!(stranger.bring(&ours, &unknown).starts_with("250 "));
    wait_until("the bounce", SOON, async || state_of(hanako).await.0 == State::Bounced).await;
    let (_, reason, id) = state_of(hanako).await;
    assert_eq!(reason.as_deref(), Some("userunknown"));
    assert!(stranger.bring(&ours.to_uppercase(), &unknown).starts_with("250 "));
    let full = bounce(&ours, "4.2.2", "452 4.2.2 Mailbox full");
    assert!(stranger.bring(&ours, &full).starts_with("250 "));
    let kept = async |kind: &str| {
        let events = store.of_message(id).await.expect("asked");
        events.iter().filter(|event| event.kind == kind).count()
    };
    wait_until("all three are read", SOON, async || kept(reception::event::RECOGNISED).await == 3).await;
    assert_eq!(kept(event::BOUNCED).await, 1, "it is counted once");
    assert_eq!(state_of(hanako).await, (State::Bounced, Some("userunknown".to_owned()), id));
    assert_eq!(state_of(taro).await.0, State::Accepted, "the other is not touched");

    // The address every mail domain must have is open (RFC 5321 section 4.5.1).
    let letter = "From: taro@elsewhere.example\r\nSubject: hello\r\n\r\nIs this mail yours?\r\n";
    assert!(stranger.bring(&format!("postmaster@{SHOP}"), letter).starts_with("250 "));
    assert!(stranger.say("QUIT").starts_with("221 "));
}
