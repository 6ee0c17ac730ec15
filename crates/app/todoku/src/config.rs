//! Configuration: one small file, every value with a default that works on one machine.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use delivery::{
    pacing::{
        limits::Span,
        rulebook::{ALL, Overrides, Tries, check_name},
    },
    tls::ports::TlsRule,
};
use doctor::source_care::RestWhenListed;
use serde::Deserialize;

/// What the file may say. Unknown names are errors, because a setting that silently does nothing is worse.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder for the embedded database.
    pub data: PathBuf,
    /// `sqlite:///path/file.db` or `postgres://…`; the file `todoku.db` in `data` when empty.
    pub database: String,
    /// Where browsers and customers reach the pages, without a slash at the end.
    pub base_url: String,
    /// Where the pages listen.
    pub listen_web: SocketAddr,
    /// Where the mail server listens for bounces.
    pub listen_smtp: SocketAddr,
    /// The name of this mail server: in EHLO, in MX records, in the PTR of its address.
    pub mail_host: String,
    /// Addresses mail leaves from, for the SPF record.
    pub sending_ips: Vec<IpAddr>,
    /// Takes the caller's address from `X-Forwarded-For`; only behind a proxy of yours.
    pub trust_forwarded_for: bool,
    /// What a smart host asks to have in SPF, such as `include:spf.relay.example`; empty when nothing.
    pub smart_host_spf: String,
    /// Name servers as `address:port`; the system's when empty.
    pub dns_servers: Vec<SocketAddr>,
    /// Delivery.
    pub delivery: DeliverySection,
    /// When addresses count as not working.
    pub validity: ValiditySection,
    /// Encryption of what we send.
    pub tls: TlsSection,
    /// What mail leaves by.
    pub sources: SourcesSection,
    /// Where `/metrics` is served, besides `/healthz` and `/readyz`; nowhere when left out.
    pub listen_metrics: Option<SocketAddr>,
    /// What must be shown there as a bearer token; needed where others than this machine reach it.
    pub metrics_token: String,
    /// What is logged.
    pub log: LogSection,
}

/// What is logged, to standard error.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSection {
    /// One JSON object per line.
    pub json: bool,
    /// A line per delivery attempt: `none`, `failed` (deferred or refused), `all`.
    pub attempts: AttemptLines,
    /// Names recipients' addresses in those lines.
    pub addresses: bool,
}

/// Which attempts are logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptLines {
    /// None.
    #[default]
    None,
    /// Those that were deferred or refused.
    Failed,
    /// All.
    All,
}

/// How what we send is encrypted, beyond what each server offers by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSection {
    /// Follows the MTA-STS policies of recipient domains (RFC 8461).
    pub mta_sts: bool,
    /// Follows the TLSA records of recipient domains (DANE, RFC 7672), where DNSSEC can be validated.
    pub dane: bool,
    /// A file of DNSKEY records where DNSSEC validation begins; the root zone's keys as built in when empty.
    pub trust_anchors: PathBuf,
    /// A PEM file of further authorities that certificates are trusted from.
    pub extra_roots: PathBuf,
    /// Sends TLS reports (RFC 8460) to domains that ask for them.
    pub reports: bool,
    /// Encryption that is required of single domains: `verified` with a certificate that holds, `encrypted` with any.
    /// What is set on the page for the same domain goes first.
    pub require: BTreeMap<String, String>,
    /// The port of HTTPS servers. 443 everywhere but in tests.
    pub https_port: u16,
}

impl Default for TlsSection {
    fn default() -> Self {
        Self {
            mta_sts: true,
            dane: true,
            trust_anchors: PathBuf::new(),
            extra_roots: PathBuf::new(),
            reports: true,
            require: BTreeMap::new(),
            https_port: 443,
        }
    }
}

/// What mail leaves by.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourcesSection {
    /// Whether a source rests when a block list names it: `when_others` of its pool can take over, `always`, `never`.
    pub rest_when_listed: RestWhenListed,
}

/// When addresses count as not working.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValiditySection {
    /// Switches an address off after so many failures in a row, whatever their reasons. 0: only the thresholds per
    /// reason count. Failures that are our own fault or the message's never count.
    pub failures_in_a_row: u32,
    /// Where failures switch a preferred address off and the customer has another one that works, that becomes the
    /// preferred one by itself. Otherwise the pages propose it.
    pub prefer_another: bool,
}

