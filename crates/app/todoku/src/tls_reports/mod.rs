//! Tells domains that ask for it how encryption towards them went (RFC 8460): made once a day, sent until taken.

mod make;
mod send;

use std::{sync::Arc, time::Duration};

use delivery::{
    ports::{MxResolver, SourceStore, StoreFailure, Transport},
    recorder::Clock,
    route::House,
    tls::ports::{PolicyDns, TlsStore},
};
use https::HttpsClient;
use tokio_util::sync::CancellationToken;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// How often it is looked whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Reports are made in the first hours of a day, each house at a minute of its own (RFC 8460 section 3).
const SPREAD_MS: i64 = 4 * HOUR_MS;
/// Tries of one report, an hour apart at first and longer after each: three days in all.
const TRIES_MAX: u32 = 12;
/// Counts of one day that are looked at.
const COUNTS_MAX: u32 = 200_000;
/// Reports sent in one go.
const AT_ONCE: u32 = 50;

/// What it takes to make and send reports.
pub struct TlsReports {
    /// Counts, policies, reports.
    pub store: Arc<dyn TlsStore>,
    /// Sending domains and ways out.
    pub sources: Arc<dyn SourceStore>,
    /// Where reports are wanted.
    pub dns: Arc<dyn PolicyDns>,
    /// Where mail goes, without policies: a report about broken TLS must not fail for broken TLS.
    pub resolver: Arc<dyn MxResolver>,
    /// SMTP.
    pub transport: Arc<dyn Transport>,
    /// HTTPS.
    pub https: Arc<HttpsClient>,
    /// Who we are.
    pub house: House,
    /// The time.
    pub clock: Clock,
}

impl TlsReports {
    /// Makes and sends until the house closes.
    pub async fn run(self, shutdown: CancellationToken) {
        loop {
            if let Err(error) = self.step().await {
                tracing::warn!(%error, "TLS reports wait");
            }
            if tokio::time::timeout(LOOK_EVERY, shutdown.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    /// Everything that is due now.
    async fn step(&self) -> Result<(), StoreFailure> {
        let now = (self.clock)();
        let today = (now - self.moment()).div_euclid(DAY_MS);
        for day in self.store.unreported_tls_days(today).await? {
            let drafts = self.make(day).await?;
            tracing::info!(day, reports = drafts.len(), "TLS reports were made");
            self.store.keep_tls_reports(day, &drafts, now).await?;
        }
        for report in self.store.due_tls_reports(now, AT_ONCE).await? {
            let next_at = match self.deliver(&report).await {
                Ok(()) => None,
                Err(why) if report.tries + 1 >= TRIES_MAX => {
                    tracing::warn!(
                        domain = report.draft.domain,
                        place = report.draft.place,
                        why,
                        "a TLS report is given up"
                    );
                    None
                }
                Err(why) => {
                    tracing::info!(
                        domain = report.draft.domain,
                        place = report.draft.place,
                        why,
                        "a TLS report waits"
                    );
                    Some(now + HOUR_MS * i64::from(report.tries + 1))
                }
            };
            self.store.settle_tls_report(report.id, next_at).await?;
        }
        Ok(())
    }

    /// The house's own moment after midnight, milliseconds.
    fn moment(&self) -> i64 {
        let sum: i64 =
            self.house.helo_name.bytes().fold(7, |sum, byte| (sum * 31 + i64::from(byte)) % SPREAD_MS);
        sum.rem_euclid(SPREAD_MS)
    }
}
