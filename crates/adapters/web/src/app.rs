//! Holds what the pages need of the rest of the house: its ports, the clock and a few settings.

use std::{net::IpAddr, ops::Deref, sync::Arc};

use accounts::{OperatorStore, SessionStore};
use audience::segment::SegmentStore;
use audience::{
    ConsentStore, ContactStore, FieldStore, ImportStore, MergeStore, PointStore, SuppressionStore,
    TopicStore, ValiditySettings, ValidityStore,
};
use campaigns::{
    clicks::{ClickDesk, ClickStore},
    ports::{BroadcastStore, TemplateStore},
};
use delivery::{
    pacing::{
        rulebook::{Overrides, Tries},
        store::PacingStore,
    },
    ports::{QueueStore, SourceStore},
    source::token::TokenStore,
    transcript::store::TranscriptStore,
};
use doctor::{
    ports::{DnsLookup, RouteProbe},
    source_care::SourceCare,
};
use evidence::ports::{DeskStore, HistoryStore};
use reception::ArrivalStore;

use crate::{
    limit::{AddressLimit, LoginLimit},
    typed::TypedPasswords,
};

/// Mails an address may have explained at once without a login, and how many come back per minute.
const EXPLAINED: (f64, f64) = (20.0, 6.0);

/// Now, in milliseconds UTC. A test moves it.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Everything the pages are made of.
#[derive(Clone)]
pub struct App {
    /// Operators.
    pub operators: Arc<dyn OperatorStore>,
    /// Logins that are open.
    pub sessions: Arc<dyn SessionStore>,
    /// Customers.
    pub contacts: Arc<dyn ContactStore>,
    /// The fields the shop keeps about them.
    pub fields: Arc<dyn FieldStore>,
    /// What they agreed to.
    pub consents: Arc<dyn ConsentStore>,
    /// Their further addresses and telephone numbers.
    pub points: Arc<dyn PointStore>,
    /// Several entries of one person, made into one.
    pub merges: Arc<dyn MergeStore>,
    /// What customers may refuse one by one.
    pub topics: Arc<dyn TopicStore>,
    /// Addresses and domains nothing is sent to.
    pub suppressions: Arc<dyn SuppressionStore>,
    /// Whether their addresses work.
    pub validity: Arc<dyn ValidityStore>,
    /// When an address counts as not working.
    pub validity_settings: ValiditySettings,
    /// Segments of the customers.
    pub segments: Arc<dyn SegmentStore>,
    /// Imports.
    pub imports: Arc<dyn ImportStore>,
    /// Templates.
    pub templates: Arc<dyn TemplateStore>,
    /// Broadcasts.
    pub broadcasts: Arc<dyn BroadcastStore>,
    /// Who followed which links.
    pub clicks: Arc<dyn ClickStore>,
    /// Where clicks are handed in.
    pub click_desk: Arc<ClickDesk>,
    /// Who did not get what.
    pub desk: Arc<dyn DeskStore>,
    /// What happened.
    pub history: Arc<dyn HistoryStore>,
    /// What was said in attempts.
    pub transcripts: Arc<dyn TranscriptStore>,
    /// How long that is kept, in milliseconds.
    pub transcripts_kept_ms: i64,
    /// The queue, for single resends.
    pub queue: Arc<dyn QueueStore>,
    /// Limits, holds and what waits.
    pub pacing: Arc<dyn PacingStore>,
    /// The configuration's limits.
    pub pacing_config: Overrides,
    /// Sending domains and the route.
    pub sources: Arc<dyn SourceStore>,
    /// How access tokens of sources are renewed.
    pub tokens: Arc<dyn TokenStore>,
    /// TLS: policies, rules, counts.
    pub tls: Arc<dyn delivery::tls::ports::TlsStore>,
    /// The configuration's rules about TLS.
    pub tls_config: Vec<(String, delivery::tls::ports::TlsRule)>,
    /// Bounces and other mail that came in.
    pub arrivals: Arc<dyn ArrivalStore>,
    /// Whether the work of the house can be written down.
    pub health: Arc<delivery::health::Health>,
    /// Looks at the health of a source.
    pub source_care: SourceCare,
    /// DNS, for the live check of a domain.
    pub dns: Arc<dyn DnsLookup>,
    /// The test walk of the sending route.
    pub route_probe: Arc<dyn RouteProbe>,
    /// The name of our mail server: in EHLO, and in the MX records of return paths.
    pub mail_host: String,
    /// Addresses mail leaves from, for SPF records.
    pub sending_ips: Vec<IpAddr>,
    /// What a smart host asks to have in SPF, such as `include:spf.relay.example`; empty when nothing.
    pub smart_host_spf: String,
    /// The port of MX hosts: 25, another in tests.
    pub mx_port: u16,
    /// How long messages are tried.
    pub tries: Tries,
    /// Now.
    pub clock: Clock,
    /// Where people reach the pages, without a slash at the end: `https://mail.example.jp`.
    pub base_url: String,
    /// Cookies only over TLS; true when `base_url` is https.
    pub secure_cookies: bool,
    /// Takes the caller's address from the last entry of `X-Forwarded-For`; only behind a proxy of ours.
    pub trust_forwarded_for: bool,
    /// The house's own secret; signs unsubscribe links and the login form.
    pub house_secret: String,
}

/// The ports with what the pages keep in memory.
pub(crate) struct House {
    app: App,
    /// Stops guessing from one address.
    pub(crate) logins: LoginLimit,
    /// Keeps one address from having mails explained without end.
    pub(crate) explained: AddressLimit,
    /// Passwords that were typed and tried out, and not saved yet.
    pub(crate) typed: TypedPasswords,
}

impl House {
    pub(crate) fn new(app: App) -> Self {
        Self {
            app,
            logins: LoginLimit::default(),
            explained: AddressLimit::new(EXPLAINED),
            typed: TypedPasswords::default(),
        }
    }

    /// Now, in milliseconds UTC.
    pub(crate) fn now(&self) -> i64 {
        (self.app.clock)()
    }
}

impl Deref for House {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}
