//! From the counts of a day to reports.

use std::{collections::BTreeMap, io::Write};

use authentication::{ReportPlace, StsPolicy, report_places};
use delivery::{
    ports::StoreFailure,
    tls::{
        TlsResult,
        ports::{TlsCount, TlsReportDraft, TxtAnswer},
    },
};
use flate2::{Compression, write::GzEncoder};
use report::{FailureDetail, PolicyPart, TlsReport};

use super::{COUNTS_MAX, TlsReports};

impl TlsReports {
    /// The reports about one day, for those domains that ask for them.
    pub(super) async fn make(&self, day: i64) -> Result<Vec<TlsReportDraft>, StoreFailure> {
        let mut domains: BTreeMap<String, Vec<TlsCount>> = BTreeMap::new();
        for count in self.store.tls_counts(day, COUNTS_MAX).await? {
            domains.entry(count.domain.clone()).or_default().push(count);
        }
        let Some(contact) = self.sender().await? else { return Ok(Vec::new()) };
        let mut drafts = Vec::new();
        for (domain, counts) in domains {
            let places = match self.dns.txt(&format!("_smtp._tls.{domain}")).await {
                TxtAnswer::Records(records) => report_places(&records).0,
                TxtAnswer::Trouble(words) => {
                    tracing::info!(domain, words, "it is not known whether the domain wants TLS reports");
                    continue;
                }
            };
            if places.is_empty() {
                continue;
            }
            let report = TlsReport {
                organization: self.house.helo_name.clone(),
                contact: contact.clone(),
                report_id: format!("{day}-{domain}"),
                day,
                policies: self.parts(&domain, &counts).await?,
                domain: domain.clone(),
            };
            let bytes = zipped(&report.json());
            drafts.extend(places.into_iter().map(|place| TlsReportDraft {
                domain: domain.clone(),
                day,
                place: match place {
                    ReportPlace::Mail(address) => format!("mailto:{address}"),
                    ReportPlace::Https(url) => url,
                },
                bytes: bytes.clone(),
            }));
        }
        Ok(drafts)
    }

    async fn parts(&self, domain: &str, counts: &[TlsCount]) -> Result<Vec<PolicyPart>, StoreFailure> {
        let mut parts: BTreeMap<(&str, &str), PolicyPart> = BTreeMap::new();
        for count in counts {
            let part = parts.entry((&count.policy_type, &count.policy)).or_insert_with(|| PolicyPart {
                policy_type: count.policy_type.clone(),
                policy: count.policy.lines().map(str::to_owned).collect(),
                mx: Vec::new(),
                successes: 0,
                failures: Vec::new(),
            });
            if count.policy_type == "tlsa" && !count.host.is_empty() && !part.mx.contains(&count.host) {
                part.mx.push(count.host.clone());
            }
            match count.result {
                TlsResult::Success => part.successes += count.count,
                result => part.failures.push(FailureDetail {
                    result_type: result.name().to_owned(),
                    host: count.host.clone(),
                    address: count.address.clone(),
                    sessions: count.count,
                    words: count.detail.clone(),
                }),
            }
        }
        let mut parts: Vec<PolicyPart> = parts.into_values().collect();
        if let Some(part) = parts.iter_mut().find(|part| part.policy_type == "sts")
            && let Some(kept) = self.store.kept_sts(domain).await?
        {
            part.policy =
                kept.body.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
            part.mx = StsPolicy::read(&kept.body).0.map(|policy| policy.mx).unwrap_or_default();
        }
        Ok(parts)
    }

    /// The address reports come from: at the first of our sending domains.
    pub(super) async fn sender(&self) -> Result<Option<String>, StoreFailure> {
        let domains = self.sources.domains().await?;
        Ok(domains.first().map(|domain| format!("tls-reports@{}", domain.name)))
    }
}

fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing into memory cannot fail.
    let _written = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}
