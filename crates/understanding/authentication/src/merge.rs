//! Merges what we need into the SPF line a domain already has, because there may be only one.

use crate::spf::{Mechanism, Qualifier, Record};

/// One line that lets in everybody the old records let in, and `ours`. Broken terms are left out, and an end that
/// lets in everybody becomes `~all`.
pub(crate) fn merged(records: &[Record], ours: &[String]) -> String {
    let mut terms: Vec<String> = vec!["v=spf1".to_owned()];
    let mut add = |term: &str| {
        if !terms.iter().any(|known| known.eq_ignore_ascii_case(term)) {
            terms.push(term.to_owned());
        }
    };
    for record in records {
        // What stands behind `all` never counted.
        let heard = record.terms.iter().take_while(|term| term.mechanism != Mechanism::All);
        heard.for_each(|term| add(&term.written));
    }
    ours.iter().for_each(|mechanism| add(mechanism));
    let alls: Vec<Qualifier> = records.iter().filter_map(Record::all).collect();
    let redirects =
        records.iter().filter(|r| r.all().is_none()).filter_map(|record| record.redirect.as_deref());
    let redirects: Vec<&str> = redirects.collect();
    let end = match redirects[..] {
        [only] if alls.is_empty() => format!("redirect={only}"),
        _ => {
            redirects.iter().for_each(|target| add(&format!("include:{target}")));
            let strict = !alls.is_empty() && alls.iter().all(|all| *all == Qualifier::Fail);
            if strict { "-all" } else { "~all" }.to_owned()
        }
    };
    add(&end);
    records.iter().flat_map(|record| &record.modifiers).for_each(|modifier| add(modifier));
    terms.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &[&str], ours: &[&str], expected: &str) {
        let records: Vec<Record> = old.iter().map(|txt| Record::parse(txt)).collect();
        let ours: Vec<String> = ours.iter().map(|&text| text.to_owned()).collect();
        let seen = merged(&records, &ours);
        assert_eq!(seen, expected, "{old:?}");
        assert!(Record::parse(&seen).defects.is_empty());
    }

    #[test]
    fn lines() {
        check(
            &["v=spf1 include:a.example -all"],
            &["ip4:192.0.2.1"],
            "v=spf1 include:a.example ip4:192.0.2.1 -all",
        );
        check(
            &["v=spf1 mx ~all"],
            &["ip4:192.0.2.1", "include:b.example"],
            "v=spf1 mx ip4:192.0.2.1 include:b.example ~all",
        );
        check(&["v=spf1 +all"], &["ip4:192.0.2.1"], "v=spf1 ip4:192.0.2.1 ~all");
        check(&["v=spf1 a ?all"], &[], "v=spf1 a ~all");
        check(&["v=spf1 a"], &[], "v=spf1 a ~all");
        check(&["v=spf1 redirect=a.example"], &["ip4:192.0.2.1"], "v=spf1 ip4:192.0.2.1 redirect=a.example");
        check(&["v=spf1 redirect=a.example", "v=spf1 mx -all"], &[], "v=spf1 mx include:a.example -all");
        check(&["v=spf1 a -all", "v=spf1 mx A ~all"], &["ip4:192.0.2.1"], "v=spf1 a mx ip4:192.0.2.1 ~all");
        check(&["v=spf1 a ipv4:1 -all mx exp=x.example"], &["a"], "v=spf1 a -all exp=x.example");
        check(&[], &["ip4:192.0.2.1"], "v=spf1 ip4:192.0.2.1 ~all");
    }
}
