//! `todoku bounce explain`: says of any mail whether it is a bounce, why, and what to do now.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use bounce::{Explanation, Reason};
use clap::{Subcommand, ValueEnum};
use reception::{ArrivalKind, Finding, Recognised, recognise};
use serde::Serialize;

use super::mails::each_mail_under;

/// What can be done with bounces.
#[derive(Debug, Subcommand)]
pub enum BounceCommand {
    /// Reads mails and says which of them are bounces, why, whose turn it is and what to do.
    Explain {
        /// One JSON object per mail and line.
        #[arg(long)]
        json: bool,
        /// The language of the text.
        #[arg(long, value_enum, default_value_t = Language::Ja)]
        lang: Language,
        /// Mails, mailboxes (mbox), folders with them, or `-` for standard input.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

/// The language of the text.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Language {
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl Language {
    fn pick<'t>(self, ja: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }
}

/// Does it. Exit code 1 when something could not be read.
///
/// # Errors
/// When the result cannot be written.
pub fn run(command: BounceCommand, now: i64) -> anyhow::Result<ExitCode> {
    let BounceCommand::Explain { json, lang, paths } = command;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut all_read = true;
    for path in &paths {
        let written = each_mail_under(
            path,
            &mut |file, mail| {
                let seen = recognise(mail, now);
                if json { write_json(&mut out, file, &seen) } else { write_text(&mut out, file, &seen, lang) }
            },
            &mut |file, error| {
                all_read = false;
                eprintln!("todoku: {}: {error}", file.display());
            },
        );
        match written {
            // Who reads the result has seen enough, as `head` does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
            other => other?,
        }
    }
    out.flush()?;
    Ok(if all_read { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    kind: &'static str,
    reports: Vec<ReportLine<'a>>,
}

#[derive(Serialize)]
struct ReportLine<'a> {
    recipient: Option<&'a str>,
    reason: &'static str,
    permanence: &'static str,
    fault: &'static str,
    status: Option<String>,
    reply_code: Option<u16>,
    diagnostic: &'a str,
    hard_bounce: bool,
    confidence: u8,
    rule: &'a str,
    explanation: Sentences,
}

#[derive(Serialize)]
struct Sentences {
    ja: String,
    en: String,
}

/// The name of a kind, for programs. A delay notice is a bounce that is not final: its permanence is `temporary`. A
/// notice that names nobody gives a program nothing to act on, and is `none`.
fn kind_name(seen: &Recognised) -> &'static str {
    let names_somebody = seen.findings.iter().any(|finding| finding.recipient.is_some());
    match seen.kind {
        ArrivalKind::Bounce | ArrivalKind::Delayed if names_somebody => "bounce",
        ArrivalKind::Complaint => "complaint",
        ArrivalKind::AutoReply => "autoreply",
        ArrivalKind::Delivered => "delivered",
        _ => "none",
    }
}

fn write_json(out: &mut impl Write, file: &Path, seen: &Recognised) -> io::Result<()> {
    let kind = kind_name(seen);
    let findings = if kind == "none" { &[] } else { seen.findings.as_slice() };
    let file = file.to_string_lossy();
    let line = Line { file: &file, kind, reports: findings.iter().map(report_line).collect() };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

fn report_line(finding: &Finding) -> ReportLine<'_> {
    let words = words_of(finding);
    let verdict = &finding.verdict;
    ReportLine {
        recipient: finding.recipient.as_deref(),
        reason: verdict.reason.name(),
        permanence: verdict.permanence.name(),
        fault: verdict.fault.name(),
        status: finding.status.map(|status| status.to_string()),
        reply_code: finding.reply_code,
        diagnostic: &finding.diagnostic,
        hard_bounce: bounce::is_hard(verdict),
        confidence: verdict.confidence,
        rule: &verdict.rule,
        explanation: Sentences {
            ja: paragraph(finding, &words, Language::Ja),
            en: paragraph(finding, &words, Language::En),
        },
    }
}

fn words_of(finding: &Finding) -> Explanation {
    bounce::explain(finding.verdict.reason, finding.provider().map(|provider| provider.id.as_str()))
}

/// The whole explanation as one paragraph.
fn paragraph(finding: &Finding, words: &Explanation, lang: Language) -> String {
    let turn = format!("{}{}", lang.pick(&words.turn_ja, &words.turn_en), lang.pick("。", "."));
    let customer = lang.pick(&words.customer_ja, &words.customer_en);
    let late = lang.pick(
        "まだ届いていません。相手方のサーバーが送り続けていますので、今は操作は要りません。",
        "It has not arrived yet. The other side still tries, so nothing needs to be done now.",
    );
    let to_customer = format!("{}{customer}", lang.pick("お客様へ: ", "To the customer: "));
    let mut parts = Vec::new();
    if finding.is_late() {
        parts.push(late);
    }
    // "It was tried until the deadline" would say the opposite.
    if !finding.is_late()
        || !matches!(finding.verdict.reason, Reason::Expired | Reason::OnHold | Reason::Undefined)
    {
        parts.extend([
            lang.pick(&words.what_ja, &words.what_en),
            &turn,
            lang.pick(&words.shop_ja, &words.shop_en),
        ]);
        parts.push(if customer.is_empty() { "" } else { &to_customer });
    }
    parts.retain(|part| !part.is_empty());
    parts.join(lang.pick("", " "))
}

fn write_text(out: &mut impl Write, file: &Path, seen: &Recognised, lang: Language) -> io::Result<()> {
    let headline = match seen.kind {
        ArrivalKind::Bounce => lang.pick("届かなかったメールの知らせです", "a bounce: mail did not arrive"),
        ArrivalKind::Delayed => lang.pick("遅れの知らせです", "a delay notice"),
        ArrivalKind::Delivered => lang.pick("届いたことの知らせです", "a confirmation of delivery"),
        ArrivalKind::Complaint => lang.pick("迷惑メールの報告です", "a spam complaint"),
        ArrivalKind::AutoReply => lang.pick("自動返信です", "an automatic reply"),
        ArrivalKind::Unread | ArrivalKind::Correspondence | ArrivalKind::Unmatched => {
            lang.pick("エラーメールではありません", "not an error mail")
        }
    };
    writeln!(out, "{}: {headline}", printable(&file.to_string_lossy()))?;
    for finding in &seen.findings {
        write_finding(out, finding, lang)?;
    }
    writeln!(out)
}

fn write_finding(out: &mut impl Write, finding: &Finding, lang: Language) -> io::Result<()> {
    let (words, verdict) = (words_of(finding), &finding.verdict);
    let nobody = lang.pick("(宛先の記載なし)", "(no address named)");
    let title = lang.pick(&words.title_ja, &words.title_en);
    let code = Some(words.origin_code).filter(|code| !code.is_empty());
    let code = code.map(|code| format!(", {code}")).unwrap_or_default();
    writeln!(
        out,
        "  {}  [{title}: {}{code}, {}{} %]",
        printable(finding.recipient.as_deref().unwrap_or(nobody)),
        verdict.reason.name(),
        lang.pick("確からしさ ", "sure to "),
        verdict.confidence
    )?;
    writeln!(out, "    {}", paragraph(finding, &words, lang))?;
    if !finding.diagnostic.is_empty() {
        writeln!(out, "    > {}", printable(&finding.diagnostic))?;
    }
    Ok(())
}

/// Text from a mail must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(mail: &str) -> (serde_json::Value, String) {
        let seen = recognise(mail.as_bytes(), 0);
        let (mut json, mut text) = (Vec::new(), Vec::new());
        write_json(&mut json, Path::new("a.eml"), &seen).unwrap();
        write_text(&mut text, Path::new("a.eml"), &seen, Language::Ja).unwrap();
        (serde_json::from_slice(&json).unwrap(), String::from_utf8(text).unwrap())
    }

