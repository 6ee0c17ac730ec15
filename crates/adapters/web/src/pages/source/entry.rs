//! What the form of a source holds. A stored password is never shown, and never sent to another server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use delivery::{
    hop::{AuthMechanism, Login, TlsMode},
    source::{
        DEFAULT_POOL, DayWindow, Direct, Quota, SmartHost, Source, SourceDraft, USUAL_WEIGHT, Way,
        token::TokenRenewal, warm_up,
    },
};
use serde::Deserialize;

use crate::{
    say::{Say, t},
    typed::Belongs,
    visit::Visit,
};

/// The ways to encrypt, as a form says them.
pub(super) const TLS: [(&str, TlsMode); 4] = [
    ("start_tls", TlsMode::StartTls),
    ("implicit", TlsMode::Implicit),
    ("opportunistic", TlsMode::Opportunistic),
    ("none", TlsMode::None),
];
/// The ways to log in.
pub(super) const MECHANISMS: [(&str, AuthMechanism); 4] = [
    ("any", AuthMechanism::Any),
    ("plain", AuthMechanism::Plain),
    ("login", AuthMechanism::Login),
    ("xoauth2", AuthMechanism::XOAuth2),
];
/// What a day is.
pub(super) const WINDOWS: [(&str, DayWindow); 2] =
    [("calendar", DayWindow::Calendar), ("rolling", DayWindow::Rolling)];
/// Longest text of a field, in bytes; access tokens are longer than passwords.
const FIELD_BYTES_MAX: usize = 255;
const TOKEN_BYTES_MAX: usize = 4_096;
const NAME_CHARS_MAX: usize = 60;
const WEIGHT_MAX: u32 = 1_000;
const QUOTA_MAX: u32 = 100_000_000;

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(super) label: String,
    pub(super) kind: String,
    pub(super) bind_v4: String,
    pub(super) bind_v6: String,
    pub(super) helo_name: String,
    pub(super) seen_as: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) tls: String,
    pub(super) name: String,
    pub(super) password: String,
    pub(super) mechanism: String,
    pub(super) token_url: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) refresh_token: String,
    pub(super) pool: String,
    pub(super) weight: String,
    pub(super) enabled: String,
    pub(super) hourly: String,
    pub(super) daily: String,
    pub(super) window: String,
    pub(super) curve: String,
    /// The recipient of the test.
    pub(super) recipient: String,
    /// What a password that was typed before is remembered by.
    pub(super) typed: String,
}

