//! Judges the DMARC policy of a domain or of a parent of it (RFC 9989; RFC 7489).

use crate::{
    DomainPlan, RecordStanding, Standing,
    answers::{Answer, Asker},
    dkim::doubled,
    judge::Finding,
    plan::{WantedRecord, clean, dmarc_name, rua_address},
    tags::Tags,
};

/// How many parents are looked at (RFC 9989 section 4.10 allows eight questions).
const PARENTS_MAX: usize = 6;

pub(crate) fn judge(asker: &mut Asker, plan: &DomainPlan, wanted: &WantedRecord) -> Option<RecordStanding> {
    let found = match asker.ask(&wanted.name, "TXT")? {
        Answer::Trouble(why) => return Some(trouble(wanted, why)),
        Answer::NotFound => &[][..],
        Answer::Found(found) => found,
    };
    let seen: Vec<String> = found.iter().filter(|txt| is_dmarc(txt)).cloned().collect();
    match &seen[..] {
        [] => {
            let near: Vec<String> = found.iter().filter(|txt| is_nearly(txt)).cloned().collect();
            if near.is_empty() {
                return judge_elsewhere(asker, plan, wanted);
            }
            let finding = Finding::new(Standing::Wrong, "dmarc.syntax", &[]);
            Some(finding.about(wanted, &near, Some(wanted.value.clone())))
        }
        [txt] => Some(judge_policy(plan, wanted, txt)),
        _ => {
            let finding = Finding::new(Standing::Wrong, "dmarc.multiple", &[]);
            Some(finding.about(wanted, &seen, Some(seen[0].clone())))
        }
    }
}

/// Judges the permission that lets reports go to another domain.
pub(crate) fn judge_reports(asker: &mut Asker, wanted: &WantedRecord) -> Option<RecordStanding> {
    let seen = match asker.ask(&wanted.name, "TXT")? {
        Answer::Trouble(why) => return Some(trouble(wanted, why)),
        Answer::NotFound => &[][..],
        Answer::Found(found) => found,
    };
    let allowed = seen.iter().any(|txt| is_dmarc(txt));
    let suggested = (!allowed).then(|| wanted.value.clone());
    let (standing, code) =
        if allowed { (Standing::Good, "reports.good") } else { (Standing::Warning, "reports.missing") };
    Some(Finding::new(standing, code, &[]).about(wanted, seen, suggested))
}

fn trouble(wanted: &WantedRecord, why: &str) -> RecordStanding {
    Finding::new(Standing::Unknown, "dns.trouble", &[("why", why)]).about(wanted, &[], None)
}

/// The version must stand first and exactly so (RFC 7489 section 6.4).
fn is_dmarc(txt: &str) -> bool {
    Tags::parse(txt).0.first() == Some(("v", "DMARC1"))
}

fn is_nearly(txt: &str) -> bool {
    txt.to_ascii_uppercase().contains("DMARC1")
}

/// No record in its place: a parent's may hold, or it stands in the wrong place.
fn judge_elsewhere(asker: &mut Asker, plan: &DomainPlan, wanted: &WantedRecord) -> Option<RecordStanding> {
    let domain = clean(plan.domain);
    let doubled = doubled(wanted, plan);
    let parents: Vec<&str> = parents(&domain);
    // All questions go out together.
    let at_parents: Vec<_> = parents.iter().map(|parent| asker.ask(&dmarc_name(parent), "TXT")).collect();
    let at_root = asker.ask(&domain, "TXT");
    let at_doubled = asker.ask(&doubled, "TXT");
    for (parent, answer) in parents.iter().zip(at_parents) {
        let Answer::Found(found) = answer? else { continue };
        let Some(txt) = found.iter().find(|txt| is_dmarc(txt)) else { continue };
        let (tags, _) = Tags::parse(txt);
        // A registry's record is no owner's policy.
        if tags.get("psd") == Some("y") {
            continue;
        }
        let policy = tags.get("sp").or_else(|| tags.get("p")).unwrap_or("none");
        let words = [("parent", *parent), ("policy", policy)];
        return Some(Finding::new(Standing::Good, "dmarc.parent", &words).about(
            wanted,
            std::slice::from_ref(txt),
            None,
        ));
    }
    let stands_at =
        |answer: &Answer| matches!(answer, Answer::Found(found) if found.iter().any(|txt| is_nearly(txt)));
    let (standing, code) = if stands_at(at_root?) {
        (Standing::Wrong, "dmarc.place")
    } else if stands_at(at_doubled?) {
        (Standing::Wrong, "dns.doubled")
    } else {
        (Standing::Missing, "dmarc.missing")
    };
    let words = [("doubled", doubled.as_str())];
    Some(Finding::new(standing, code, &words).about(wanted, &[], Some(wanted.value.clone())))
}

/// The domains above, the top level left out.
fn parents(domain: &str) -> Vec<&str> {
    let above = std::iter::successors(domain.split_once('.'), |(_, rest)| rest.split_once('.'));
    above.map(|(_, rest)| rest).filter(|rest| rest.contains('.')).take(PARENTS_MAX).collect()
}

fn judge_policy(plan: &DomainPlan, wanted: &WantedRecord, txt: &str) -> RecordStanding {
    let (tags, defects) = Tags::parse(txt);
    let policy = tags.get("p").unwrap_or_default().to_ascii_lowercase();
    let rua = tags.get("rua").unwrap_or_default();
    let lacks_rua = rua_address(plan).filter(|ours| !reports_go_to(rua, ours));
    let with_rua = lacks_rua.map(|ours| {
        let separator = if rua.is_empty() { "" } else { "," };
        tags.with("rua", &format!("{rua}{separator}mailto:{ours}"))
    });
    let is_partial = tags.get("pct").is_some_and(|pct| pct != "100") || tags.get("t") == Some("y");
    let (standing, code, suggested) = if !defects.is_empty() {
        (Standing::Wrong, "dmarc.syntax", Some(wanted.value.clone()))
    } else if !matches!(policy.as_str(), "none" | "quarantine" | "reject") {
        (Standing::Wrong, "dmarc.policy", Some(tags.with("p", "none")))
    } else if with_rua.is_some() {
        (Standing::Warning, "dmarc.no_rua", with_rua)
    } else if policy == "none" {
        (Standing::Good, "dmarc.none", None)
    } else if is_partial {
        (Standing::Warning, "dmarc.partial", None)
    } else {
        (Standing::Good, "dmarc.good", None)
    };
    let words = [("policy", policy.as_str())];
    Finding::new(standing, code, &words).about(wanted, &[txt.to_owned()], suggested)
}

/// The size limit that may follow an address is of no interest (`mailto:a@b.example!10m`).
fn reports_go_to(rua: &str, ours: &str) -> bool {
    rua.split(',').map(|uri| uri.trim().split('!').next().unwrap_or_default()).any(|uri| {
        let address = uri.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:")).map(|_| &uri[7..]);
        address.is_some_and(|address| address.eq_ignore_ascii_case(ours))
    })
}