/// How mail is delivered.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliverySection {
    /// The port of MX hosts. 25 everywhere but in tests.
    pub mx_port: u16,
    /// Waits before the second, third … try, such as `5m`, `30m`, `1h`, for every provider; the last one repeats. The
    /// rule pack's when empty.
    pub retry_delays: Vec<Span>,
    /// How long a broadcast's message is tried before it is given up, such as `24h`. The rule pack's when empty.
    pub tries: String,
    /// Connections to one destination, for every provider. The rule pack's when 0.
    pub connections_per_site: u32,
    /// Own limits by provider, laid over the rule pack: `[delivery.pacing.docomo]`, `default` for servers it does not
    /// know, `all` for every one.
    pub pacing: Overrides,
    /// Connections in all at most.
    pub connections: usize,
    /// Days for which it is kept word for word what was said in each try. 0: not kept.
    pub transcript_days: u32,
    /// How long another process over the same PostgreSQL may be silent before its work is taken over, such as `2m`.
    pub dead_after: String,
    /// Whether hosts are also tried by IPv6.
    pub ipv6: bool,
    /// Longest wait for any answer, such as `20s`. Empty: the times RFC 5321 section 4.5.3.2 asks for. A short
    /// wait for the reply to the final dot doubles mail at slow servers, so this is for tests only.
    pub timeouts_max: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            database: String::new(),
            base_url: "http://127.0.0.1:8080".to_owned(),
            listen_web: SocketAddr::from(([127, 0, 0, 1], 8080)),
            listen_smtp: SocketAddr::from(([127, 0, 0, 1], 2525)),
            mail_host: "localhost.localdomain".to_owned(),
            sending_ips: Vec::new(),
            smart_host_spf: String::new(),
            trust_forwarded_for: false,
            dns_servers: Vec::new(),
            delivery: DeliverySection::default(),
            validity: ValiditySection::default(),
            tls: TlsSection::default(),
            sources: SourcesSection::default(),
            listen_metrics: None,
            metrics_token: String::new(),
            log: LogSection::default(),
        }
    }
}

impl Default for DeliverySection {
    fn default() -> Self {
        Self {
            mx_port: 25,
            retry_delays: Vec::new(),
            tries: String::new(),
            connections_per_site: 0,
            pacing: Overrides::new(),
            connections: 200,
            transcript_days: 30,
            dead_after: "2m".to_owned(),
            ipv6: true,
            timeouts_max: String::new(),
        }
    }
}

impl Config {
    /// Reads a file, or gives the defaults when there is none to read.
    ///
    /// # Errors
    /// With the file's name and the line that cannot be understood.
    pub fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("設定ファイル {0} を読めません / cannot read {0}", path.display()))?;
        Self::parse(&text)
            .with_context(|| format!("設定ファイル {0} に誤りがあります / mistake in {0}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// What the types of the file do not tell.
    fn check(&self) -> anyhow::Result<()> {
        let outside = self.listen_metrics.is_some_and(|address| !address.ip().is_loopback());
        if outside && self.metrics_token.is_empty() {
            bail!(
                "listen_metrics: ほかの機械から見える場所では metrics_token も決めてください / needs metrics_token where \
                 other machines reach it"
            );
        }
        if self.delivery.transcript_days > TRANSCRIPT_DAYS_MAX {
            bail!(
                "delivery.transcript_days: {TRANSCRIPT_DAYS_MAX}日までです / at most {TRANSCRIPT_DAYS_MAX}"
            );
        }
        self.limits()?;
        self.tls_rules()?;
        self.tries()?;
        self.dead_after_ms()?;
        if !self.delivery.timeouts_max.is_empty() {
            duration_ms(&self.delivery.timeouts_max).context("delivery.timeouts_max")?;
        }
        Ok(())
    }

    /// The database's URL.
    #[must_use]
    pub fn database_url(&self) -> String {
        if self.database.is_empty() {
            format!("sqlite://{}", self.data.join("todoku.db").display())
        } else {
            self.database.clone()
        }
    }

    /// The longest wait for an answer, where one is set; [`Config::read`] has seen that it can be read.
    #[must_use]
    pub fn timeouts_max(&self) -> Option<Duration> {
        let ms = duration_ms(&self.delivery.timeouts_max).ok()?;
        u64::try_from(ms).ok().map(Duration::from_millis)
    }

    /// How long messages are tried.
    ///
    /// # Errors
    /// When it is not a number with `ms`, `s`, `m` or `h`.
    pub fn tries(&self) -> anyhow::Result<Tries> {
        let own = Some(self.delivery.tries.as_str()).filter(|text| !text.is_empty());
        Ok(Tries { broadcast_ms: own.map(duration_ms).transpose().context("delivery.tries")? })
    }

    /// How long what was said in tries is kept, in milliseconds.
    #[must_use]
    pub fn transcripts_kept_ms(&self) -> i64 {
        i64::from(self.delivery.transcript_days.min(TRANSCRIPT_DAYS_MAX)) * 86_400_000
    }

    /// The domains that encryption is required of.
    ///
    /// # Errors
    /// When one is no domain, or what is required of it is not known.
    pub fn tls_rules(&self) -> anyhow::Result<Vec<(String, TlsRule)>> {
        let rules = self.tls.require.iter().map(|(domain, rule)| {
            let domain = domain.trim_end_matches('.').to_ascii_lowercase();
            if !domain.contains('.') || mail::Address::new("x", &domain).is_err() {
                bail!("tls.require: {domain} はドメインとして読めません / {domain} is no domain");
            }
            let read = TlsRule::from_name(rule);
            let read = read.with_context(|| {
                format!("tls.require.{domain}: encrypted か verified です / is encrypted or verified")
            })?;
            Ok((domain, read))
        });
        rules.collect()
    }

    /// The limits it lays over the rule pack's.
    ///
    /// # Errors
    /// When a name is no group, or a value cannot hold.
    pub fn limits(&self) -> anyhow::Result<Overrides> {
        let mut limits = self.delivery.pacing.clone();
        for (group, set) in &limits {
            check_name(group)
                .and_then(|()| set.check())
                .map_err(anyhow::Error::msg)
                .with_context(|| format!("delivery.pacing.{group}"))?;
        }
        let all = limits.entry(ALL.to_owned()).or_default();
        let (waits, connections) = (&self.delivery.retry_delays, self.delivery.connections_per_site);
        if all.retry.is_none() && !waits.is_empty() {
            all.retry = Some(waits.clone());
        }
        if all.connections.is_none() && connections > 0 {
            all.connections = Some(connections);
        }
        all.check().map_err(anyhow::Error::msg).context("delivery")?;
        Ok(limits)
    }

    /// How long another process may be silent, in milliseconds.
    ///
    /// # Errors
    /// When it is not a number with `ms`, `s`, `m` or `h`, or too short to tell death from a slow moment.
    pub fn dead_after_ms(&self) -> anyhow::Result<i64> {
        const SHORTEST_MS: i64 = 2_000;
        let ms = duration_ms(&self.delivery.dead_after).context("delivery.dead_after")?;
        if ms < SHORTEST_MS {
            bail!("delivery.dead_after: 2秒以上にしてください / at least 2s");
        }
        Ok(ms)
    }
}

/// Ten years.
const TRANSCRIPT_DAYS_MAX: u32 = 3_650;
/// Ten years.
const LONGEST_MS: i64 = 10 * 365 * 24 * 3_600_000;

fn duration_ms(text: &str) -> anyhow::Result<i64> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => bail!("「{text}」は時間として読めません(例: 30s, 5m, 1h) / {text:?} is no duration"),
    };
    let number: i64 = number.parse().with_context(|| format!("{text:?} is no duration"))?;
    // Instants are added to durations, and must not overflow.
    let ms = number.checked_mul(unit_ms).filter(|ms| *ms <= LONGEST_MS);
    ms.with_context(|| format!("「{text}」は長すぎます / {text:?} is too long"))
}

