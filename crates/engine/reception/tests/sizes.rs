//! Mails made to cost time or memory: each is read in time and memory that grow no faster than its size.
//!
//! One test in a process of its own, because the process's highest memory use is looked at.

/// Processor time for one mail in an unoptimised build.
const SECONDS_MAX: f64 = 20.0;
/// A mail four times as long may take so many times as long; what grows with the square takes sixteen times.
const GROWTH_MAX: f64 = 10.0;
/// Shorter times say nothing about growth.
const SECONDS_MIN: f64 = 1.0;
/// The mail itself, its copy with other line ends, and what the test needs to make it.
const MEMORY_KB_MAX: u64 = 400 * 1024;
const MB: usize = 1024 * 1024;
const HEAD: &str =
    "From: MAILER-DAEMON@mx.midori.example\nTo: b-1@bounce.hanaya.example\nSubject: failure notice\n";
const MULTIPART: &str = "Content-Type: multipart/mixed; boundary=b\n";

/// What this thread ran on a processor: others on the machine must not make the test fail.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e9
}

/// The most memory the process ever had, in kB.
fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().split(' ').next().and_then(|kb| kb.parse().ok()).unwrap_or_default()
}

/// Processor seconds to do all that is done with a mail.
fn seconds(name: &str, mail: &str) -> f64 {
    let started = cpu_seconds();
    let recognised = reception::recognise(mail.as_bytes(), 0);
    assert!(recognised.findings.len() <= 1000, "{name}: {} findings", recognised.findings.len());
    assert!(!report::messages(mail.as_bytes()).is_empty());
    cpu_seconds() - started
}

/// Reads the mail that `of` makes of a size, and one of a quarter of it.
fn check(name: &str, size: usize, of: impl Fn(usize) -> String) {
    let (mail, quarter) = (of(size), of(size / 4));
    let whole = seconds(name, &mail);
    println!("{name}: {} kB, {whole:.2} s, {} MB", mail.len() / 1024, memory_kb() / 1024);
    assert!(whole < SECONDS_MAX, "{name}: {whole:.1} s");
    if whole > SECONDS_MIN {
        let part = seconds(name, &quarter);
        assert!(whole / part < GROWTH_MAX, "{name}: {part:.2} s for a quarter, {whole:.2} s for the whole");
    }
}

