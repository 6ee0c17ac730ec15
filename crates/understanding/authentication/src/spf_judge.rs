//! Judges an SPF record: is there exactly one, can it be read, and does it let in the addresses we send from.

use std::{collections::BTreeSet, net::IpAddr};

use crate::{
    DomainPlan, RecordStanding, Standing,
    answers::{Answer, Asker},
    judge::Finding,
    merge::merged,
    plan::{WantedRecord, clean, ip_mechanism, smart_host_mechanism, spf_mechanisms},
    spf::{Mechanism, Qualifier, Record, SpfQuery, SpfResult, check_host, is_spf},
};

/// Terms that ask the DNS, in all records together (RFC 7208 section 4.6.4).
const LOOKUPS_MAX: usize = 10;
/// How many records are followed when they are counted; a valid one cannot refer to more than ten.
const RECORDS_MAX: usize = 25;

/// What the records that are referred to add up to.
#[derive(Default)]
struct Tree {
    lookups: usize,
    included: BTreeSet<String>,
    /// References that lead to no SPF record.
    broken: Vec<String>,
    has_ptr: bool,
}

pub(crate) fn judge(asker: &mut Asker, plan: &DomainPlan, wanted: &WantedRecord) -> Option<RecordStanding> {
    let found = match asker.ask(&wanted.name, "TXT")? {
        Answer::Trouble(why) => {
            let words = [("why", why.as_str())];
            return Some(Finding::new(Standing::Unknown, "dns.trouble", &words).about(wanted, &[], None));
        }
        Answer::NotFound => &[][..],
        Answer::Found(found) => found,
    };
    let seen: Vec<String> = found.iter().filter(|txt| is_spf(txt)).cloned().collect();
    let records: Vec<Record> = seen.iter().map(|txt| Record::parse(txt)).collect();
    let all_of_ours = || Some(merged(&records, &spf_mechanisms(plan)));
    match &records[..] {
        [] => Some(missing(found, wanted)),
        [record] if record.defects.is_empty() => judge_record(asker, plan, wanted, (record, &seen)),
        [record] => {
            let terms = record.defects.join(" ");
            let words = [("terms", terms.as_str())];
            Some(Finding::new(Standing::Wrong, "spf.syntax", &words).about(wanted, &seen, all_of_ours()))
        }
        _ => Some(Finding::new(Standing::Wrong, "spf.multiple", &[]).about(wanted, &seen, all_of_ours())),
    }
}

/// None at all, or one that starts wrongly: with a quote, a blank, or in full width.
fn missing(found: &[String], wanted: &WantedRecord) -> RecordStanding {
    let near = |txt: &&String| txt.to_ascii_lowercase().contains("v=spf1") || txt.contains("ｓｐｆ");
    let near: Vec<String> = found.iter().filter(near).cloned().collect();
    let suggested = Some(wanted.value.clone());
    if near.is_empty() {
        Finding::new(Standing::Missing, "spf.missing", &[]).about(wanted, &[], suggested)
    } else {
        Finding::new(Standing::Wrong, "spf.start", &[]).about(wanted, &near, suggested)
    }
}

fn judge_record(
    asker: &mut Asker,
    plan: &DomainPlan,
    wanted: &WantedRecord,
    (record, seen): (&Record, &[String]),
) -> Option<RecordStanding> {
    let sender = format!("postmaster@{}", wanted.name);
    // Both are begun before either is waited for, so that their questions go out together.
    let mut tree = Tree::default();
    let counted = tree.add(asker, record);
    let results: Vec<Option<(IpAddr, SpfResult)>> = plan
        .sending_ips
        .iter()
        .map(|&ip| {
            let query = SpfQuery { ip, domain: &wanted.name, sender: &sender, helo: plan.mail_host };
            Some((ip, check_host(asker, &query)?))
        })
        .collect();
    let results: Vec<(IpAddr, SpfResult)> = results.into_iter().collect::<Option<_>>()?;
    counted?;
    let lookups = tree.lookups.to_string();
    let broken = tree.broken.join(" ");
    let unlisted: Vec<IpAddr> =
        results.iter().filter(|(_, result)| *result != SpfResult::Pass).map(|(ip, _)| *ip).collect();
    let ips = unlisted.iter().map(IpAddr::to_string).collect::<Vec<_>>().join(", ");
    let smart_host = missing_smart_host(plan, record, &tree);
    let words = [
        ("lookups", lookups.as_str()),
        ("broken", broken.as_str()),
        ("ips", ips.as_str()),
        ("smart_host", smart_host.as_deref().unwrap_or_default()),
    ];
    let mut ours: Vec<String> = unlisted.iter().map(|ip| ip_mechanism(*ip)).collect();
    ours.extend(smart_host.clone());
    let (standing, code) = verdict(record, &tree, &results, smart_host.is_some());
    let helps = matches!(code, "spf.not_listed" | "spf.smart_host" | "spf.plus_all" | "spf.weak_all");
    let suggested = helps.then(|| merged(std::slice::from_ref(record), &ours));
    Some(Finding::new(standing, code, &words).about(wanted, seen, suggested))
}

