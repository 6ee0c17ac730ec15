//! Judges a published DKIM key: is it there, whole, and ours (RFC 6376 section 3.6.1).

use crate::{
    Algorithm, DkimKey, DomainPlan, RecordStanding, Standing,
    answers::{Answer, Asker},
    judge::Finding,
    plan::{WantedRecord, clean},
    tags::Tags,
};

pub(crate) fn judge(
    asker: &mut Asker,
    plan: &DomainPlan,
    wanted: &WantedRecord,
    (key, algorithm): (&DkimKey, Algorithm),
) -> Option<RecordStanding> {
    let found = match asker.ask(&wanted.name, "TXT")? {
        Answer::Trouble(why) => {
            let words = [("why", why.as_str())];
            return Some(Finding::new(Standing::Unknown, "dns.trouble", &words).about(wanted, &[], None));
        }
        Answer::Found(found) if !found.is_empty() => found,
        _ => return judge_missing(asker, plan, wanted, algorithm),
    };
    let (standing, code) = match &found[..] {
        [txt] => verdict(txt, key, algorithm),
        _ => (Standing::Wrong, "dkim.multiple"),
    };
    let whole = wanted.split.as_ref().filter(|_| code == "dkim.cut_off").unwrap_or(&wanted.value);
    let suggested = (standing != Standing::Good).then(|| whole.clone());
    Some(Finding::new(standing, code, &[]).about(wanted, found, suggested))
}

/// Many forms add the domain by themselves, so that a full name ends in the domain twice.
fn judge_missing(
    asker: &mut Asker,
    plan: &DomainPlan,
    wanted: &WantedRecord,
    algorithm: Algorithm,
) -> Option<RecordStanding> {
    let doubled = doubled(wanted, plan);
    let (standing, code) = match asker.ask(&doubled, "TXT")? {
        Answer::Found(_) => (Standing::Wrong, "dns.doubled"),
        _ if algorithm == Algorithm::Ed25519 => (Standing::Warning, "dkim.missing_second"),
        _ => (Standing::Missing, "dkim.missing"),
    };
    let words = [("doubled", doubled.as_str())];
    Some(Finding::new(standing, code, &words).about(wanted, &[], Some(wanted.value.clone())))
}

/// The name with the domain at its end once more.
pub(crate) fn doubled(wanted: &WantedRecord, plan: &DomainPlan) -> String {
    format!("{}.{}", wanted.name, clean(plan.domain))
}

fn verdict(txt: &str, key: &DkimKey, algorithm: Algorithm) -> (Standing, &'static str) {
    if txt.contains('"') {
        return (Standing::Wrong, "dkim.quotes");
    }
    let (tags, defects) = Tags::parse(txt);
    let version_fine = match tags.get("v") {
        Some(version) => version == "DKIM1" && tags.first() == Some(("v", "DKIM1")),
        None => true,
    };
    let Some(public) = tags.get("p").filter(|_| version_fine && defects.is_empty()) else {
        return (Standing::Wrong, "dkim.syntax");
    };
    let public: String = public.chars().filter(|c| !c.is_whitespace()).collect();
    let ours: String = key.public_base64.chars().filter(|c| !c.is_whitespace()).collect();
    let kind = tags.get("k").unwrap_or("rsa");
    let lists = |tag: &str, wanted: &[&str]| {
        tags.get(tag).is_none_or(|list| list.split(':').any(|entry| wanted.contains(&entry.trim())))
    };
    let grave = [
        (public.is_empty(), "dkim.revoked"),
        (!kind.eq_ignore_ascii_case(algorithm.tag()), "dkim.kind"),
        (public != ours && public.len() >= 32 && ours.starts_with(&public), "dkim.cut_off"),
        (public != ours, "dkim.mismatch"),
        (!lists("h", &["sha256"]) || !lists("s", &["*", "email"]), "dkim.restricted"),
    ];
    if let Some((_, code)) = grave.into_iter().find(|(applies, _)| *applies) {
        return (Standing::Wrong, code);
    }
    if tags.get("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) {
        return (Standing::Warning, "dkim.testing");
    }
    (Standing::Good, "dkim.good")
}
