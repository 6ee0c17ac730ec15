//! The DNS records a domain's owner publishes so that our mail is known to be hers.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Algorithm, sentences::sentence};

/// A DKIM key as it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DkimKey<'a> {
    /// The selector: the first label of the record's name.
    pub selector: &'a str,
    /// The `p=` value.
    pub public_base64: &'a str,
}

/// How we send for one domain.
#[derive(Debug, Clone)]
pub struct DomainPlan<'a> {
    /// The domain of the From address.
    pub domain: &'a str,
    /// The domain of the return path; a subdomain of `domain`, so that SPF is aligned.
    pub return_path_domain: &'a str,
    /// Our own host name, where bounces come in.
    pub mail_host: &'a str,
    /// The addresses we send from. May be empty when a smart host sends for us.
    pub sending_ips: &'a [IpAddr],
    /// What the smart host asks to have in SPF: a domain, or a mechanism such as `include:spf.example.net`.
    pub smart_host_spf: Option<&'a str>,
    /// The RSA key.
    pub rsa: DkimKey<'a>,
    /// The Ed25519 key, when there is one.
    pub ed25519: Option<DkimKey<'a>>,
    /// Where DMARC reports go: an address, `mailto:` or not.
    pub dmarc_rua: Option<&'a str>,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// SPF at the From domain; carriers look at it although RFC 7208 asks only for the return path.
    Spf,
    /// The RSA public key.
    DkimRsa,
    /// The Ed25519 public key.
    DkimEd25519,
    /// The DMARC policy.
    Dmarc,
    /// Permission for another domain to receive the DMARC reports (RFC 9990; RFC 7489 section 7.1).
    DmarcReports,
    /// The mail exchanger that takes bounces.
    ReturnPathMx,
    /// SPF at the return path domain.
    ReturnPathSpf,
}

impl Purpose {
    /// The snake-case name that is stored and shown in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spf => "spf",
            Self::DkimRsa => "dkim_rsa",
            Self::DkimEd25519 => "dkim_ed25519",
            Self::Dmarc => "dmarc",
            Self::DmarcReports => "dmarc_reports",
            Self::ReturnPathMx => "return_path_mx",
            Self::ReturnPathSpf => "return_path_spf",
        }
    }
}

/// One record to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedRecord {
    /// What it is for.
    pub purpose: Purpose,
    /// The full name, without a dot at the end.
    pub name: String,
    /// `TXT` or `MX`.
    pub kind: &'static str,
    /// The value as the owner pastes it, in one piece. MX: `10 mail.example.jp`.
    pub value: String,
    /// The same value cut into quoted strings, when it is longer than one DNS string (255 bytes) and the provider's
    /// form does not cut it by itself.
    pub split: Option<String>,
    /// Why it is needed, in Japanese.
    pub why_ja: String,
    /// Why it is needed, in English.
    pub why_en: String,
}

/// The records to publish, the most important first.
#[must_use]
pub fn wanted_records(plan: &DomainPlan) -> Vec<WantedRecord> {
    let mut records = vec![
        record(Purpose::Spf, plan.domain, "TXT", wanted_spf(plan)),
        record(Purpose::DkimRsa, &plan.rsa.name_at(plan.domain), "TXT", plan.rsa.value(Algorithm::Rsa2048)),
    ];
    if let Some(key) = &plan.ed25519 {
        records.push(record(
            Purpose::DkimEd25519,
            &key.name_at(plan.domain),
            "TXT",
            key.value(Algorithm::Ed25519),
        ));
    }
    records.push(record(Purpose::Dmarc, &dmarc_name(plan.domain), "TXT", wanted_dmarc(plan)));
    if let Some(name) = reports_name(plan) {
        records.push(record(Purpose::DmarcReports, &name, "TXT", "v=DMARC1;".to_owned()));
    }
    // The owner's ordinary mail must not be turned to us.
    if has_own_return_path(plan) {
        let exchanger = format!("10 {}", clean(plan.mail_host));
        records.push(record(Purpose::ReturnPathMx, plan.return_path_domain, "MX", exchanger));
        records.push(record(Purpose::ReturnPathSpf, plan.return_path_domain, "TXT", wanted_spf(plan)));
    }
    records
}

/// Cuts a TXT value into quoted strings of at most 255 bytes (RFC 1035 section 3.3.14).
#[must_use]
pub fn txt_strings(value: &str) -> String {
    let mut strings: Vec<String> = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let mut end = rest.len().min(255);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        strings.push(format!("\"{}\"", rest[..end].replace('\\', "\\\\").replace('"', "\\\"")));
        rest = &rest[end..];
    }
    strings.join(" ")
}

impl DkimKey<'_> {
    pub(crate) fn name_at(&self, domain: &str) -> String {
        format!("{}._domainkey.{}", clean(self.selector), clean(domain))
    }

    fn value(&self, algorithm: Algorithm) -> String {
        format!("v=DKIM1; k={}; p={}", algorithm.tag(), self.public_base64)
    }
}

