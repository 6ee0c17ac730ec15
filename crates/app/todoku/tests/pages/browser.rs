//! A browser for tests: keeps cookies, fills forms with the token of the page they stand on, moves the clock.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use storage::Store;
use tower::ServiceExt;

/// 2026-11-20T23:40:05Z, a Saturday morning in Japan.
pub const START: i64 = 1_795_218_005_000;

/// A house with its pages on a store of its own.
pub struct House {
    /// Where clicks are handed in.
    pub desk: Arc<campaigns::clicks::ClickDesk>,
    pub store: Arc<Store>,
    pub router: Router,
    pub clock: Arc<AtomicI64>,
    _folder: tempfile::TempDir,
}

/// A network in which nothing exists.
pub struct NoNetwork;

#[async_trait]
impl doctor::ports::DnsLookup for NoNetwork {
    async fn lookup(&self, _: &str, _: &str) -> authentication::Answer {
        authentication::Answer::NotFound
    }
}

#[async_trait]
impl doctor::ports::RouteProbe for NoNetwork {
    async fn probe(&self, _: &doctor::probe::ProbeRequest) -> Vec<doctor::probe::StepFact> {
        use doctor::probe::{Seen, Step, StepFact};
        vec![StepFact { step: Step::Dns, seen: Seen::NoSuchHost }]
    }
}

impl House {
    /// An empty house.
    pub async fn open(secure_cookies: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("house.db").display());
        let store = Arc::new(Store::open(&url).await.unwrap());
        let clock = Arc::new(AtomicI64::new(START));
        let now = Arc::clone(&clock);
        let desk = Arc::new(campaigns::clicks::ClickDesk::new(store.clone()));
        let app = web::App {
            operators: store.clone(),
            sessions: store.clone(),
            contacts: store.clone(),
            segments: store.clone(),
            fields: store.clone(),
            topics: store.clone(),
            suppressions: store.clone(),
            consents: store.clone(),
            merges: store.clone(),
            points: store.clone(),
            validity: store.clone(),
            validity_settings: audience::ValiditySettings::default(),
            imports: store.clone(),
            templates: store.clone(),
            broadcasts: store.clone(),
            clicks: store.clone(),
            click_desk: Arc::clone(&desk),
            desk: store.clone(),
            history: store.clone(),
            queue: store.clone(),
            pacing: store.clone(),
            pacing_config: Default::default(),
            sources: store.clone(),
            tls: store.clone(),
            tls_config: Vec::new(),
            arrivals: store.clone(),
            health: Arc::default(),
            source_care: doctor::source_care::SourceCare {
                sources: store.clone(),
                dns: Arc::new(NoNetwork),
                mail_host: "mx.todoku.example".to_owned(),
                sending_ips: vec!["192.0.2.25".parse().unwrap()],
                rest_when_listed: doctor::source_care::RestWhenListed::default(),
            },
            dns: Arc::new(NoNetwork),
            route_probe: Arc::new(NoNetwork),
            mail_host: "mx.todoku.example".to_owned(),
            sending_ips: vec!["192.0.2.25".parse().unwrap()],
            smart_host_spf: String::new(),
            mx_port: 25,
            tries: delivery::pacing::rulebook::Tries { broadcast_ms: Some(3_600_000) },
            transcripts: store.clone(),
            tokens: store.clone(),
            transcripts_kept_ms: 30 * 86_400_000,
            clock: Arc::new(move || now.load(Ordering::Relaxed)),
            base_url: "http://127.0.0.1:8080".to_owned(),
            secure_cookies,
            trust_forwarded_for: true,
            house_secret: "0123456789abcdef".to_owned(),
        };
        Self { store, desk, router: web::router(app), clock, _folder: folder }
    }

    /// A browser with a network address of its own.
    pub fn browser(&self, address: &str) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            address: address.to_owned(),
            agent: "Mozilla/5.0 (iPhone)".to_owned(),
        }
    }

    /// A house with an owner, and her browser, logged in.
    pub async fn with_owner() -> (Self, Browser) {
        let house = Self::open(false).await;
        let mut browser = house.browser("192.0.2.1");
        let form = "name=Sakura&login=sakura&password=correct+horse&again=correct+horse";
        let answer = browser.fill("/welcome", "/welcome", form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        (house, browser)
    }

    /// Lets time pass.
    pub fn pass(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless the page says all of these.
    pub fn says(&self, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(self.body.contains(part), "{part} is not in {} {}", self.status, self.body);
        }
        self
    }
}

/// One browser.
pub struct Browser {
    router: Router,
    pub cookies: BTreeMap<String, String>,
    address: String,
    /// What it calls itself.
    pub agent: String,
}

impl Browser {
    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, "", None).await
    }

    /// Opens a page, takes its token and sends a form with it.
    pub async fn fill(&mut self, page: &str, action: &str, form: &str) -> Answer {
        let token = self.token(page).await;
        self.post(action, &format!("csrf={token}&{form}")).await
    }

    /// Sends a form as it is.
    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send("POST", path, form, Some("application/x-www-form-urlencoded")).await
    }

    /// The form token of a page.
    pub async fn token(&mut self, page: &str) -> String {
        self.hidden(page, "csrf").await
    }

    /// What a hidden field of a page's form holds.
    pub async fn hidden(&mut self, page: &str, name: &str) -> String {
        let page = self.get(page).await;
        let mark = format!("name=\"{name}\" value=\"");
        let at = page.body.find(&mark).unwrap_or_else(|| panic!("no {name}: {} {}", page.status, page.body));
        page.body[at + mark.len()..].split('"').next().unwrap().to_owned()
    }

    /// Chooses a file on the upload page and sends it.
    pub async fn upload(&mut self, file_name: &str, bytes: impl Into<Body>) -> Answer {
        let token = self.token("/imports/new").await;
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{token}\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: text/csv\r\n\r\n"
        );
        let tail = "\r\n--b--\r\n";
        let parts = [Body::from(head), bytes.into(), Body::from(tail)].map(Body::into_data_stream);
        let body = Body::from_stream(stream::iter(parts).flatten());
        self.request("POST", "/imports", body, Some("multipart/form-data; boundary=b")).await
    }

    /// Any request.
    pub async fn send(&mut self, method: &str, path: &str, body: &str, kind: Option<&str>) -> Answer {
        self.request(method, path, Body::from(body.to_owned()), kind).await
    }

    async fn request(&mut self, method: &str, path: &str, body: Body, kind: Option<&str>) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request =
            Request::builder().method(method).uri(path).header("x-forwarded-for", &self.address);
        request = request.header(header::COOKIE, cookies.join("; ")).header(header::USER_AGENT, &self.agent);
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, body, bytes: bytes.to_vec() }
    }

    fn keep(&mut self, cookie: &str) {
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Percent-encodes a form value.
pub fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