/// The gravest finding: first what makes the record void, then who is shut out, then what is only careless.
fn verdict(
    record: &Record,
    tree: &Tree,
    results: &[(IpAddr, SpfResult)],
    lacks_smart_host: bool,
) -> (Standing, &'static str) {
    let any = |wanted: SpfResult| results.iter().any(|(_, result)| *result == wanted);
    let too_many = tree.lookups > LOOKUPS_MAX;
    if any(SpfResult::PermError) {
        let code = match (too_many, tree.broken.is_empty()) {
            (true, _) => "spf.too_many_lookups",
            (_, false) => "spf.include_broken",
            _ => "spf.invalid",
        };
        return (Standing::Wrong, code);
    }
    if any(SpfResult::TempError) {
        return (Standing::Unknown, "spf.trouble");
    }
    if results.iter().any(|(_, result)| *result != SpfResult::Pass) {
        return (Standing::Wrong, "spf.not_listed");
    }
    let careless = [
        (lacks_smart_host, Standing::Wrong, "spf.smart_host"),
        (record.all() == Some(Qualifier::Pass), Standing::Warning, "spf.plus_all"),
        (too_many, Standing::Warning, "spf.too_many_lookups"),
        (!tree.broken.is_empty(), Standing::Warning, "spf.include_broken"),
        (is_weak(record), Standing::Warning, "spf.weak_all"),
        (tree.has_ptr, Standing::Warning, "spf.ptr"),
    ];
    let first = careless.into_iter().find(|(applies, ..)| *applies);
    first.map_or((Standing::Good, "spf.good"), |(_, standing, code)| (standing, code))
}

fn is_weak(record: &Record) -> bool {
    match record.all() {
        Some(qualifier) => qualifier == Qualifier::Neutral,
        None => record.redirect.is_none(),
    }
}

/// The smart host's mechanism, when neither the record nor one it includes has it.
fn missing_smart_host(plan: &DomainPlan, record: &Record, tree: &Tree) -> Option<String> {
    let mechanism = smart_host_mechanism(plan.smart_host_spf?)?;
    let is_there = record.terms.iter().any(|term| {
        term.qualifier == Qualifier::Pass
            && term.written.trim_start_matches('+').eq_ignore_ascii_case(&mechanism)
    });
    let is_included =
        mechanism.strip_prefix("include:").is_some_and(|target| tree.included.contains(&clean(target)));
    (!is_there && !is_included).then_some(mechanism)
}

impl Tree {
    /// Counts a record and those it refers to. `None` when some of them must be asked for first.
    fn add(&mut self, asker: &mut Asker, record: &Record) -> Option<()> {
        let heard = record.terms.iter().take_while(|term| term.mechanism != Mechanism::All);
        let mut targets = Vec::new();
        for term in heard {
            self.lookups += usize::from(term.mechanism.asks());
            self.has_ptr |= matches!(term.mechanism, Mechanism::Ptr(_));
            if let Mechanism::Include(target) = &term.mechanism {
                targets.push(target);
            }
        }
        if let Some(target) = record.redirect.as_ref().filter(|_| record.all().is_none()) {
            self.lookups += 1;
            targets.push(target);
        }
        let mut complete = Some(());
        for target in targets {
            // A macro depends on the mail, and a record counted twice is a loop or a repetition.
            if target.contains('%')
                || self.included.len() >= RECORDS_MAX
                || !self.included.insert(clean(target))
            {
                continue;
            }
            if self.follow(asker, target).is_none() {
                complete = None;
            }
        }
        complete
    }

    fn follow(&mut self, asker: &mut Asker, target: &str) -> Option<()> {
        let answer = asker.ask(target, "TXT")?;
        let txt = match answer {
            Answer::Found(found) => found.iter().find(|txt| is_spf(txt)),
            Answer::NotFound => None,
            Answer::Trouble(_) => return Some(()),
        };
        match txt {
            Some(txt) => self.add(asker, &Record::parse(txt)),
            None => {
                self.broken.push(clean(target));
                Some(())
            }
        }
    }
}
