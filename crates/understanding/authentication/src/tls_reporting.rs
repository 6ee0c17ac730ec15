//! Reads where a domain wants to be told how TLS towards it went: the TLSRPT record (RFC 8460 section 3).

use crate::tags::Tags;

/// Most addresses of one domain that are served.
const PLACES_MAX: usize = 8;

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportPlace {
    /// An address, percent-decoded.
    Mail(String),
    /// A URL that takes a POST.
    Https(String),
}

/// What is wrong with a TLSRPT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsReportingDefect {
    /// More than one record begins with the version, so none counts.
    SeveralRecords,
    /// No `rua`.
    NoPlace,
    /// A place that is neither `mailto:` nor `https:`; it is left out.
    BadPlace(String),
}

/// Reads the TXT records of `_smtp._tls.DOMAIN`.
#[must_use]
pub fn report_places(records: &[String]) -> (Vec<ReportPlace>, Vec<TlsReportingDefect>) {
    let lists: Vec<Tags> = records
        .iter()
        .map(|text| Tags::parse(text).0)
        .filter(|tags| tags.first() == Some(("v", "TLSRPTv1")))
        .collect();
    let tags = match &lists[..] {
        [] => return (Vec::new(), Vec::new()),
        [one] => one,
        _ => return (Vec::new(), vec![TlsReportingDefect::SeveralRecords]),
    };
    let Some(rua) = tags.get("rua") else { return (Vec::new(), vec![TlsReportingDefect::NoPlace]) };
    let mut places = Vec::new();
    let mut defects = Vec::new();
    for text in rua.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        match place(text) {
            Some(place) if places.len() < PLACES_MAX => places.push(place),
            _ => defects.push(TlsReportingDefect::BadPlace(text.chars().take(200).collect())),
        }
    }
    if places.is_empty() && defects.is_empty() {
        defects.push(TlsReportingDefect::NoPlace);
    }
    (places, defects)
}

fn place(text: &str) -> Option<ReportPlace> {
    let lower = text.to_ascii_lowercase();
    let printable = text.bytes().all(|b| b.is_ascii_graphic());
    if lower.starts_with("https://") && printable && text.len() > "https://".len() {
        return Some(ReportPlace::Https(text.to_owned()));
    }
    let rest = text.get("mailto:".len()..).filter(|_| lower.starts_with("mailto:"))?;
    let address = percent_decoded(rest.split('?').next().unwrap_or(rest))?;
    (address.contains('@') && address.chars().all(|c| !c.is_control() && c != ' '))
        .then_some(ReportPlace::Mail(address))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: &str) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let (places, defects) = report_places(&texts);
        assert_eq!(format!("{places:?} {defects:?}"), expected, "{texts:?}");
    }

    #[test]
    fn records() {
        check(&["v=TLSRPTv1; rua=mailto:a@b.example"], r#"[Mail("a@b.example")] []"#);
        check(
            &["v=TLSRPTv1;rua=mailto:a%2Bx@b.example,https://c.example/v1"],
            r#"[Mail("a+x@b.example"), Https("https://c.example/v1")] []"#,
        );
        check(&["v=TLSRPTv1; rua=http://a"], r#"[] [BadPlace("http://a")]"#);
        check(&["v=TLSRPTv1; rua=mailto:a%4"], r#"[] [BadPlace("mailto:a%4")]"#);
        check(&["v=TLSRPTv1; rua=mailto:a%0Ab@c"], r#"[] [BadPlace("mailto:a%0Ab@c")]"#);
        check(&["v=TLSRPTv1"], "[] [NoPlace]");
        check(&["v=TLSRPTv1; rua="], "[] [NoPlace]");
        check(&["v=TLSRPTv1; rua=mailto:a@b", "v=TLSRPTv1; rua=mailto:c@d"], "[] [SeveralRecords]");
        check(&["v=spf1"], "[] []");
        check(&["é"], "[] []");
    }
}
