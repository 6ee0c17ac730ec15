//! The trace line put before every message that is kept (RFC 5321 section 4.4).

use std::net::IpAddr;

use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};

/// What the line tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace<'a> {
    pub(crate) helo: &'a str,
    pub(crate) ip: IpAddr,
    pub(crate) host_name: &'a str,
    pub(crate) extended: bool,
    pub(crate) tls: bool,
    pub(crate) now: i64,
}

/// A whole `Received:` field with its line end.
pub(crate) fn line(trace: &Trace<'_>) -> String {
    let literal = match trace.ip.to_canonical() {
        IpAddr::V4(ip) => format!("[{ip}]"),
        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
    };
    let protocol = match (trace.extended, trace.tls) {
        (true, true) => "ESMTPS",
        (true, false) => "ESMTP",
        (false, _) => "SMTP",
    };
    format!(
        "Received: from {} ({literal})\r\n\tby {} with {protocol};\r\n\t{}\r\n",
        harmless(trace.helo),
        trace.host_name,
        date(trace.now),
    )
}

/// The peer chose this name; nothing of it may end the field or open a comment.
fn harmless(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-._:[]".contains(c) { c } else { '?' };
    name.chars().map(safe).collect()
}

fn date(now: i64) -> String {
    let zoned = Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(TimeZone::UTC);
    rfc2822::to_string(&zoned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_lines() {
        let trace = Trace {
            helo: "mx.docomo.test",
            ip: "192.0.2.1".parse().unwrap(),
            host_name: "mx.us.test",
            extended: true,
            tls: true,
            now: 1_763_769_600_123,
        };
        assert_eq!(
            line(&trace),
            "Received: from mx.docomo.test ([192.0.2.1])\r\n\tby mx.us.test with ESMTPS;\r\n\tSat, 22 Nov 2025 00:00:00 +0000\r\n"
        );
        let odd = Trace { helo: "a(b)\"c<", ip: "2001:db8::1".parse().unwrap(), extended: false, ..trace };
        assert!(
            line(&odd)
                .starts_with("Received: from a?b??c? ([IPv6:2001:db8::1])\r\n\tby mx.us.test with SMTP;")
        );
    }
}