/// What is wrong, by field name.
pub(super) type Wrong = Vec<(&'static str, String)>;

fn named<T: PartialEq + Copy>(known: &[(&'static str, T)], value: T) -> String {
    known.iter().find(|(_, one)| *one == value).map_or(known[0].0, |(name, _)| name).to_owned()
}

fn value_of<T: Copy>(known: &[(&'static str, T)], name: &str) -> T {
    known.iter().find(|(one, _)| *one == name).map_or(known[0].1, |(_, value)| *value)
}

fn optional(number: Option<u32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

impl Entry {
    /// The entry a stored source would have been; without its secrets.
    pub(super) fn of(draft: &SourceDraft) -> Self {
        let entry = Self {
            label: draft.name.clone(),
            pool: draft.pool.clone(),
            weight: draft.weight.to_string(),
            enabled: if draft.enabled { "1".to_owned() } else { String::new() },
            hourly: optional(draft.quota.hourly),
            daily: optional(draft.quota.daily),
            window: named(&WINDOWS, draft.quota.window),
            curve: draft.curve.as_ref().map(|(id, _)| id.clone()).unwrap_or_default(),
            ..Self::default()
        };
        match &draft.way {
            Way::Direct(direct) => Self {
                kind: "direct".to_owned(),
                bind_v4: first(&direct.bind, IpAddr::is_ipv4),
                bind_v6: first(&direct.bind, IpAddr::is_ipv6),
                helo_name: direct.helo_name.clone(),
                seen_as: list(&direct.seen_as),
                port: "587".to_owned(),
                tls: "start_tls".to_owned(),
                mechanism: "any".to_owned(),
                ..entry
            },
            Way::SmartHost(host) => Self::of_host(host, entry),
        }
    }

    /// With the password that was typed before, where none is typed now and it is for the same server and name.
    pub(super) fn recalled(mut self, visit: &Visit) -> Self {
        if self.password.is_empty() && !self.typed.is_empty() {
            let known = visit.house.typed.of(&self.typed, &self.belongs(visit), visit.now());
            self.password = known.unwrap_or_default();
        }
        self
    }

    /// With the typed password remembered, since a page never shows one again.
    pub(super) fn remembering(mut self, visit: &Visit) -> Self {
        self.typed = match self.password.as_str() {
            "" => String::new(),
            typed => visit.house.typed.keep(self.belongs(visit), typed, visit.now()),
        };
        self
    }

    /// Whether access tokens are to be renewed.
    pub(super) fn renews(&self) -> bool {
        let typed = [&self.token_url, &self.client_id, &self.client_secret, &self.refresh_token];
        self.kind == "smart_host"
            && self.mechanism == "xoauth2"
            && typed.iter().any(|field| !field.trim().is_empty())
    }

    /// How tokens are renewed, or what is wrong. Blank secrets mean the stored ones, at the same address and client.
    pub(super) fn renewal(
        &self,
        say: Say,
        stored: Option<&TokenRenewal>,
    ) -> Result<Option<TokenRenewal>, Wrong> {
        if !self.renews() {
            return Ok(None);
        }
        let (url, client) = (self.token_url.trim(), self.client_id.trim());
        let stored = stored.filter(|stored| stored.token_url == url && stored.client_id == client);
        let or_stored = |typed: &str, kept: fn(&TokenRenewal) -> &str| match typed.trim() {
            "" => stored.map(kept).unwrap_or_default().to_owned(),
            typed => typed.to_owned(),
        };
        let new = TokenRenewal {
            token_url: url.to_owned(),
            client_id: client.to_owned(),
            client_secret: or_stored(&self.client_secret, |stored| &stored.client_secret),
            refresh_token: or_stored(&self.refresh_token, |stored| &stored.refresh_token),
        };
        let odd = |text: &str| text.len() > TOKEN_BYTES_MAX || text.contains(char::is_control);
        let mut wrong = Wrong::new();
        if !url.starts_with("https://") || url.contains(char::is_whitespace) || odd(url) {
            wrong.push(("token_url", t!(say, "source-token-url-wrong")));
        }
        if client.is_empty() || odd(client) {
            wrong.push(("client_id", t!(say, "source-token-missing")));
        }
        if odd(&new.client_secret) {
            wrong.push(("client_secret", t!(say, "source-token-missing")));
        }
        if new.refresh_token.is_empty() || odd(&new.refresh_token) {
            wrong.push(("refresh_token", t!(say, "source-token-missing")));
        }
        if wrong.is_empty() { Ok(Some(new)) } else { Err(wrong) }
    }

    /// The same entry with the way tokens are renewed, without its secrets.
    pub(super) fn with_renewal(self, stored: Option<&TokenRenewal>) -> Self {
        match stored {
            Some(stored) => {
                Self { token_url: stored.token_url.clone(), client_id: stored.client_id.clone(), ..self }
            }
            None => self,
        }
    }

    fn belongs(&self, visit: &Visit) -> Belongs {
        let host = addressing::to_half_width(self.host.trim()).to_lowercase();
        Belongs { operator: visit.actor(), host, name: self.name.trim().to_owned() }
    }

    fn of_host(host: &SmartHost, entry: Self) -> Self {
        let login = host.login.as_ref();
        Self {
            kind: "smart_host".to_owned(),
            host: host.host.clone(),
            port: host.port.to_string(),
            tls: named(&TLS, host.tls),
            name: login.map(|login| login.name.clone()).unwrap_or_default(),
            mechanism: login.map_or("any".to_owned(), |login| named(&MECHANISMS, login.mechanism)),
            ..entry
        }
    }

    /// The draft, or what is wrong. A blank password means the stored one, at the same server and name only.
    pub(super) fn draft(&self, say: Say, stored: Option<&Source>, now: i64) -> Result<SourceDraft, Wrong> {
        let mut wrong = Wrong::new();
        let kept = stored.map(|source| source.draft.clone()).unwrap_or_default();
        let way = if self.kind == "smart_host" {
            self.smart_host(say, &kept.way, &mut wrong).map(Way::SmartHost)
        } else {
            self.direct(say, &mut wrong).map(Way::Direct)
        };
        if self.label.chars().count() > NAME_CHARS_MAX || self.label.contains(char::is_control) {
            wrong.push(("label", t!(say, "source-label-wrong", max = NAME_CHARS_MAX)));
        }
        let weight = match self.weight.trim() {
            "" => Some(USUAL_WEIGHT),
            typed => number(typed, WEIGHT_MAX),
        };
        if weight.is_none() {
            wrong.push(("weight", t!(say, "source-weight-wrong")));
        }
        let mut quota = |field: &'static str, typed: &str| match typed.trim() {
            "" => None,
            typed => {
                let read = number(typed, QUOTA_MAX);
                if read.is_none() {
                    wrong.push((field, t!(say, "source-quota-wrong")));
                }
                read
            }
        };
        let quota = Quota {
            hourly: quota("hourly", &self.hourly),
            daily: quota("daily", &self.daily),
            window: value_of(&WINDOWS, &self.window),
        };
        let (Some(way), Some(weight), true) = (way, weight, wrong.is_empty()) else { return Err(wrong) };
        let pool = self.pool.trim().to_lowercase();
        let from = kept.curve.as_ref().filter(|(id, _)| *id == self.curve).map_or(now, |(_, from)| *from);
        Ok(SourceDraft {
            name: self.label.trim().to_owned(),
            way,
            pool: if pool.is_empty() { DEFAULT_POOL.to_owned() } else { pool.chars().take(40).collect() },
            weight,
            enabled: !self.enabled.is_empty(),
            quota,
            curve: warm_up::curve(&self.curve).map(|curve| (curve.id.clone(), from)),
        })
    }

    fn direct(&self, say: Say, wrong: &mut Wrong) -> Option<Direct> {
        let before = wrong.len();
        let mut bind: Vec<IpAddr> = Vec::new();
        match self.bind_v4.trim() {
            "" => {}
            typed => match addressing::to_half_width(typed).parse::<Ipv4Addr>() {
                Ok(ip) => bind.push(ip.into()),
                Err(_) => wrong.push(("bind_v4", t!(say, "source-ip-wrong"))),
            },
        }
        match self.bind_v6.trim() {
            "" => {}
            typed => match addressing::to_half_width(typed).parse::<Ipv6Addr>() {
                Ok(ip) => bind.push(ip.into()),
                Err(_) => wrong.push(("bind_v6", t!(say, "source-ip-wrong"))),
            },
        }
        let typed = addressing::to_half_width(&self.seen_as);
        let seen_as: Result<Vec<IpAddr>, _> =
            typed.split([',', ' ']).filter(|one| !one.is_empty()).map(str::parse).collect();
        let Ok(seen_as) = seen_as else {
            wrong.push(("seen_as", t!(say, "source-ip-wrong")));
            return None;
        };
        let helo_name = addressing::to_half_width(self.helo_name.trim()).to_lowercase();
        if !helo_name.is_empty() && (!is_host(&helo_name) || !helo_name.contains('.')) {
            wrong.push(("helo_name", t!(say, "source-helo-wrong")));
        }
        (wrong.len() == before).then_some(Direct { bind, helo_name, seen_as })
    }

    fn smart_host(&self, say: Say, stored: &Way, wrong: &mut Wrong) -> Option<SmartHost> {
        let before = wrong.len();
        let host = addressing::to_half_width(self.host.trim()).to_lowercase();
        if !is_host(&host) {
            wrong.push(("host", t!(say, "route-host-wrong")));
        }
        let port = addressing::to_half_width(self.port.trim()).parse().ok().filter(|port: &u16| *port > 0);
        if port.is_none() {
            wrong.push(("port", t!(say, "route-port-wrong")));
        }
        let login = self.login(say, &host, stored).unwrap_or_else(|found| {
            wrong.push(found);
            None
        });
        let tls = value_of(&TLS, &self.tls);
        (wrong.len() == before).then_some(SmartHost { host, port: port.unwrap_or_default(), tls, login })
    }

    fn login(&self, say: Say, host: &str, stored: &Way) -> Result<Option<Login>, (&'static str, String)> {
        let name = self.name.trim();
        if name.is_empty() {
            return Ok(None);
        }
        let too_long = name.len() > FIELD_BYTES_MAX || self.password.len() > TOKEN_BYTES_MAX;
        if too_long || name.contains(char::is_control) {
            return Err(("name", t!(say, "route-login-wrong")));
        }
        let mechanism = value_of(&MECHANISMS, &self.mechanism);
        let known = kept_login(stored, host, name);
        let password = match (self.password.as_str(), known) {
            ("", Some(known)) => known.password.clone(),
            // The first access token is asked for like the next ones.
            ("", None) if self.renews() => String::new(),
            ("", None) => return Err(("password", t!(say, "route-password-missing"))),
            (typed, _) => typed.to_owned(),
        };
        Ok(Some(Login { mechanism, name: name.to_owned(), password }))
    }
}

fn kept_login<'a>(stored: &'a Way, host: &str, name: &str) -> Option<&'a Login> {
    let Way::SmartHost(known) = stored else { return None };
    known.login.as_ref().filter(|login| known.host == host && login.name == name)
}

fn first(ips: &[IpAddr], is: fn(&IpAddr) -> bool) -> String {
    ips.iter().find(|ip| is(ip)).map(ToString::to_string).unwrap_or_default()
}

pub(super) fn list(ips: &[IpAddr]) -> String {
    ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn number(typed: &str, most: u32) -> Option<u32> {
    let plain = addressing::to_half_width(typed).replace(',', "");
    plain.parse().ok().filter(|number| (1..=most).contains(number))
}

/// A host name or an IP address.
fn is_host(host: &str) -> bool {
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let name =
        plain && !host.is_empty() && host.len() <= 253 && host.split('.').all(|label| !label.is_empty());
    name || host.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Source {
        let login = Login { mechanism: AuthMechanism::Plain, name: "shop".into(), password: "old".into() };
        let host =
            SmartHost { host: "relay.example".into(), port: 587, tls: TlsMode::StartTls, login: Some(login) };
        Source::new(1, SourceDraft { way: Way::SmartHost(host), ..SourceDraft::default() })
    }

    fn check(form: &str, expected: &str) {
        let entry: Entry = serde_html_form::from_str(form).unwrap();
        let seen = match entry.draft(Say::default(), Some(&stored()), 7) {
            Ok(SourceDraft { way: Way::Direct(direct), .. }) => {
                format!("direct {} {}", list(&direct.bind), direct.helo_name).trim_end().to_owned()
            }
            Ok(SourceDraft { way: Way::SmartHost(host), .. }) => {
                let login = host.login.map(|login| format!("{}:{}", login.name, login.password));
                format!("{} {} {:?} {}", host.host, host.port, host.tls, login.unwrap_or_default())
            }
            Err(wrong) => wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(" "),
        };
        assert_eq!(seen, expected, "{form}");
    }

    #[test]
    fn ways() {
        check("kind=direct&host=x", "direct");
        check("", "direct");
        check(
            "bind_v4=192.0.2.7&bind_v6=2001:db8::7&helo_name=Out.Example",
            "direct 192.0.2.7, 2001:db8::7 out.example",
        );
        check("bind_v4=2001:db8::7&seen_as=x", "bind_v4 seen_as");
        check("helo_name=out", "helo_name");
        check("kind=smart_host&host=Relay.Example&port=587&tls=start_tls", "relay.example 587 StartTls ");
        check("kind=smart_host&host=192.0.2.1&port=25&tls=none", "192.0.2.1 25 None ");
        check("kind=smart_host&host=2001:db8::1&port=465&tls=implicit", "2001:db8::1 465 Implicit ");
        check("kind=smart_host&host=https://x&port=0", "host port");
        check("kind=smart_host&host=a+b&port=587", "host");
        check("kind=smart_host&host=a..b&port=587", "host");
        check(
            "kind=smart_host&host=relay.example&port=587&name=shop&password=new",
            "relay.example 587 StartTls shop:new",
        );
        check("weight=0&hourly=x&daily=-1", "weight hourly daily");
    }

    #[test]
    fn stored_secrets_stay_with_their_servers() {
        let host = "kind=smart_host&host=relay.example&port=465&name=shop";
        check(&format!("{host}&password="), "relay.example 465 StartTls shop:old");
        check("kind=smart_host&host=evil.example&port=587&name=shop&password=", "password");
        check("kind=smart_host&host=relay.example&port=587&name=other&password=", "password");
        let shown = Entry::of(&stored().draft);
        assert!(shown.password.is_empty());
    }

    #[test]
    fn limits_and_warm_up() {
        let form =
            "label=x&pool=Orders&weight=３0&enabled=1&hourly=1,500&daily=&window=rolling&curve=careful";
        let entry: Entry = serde_html_form::from_str(form).unwrap();
        let draft = entry.draft(Say::default(), Some(&stored()), 7).unwrap();
        assert_eq!((draft.pool.as_str(), draft.weight, draft.enabled), ("orders", 30, true));
        assert_eq!(draft.quota, Quota { hourly: Some(1_500), daily: None, window: DayWindow::Rolling });
        assert_eq!(draft.curve, Some(("careful".to_owned(), 7)));
    }

    #[test]
    fn renewals() {
        let kept = TokenRenewal {
            token_url: "https://t.example/token".into(),
            client_id: "shop".into(),
            client_secret: "s".into(),
            refresh_token: "r".into(),
        };
        let check = |form: &str, expected: &str| {
            let entry: Entry = serde_html_form::from_str(form).unwrap();
            let seen = match entry.renewal(Say::default(), Some(&kept)) {
                Ok(new) => {
                    new.map(|new| format!("{} {}", new.client_secret, new.refresh_token)).unwrap_or_default()
                }
                Err(wrong) => wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(" "),
            };
            assert_eq!(seen, expected, "{form}");
        };
        let host = "kind=smart_host&mechanism=xoauth2";
        check("kind=smart_host&mechanism=plain&token_url=https://t.example/token", "");
        check(host, "");
        check(&format!("{host}&token_url=https://t.example/token&client_id=shop"), "s r");
        check(&format!("{host}&token_url=https://t.example/token&client_id=shop&refresh_token=n"), "s n");
        check(&format!("{host}&token_url=https://evil.example/&client_id=shop"), "refresh_token");
        check(&format!("{host}&token_url=http://t.example/&refresh_token=n"), "token_url client_id");
    }
}
