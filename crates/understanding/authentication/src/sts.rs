//! Reads what a domain says about TLS towards it: the MTA-STS record and policy (RFC 8461).

/// The longest policy lifetime that counts, in seconds: a year (RFC 8461 section 3.2).
const MAX_AGE_SECS_MAX: u64 = 31_557_600;
/// Most `mx` lines that are read.
const MX_MAX: usize = 100;
/// Longest policy id (RFC 8461 section 3.1).
const ID_CHARS_MAX: usize = 32;

/// The TXT record at `_mta-sts.DOMAIN`: there is a policy, and this is its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsRecord {
    /// Changes whenever the policy does.
    pub id: String,
}

/// What a policy asks of those who send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StsMode {
    /// Nothing; the policy is being withdrawn.
    None,
    /// To deliver anyway, and to report what would have failed.
    Testing,
    /// Not to deliver to hosts that fail.
    Enforce,
}

impl StsMode {
    /// The word of the policy file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Testing => "testing",
            Self::Enforce => "enforce",
        }
    }
}

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsPolicy {
    /// What it asks for.
    pub mode: StsMode,
    /// Host names, lower case, without final dot; `*.` stands for exactly one label.
    pub mx: Vec<String>,
    /// How long it may be kept, in seconds.
    pub max_age_secs: u64,
}

/// What is wrong with a record or a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StsDefect {
    /// More than one record begins with the version, so none counts (RFC 8461 section 3.1).
    SeveralRecords,
    /// The record has no id, or one that is not 1 to 32 letters and digits.
    BadId,
    /// The first field of the policy is not `version: STSv1`.
    BadVersion,
    /// No mode, or an unknown one.
    BadMode,
    /// No lifetime, or none that is a number.
    BadMaxAge,
    /// A lifetime of more than a year; a year counts.
    LongMaxAge,
    /// A policy that asks for something and names no host.
    NoMx,
    /// A host that is no host name; it is left out.
    BadMx(String),
    /// A line that is no field.
    BadLine(String),
    /// A field that stands there twice; the first one counts.
    Twice(String),
}

impl StsRecord {
    /// Reads the TXT records of `_mta-sts.DOMAIN`; `None` where there is no (valid) one.
    #[must_use]
    pub fn read(records: &[String]) -> (Option<Self>, Vec<StsDefect>) {
        let ours: Vec<&String> = records.iter().filter(|text| is_version(text)).collect();
        let text = match ours[..] {
            [] => return (None, Vec::new()),
            [one] => one,
            _ => return (None, vec![StsDefect::SeveralRecords]),
        };
        let id = text.split(';').skip(1).find_map(|field| {
            let (name, value) = field.split_once('=')?;
            (name.trim() == "id").then(|| value.trim())
        });
        let good = |id: &&str| {
            (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        match id.filter(good) {
            Some(id) => (Some(Self { id: id.to_owned() }), Vec::new()),
            None => (None, vec![StsDefect::BadId]),
        }
    }
}

fn is_version(text: &str) -> bool {
    text.strip_prefix("v=STSv1").is_some_and(|rest| rest.trim_start().starts_with(';'))
}

impl StsPolicy {
    /// Reads a policy file; `None` where it cannot be followed.
    #[must_use]
    pub fn read(text: &str) -> (Option<Self>, Vec<StsDefect>) {
        let mut fields: [Option<&str>; 3] = [None; 3];
        let mut mx = Vec::new();
        let mut defects = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                defects.push(StsDefect::BadLine(line.chars().take(80).collect()));
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            let slot = match name {
                "version" => 0,
                "mode" => 1,
                "max_age" => 2,
                "mx" => {
                    match pattern(value) {
                        Some(host) if mx.len() < MX_MAX => mx.push(host),
                        _ => defects.push(StsDefect::BadMx(value.chars().take(80).collect())),
                    }
                    continue;
                }
                _ => continue,
            };
            match fields[slot] {
                None => fields[slot] = Some(value),
                Some(_) => defects.push(StsDefect::Twice(name.to_owned())),
            }
        }
        let policy = whole(fields, mx, &mut defects);
        (policy, defects)
    }

    /// Whether mail may go to this host (RFC 8461 section 4.1).
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.mx.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(rest) => {
                host.split_once('.').is_some_and(|(label, parent)| !label.is_empty() && parent == rest)
            }
            None => *pattern == host,
        })
    }
}

