//! SMTP replies of the providers Todoku names, each with what it means: one line a case.

use bounce::{Refusal, is_hard, understand};
use mail::{Reply, Stage};

/// 2024-06-01 and 2026-11-12: docomo's filter answered differently then.
const BEFORE: i64 = 1_717_200_000_000;
const NOW: i64 = 1_794_441_600_000;

fn check_at(at: i64, provider: &str, stage: &str, reply: &str, expected: &str) {
    let (reply, _) = Reply::from_lines(reply.split('\n'));
    let stage = Stage::from_name(stage).expect("a stage");
    let provider = Some(provider).filter(|provider| !provider.is_empty());
    let verdict = understand(&Refusal { provider, ..Refusal::new(&reply, stage, at) });
    let hard = if is_hard(&verdict) { " hard" } else { "" };
    let seen = format!("{} {}{hard}", verdict.reason.name(), verdict.permanence.name());
    assert_eq!(
        seen,
        expected,
        "{} at {}: rule {} [{}]",
        reply.line(),
        stage.name(),
        verdict.rule,
        verdict.evidence
    );
}

fn check(provider: &str, stage: &str, reply: &str, expected: &str) {
    check_at(NOW, provider, stage, reply, expected);
}

#[test]
fn docomo() {
    check("docomo", "rcpt", "550 Unknown user a@docomo.ne.jp", "userunknown permanent hard");
    check_at(BEFORE, "docomo", "rcpt", "550 Unknown user a@docomo.ne.jp", "userunknown permanent hard");
    check_at(BEFORE, "docomo", "content", "550 Unknown user a@docomo.ne.jp", "filtered permanent");
    check_at(BEFORE, "docomo", "later", "550 5.2.0 Unknown user a@docomo.ne.jp", "filtered permanent");
    check("docomo", "rcpt", "552 Too much mail data a@docomo.ne.jp", "mailboxfull permanent");
    check("docomo", "rcpt", "552 Too many recipients", "ratelimited permanent");
    check("docomo", "content", "500 Line Too Long", "contenterror permanent");
    check("docomo", "mail", "503 Bad sequence of commands", "syntaxerror permanent");
    check("docomo", "content", "550 5.7.1 rejected by DMARC policy", "authfailure permanent");
}

#[test]
fn au() {
    check("au", "rcpt", "550 <a@ezweb.ne.jp>: User unknown", "userunknown permanent hard");
    check("au", "content", "550 : User unknown", "filtered permanent");
    check("au", "later", "550 : User unknown", "filtered permanent");
    check("au", "later", "550 <a@au.com>: User unknown", "userunknown permanent hard");
    check("au", "rcpt", "554 <a..b@ezweb.ne.jp>: Relay access denied", "norelaying permanent");
}

#[test]
fn softbank_and_providers() {
    check("softbank", "rcpt", "550 Invalid recipient: <a@softbank.ne.jp>", "userunknown permanent hard");
    check("softbank", "rcpt", "553 bounce.shop.example does not exist", "rejected permanent");
    check("ymobile", "rcpt", "550 Invalid recipient: <a@ymobile.ne.jp>", "userunknown permanent hard");
    check("isp", "rcpt", "550 Invalid recipient: <a@jcom.zaq.ne.jp>", "userunknown permanent hard");
    check("isp", "mail", "421 #4.1.2 too many in one session", "ratelimited temporary");
    check(
        "yahoojp",
        "content",
        "554 delivery error: dd This user doesn't have a yahoo.co.jp account",
        "userunknown permanent hard",
    );
    check("", "content", "550 sorry, we don't allow this mail. (#5.7.1)", "authfailure permanent");
}

#[test]
fn gmail_has_codes_of_its_own() {
    check("gmail", "content", "421 4.7.23 no PTR", "requireptr temporary");
    check("gmail", "content", "550 5.7.25 no PTR", "requireptr permanent");
    check("gmail", "content", "421 4.7.27 SPF", "authfailure temporary");
    check("gmail", "content", "550 5.7.27 SPF", "authfailure permanent");
    check("gmail", "content", "421 4.7.29 TLS", "failedstarttls temporary");
    check("gmail", "content", "550 5.7.30 DKIM", "authfailure permanent");
    check("gmail", "content", "421 4.7.32 alignment", "authfailure temporary");
    check("gmail", "content", "421 4.7.28 rate", "ratelimited temporary");
    check("gmail", "content", "550-5.7.26 This mail is\n550 5.7.26 unauthenticated", "authfailure permanent");
    check("", "content", "550 5.7.27 Sender has null MX", "rejected permanent");
    check("", "content", "550 5.7.29 ARC", "authfailure permanent");
    check("gmail", "rcpt", "550 5.1.1 NoSuchUser - gsmtp", "userunknown permanent hard");
    check("gmail", "rcpt", "452 4.2.2 out of storage space - gsmtp", "mailboxfull temporary");
    check(
        "gmail",
        "rcpt",
        "550 5.2.1 The email account that you tried to reach is disabled",
        "suspend permanent",
    );
}

