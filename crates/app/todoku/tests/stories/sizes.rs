//! Story: mails made to cost time and memory, on the command line as an operator would drop them there.

use std::{
    io::Write,
    process::{Command, Stdio},
};

const MB: usize = 1024 * 1024;
/// Address space the program may use, in kB: some times the largest mail that is read whole, and the unoptimised program
/// itself, which is 150 MB.
const MEMORY_KB_MAX: usize = 500 * 1024;
/// Processor seconds it may use, in an unoptimised build.
const SECONDS_MAX: usize = 30;

/// What `todoku bounce explain` says to a mail on its standard input, with the kernel watching memory and time.
fn explain(mail: &str) -> String {
    let limited = format!(
        "ulimit -v {MEMORY_KB_MAX} && ulimit -t {SECONDS_MAX} && exec \"$0\" bounce explain --json -"
    );
    let mut child = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_todoku")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(mail.as_bytes()).expect("it reads to the end");
    let output = child.wait_with_output().expect("it ended");
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn what_is_made_to_cost_much_costs_little() {
    const HEAD: &str = "From: MAILER-DAEMON@mx.midori.example\nSubject: failure notice\n";
    let check = |name: &str, more: &str, kind: &str| {
        let said = explain(&[HEAD, more].concat());
        assert_eq!(said.lines().count(), 1, "{name}: {said:.500}");
        assert!(said.contains(&format!("\"kind\":\"{kind}\"")), "{name}: {said:.500}");
        said
    };
    check("a mail of 50 MB", &format!("\n{}", "Der Brief ist zu gross.\n".repeat(50 * MB / 24)), "none");
    check("a line of 50 MB", &format!("\n{}", "a".repeat(50 * MB)), "none");
    check("a header line of 1 MB", &format!("X-Long: {}\n\nx\n", "a ".repeat(MB / 2)), "none");
    let parts = "--b\n\nx\n".repeat(10_000);
    check("10,000 parts", &format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n"), "none");
    let level = |n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    check("nested 1,000 deep", &(0..1000).map(level).collect::<String>(), "none");
    let group = |n| format!("Final-Recipient: rfc822; a{n}@b.example\nAction: failed\nStatus: 5.1.1\n\n");
    let groups: String = (0..10_000).map(group).collect();
    let said = check(
        "10,000 recipients",
        &format!("Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n{groups}"),
        "bounce",
    );
    assert_eq!(said.matches("\"recipient\":\"a").count(), 1000, "as many as are read of one report");
}