fn whole(fields: [Option<&str>; 3], mx: Vec<String>, defects: &mut Vec<StsDefect>) -> Option<StsPolicy> {
    let [version, mode, max_age] = fields;
    if version != Some("STSv1") {
        defects.push(StsDefect::BadVersion);
    }
    let mode = match mode {
        Some("none") => Some(StsMode::None),
        Some("testing") => Some(StsMode::Testing),
        Some("enforce") => Some(StsMode::Enforce),
        _ => {
            defects.push(StsDefect::BadMode);
            None
        }
    };
    let max_age = max_age.filter(|text| text.len() <= 10).and_then(|text| text.parse::<u64>().ok());
    match max_age {
        None => defects.push(StsDefect::BadMaxAge),
        Some(secs) if secs > MAX_AGE_SECS_MAX => defects.push(StsDefect::LongMaxAge),
        Some(_) => {}
    }
    if mx.is_empty() && mode != Some(StsMode::None) {
        defects.push(StsDefect::NoMx);
        return None;
    }
    let policy = StsPolicy { mode: mode?, mx, max_age_secs: max_age?.min(MAX_AGE_SECS_MAX) };
    (version == Some("STSv1")).then_some(policy)
}

fn pattern(value: &str) -> Option<String> {
    let host = value.trim_end_matches('.').to_ascii_lowercase();
    let bare = host.strip_prefix("*.").unwrap_or(&host);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    (bare.len() <= 253 && bare.split('.').all(label)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(texts: &[&str], expected: &str) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let (record, defects) = StsRecord::read(&texts);
        let seen = record.map_or_else(|| format!("{defects:?}"), |record| record.id);
        assert_eq!(seen, expected, "{texts:?}");
    }

    #[test]
    fn records() {
        record(&["v=STSv1; id=20160831085700Z;"], "20160831085700Z");
        record(&["v=spf1 -all", "v=STSv1;id=a"], "a");
        record(&["v=STSv1 ; id = a1 ; x=y"], "a1");
        record(&["v=STSv1; id=a", "v=STSv1; id=b"], "[SeveralRecords]");
        record(&["v=STSv1; id=a-b"], "[BadId]");
        record(&["v=STSv1;"], "[BadId]");
        record(&["v=STSv1; id=123456789012345678901234567890123"], "[BadId]");
        record(&["v=STSv10; id=a"], "[]");
        record(&["V=STSv1; id=a"], "[]");
        record(&[], "[]");
    }

    fn policy(text: &str, expected: &str) {
        let (policy, defects) = StsPolicy::read(text);
        let seen = policy.map_or_else(
            || "none".to_owned(),
            |policy| format!("{} {} {}", policy.mode.name(), policy.mx.join(","), policy.max_age_secs),
        );
        assert_eq!(format!("{seen} {defects:?}"), expected, "{text}");
    }

    #[test]
    fn policies() {
        let good = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.Example.net.\r\nmax_age: 604800\r\n";
        policy(good, "enforce mail.example.com,*.example.net 604800 []");
        policy("version:STSv1\nmode:testing\nmx:a.example\nmax_age:0", "testing a.example 0 []");
        policy("version: STSv1\nmode: none\nmax_age: 1", "none  1 []");
        policy("version: STSv1\nmode: enforce\nmax_age: 1", "none [NoMx]");
        policy("version: STSv2\nmode: enforce\nmx: a\nmax_age: 1", "none [BadVersion]");
        policy("version: STSv1\nmode: strict\nmx: a\nmax_age: 1", "none [BadMode]");
        policy("version: STSv1\nmode: enforce\nmx: a\nmax_age: 1d", "none [BadMaxAge]");
        policy("version: STSv1\nmode: enforce\nmx: a\nmax_age: 99999999", "enforce a 31557600 [LongMaxAge]");
        policy(
            "version: STSv1\nmode: enforce\nmode: none\nmx: a\nmax_age: 1",
            "enforce a 1 [Twice(\"mode\")]",
        );
        policy(
            "version: STSv1\nmode: enforce\nmx: a b\nmx: c\nmax_age: 1\nnew: x\nwhat",
            "enforce c 1 [BadMx(\"a b\"), BadLine(\"what\")]",
        );
        policy("<html>", "none [BadLine(\"<html>\"), BadVersion, BadMode, BadMaxAge, NoMx]");
        policy("", "none [BadVersion, BadMode, BadMaxAge, NoMx]");
    }

    #[test]
    fn hosts() {
        let policy = StsPolicy {
            mode: StsMode::Enforce,
            mx: vec!["mx.example.com".to_owned(), "*.example.net".to_owned()],
            max_age_secs: 1,
        };
        let check = |host: &str, expected: bool| assert_eq!(policy.allows(host), expected, "{host}");
        check("mx.example.com", true);
        check("MX.example.com.", true);
        check("a.mx.example.com", false);
        check("a.example.net", true);
        check("a.b.example.net", false);
        check("example.net", false);
        check(".example.net", false);
        check("mx.example.org", false);
    }
}
