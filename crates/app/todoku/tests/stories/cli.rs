//! Story: at the machine itself, when the pages cannot help: operators, addresses, a configuration with a slip.

use std::time::{Duration, Instant};

use testkit::SimulatorConfig;

use crate::stage::{Settings, Stage, todoku};

const PASSWORD: &str = "hana no himitsu";

#[tokio::test(flavor = "multi_thread")]
async fn the_only_owner_is_let_in_again() {
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let added = stage.command(&["operator", "add", "hanako", "--role", "owner", "--name", "店主"], PASSWORD);
    assert_eq!(added.good(), "hanako を追加しました / added\n");
    assert_eq!(stage.command(&["operator", "list"], "").good(), "hanako\towner\t店主\n");

    // She locks herself out while the server runs.
    let _program = stage.serve();
    let mut browser = stage.node.browser();
    for _ in 0..5 {
        assert_eq!(browser.log_in("hanako", "wasureta wasureta").status, 401);
    }
    browser.log_in("hanako", PASSWORD).says(&["ロックされています"]);
    assert_eq!(stage.command(&["operator", "list"], "").good(), "hanako\towner\t店主\tlocked\n");

    // At the machine she is let in again, at once and without a restart.
    let unlocked = stage.command(&["operator", "unlock", "hanako"], "");
    assert_eq!(unlocked.good(), "hanako のロックを解除しました / unlocked\n");
    assert_eq!(browser.log_in("hanako", PASSWORD).location, "/");
    browser.get("/").says(&["店主"]);

    // A new password ends every session of the old one.
    let changed = stage.command(&["operator", "set-password", "hanako"], "atarashii aikotoba\n");
    assert_eq!(changed.good(), "hanako のパスワードを変更しました / password set\n");
    assert_eq!(browser.get("/").location, "/login");
    assert_eq!(browser.log_in("hanako", PASSWORD).status, 401);
    assert_eq!(browser.log_in("hanako", "atarashii aikotoba").location, "/");

    // The last owner stays one; after another was added at the machine, she may step down.
    let me = browser.get("/operators").body;
    let me =
        me.split("href=\"/operators/").filter_map(|rest| rest.split('"').next()?.parse::<i64>().ok()).next();
    let me = format!("/operators/{}", me.expect("her own page"));
    let last = browser.fill(&me, &format!("{me}/role"), "role=member");
    assert_eq!(last.status, 409);
    last.says(&["この方は最後の管理者です"]);
    stage.command(&["operator", "add", "taro", "--role", "owner"], PASSWORD).good();
    assert_eq!(browser.fill(&me, &format!("{me}/role"), "role=member").status, 303);
    assert_eq!(stage.command(&["operator", "list"], "").good(), "hanako\tmember\t店主\ntaro\towner\ttaro\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_in_both_languages() {
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let check = |args: &[&str], input: &str, parts: &[&str]| stage.command(args, input).refuses(parts);
    check(&["operator", "add", "hanako"], "mijikai", &["10文字以上", "too short"]);
    check(&["operator", "add", "hanako"], "1234567890", &["このパスワードは使えません", "too easy to guess"]);
    check(&["operator", "add", "hanako"], "", &["too short"]);
    check(&["operator", "add", "hana ko"], PASSWORD, &["空白", "space"]);
    check(&["operator", "add", ""], PASSWORD, &["ログイン名", "login"]);
    check(
        &["operator", "add", "hanako", "--role", "king"],
        PASSWORD,
        &["owner か member です", "is owner or member"],
    );
    check(&["operator", "add", "hanako", "--language", "fr"], PASSWORD, &["ja か en です", "is ja or en"]);
    check(&["operator", "unlock", "hanako"], "", &["hanako という担当者はいません", "no such operator"]);
    check(&["operator", "set-password", "hanako"], PASSWORD, &["担当者はいません", "no such operator"]);
    assert_eq!(stage.command(&["operator", "list"], "").good(), "", "nobody was added");
    stage.command(&["operator", "add", "hanako"], PASSWORD).good();
    check(&["operator", "add", "HANAKO"], PASSWORD, &["すでに使われています", "is taken"]);
    check(&["operator", "set-password", "hanako"], "mijikai", &["10文字以上"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_in_the_configuration_is_named() {
    let stage = Stage::set(SimulatorConfig::default(), Settings::default()).await;
    let check = |more: &str, parts: &[&str]| {
        stage.configure(&stage.node, more);
        for command in [&["serve"][..], &["operator", "list"]] {
            let said = stage.command(command, "");
            said.refuses(parts);
            said.refuses(&[stage.node.config.to_str().expect("UTF-8"), "誤りがあります", "mistake in"]);
        }
    };
    check("bas_url = \"http://shop.example\"", &["unknown field `bas_url`", "line 1"]);
    check("trust_forwarded_for = \"yes\"", &["line 1", "trust_forwarded_for = \"yes\""]);
    check("この行は何?", &["line 1"]);
    let nowhere = todoku(&["--config", "/nowhere/todoku.toml", "serve"], "");
    nowhere.refuses(&["設定ファイル /nowhere/todoku.toml を読めません", "cannot read /nowhere/todoku.toml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_cannot_be_read_is_named() {
    let settings = Settings { retry_delays: "[\"5 minutes\"]", ..Settings::default() };
    let stage = Stage::set(SimulatorConfig::default(), settings).await;
    let said = stage.command(&["serve"], "");
    said.refuses(&["todoku.toml", "「5 minutes」は時間として読めません", "\"5 minutes\" is no duration"]);
}

#[test]
fn addresses_are_read_as_an_import_would() {
    let said = todoku(&["address", "check", "--json", "hanako@gmail.com", "a..b@docomo.ne.jp"], "");
    let lines: Vec<serde_json::Value> =
        said.good().lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["verdict"], &lines[0]["provider"]), (&"good".into(), &"gmail".into()));
    assert_eq!(lines[0]["address"], "hanako@gmail.com");
    assert_eq!(lines[1]["address"], "\"a..b\"@docomo.ne.jp");
    assert_eq!(lines[1]["notes"][0]["kind"], "legacy_form");

    // One that cannot be sent to makes the exit code 1; the others are still told.
    let said = todoku(&["address", "check", "--json", "hanako@gmial.com", "hanako", "taro@au.com"], "");
    assert_eq!(said.code, 1);
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    assert_eq!(lines[0]["suggestion"]["address"], "hanako@gmail.com");
    assert_eq!((&lines[1]["verdict"], &lines[1]["address"]), (&"rejected".into(), &serde_json::Value::Null));
    for language in ["ja", "en"] {
        let sentence = lines[1]["notes"].as_array().and_then(|notes| notes.last()).expect("it says why");
        assert!(!sentence[language].as_str().expect("a sentence").is_empty());
    }
    assert_eq!(lines[2]["verdict"], "good");
}

#[test]
fn large_mails_and_mailboxes_are_explained_in_bounded_time() {
    const ENOUGH: Duration = Duration::from_secs(60);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../corpus/bounces/0001-docomo-rcpt.eml");
    let mail = std::fs::read_to_string(sample).expect("the project's sample");
    let folder = tempfile::tempdir().expect("a folder");
    let check = |name: &str, text: &str, mails: usize| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        let started = Instant::now();
        let told = todoku(&["bounce", "explain", "--json", file.to_str().expect("UTF-8")], "").good();
        assert!(started.elapsed() < ENOUGH, "{name}: {:?}", started.elapsed());
        let known = "\"recipient\":\"hanako.invented@docomo.ne.jp\",\"reason\":\"userunknown\"";
        assert_eq!(told.lines().filter(|line| line.contains(known)).count(), mails, "{name}");
    };
    check("large.eml", &format!("{mail}\n{}", format!("{}\n", "A".repeat(76)).repeat(680_000)), 1);
    let framed = format!("From MAILER-DAEMON Thu Nov 12 10:20:30 2026\n{mail}\n");
    check("many.mbox", &framed.repeat(3_000), 3_000);
}
