//! Judges the mail exchanger of the return path: bounces that do not come back to us explain nothing.

use crate::{
    DomainPlan, RecordStanding, Standing,
    answers::{Answer, Asker},
    judge::Finding,
    plan::{WantedRecord, clean},
};

pub(crate) fn judge(asker: &mut Asker, plan: &DomainPlan, wanted: &WantedRecord) -> Option<RecordStanding> {
    let found = match asker.ask(&wanted.name, "MX")? {
        Answer::Trouble(why) => {
            let words = [("why", why.as_str())];
            return Some(Finding::new(Standing::Unknown, "dns.trouble", &words).about(wanted, &[], None));
        }
        Answer::NotFound => &[][..],
        Answer::Found(found) => found,
    };
    let ours = clean(plan.mail_host);
    let hosts: Vec<String> =
        found.iter().map(|mx| clean(mx.split_whitespace().next_back().unwrap_or(""))).collect();
    let strangers: Vec<&str> = hosts.iter().filter(|host| **host != ours).map(String::as_str).collect();
    let strangers = strangers.join(", ");
    let (standing, code) = if found.is_empty() {
        (Standing::Missing, "mx.missing")
    } else if !hosts.contains(&ours) {
        (Standing::Wrong, "mx.elsewhere")
    } else if !strangers.is_empty() {
        (Standing::Warning, "mx.others")
    } else {
        (Standing::Good, "mx.good")
    };
    let words = [("strangers", strangers.as_str())];
    let suggested = (standing != Standing::Good).then(|| wanted.value.clone());
    Some(Finding::new(standing, code, &words).about(wanted, found, suggested))
}
