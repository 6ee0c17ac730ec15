//! Puts together what the owner, MTA-STS and DANE demand of each host of a domain. Pure.

use authentication::{StsMode, StsPolicy};

use super::{
    Basis, Demand, HostPolicy, TlsResult,
    ports::{DomainDane, HostDane, TlsRule},
};
use crate::{
    attempt::Trouble,
    hop::{MxAnswer, MxHost},
};

/// An MTA-STS policy that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sts {
    pub(super) id: String,
    pub(super) policy: StsPolicy,
}

/// Everything that is known about a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) rule: Option<TlsRule>,
    pub(super) sts: Option<Sts>,
    pub(super) dane: DomainDane,
}

/// Something for the reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mishap {
    pub(super) basis: Basis,
    pub(super) host: String,
    pub(super) result: TlsResult,
    pub(super) detail: String,
}

/// The hosts that may be tried, each with its policy, or why there is none; and what went wrong on the way.
pub(super) fn decide(domain: &str, hosts: Vec<MxHost>, known: &Known) -> (MxAnswer, Vec<Mishap>) {
    let mut mishaps = Vec::new();
    let danes = match &known.dane {
        DomainDane::Trouble(words) => {
            mishaps.push(dnssec(String::new(), words));
            return (MxAnswer::Barred(Trouble::DnssecBroken, words.clone()), mishaps);
        }
        DomainDane::Absent => vec![HostDane::Absent; hosts.len()],
        DomainDane::Hosts(danes) => danes.clone(),
    };
    let mut usable = Vec::with_capacity(hosts.len());
    let mut barred = None;
    for (mut host, dane) in hosts.into_iter().zip(danes) {
        match one(domain, &host.name, &dane, known) {
            Ok((policy, mishap)) => {
                mishaps.extend(mishap);
                host.policy = policy;
                usable.push(host);
            }
            Err((trouble, mishap)) => {
                barred = Some((trouble, mishap.detail.clone()));
                mishaps.push(mishap);
            }
        }
    }
    match barred {
        Some((trouble, words)) if usable.is_empty() => (MxAnswer::Barred(trouble, words), mishaps),
        _ => (MxAnswer::Hosts(usable), mishaps),
    }
}

fn one(
    domain: &str,
    host: &str,
    dane: &HostDane,
    known: &Known,
) -> Result<(HostPolicy, Option<Mishap>), (Trouble, Mishap)> {
    let policy =
        |demand, basis| HostPolicy { demand, basis, domain: domain.to_owned(), outside_policy: false };
    match dane {
        // DANE comes before MTA-STS (RFC 8461 section 2).
        HostDane::Records { usable, .. } if !usable.is_empty() => {
            return Ok((policy(Demand::Dane(usable.clone()), Basis::Dane), None));
        }
        HostDane::Records { unusable, .. } => {
            let detail = format!("{host} has {unusable} TLSA record(s), none of which can be used");
            let mishap =
                Mishap { basis: Basis::Dane, host: host.to_owned(), result: TlsResult::TlsaInvalid, detail };
            let encrypted = policy(Demand::Encrypted, Basis::Dane);
            return Ok((by_rule(encrypted, known.rule), Some(mishap)));
        }
        HostDane::Trouble(words) => return Err((Trouble::DnssecBroken, dnssec(host.to_owned(), words))),
        HostDane::Absent => {}
    }
    let Some(Sts { id, policy: sts }) = &known.sts else {
        return Ok((by_rule(policy(Demand::Opportunistic, Basis::Nobody), known.rule), None));
    };
    let basis = Basis::MtaSts { id: id.clone(), enforce: sts.mode == StsMode::Enforce };
    match (sts.mode, sts.allows(host)) {
        (StsMode::None, _) => Ok((by_rule(policy(Demand::Opportunistic, Basis::Nobody), known.rule), None)),
        (StsMode::Enforce, true) => Ok((policy(Demand::Verified, basis), None)),
        (StsMode::Enforce, false) => {
            let detail = format!("the MTA-STS policy of {domain} (id {id}) does not name {host}");
            let result = TlsResult::ValidationFailure;
            Err((Trouble::MxNotInPolicy, Mishap { basis, host: host.to_owned(), result, detail }))
        }
        (StsMode::Testing, named) => {
            let tested = HostPolicy { outside_policy: !named, ..policy(Demand::Opportunistic, basis) };
            Ok((by_rule(tested, known.rule), None))
        }
    }
}

