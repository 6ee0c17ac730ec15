//! Wires what delivery knows of TLS: policies of domains, the certificates that are trusted, the counts.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use delivery::{
    ports::MxResolver,
    recorder::Clock,
    route::House,
    tls::{
        policies::{PolicyPorts, PolicySettings, TlsPolicies},
        ports::{StsFetch, TlsStore},
        tally::TlsTally,
    },
};
use dns::DnsResolver;
use https::{HttpsClient, HttpsSettings};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use smtp::{ClientTls, Roots, SmtpTransport};
use storage::Store;
use tokio_util::sync::CancellationToken;

use crate::{config::Config, tls_reports::TlsReports, wire};

/// How often the counts are written down.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// Everything about TLS that the house holds.
pub struct TlsParts {
    /// Where mail goes, with what TLS must show there.
    pub policies: Arc<TlsPolicies>,
    /// What is counted.
    pub tally: Arc<TlsTally>,
    /// For policies and reports.
    pub https: Arc<HttpsClient>,
    /// Whom certificates are trusted from.
    pub roots: Roots,
}

impl TlsParts {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// When a file of certificates cannot be read.
    pub fn open(
        config: &Config,
        store: &Arc<Store>,
        resolver: &Arc<DnsResolver>,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        let roots = roots(config)?;
        let tally = Arc::new(TlsTally::new(Arc::clone(clock)));
        let usual = HttpsSettings::default();
        let timeout = usual.timeout.min(config.timeouts_max().unwrap_or(usual.timeout));
        let settings = HttpsSettings { port: config.tls.https_port, timeout, ..usual };
        let plain: Arc<dyn MxResolver> = resolver.clone();
        let https = Arc::new(HttpsClient::new(Arc::clone(&plain), roots.store()?, settings)?);
        let fetch: Arc<dyn StsFetch> = https.clone();
        let ports = PolicyPorts {
            resolver: plain,
            dns: resolver.clone(),
            fetch,
            store: store.clone(),
            observer: tally.clone(),
            clock: Arc::clone(clock),
        };
        let settings = PolicySettings {
            mta_sts: config.tls.mta_sts,
            dane: config.tls.dane,
            mx_port: config.delivery.mx_port,
        };
        let policies = TlsPolicies::new(ports, settings).with_rules(config.tls_rules()?);
        Ok(Self { policies: Arc::new(policies), tally, https, roots })
    }

    /// The SMTP client, whose handshakes are counted.
    #[must_use]
    pub fn transport(&self, config: &Config, tls: &ClientTls) -> SmtpTransport {
        SmtpTransport::new(wire::limits(config), tls.clone()).observed(self.tally.clone())
    }

    /// The sender of reports; `None` where the configuration switches it off.
    pub fn reports(
        &self,
        config: &Config,
        store: &Arc<Store>,
        resolver: &Arc<DnsResolver>,
        (transport, clock): (&Arc<SmtpTransport>, &Clock),
    ) -> Option<TlsReports> {
        config.tls.reports.then(|| TlsReports {
            store: store.clone(),
            sources: store.clone(),
            dns: resolver.clone(),
            resolver: resolver.clone(),
            transport: transport.clone(),
            https: Arc::clone(&self.https),
            house: House { helo_name: config.mail_host.clone(), mx_port: config.delivery.mx_port },
            clock: Arc::clone(clock),
        })
    }
}

/// Runs the reports where they are wanted.
pub async fn run_reports(reports: Option<TlsReports>, shutdown: CancellationToken) {
    if let Some(reports) = reports {
        reports.run(shutdown).await;
    } else {
        shutdown.cancelled().await;
    }
}

fn roots(config: &Config) -> anyhow::Result<Roots> {
    let path = &config.tls.extra_roots;
    if path.as_os_str().is_empty() {
        return Ok(Roots::default());
    }
    let cannot = || format!("tls.extra_roots: {0} を読めません / cannot read {0}", path.display());
    let extra: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .with_context(cannot)?;
    anyhow::ensure!(
        !extra.is_empty(),
        "tls.extra_roots: {0} に証明書がありません / no certificate in {0}",
        path.display()
    );
    Ok(Roots { extra, ..Roots::default() })
}

/// Writes the counts down until the house closes, and once more then.
pub async fn write_counts(store: Arc<Store>, tally: Arc<TlsTally>, shutdown: CancellationToken) {
    loop {
        let closing = tokio::time::timeout(WRITE_EVERY, shutdown.cancelled()).await.is_ok();
        let counts = tally.take();
        if let Err(error) = store.add_tls_counts(&counts).await {
            tracing::warn!(%error, lost = counts.len(), "counts about TLS could not be written down");
        }
        if closing {
            return;
        }
    }
}
