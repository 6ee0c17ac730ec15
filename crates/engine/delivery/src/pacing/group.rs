//! Which servers share limits: a provider's, recognised by the domain or by all of the MX hosts, else one MX site.

use super::pack::pack;
use crate::hop::HopHost;

/// The group of a domain, known without asking DNS.
#[must_use]
pub fn of_domain(domain: &str) -> Option<&'static str> {
    pack().of_domain(domain).map(|group| group.id.as_str())
}

/// The group of a set of MX hosts: a known provider's when *all* of them are its own, because a filter service or a
/// backup in between is another machine with other limits.
#[must_use]
pub fn of_hosts(hosts: &[&str]) -> Option<&'static str> {
    pack().of_hosts(hosts).map(|group| group.id.as_str())
}

/// The name of an MX site: the same for every domain with the same hosts, whatever their order.
#[must_use]
pub fn site_of(hosts: &[&str]) -> String {
    let mut names: Vec<String> =
        hosts.iter().map(|host| host.trim_end_matches('.').to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(",")
}

/// The site, apart from that of other domains where a TLS policy must not be mixed with theirs.
#[must_use]
pub fn site_apart(hosts: &[HopHost], names: &[&str]) -> String {
    let site = site_of(names);
    match hosts.iter().find_map(|host| host.policy.apart()) {
        Some(apart) => format!("{site} {apart}"),
        None => site,
    }
}

/// What stands behind the last @ of an address; empty when there is none.
#[must_use]
pub fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domain: &str, hosts: &[&str], expected: &str) {
        let site = site_of(hosts);
        let group = of_domain(domain).or_else(|| of_hosts(hosts)).unwrap_or(&site);
        assert_eq!(group, expected, "{domain} {hosts:?}");
    }

    #[test]
    fn groups() {
        check("docomo.ne.jp", &["mfsmax.docomo.ne.jp"], "docomo");
        check("gmail.com", &[], "gmail");
        check("company.example", &["aspmx.l.google.com", "alt1.aspmx.l.google.com."], "gmail");
        check(
            "company.example",
            &["aspmx.l.google.com", "filter.example"],
            "aspmx.l.google.com,filter.example",
        );
        check("firm.example", &["firm-example.mail.protection.outlook.com"], "microsoft365");
        check("hotmail.co.jp", &[], "microsoft");
        check("other.example", &["x.olc.protection.outlook.com"], "microsoft");
        check("mail.ocn.ne.jp", &[], "ocn");
        check("sakura.ne.jp", &["mx.sakura.ne.jp"], "mx.sakura.ne.jp");
        check("one.example", &["MX2.host.example.", "mx1.host.example"], "mx1.host.example,mx2.host.example");
        check("two.example", &["mx1.host.example", "mx2.host.example"], "mx1.host.example,mx2.host.example");
    }

    #[test]
    fn domains() {
        assert_eq!(domain_of("\"a@b\"@shop.example"), "shop.example");
        assert_eq!(domain_of("nobody"), "");
    }
}
