//! Story: while a mail goes out to many, a file of customers comes in that changes some, adds some and stops some.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use audience::{
    FieldStore, ImportState, ImportStore,
    segment::{Rule, Saved, SegmentDraft, SegmentId, SegmentStore, Subject, Test},
};
use campaigns::{
    broadcast::BroadcastState,
    ports::BroadcastStore,
    report::{Row, RowFilter},
};
use delivery::recipient::{State, WithheldReason};
use storage::Store;
use testkit::SimulatorConfig;

use crate::stage::{
    Browser, Database, Settings, Stage, add_domain, import, now, rows, start_for, wait_for, wait_until,
};

const SOON: Duration = Duration::from_secs(60);
/// Slow enough that the file comes in while most still wait.
const PACE: &str = "[delivery.pacing.all]\nconnections = 4\nrate = \"100/s\"\nconnect_rate = \"none\"\n\
                    hour_start_rest = 0\nmessages_per_connection = 1000\nrecipients_per_session = 1000";
/// Those the mail is for; they go out in this order.
const TOKYO: u32 = 600;
/// Others, whom the file moves to where the mail goes.
const OSAKA: u32 = 50;
/// Customers only the file has.
const NEW: u32 = 80;
/// Customers the file knows; what it says of them is in [`told`].
const FIRST_STOPPED: u32 = 480;
const FIRST_MOVED: u32 = 540;
const CHANGED: u32 = 570;

fn before() -> String {
    let mut text = String::from("お客様番号,お名前,メールアドレス,都道府県,メルマガ\n");
    for n in 0..TOKYO + OSAKA {
        let place = if n < TOKYO { "東京都" } else { "大阪府" };
        writeln!(text, "C-{n},お客様{n},c{n}@aozora-bungu.example,{place},希望する").expect("text");
    }
    text
}

/// What the file says while the mail goes out: the first ten and the [`FIRST_STOPPED`] stop, then come those with another
/// address, then those who live elsewhere now; others have come to live where the mail goes, or are new.
fn told() -> String {
    let mut text = String::from("お客様番号,お名前,メールアドレス,都道府県,メルマガ\n");
    for n in (0..10).chain(FIRST_STOPPED..TOKYO + OSAKA + NEW) {
        let stops = n < 10 || (FIRST_STOPPED..FIRST_MOVED).contains(&n);
        let moves = (FIRST_MOVED..CHANGED).contains(&n);
        let local = if moves { "new" } else { "c" };
        let place = if (CHANGED..TOKYO).contains(&n) { "大阪府" } else { "東京都" };
        let wish = if stops { "希望しない" } else { "希望する" };
        writeln!(text, "C-{n},お客様{n}様,{local}{n}@aozora-bungu.example,{place},{wish}").expect("text");
    }
    text
}

