//! Hands one report over: by HTTPS, or as a signed mail (RFC 8460 section 5).

use authentication::Signer;
use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::{ports::Session, route::next_hop, source::Way, tls::ports::WaitingTlsReport};
use jiff::Timestamp;
use mail::{Address, ReversePath};

use super::TlsReports;

/// Base64 characters per line.
const LINE_CHARS: usize = 76;

impl TlsReports {
    /// `Err` says why it was not taken.
    pub(super) async fn deliver(&self, report: &WaitingTlsReport) -> Result<(), String> {
        let place = report.draft.place.as_str();
        match place.strip_prefix("mailto:") {
            Some(address) => self.mail(address, report).await,
            None => {
                let body = report.draft.bytes.clone();
                let posted = self.https.post(place, "application/tlsrpt+gzip", body).await;
                posted.map_err(|error| error.to_string())
            }
        }
    }

    async fn mail(&self, address: &str, report: &WaitingTlsReport) -> Result<(), String> {
        let to = Address::parse(address).map_err(|error| format!("{address}: {error}"))?;
        let message = self.message(&to, report).await?;
        let way = self.way().await?;
        let hop = next_hop(&way, &self.house, self.resolver.as_ref(), to.domain()).await;
        let hop = hop.map_err(|no_route| no_route.detail)?;
        let mut session = self.transport.connect(&hop).await.map_err(|failure| said(&failure))?;
        let done = hand_over(session.as_mut(), &to, &message).await;
        session.quit().await;
        done
    }

    /// The first way out that is in use.
    async fn way(&self) -> Result<Way, String> {
        let sources = self.sources.sources().await.map_err(|error| error.to_string())?;
        let usable = sources.into_iter().find(|source| source.draft.enabled);
        usable.map(|source| source.draft.way).ok_or_else(|| "no source is in use".to_owned())
    }

    async fn message(&self, to: &Address, report: &WaitingTlsReport) -> Result<Vec<u8>, String> {
        let domains = self.sources.domains().await.map_err(|error| error.to_string())?;
        let domain = domains.first().ok_or("there is no sending domain to sign as")?;
        let keys = &domain.keys;
        let signer = Signer::new(&domain.name, (&keys.rsa_selector, &keys.rsa_private), keys.second());
        let signer = signer.map_err(|error| error.to_string())?;
        let now = (self.clock)();
        let unsigned = self.unsigned(&domain.name, to, report, now);
        let mut message = signer.sign(unsigned.as_bytes(), now).map_err(|error| error.to_string())?;
        message.extend_from_slice(unsigned.as_bytes());
        Ok(message)
    }

    fn unsigned(&self, own: &str, to: &Address, report: &WaitingTlsReport, now: i64) -> String {
        let draft = &report.draft;
        let (domain, host, id) = (&draft.domain, &self.house.helo_name, report.id);
        let date = Timestamp::from_millisecond(now).unwrap_or_default();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let name = file_name(host, draft.day, domain);
        let encoded = STANDARD.encode(&draft.bytes);
        let body: Vec<&str> = encoded
            .as_bytes()
            .chunks(LINE_CHARS)
            .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
            .collect();
        let lines = [
            format!("Date: {date}"),
            format!("From: <tls-reports@{own}>"),
            format!("To: <{to}>"),
            format!("Subject: Report Domain: {domain} Submitter: {host} Report-ID: <{id}@{own}>"),
            format!("Message-ID: <tls-report-{id}@{own}>"),
            format!("TLS-Report-Domain: {domain}"),
            format!("TLS-Report-Submitter: {host}"),
            "Auto-Submitted: auto-generated".to_owned(),
            "MIME-Version: 1.0".to_owned(),
            format!("Content-Type: multipart/report; report-type=\"tlsrpt\"; boundary=\"=_{id}\""),
            String::new(),
            format!("--=_{id}"),
            "Content-Type: text/plain; charset=us-ascii".to_owned(),
            String::new(),
            format!("This is an aggregate TLS report from {host} about {domain} (RFC 8460)."),
            String::new(),
            format!("--=_{id}"),
            format!("Content-Type: application/tlsrpt+gzip; name=\"{name}\""),
            "Content-Transfer-Encoding: base64".to_owned(),
            format!("Content-Disposition: attachment; filename=\"{name}\""),
            String::new(),
            body.join("\r\n"),
            format!("--=_{id}--"),
            String::new(),
        ];
        lines.join("\r\n")
    }
}

fn file_name(host: &str, day: i64, domain: &str) -> String {
    report::TlsReport {
        organization: host.to_owned(),
        contact: String::new(),
        report_id: String::new(),
        day,
        domain: domain.to_owned(),
        policies: Vec::new(),
    }
    .file_name()
}

async fn hand_over(session: &mut dyn Session, to: &Address, message: &[u8]) -> Result<(), String> {
    // Nobody waits for bounces of reports.
    let (_, reply) = session.envelope(&ReversePath::Null, to).await.map_err(|failure| said(&failure))?;
    if !reply.is_success() {
        return Err(reply.line());
    }
    let (_, reply) = session.content(message).await.map_err(|failure| said(&failure))?;
    if reply.is_success() { Ok(()) } else { Err(reply.line()) }
}

fn said(failure: &delivery::attempt::Failure) -> String {
    failure.reply.as_ref().map_or_else(|| failure.detail.clone(), mail::Reply::line)
}