    fn dsn(action: &str, reply: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.midori.example\nSubject: Delivery Status Notification\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n\
             Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.midori.example\n\n\
             Final-Recipient: rfc822; hanako@midori.example\nAction: {action}\nStatus: {}\n\
             Diagnostic-Code: smtp; {reply}\n--x--\n",
            &reply[4..9]
        )
    }

    #[test]
    fn a_bounce_is_one_line() {
        let (json, text) = told(&dsn("failed", "550 5.1.1 User unknown\u{1b}[2J"));
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["file", "kind", "reports"]);
        let told = &json["reports"][0];
        let expected = [
            ("recipient", "\"hanako@midori.example\""),
            ("reason", "\"userunknown\""),
            ("permanence", "\"permanent\""),
            ("fault", "\"recipient\""),
            ("status", "\"5.1.1\""),
            ("reply_code", "550"),
            ("hard_bounce", "true"),
        ];
        for (key, value) in expected {
            assert_eq!(told[key].to_string(), value, "{key}");
        }
        assert!(told["confidence"].as_u64() > Some(50) && !told["rule"].as_str().unwrap().is_empty());
        let explained = &told["explanation"];
        assert!(
            explained["ja"].as_str().unwrap().contains("存在しません。当店の番です。つづり"),
            "{explained}"
        );
        assert!(
            explained["en"].as_str().unwrap().contains("does not exist. It is your turn. Check"),
            "{explained}"
        );
        assert!(text.contains("42550") && text.contains("宛先なし") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn what_is_late_is_not_lost() {
        let (json, text) = told(&dsn("delayed", "550 5.1.1 User unknown"));
        assert_eq!(json["reports"][0]["permanence"], "temporary");
        assert_eq!(json["reports"][0]["hard_bounce"], false);
        assert!(text.contains("まだ届いていません"), "{text}");
    }

    #[test]
    fn kinds() {
        let check = |mail: &str, kind: &str, reports: usize| {
            let (json, _) = told(mail);
            assert_eq!(
                (json["kind"].as_str(), json["reports"].as_array().unwrap().len()),
                (Some(kind), reports)
            );
        };
        check(&dsn("failed", "550 5.1.1 User unknown"), "bounce", 1);
        check(&dsn("delayed", "450 4.2.2 Mailbox full"), "bounce", 1);
        check("From: MAILER-DAEMON@m.example\nSubject: Undelivered Mail\n\nIt failed.\n", "none", 0);
        check(&dsn("delivered", "250 2.0.0 Delivered"), "delivered", 1);
        check("From: hanako@midori.example\nSubject: Hello\n\nPlease call.\n", "none", 0);
        check(
            "From: h@m.example\nAuto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n",
            "autoreply",
            1,
        );
        check("", "none", 0);
    }
}
