//! The DNS records of a domain: what to add, why, how each stands, and what to do about it.

use authentication::WantedRecord;
use maud::{Markup, html};

use crate::{
    parts::{
        copy,
        domain::{Kept, record_badge},
    },
    say::{Say, t},
};

/// A card for every record. `kept` is the last check.
pub(super) fn cards(say: Say, domain: &str, wanted: &[WantedRecord], kept: &[Kept]) -> Markup {
    html! {
        @for (n, record) in wanted.iter().enumerate() {
            @let found = kept.iter().find(|found| found.purpose == record.purpose.name() && found.name == record.name);
            (card(say, domain, n, (record, found)))
        }
    }
}

fn card(say: Say, domain: &str, n: usize, (record, found): (&WantedRecord, Option<&Kept>)) -> Markup {
    let suggested = found.and_then(|found| found.suggested.as_deref()).filter(|line| *line != record.value);
    html! {
        div.card.record id={ "record-" (record.purpose.name()) } {
            h2 {
                (say.with(&format!("purpose-{}", record.purpose.name().replace('_', "-")), None)) " "
                (record_badge(say, found.map(|found| found.standing)))
            }
            p { (say.pick(&record.why_ja, &record.why_en)) }
            @if let Some(found) = found { p.what { (say.pick(&found.ja, &found.en)) } }
            dl.facts {
                dt { (t!(say, "record-kind")) } dd { code { (record.kind) } }
                (copied(say, &t!(say, "record-name"), &format!("name-{n}"), &record.name))
                @if let Some(short) = record.name.strip_suffix(&format!(".{domain}")) {
                    (copied(say, &t!(say, "record-short-name"), &format!("short-{n}"), short))
                }
                @match suggested {
                    Some(line) => (copied(say, &t!(say, "record-suggested"), &format!("value-{n}"), line)),
                    None => (copied(say, &t!(say, "record-value"), &format!("value-{n}"), &record.value)),
                }
            }
            @if let Some(split) = &record.split {
                details {
                    summary { (t!(say, "record-split")) }
                    pre { (split) }
                }
            }
            @if let Some(found) = found.filter(|found| !found.seen.is_empty()) {
                details {
                    summary { (t!(say, "record-seen")) }
                    @for line in &found.seen { pre { (line) } }
                }
            }
        }
    }
}

fn copied(say: Say, label: &str, id: &str, value: &str) -> Markup {
    html! {
        dt { (label) }
        dd.copied { code id=(id) { (value) } (copy::button(say, id)) }
    }
}

/// All records as a text that can be handed to whoever runs the DNS.
pub(super) fn letter(say: Say, domain: &str, wanted: &[WantedRecord], kept: &[Kept]) -> Markup {
    let mut text = t!(say, "records-letter", domain = domain);
    for record in wanted {
        let found =
            kept.iter().find(|found| found.purpose == record.purpose.name() && found.name == record.name);
        let value = found.and_then(|found| found.suggested.as_deref()).unwrap_or(&record.value);
        text.push_str(&format!("\n\n{}\n{}\n{value}", record.name, record.kind));
    }
    html! {
        details.card {
            summary { (t!(say, "records-hand-over")) }
            pre id="letter" { (text) }
            (copy::button(say, "letter"))
        }
    }
}

#[cfg(test)]
mod tests {
    use authentication::Purpose;

    use super::*;

    #[test]
    fn every_purpose_has_a_name() {
        for purpose in [
            Purpose::Spf,
            Purpose::DkimRsa,
            Purpose::DkimEd25519,
            Purpose::Dmarc,
            Purpose::DmarcReports,
            Purpose::ReturnPathMx,
            Purpose::ReturnPathSpf,
        ] {
            let key = format!("purpose-{}", purpose.name().replace('_', "-"));
            assert!(Say::default().find(&key, None).is_some(), "{key}");
        }
    }
}