/// `piece` again and again, up to `bytes`.
fn filled(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

fn mail(more_header: &str, body: &str) -> String {
    [HEAD, more_header, "\n", body].concat()
}

#[test]
fn time_and_memory_are_bounded() {
    fifty_megabytes();
    many_parts();
    long_header_lines();
    deep_nesting();
    many_recipients();
    dense_texts();
    assert!(memory_kb() < MEMORY_KB_MAX, "{} MB", memory_kb() / 1024);
}

fn fifty_megabytes() {
    let bytes = 50 * MB;
    let body = |name: &str, more_header: &str, piece: &str| {
        check(name, bytes, |bytes| mail(more_header, &filled(piece, bytes)));
    };
    body("lines", "", "The mail could not be delivered to hanako@midori.example\n");
    body("lines ended by CRLF", "", "undeliverable\r\n");
    body("one line", "", "a@b.example ");
    body("a part of base64", "Content-Transfer-Encoding: base64\n", "5a6b5YWI\n");
    body("hyphens", MULTIPART, "-");
    body("hyphens in lines", MULTIPART, "--\n");
    body("empty lines", MULTIPART, "\n");
    check("an attachment", bytes, |bytes| {
        let content = filled("AAAA\n", bytes);
        mail(MULTIPART, &format!("--b\n\nfailed\n--b\nContent-Type: image/png\n\n{content}\n--b--\n"))
    });
    let one = "\n\nFrom a@b.example Mon Jan  1 00:00:00 2026\nFrom: a@b.example\nTo: c@d.example\n\nx\n";
    check("a mailbox", bytes, |bytes| filled(one, bytes));
}

fn many_parts() {
    let parts = |name: &str, part: &str| check(name, 10_000, |count| mail(MULTIPART, &part.repeat(count)));
    parts("parts", "--b\n\nx\n");
    parts("parts of HTML", "--b\nContent-Type: text/html\n\n<p>x\n");
    parts("parts that are mails", "--b\nContent-Type: message/rfc822\n\nSubject: x\n\nx\n");
    parts(
        "parts that are reports",
        "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n\n",
    );
}

fn long_header_lines() {
    for (name, piece) in [
        ("X-Long", "a "),
        ("X-Folded", "a\n "),
        ("To", "a@b.example, "),
        ("To", "\"a <"),
        ("To", "(("),
        ("X-Failed-Recipients", "a@b.example,"),
        ("Subject", "=?utf-8?Q?a?= "),
        ("Subject", "=?utf-8?Q?"),
        ("Content-Type", "multipart/mixed; boundary "),
        ("Date", "Mon, 1 Jan "),
        ("Message-ID", "<"),
    ] {
        check(&format!("{name} of {piece:?}"), MB, |bytes| {
            mail(&format!("{name}: {}\n", filled(piece, bytes)), "x")
        });
    }
    check("a name", MB, |bytes| mail(&filled("a", bytes), "x"));
    check("fields", MB, |bytes| mail(&filled("X-A: b\n", bytes), "x"));
}

fn deep_nesting() {
    let levels = 10_000;
    check("multiparts in multiparts", levels, |levels| {
        let level = |n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        [HEAD, &(0..levels).map(level).collect::<String>()].concat()
    });
    check("mails in mails", levels, |levels| {
        [HEAD, &"Content-Type: message/rfc822\n\n".repeat(levels)].concat()
    });
    let bounce = format!("{HEAD}{MULTIPART}\n--b\n\nfailed\n--b\nContent-Type: message/rfc822\n\n");
    check("bounces in bounces", levels, |levels| bounce.repeat(levels));
    check("comments in comments", levels, |levels| mail(&format!("To: {}\n", "(".repeat(levels)), "x"));
}

/// Reports as dense as they can be.
fn many_recipients() {
    let group = |n| format!("Final-Recipient: rfc822; a{n}@b.example\nAction: failed\nStatus: 5.1.1\n\n");
    check("10,000 recipients", 10_000, |count| {
        mail("Content-Type: message/delivery-status\n", &(0..count).map(group).collect::<String>())
    });
    for fields in [
        "A: b\nx\n",
        "A: b\nx y: z\n",
        "A: b\n\n",
        "Final-Recipient: rfc822; a@b.example\nAction: failed\n",
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: x\n\n",
    ] {
        check(&format!("fields {fields:?}"), 2 * MB, |bytes| {
            mail("Content-Type: message/delivery-status\n", &filled(fields, bytes))
        });
    }
    // As much of both as is read.
    let groups: String = (0..1000).map(group).collect();
    check("recipients and a session", 64 * 1024, |bytes| {
        let session = filled(">>> RCPT TO:<a@b.example>\n<<< 550 no\n", bytes);
        let status = "--b\nContent-Type: message/delivery-status";
        mail(MULTIPART, &format!("--b\n\n{session}\n{status}\n\n{groups}--b--\n"))
    });
}

fn dense_texts() {
    for piece in
        ["<", "<a ", "<!--", "<style>", "&", "&#1;", "<br>", "<td>a", "\n ", "<a href=\"x\">a@b.example</a> "]
    {
        check(&format!("HTML of {piece:?}"), MB, |bytes| {
            mail("Content-Type: text/html\n", &filled(piece, bytes))
        });
    }
    for piece in [
        "user unknown ",
        "a@b.example\n",
        ">>> ",
        "<<< 550 ",
        "host x.example said: ",
        "550-",
        "@",
        "\n\n",
        "original message\nfrom: x\n",
    ] {
        check(&format!("words {piece:?}"), MB, |bytes| mail("", &filled(piece, bytes)));
    }
}