impl Algorithm {
    /// The `k=` tag (RFC 6376 section 3.6.1, RFC 8463 section 3).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// The SPF mechanisms that let us in, in order.
pub(crate) fn spf_mechanisms(plan: &DomainPlan) -> Vec<String> {
    let ips = plan.sending_ips.iter().map(|ip| ip_mechanism(*ip));
    ips.chain(plan.smart_host_spf.and_then(smart_host_mechanism)).collect()
}

pub(crate) fn ip_mechanism(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("ip4:{ip}"),
        IpAddr::V6(ip) => format!("ip6:{ip}"),
    }
}

pub(crate) fn smart_host_mechanism(written: &str) -> Option<String> {
    let written = written.trim();
    match written {
        "" => None,
        _ if written.contains(':') => Some(written.to_owned()),
        _ => Some(format!("include:{}", clean(written))),
    }
}

fn wanted_spf(plan: &DomainPlan) -> String {
    let mut terms = vec!["v=spf1".to_owned()];
    terms.extend(spf_mechanisms(plan));
    terms.push("~all".to_owned());
    terms.join(" ")
}

fn wanted_dmarc(plan: &DomainPlan) -> String {
    match rua_address(plan) {
        Some(rua) => format!("v=DMARC1; p=none; rua=mailto:{rua}"),
        None => "v=DMARC1; p=none".to_owned(),
    }
}

pub(crate) fn dmarc_name(domain: &str) -> String {
    format!("_dmarc.{}", clean(domain))
}

/// The address of the reports without `mailto:`.
pub(crate) fn rua_address<'a>(plan: &DomainPlan<'a>) -> Option<&'a str> {
    let rua = plan.dmarc_rua?.trim();
    Some(rua.strip_prefix("mailto:").unwrap_or(rua)).filter(|rua| rua.contains('@'))
}

/// Where the permission stands when the reports go to somebody else's domain.
pub(crate) fn reports_name(plan: &DomainPlan) -> Option<String> {
    let (_, target) = rua_address(plan)?.rsplit_once('@')?;
    let (target, domain) = (clean(target), clean(plan.domain));
    let related = target == domain
        || target.ends_with(&format!(".{domain}"))
        || domain.ends_with(&format!(".{target}"));
    (!related).then(|| format!("{domain}._report._dmarc.{target}"))
}

pub(crate) fn has_own_return_path(plan: &DomainPlan) -> bool {
    clean(plan.return_path_domain) != clean(plan.domain)
}

pub(crate) fn clean(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// True for a DNS name that can stand in a tag of a signature.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

fn record(purpose: Purpose, name: &str, kind: &'static str, value: String) -> WantedRecord {
    let (why_ja, why_en) = sentence(&format!("why.{}", purpose.name()), &[]);
    let split = (kind == "TXT" && value.len() > 255).then(|| txt_strings(&value));
    WantedRecord { purpose, name: clean(name), kind, value, split, why_ja, why_en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_a_plan() {
        let ips = ["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
        let rsa = "A".repeat(392);
        let plan = DomainPlan {
            domain: "Shop.example.",
            return_path_domain: "bounce.shop.example",
            mail_host: "mx.todoku.example",
            sending_ips: &ips,
            smart_host_spf: Some("spf.relay.example"),
            rsa: DkimKey { selector: "t1", public_base64: &rsa },
            ed25519: Some(DkimKey { selector: "t2", public_base64: "BBBB" }),
            dmarc_rua: Some("dmarc@todoku.example"),
        };
        let seen: Vec<String> = wanted_records(&plan)
            .into_iter()
            .map(|r| format!("{} {} {} {}", r.purpose.name(), r.name, r.kind, r.value.replace(&rsa, "KEY")))
            .collect();
        let spf = "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 include:spf.relay.example ~all";
        assert_eq!(
            seen,
            [
                format!("spf shop.example TXT {spf}"),
                "dkim_rsa t1._domainkey.shop.example TXT v=DKIM1; k=rsa; p=KEY".into(),
                "dkim_ed25519 t2._domainkey.shop.example TXT v=DKIM1; k=ed25519; p=BBBB".into(),
                "dmarc _dmarc.shop.example TXT v=DMARC1; p=none; rua=mailto:dmarc@todoku.example".into(),
                "dmarc_reports shop.example._report._dmarc.todoku.example TXT v=DMARC1;".into(),
                "return_path_mx bounce.shop.example MX 10 mx.todoku.example".into(),
                format!("return_path_spf bounce.shop.example TXT {spf}"),
            ]
        );
        let split = wanted_records(&plan)[1].split.clone().unwrap();
        assert_eq!(split.matches('"').count(), 4);
        assert_eq!(split.replace("\" \"", "").trim_matches('"').len(), 392 + 18);
    }

    #[test]
    fn ordinary_mail_is_left_alone() {
        let plan = DomainPlan {
            domain: "shop.example",
            return_path_domain: "SHOP.example.",
            mail_host: "mx.todoku.example",
            sending_ips: &[],
            smart_host_spf: None,
            rsa: DkimKey { selector: "t1", public_base64: "A" },
            ed25519: None,
            dmarc_rua: Some("mailto:dmarc@mail.shop.example"),
        };
        let seen: Vec<&str> = wanted_records(&plan).iter().map(|r| r.purpose.name()).collect();
        assert_eq!(seen, ["spf", "dkim_rsa", "dmarc"]);
    }
}
