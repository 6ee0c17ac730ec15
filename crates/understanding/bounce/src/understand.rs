//! From what a server said to a verdict: provider before code before text.

use mail::{EnhancedStatus, Reply, Stage};

use crate::catalogue::CATALOGUE;
use crate::rules::{Facts, Hit, PACK, Tier, normalise};
use crate::{Permanence, Reason, Verdict};

/// Longest evidence that is kept, in characters.
const EVIDENCE_CHARS_MAX: usize = 300;

/// What is known about one refusal.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The provider id that `addressing` gave the recipient's domain.
    pub provider: Option<&'a str>,
    /// How far the attempt had come.
    pub stage: Stage,
    /// What the server said; code 0 where only words are known.
    pub reply: &'a Reply,
    /// The recipient's address.
    pub recipient: Option<&'a str>,
    /// When it was said; rules are valid for a time. Milliseconds UTC.
    pub at: i64,
    /// The host that said it.
    pub remote_host: Option<&'a str>,
    /// More words around it, asked only when the reply alone proves nothing: the body of a bounce mail.
    pub original_text: Option<&'a str>,
    /// The software that wrote the bounce mail, as `report` names it.
    pub mta: Option<&'a str>,
    /// Words by which the report classes the failure itself, as `report` gives them (`x-unix`, `bad-mailbox`).
    pub tags: &'a [String],
}

impl<'a> Refusal<'a> {
    /// A refusal of which only the reply, the stage and the time are known.
    #[must_use]
    pub fn new(reply: &'a Reply, stage: Stage, at: i64) -> Self {
        Self {
            provider: None,
            stage,
            reply,
            recipient: None,
            at,
            remote_host: None,
            original_text: None,
            mta: None,
            tags: &[],
        }
    }
}

/// The version of the rules in this build; it is kept with each verdict.
#[must_use]
pub fn rule_pack() -> &'static str {
    &PACK.version
}

/// Judges one refusal. Always gives a verdict; [`Reason::Undefined`] with confidence 0 when nothing is known.
#[must_use]
pub fn understand(refusal: &Refusal<'_>) -> Verdict {
    let said = normalise(&refusal.reply.text);
    let mut facts = Facts {
        code: refusal.reply.code,
        status: refusal.reply.status,
        stage: refusal.stage,
        providers: providers_of(refusal),
        mta: refusal.mta,
        tags: refusal.tags,
        at: refusal.at,
        text: &said,
        around: false,
        last_tier: Tier::Code,
    };
    let first = PACK.first(&facts);
    if first.as_ref().is_some_and(|hit| hit.tier <= Tier::Status) {
        return verdict(refusal, first, 0);
    }
    let around = refusal.original_text.map(normalise).unwrap_or_default();
    if !around.is_empty() {
        facts.text = &around;
        // Without a reply the words around are all there is.
        facts.around = !said.is_empty();
        facts.last_tier = if first.is_some() { Tier::Text } else { Tier::Code };
        let around = PACK.first(&facts).filter(|hit| hit.words.is_some());
        if let Some(hit) = around.filter(|hit| agrees(hit.rule.reason, refusal.reply.status)) {
            return verdict(refusal, Some(hit), 10);
        }
    }
    verdict(refusal, first, 0)
}

/// The verdict about a report that names its own meaning: a complaint, an automatic reply, a confirmed delivery.
#[must_use]
pub fn known(reason: Reason, evidence: &str) -> Verdict {
    let entry = CATALOGUE.of(reason);
    Verdict {
        reason,
        permanence: entry.permanence,
        fault: entry.fault,
        evidence: shorten(evidence),
        rule: format!("report-{}", reason.name()),
        rule_pack: PACK.version.clone(),
        confidence: 95,
    }
}

fn providers_of(refusal: &Refusal<'_>) -> u64 {
    let providers = &PACK.providers;
    let told = refusal.provider.and_then(|id| providers.bit(id)).unwrap_or(0);
    let host = refusal.remote_host.map_or(0, |host| providers.of_host(host));
    let domain = refusal.recipient.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain);
    told | host | domain.map_or(0, |domain| providers.of_domain(domain))
}

fn verdict(refusal: &Refusal<'_>, hit: Option<Hit<'_, '_>>, less_sure: u8) -> Verdict {
    let reply = refusal.reply;
    let Some(hit) = hit else {
        let words = reply.text.chars().any(char::is_alphabetic);
        return Verdict {
            reason: if words { Reason::OnHold } else { Reason::Undefined },
            permanence: class_of(reply.code, reply.status).unwrap_or(Permanence::Unknown),
            fault: CATALOGUE.of(Reason::Undefined).fault,
            evidence: shorten(&reply.text),
            rule: "none".to_owned(),
            rule_pack: PACK.version.clone(),
            confidence: 0,
        };
    };
    let rule = hit.rule;
    let entry = CATALOGUE.of(rule.reason);
    let permanence =
        rule.permanence.or_else(|| class_of(reply.code, reply.status)).unwrap_or(entry.permanence);
    Verdict {
        reason: rule.reason,
        permanence,
        fault: rule.fault.unwrap_or(entry.fault),
        evidence: hit.words.map_or_else(|| shorten(&numbers_of(reply)), shorten),
        rule: rule.id.clone(),
        rule_pack: PACK.version.clone(),
        confidence: rule.confidence.saturating_sub(less_sure),
    }
}

/// False when a status about policy (X.7) stands against words about the address: the words around a reply are
/// often the relay's own guess.
fn agrees(reason: Reason, status: Option<EnhancedStatus>) -> bool {
    let about_address = matches!(reason, Reason::UserUnknown | Reason::HostUnknown | Reason::Filtered);
    !(about_address && status.is_some_and(|status| status.subject == 7))
}

/// 4yz and 5yz say themselves whether they last; the status counts where there is no code.
fn class_of(code: u16, status: Option<EnhancedStatus>) -> Option<Permanence> {
    let class = if code == 0 { u16::from(status?.class) } else { code / 100 };
    match class {
        4 => Some(Permanence::Temporary),
        5 => Some(Permanence::Permanent),
        _ => None,
    }
}

fn numbers_of(reply: &Reply) -> String {
    match (reply.code, reply.status) {
        (0, None) => reply.text.clone(),
        (0, Some(status)) => status.to_string(),
        (code, None) => code.to_string(),
        (code, Some(status)) => format!("{code} {status}"),
    }
}

fn shorten(words: &str) -> String {
    words.trim().chars().take(EVIDENCE_CHARS_MAX).collect()
}