/// The owner may demand more than the domain does, never less.
fn by_rule(policy: HostPolicy, rule: Option<TlsRule>) -> HostPolicy {
    let demand = match (rule, &policy.demand) {
        (Some(TlsRule::Verified), Demand::Opportunistic | Demand::Encrypted) => Demand::Verified,
        (Some(TlsRule::Encrypted), Demand::Opportunistic) => Demand::Encrypted,
        _ => return policy,
    };
    HostPolicy { demand, basis: Basis::Owner, ..policy }
}

fn dnssec(host: String, words: &str) -> Mishap {
    Mishap { basis: Basis::Dane, host, result: TlsResult::DnssecInvalid, detail: words.to_owned() }
}

#[cfg(test)]
mod tests {
    use authentication::Tlsa;

    use super::*;

    fn sts(mode: StsMode) -> Option<Sts> {
        let policy = StsPolicy { mode, mx: vec!["a.example".to_owned()], max_age_secs: 1 };
        Some(Sts { id: "7".to_owned(), policy })
    }

    fn records(usable: usize, unusable: usize) -> HostDane {
        let record = Tlsa::read(&[&[3, 1, 1][..], &[0; 32]].concat()).0.expect("a good record");
        HostDane::Records { usable: vec![record; usable], unusable }
    }

    fn check(rule: Option<TlsRule>, sts: Option<Sts>, danes: [HostDane; 2], expected: &str) {
        let hosts = ["a.example", "b.example"].map(|name| MxHost::new(10, name, Vec::new())).to_vec();
        let known = Known { rule, sts, dane: DomainDane::Hosts(danes.to_vec()) };
        let (answer, mishaps) = decide("example", hosts, &known);
        let seen: Vec<String> = match answer {
            MxAnswer::Hosts(hosts) => hosts
                .iter()
                .map(|host| {
                    let demand = match &host.policy.demand {
                        Demand::Dane(records) => format!("dane{}", records.len()),
                        other => format!("{other:?}").to_lowercase(),
                    };
                    let outside = if host.policy.outside_policy { "!" } else { "" };
                    format!("{}={demand}/{}{outside}", &host.name[..1], host.policy.basis)
                })
                .collect(),
            MxAnswer::Barred(trouble, _) => vec![trouble.name().to_owned()],
            other => vec![format!("{other:?}")],
        };
        let mishaps: Vec<&str> = mishaps.iter().map(|mishap| mishap.result.name()).collect();
        assert_eq!(format!("{} [{}]", seen.join(" "), mishaps.join(" ")), expected);
    }

    #[test]
    fn demands() {
        use HostDane::Absent as No;
        use StsMode::{Enforce, None as Withdrawn, Testing};
        use TlsRule::{Encrypted, Verified};
        let bad = || HostDane::Trouble("bogus".to_owned());
        check(None, None, [No, No], "a=opportunistic/opportunistic b=opportunistic/opportunistic []");
        check(Some(Encrypted), None, [No, No], "a=encrypted/owner b=encrypted/owner []");
        check(Some(Verified), None, [No, No], "a=verified/owner b=verified/owner []");
        check(None, sts(Enforce), [No, No], "a=verified/mta-sts:7 [validation-failure]");
        check(Some(Encrypted), sts(Enforce), [No, No], "a=verified/mta-sts:7 [validation-failure]");
        check(
            None,
            sts(Testing),
            [No, No],
            "a=opportunistic/mta-sts-testing:7 b=opportunistic/mta-sts-testing:7! []",
        );
        check(Some(Verified), sts(Testing), [No, No], "a=verified/owner b=verified/owner! []");
        check(
            None,
            sts(Withdrawn),
            [No, No],
            "a=opportunistic/opportunistic b=opportunistic/opportunistic []",
        );
        check(None, None, [records(2, 1), No], "a=dane2/dane b=opportunistic/opportunistic []");
        check(Some(Verified), sts(Enforce), [No, records(1, 0)], "a=verified/mta-sts:7 b=dane1/dane []");
        check(None, sts(Enforce), [records(0, 3), No], "a=encrypted/dane [tlsa-invalid validation-failure]");
        check(Some(Verified), None, [records(0, 3), No], "a=verified/owner b=verified/owner [tlsa-invalid]");
        check(None, None, [bad(), No], "b=opportunistic/opportunistic [dnssec-invalid]");
        check(None, None, [bad(), bad()], "dnssec_broken [dnssec-invalid dnssec-invalid]");
        check(None, sts(Enforce), [bad(), No], "mx_not_in_policy [dnssec-invalid validation-failure]");
    }
}