async fn tokyo(store: &Store) -> SegmentId {
    let fields = FieldStore::fields(store).await.expect("asked");
    let field = fields.iter().find(|field| field.label == "都道府県").expect("the file brought it");
    let rule = Rule::of(vec![audience::segment::Condition::new(
        Subject::Field(field.id.to_string()),
        Test::Is,
        &["東京都"],
    )]);
    let draft = SegmentDraft { name: "東京都".into(), rule };
    match SegmentStore::save(store, None, &draft, None, now()).await.expect("saved") {
        Saved::Yes(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Brings the file in by the pages, as the owner does.
async fn bring(browser: &mut Browser, store: &Store, text: &str) {
    let page = browser.upload(text).location;
    let form = "step=start&encoding=UTF-8&delimiter=comma&header=1&mode=both&basis=";
    assert_eq!(browser.fill(&page, &format!("{page}/plan"), form).status, 303);
    let id = page.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a key");
    let job = async || ImportStore::get(store, id).await.expect("asked").expect("it exists");
    wait_until("the import", SOON, async || job().await.state == ImportState::Finished).await;
    let job = job().await;
    assert_eq!((job.added, job.failed), (u64::from(NEW), 0), "{job:?}");
    assert_eq!(job.updated, u64::from(10 + TOKYO - FIRST_STOPPED + OSAKA));
}

async fn play(database: String) {
    let settings = Settings { database, pacing: PACE, ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    stage.add_owner();
    let store = stage.store().await;
    add_domain(&stage, &store).await;
    let _program = stage.serve();
    assert_eq!(import(&store, before().as_bytes()).await.added, u64::from(TOKYO + OSAKA));
    let broadcast = start_for(&store, Some(tokyo(&store).await), 60_000).await;
    let state =
        async || BroadcastStore::get(&store, broadcast).await.expect("asked").expect("it exists").state;
    wait_until("everybody is written down", SOON, async || state().await == BroadcastState::Running).await;
    wait_for("the first mails", SOON, || stage.accepted() >= 20);

    let mut browser = stage.log_in();
    bring(&mut browser, &store, &told()).await;
    let at_import = stage.accepted();
    assert!(at_import < TOKYO as usize * 2 / 3, "it came while the mail went out: {at_import}");
    // Who resigns while she waits gets none either.
    let resigns = format!("{{\"external_id\": \"C-{}\", \"status\": \"cancelled\"}}", CHANGED - 1);
    stage.command(&["contact", "upsert"], &resigns).good();

    wait_until("the end", SOON, async || state().await == BroadcastState::Finished).await;
    let all = rows(&store, broadcast).await;
    everybody_once(&stage, &all);
    those_who_stopped(&all);
    numbers_add_up(&store, &mut browser, broadcast, &all).await;
    store.close().await;
}

/// The audience is the one of the start, and whoever was to get the mail has exactly one.
fn everybody_once(stage: &Stage, all: &[Row]) {
    let got = stage.world.simulator.counts_by_recipient();
    assert_eq!(all.len(), TOKYO as usize, "nobody came to it or left it");
    let taken: BTreeMap<String, u64> =
        all.iter().filter(|row| row.state == State::Accepted).map(|row| (row.address.clone(), 1)).collect();
    assert_eq!(got.into_iter().collect::<BTreeMap<_, _>>(), taken, "one mail each, and to nobody else");
    let unexplained: Vec<_> = all
        .iter()
        .filter(|row| {
            !matches!((row.state, row.withheld), (State::Accepted, None) | (State::Withheld, Some(_)))
        })
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

/// Who was switched off before her turn got none, and it says why; who had hers keeps it.
fn those_who_stopped(all: &[Row]) {
    let number = |row: &Row| -> u32 {
        let digits: String = row.address.chars().filter(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    for row in all {
        let expected = match number(row) {
            n if n == CHANGED - 1 => Some(WithheldReason::Resigned),
            n if (FIRST_STOPPED..FIRST_MOVED).contains(&n) => Some(WithheldReason::OptedOut),
            n if (FIRST_MOVED..CHANGED).contains(&n) => Some(WithheldReason::Changed),
            _ => None,
        };
        assert_eq!(row.withheld, expected, "{row:?}");
    }
}

async fn numbers_add_up(store: &Store, browser: &mut Browser, broadcast: i64, all: &[Row]) {
    let counts = store.counts(broadcast).await.expect("counted");
    let of = |state| all.iter().filter(|row| row.state == state).count() as u64;
    assert_eq!(counts.total(), u64::from(TOKYO));
    assert_eq!(
        (counts.of(State::Accepted), counts.of(State::Withheld)),
        (of(State::Accepted), of(State::Withheld))
    );
    let shown = store.waterfall(broadcast).await.expect("counted");
    let left_out: u64 = shown.withheld.iter().map(|(_, people)| people).sum();
    assert_eq!((shown.asked, shown.remaining), (u64::from(TOKYO), of(State::Accepted)));
    assert_eq!(left_out, of(State::Withheld));
    let page = browser.get(&format!("/broadcasts/{broadcast}"));
    page.says(&["完了", &of(State::Accepted).to_string(), &format!("{left_out}")]);
    for (reason, people) in &shown.withheld {
        let filter = RowFilter {
            state: Some(State::Withheld),
            reason: Some(reason.name().to_owned()),
            ..RowFilter::default()
        };
        let (_, behind) = store.rows(broadcast, &filter, 0, 1).await.expect("asked");
        assert_eq!(behind, *people, "the list behind {reason:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_while_a_mail_goes_out_is_safe() {
    play(String::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn importing_while_a_mail_goes_out_is_safe_on_postgresql() {
    let Some(database) = Database::create().await else { return };
    play(database.url()).await;
    database.remove().await;
}
