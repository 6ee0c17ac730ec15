//! Writes TLS reports (RFC 8460 section 4): how encryption towards one domain went on one day, as JSON.

use serde_json::{Value, json};

const DAY_SECS: i64 = 86_400;

/// What is told to one domain about one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsReport {
    /// Who reports.
    pub organization: String,
    /// Whom to ask about it: an address.
    pub contact: String,
    /// Unique for this reporter.
    pub report_id: String,
    /// Days since 1970, UTC.
    pub day: i64,
    /// Whom it is about.
    pub domain: String,
    /// One part per policy that was applied.
    pub policies: Vec<PolicyPart>,
}

/// What came of one policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyPart {
    /// `sts`, `tlsa` or `no-policy-found`.
    pub policy_type: String,
    /// The policy: lines of the file, TLSA records.
    pub policy: Vec<String>,
    /// Patterns of the MTA-STS policy, MX hosts of a TLSA policy.
    pub mx: Vec<String>,
    /// Sessions that went as the policy wants.
    pub successes: u64,
    /// Those that did not.
    pub failures: Vec<FailureDetail>,
}

/// Sessions that failed in the same way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureDetail {
    /// The word of RFC 8460 section 4.3.
    pub result_type: String,
    /// The host; empty where it did not come to one.
    pub host: String,
    /// Its address, empty where unknown.
    pub address: String,
    /// How often.
    pub sessions: u64,
    /// More words.
    pub words: String,
}

impl TlsReport {
    /// The report as JSON text (RFC 8460 section 4.4).
    #[must_use]
    pub fn json(&self) -> String {
        let policies: Vec<Value> = self.policies.iter().map(|part| part.json(&self.domain)).collect();
        json!({
            "organization-name": self.organization,
            "date-range": {
                "start-datetime": format!("{}T00:00:00Z", date(self.day)),
                "end-datetime": format!("{}T23:59:59Z", date(self.day)),
            },
            "contact-info": self.contact,
            "report-id": self.report_id,
            "policies": policies,
        })
        .to_string()
    }

    /// The file name RFC 8460 section 5.1 asks for.
    #[must_use]
    pub fn file_name(&self) -> String {
        let start = self.day * DAY_SECS;
        format!("{}!{}!{start}!{}.json.gz", self.organization, self.domain, start + DAY_SECS - 1)
    }
}

impl PolicyPart {
    fn json(&self, domain: &str) -> Value {
        let mut policy = json!({ "policy-type": self.policy_type, "policy-domain": domain });
        if !self.policy.is_empty() {
            policy["policy-string"] = json!(self.policy);
        }
        if !self.mx.is_empty() {
            policy["mx-host"] = json!(self.mx);
        }
        let failed: u64 = self.failures.iter().map(|failure| failure.sessions).sum();
        let mut part = json!({
            "policy": policy,
            "summary": {
                "total-successful-session-count": self.successes,
                "total-failure-session-count": failed,
            },
        });
        if !self.failures.is_empty() {
            part["failure-details"] = self.failures.iter().map(FailureDetail::json).collect();
        }
        part
    }
}

impl FailureDetail {
    fn json(&self) -> Value {
        let mut detail = json!({ "result-type": self.result_type, "failed-session-count": self.sessions });
        let more = [
            ("receiving-mx-hostname", &self.host),
            ("receiving-ip", &self.address),
            ("failure-reason-code", &self.words),
        ];
        for (name, value) in more.into_iter().filter(|(_, value)| !value.is_empty()) {
            detail[name] = json!(value);
        }
        detail
    }
}

/// `2026-11-22`, from days since 1970 (the proleptic Gregorian calendar).
#[must_use]
pub fn date(day: i64) -> String {
    // Years begin in March here, so that the leap day is their last.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |day: i64, expected: &str| assert_eq!(date(day), expected);
        check(0, "1970-01-01");
        check(-1, "1969-12-31");
        check(11_016, "2000-02-29");
        check(11_017, "2000-03-01");
        check(20_779, "2026-11-22");
        check(20_818, "2026-12-31");
        check(20_819, "2027-01-01");
    }

    #[test]
    fn the_fields_of_rfc_8460() {
        let failure = FailureDetail {
            result_type: "certificate-expired".into(),
            host: "mx.company-y.example".into(),
            address: "198.51.100.3".into(),
            sessions: 3,
            words: String::new(),
        };
        let sts = PolicyPart {
            policy_type: "sts".into(),
            policy: vec!["version: STSv1".into(), "mode: testing".into()],
            mx: vec!["*.mail.company-y.example".into()],
            successes: 5326,
            failures: vec![failure],
        };
        let none = PolicyPart {
            policy_type: "no-policy-found".into(),
            policy: Vec::new(),
            mx: Vec::new(),
            successes: 1,
            failures: Vec::new(),
        };
        let report = TlsReport {
            organization: "mail.shop.example".into(),
            contact: "info@shop.example".into(),
            report_id: "1-2".into(),
            day: 20_779,
            domain: "company-y.example".into(),
            policies: vec![sts, none],
        };
        let seen: Value = serde_json::from_str(&report.json()).expect("it is JSON");
        let expected = json!({
            "organization-name": "mail.shop.example",
            "date-range": {
                "start-datetime": "2026-11-22T00:00:00Z",
                "end-datetime": "2026-11-22T23:59:59Z",
            },
            "contact-info": "info@shop.example",
            "report-id": "1-2",
            "policies": [{
                "policy": {
                    "policy-type": "sts",
                    "policy-string": ["version: STSv1", "mode: testing"],
                    "policy-domain": "company-y.example",
                    "mx-host": ["*.mail.company-y.example"],
                },
                "summary": { "total-successful-session-count": 5326, "total-failure-session-count": 3 },
                "failure-details": [{
                    "result-type": "certificate-expired",
                    "receiving-mx-hostname": "mx.company-y.example",
                    "receiving-ip": "198.51.100.3",
                    "failed-session-count": 3,
                }],
            }, {
                "policy": { "policy-type": "no-policy-found", "policy-domain": "company-y.example" },
                "summary": { "total-successful-session-count": 1, "total-failure-session-count": 0 },
            }],
        });
        assert_eq!(seen, expected);
        let name = "mail.shop.example!company-y.example!1795305600!1795391999.json.gz";
        assert_eq!(report.file_name(), name);
    }
}
