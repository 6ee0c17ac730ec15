//! Judges what a report says about each recipient: the facts of `report`, put to `bounce`.

use bounce::{Reason, Refusal, Verdict};
use report::{Kind, RecipientReport, Report};

/// One recipient of a report, with the verdict about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What the report says.
    pub recipient: RecipientReport,
    /// What it means.
    pub verdict: Verdict,
}

/// Judges each recipient of a report; a mail from a person has none.
///
/// `provider_of` gives the provider id of a domain. `received_at` is used where the report tells no time.
#[must_use]
pub fn judge(report: &Report, provider_of: &dyn Fn(&str) -> Option<String>, received_at: i64) -> Vec<Judged> {
    let at = report.written_at.unwrap_or(received_at);
    let judge_one = |recipient: &RecipientReport| Judged {
        verdict: match report.kind {
            Kind::Complaint => bounce::known(Reason::Feedback, report.feedback_type.as_deref().unwrap_or("")),
            Kind::AutoReply => bounce::known(Reason::Vacation, &report.subject),
            Kind::Delivered => bounce::known(Reason::Delivered, recipient.action.as_deref().unwrap_or("")),
            _ => verdict(report, recipient, provider_of, at),
        },
        recipient: recipient.clone(),
    };
    report.recipients.iter().map(judge_one).collect()
}

fn verdict(
    report: &Report,
    recipient: &RecipientReport,
    provider_of: &dyn Fn(&str) -> Option<String>,
    at: i64,
) -> Verdict {
    if matches!(recipient.action.as_deref(), Some("delivered" | "relayed" | "expanded")) {
        return bounce::known(Reason::Delivered, recipient.action.as_deref().unwrap_or(""));
    }
    let reply = recipient.reply();
    let address = recipient.final_recipient.as_deref();
    let domain = address.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    let provider = domain.and_then(provider_of);
    bounce::understand(&Refusal {
        provider: provider.as_deref(),
        recipient: address,
        remote_host: recipient.remote_mta.as_deref(),
        original_text: Some(&report.text),
        mta: report.mta.as_deref(),
        tags: &recipient.tags,
        ..Refusal::new(&reply, recipient.stage, at)
    })
}