#[test]
fn microsoft_apple_yahoo() {
    check("microsoft", "content", "550 5.7.515 Access denied", "authfailure permanent");
    check(
        "microsoft",
        "mail",
        "550 5.7.1 part of their network is on our block list (S3140)",
        "blocked permanent",
    );
    check("microsoft", "rcpt", "550 5.5.0 mailbox unavailable (S2017062302)", "userunknown permanent hard");
    check("microsoft", "mail", "451 4.7.500 Server busy", "ratelimited temporary");
    check(
        "microsoft",
        "rcpt",
        "550 5.4.1 Recipient address rejected: Access denied",
        "userunknown permanent hard",
    );
    check("microsoft", "rcpt", "550 5.7.606 Access denied, banned sending IP", "blocked permanent");
    check("icloud", "rcpt", "550 5.1.1 <a@icloud.com>: user does not exist", "userunknown permanent hard");
    check(
        "icloud",
        "connect",
        "550 5.7.0 Blocked - see https://ipcheck.proofpoint.com/",
        "blocked permanent",
    );
    check(
        "icloud",
        "content",
        "550 5.7.1 [CS01] Message rejected due to local policy",
        "policyviolation permanent",
    );
    check("yahoo_us", "mail", "421 4.7.0 [TSS04] Messages temporarily deferred", "ratelimited temporary");
    check("yahoo_us", "mail", "553 5.7.1 [BL21] Connections will not be accepted", "blocked permanent");
    check(
        "yahoo_us",
        "content",
        "554 5.7.9 Message not accepted for policy reasons",
        "policyviolation permanent",
    );
}

#[test]
fn postfix_exim_and_others() {
    check(
        "",
        "rcpt",
        "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown",
        "userunknown permanent hard",
    );
    check(
        "",
        "rcpt",
        "450 4.1.1 <a@b.example>: Recipient address rejected: unverified address",
        "userunknown temporary",
    );
    check(
        "",
        "rcpt",
        "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted",
        "greylisted temporary",
    );
    check("", "rcpt", "451 4.7.1 Please try again later", "greylisted temporary");
    check(
        "",
        "rcpt",
        "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org",
        "blocked permanent",
    );
    check("", "mail", "553 5.1.8 Domain of sender address does not exist", "rejected permanent");
    check("", "mail", "452 4.3.1 Insufficient system storage", "systemfull temporary");
    check("", "mail", "552 5.3.4 Message size exceeds fixed limit", "emailtoolarge permanent");
    check("", "content", "554 5.7.1 Message classified as spam", "spamdetected permanent");
    check("", "content", "550 User unknown", "filtered permanent");
    check("", "rcpt", "556 5.1.10 Domain does not accept mail (nullMX)", "notaccept permanent hard");
    check("", "greeting", "554 go away", "blocked permanent");
    check("", "greeting", "421 too many connections", "ratelimited temporary");
    check("", "tls", "454 TLS not available", "failedstarttls temporary");
    check("", "dns", "451 name server timeout", "networkerror temporary");
    check("", "rcpt", "452 4.2.2 <a@b.example> over quota", "mailboxfull temporary");
}

#[test]
fn words_that_only_look_alike() {
    check("", "ehlo", "502 5.5.2 Error: command not recognized", "syntaxerror permanent");
    check("", "mail", "502 5.5.1 Unrecognized command", "syntaxerror permanent");
    check("", "mail", "503 5.5.1 send HELO command first", "syntaxerror permanent");
    check("", "rcpt", "550 Blocked", "blocked permanent");
    check("", "rcpt", "550 5.7.1 TLS is disabled here", "securityerror permanent");
    check("", "mail", "550 We do not accept mail from dynamic IPs", "blocked permanent");
    check("", "content", "550", "undefined permanent");
    check("", "rcpt", "250 fine", "onhold unknown");
}

#[test]
fn what_is_said_about_us_blames_no_recipient() {
    check("", "rcpt", "550 Server access forbidden by your IP 192.0.2.1", "blocked permanent");
    check("", "rcpt", "550 Your server requires confirmation", "blocked permanent");
    check("", "rcpt", "550 Rejecting open proxy", "blocked permanent");
    check("", "rcpt", "550 Something about your domain", "onhold permanent");
    check("", "rcpt", "550 Too many SMTP sessions for this host", "ratelimited permanent");
    check("", "rcpt", "550 Queue file write error", "systemerror permanent");
    check("", "rcpt", "550 Malformed name server reply", "networkerror temporary");
    check("", "mail", "550 Email address is not verified.", "rejected permanent");
    check("", "mail", "550 shop.example is a dead domain", "rejected permanent");
    check("", "content", "554 5.7.0 Reject, id=01234-01", "spamdetected permanent");
    check("", "content", "554 5.7.0 Reject, id=01234-01 - INFECTED: Eicar", "virusdetected permanent");
    check("", "rcpt", "454 Throttling failure: daily message quota exceeded", "ratelimited temporary");
    check("", "content", "552 Header size exceeds maximum permitted", "contenterror permanent");
    check(
        "microsoft",
        "rcpt",
        "550 5.1.4 Recipient address reserved by RFC 2606",
        "userunknown permanent hard",
    );
    check("microsoft", "connect", "451 4.7.325 certificate-host-mismatch", "failedstarttls temporary");
}

#[test]
fn what_is_said_about_the_mailbox_in_other_words() {
    check("", "rcpt", "550 The user's space has been used up", "mailboxfull permanent");
    check(
        "",
        "rcpt",
        "552 5.3.1 Requested mail action aborted: exceeded storage allocation",
        "systemfull permanent",
    );
    check("", "rcpt", "550 hanako has been suspended", "suspend permanent");
    check(
        "",
        "rcpt",
        "553 sorry, that domain or user isn't in my list of allowed rcpthosts",
        "userunknown permanent hard",
    );
    check("", "rcpt", "553 sorry, that domain isn't in my list of allowed rcpthosts", "norelaying permanent");
    check("", "content", "550 User refuses to receive this mail", "filtered permanent");
    check("", "rcpt", "550 Mail domain mentioned in email address is unknown", "hostunknown permanent hard");
}