#[cfg(test)]
mod tests {
    use delivery::recipient::Lane;

    use super::*;

    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(duration_ms(text).ok(), expected, "{text}");
    }

    #[test]
    fn durations() {
        check("5m", Some(300_000));
        check("250ms", Some(250));
        check("1h", Some(3_600_000));
        check("5", None);
        check("m", None);
        check("", None);
        check("99999999999999999999h", None);
        check("9223372036854775807ms", None);
    }

    #[test]
    fn unknown_settings_are_errors() {
        assert!(toml::from_str::<Config>("bas_url = \"x\"").is_err());
        assert!(toml::from_str::<Config>("[delivery]\nmx_port = 2525").is_ok());
        assert!(toml::from_str::<Config>("[delivery.pacing.docomo]\nspeed = \"1/s\"").is_err());
        let limits = |text: &str| toml::from_str::<Config>(text).expect("it can be read").limits();
        assert!(limits("[delivery.pacing.docomoo]\nrate = \"1/s\"").is_err());
        assert!(limits("[delivery.pacing.docomo]\nconnections = 0").is_err());
        assert!(limits("[delivery.pacing.docomo]\nrate = \"1/s\"").is_ok());
        let rules = |text: &str| Config::parse(text).and_then(|config| config.tls_rules());
        let good = rules("[tls.require]\n\"Partner.Example\" = \"verified\"").expect("a rule");
        assert_eq!(good, [("partner.example".to_owned(), TlsRule::Verified)]);
        assert!(rules("[tls.require]\n\"partner.example\" = \"always\"").is_err());
        assert!(rules("[tls.require]\npartner = \"verified\"").is_err());
    }

    /// What is read at all has no ill numbers in it.
    fn is_read(text: &str) -> bool {
        let Ok(config) = Config::parse(text) else { return false };
        assert!(config.limits().is_ok());
        assert!(config.tries().expect("was checked").ms(Lane::Broadcast) <= LONGEST_MS);
        let _ = (config.database_url(), config.timeouts_max());
        true
    }

    #[test]
    fn no_text_makes_it_fail() {
        let good = "data = \"data\"\nlisten_web = \"127.0.0.1:80\"\nsending_ips = [\"192.0.2.1\", \"2001:db8::1\"]\n\
                    [delivery]\nmx_port = 25\nretry_delays = [\"5m\", \"15m\"]\ntries = \"24h\"\nipv6 = false\n";
        let mut read = 0;
        for (at, _) in good.char_indices() {
            for odd in ["", "\"", "\n", "[", "=", "-1", "9999999999", "花", "\0"] {
                let broken = [&good[at..], &good[at + 1..], ""].map(|rest| [&good[..at], odd, rest].concat());
                read += broken.iter().filter(|text| is_read(text)).count();
            }
        }
        assert!(read > 100, "only {read} are good all the same");
    }
}
