//! What the form of the route holds. A stored password is never shown, and never sent to another server.

use delivery::{
    hop::{AuthMechanism, Login, TlsMode},
    source::{Route, SmartHost},
};
use serde::Deserialize;

use crate::say::{Say, t};

/// The ways to encrypt, as a form says them.
pub(super) const TLS: [(&str, TlsMode); 4] = [
    ("start_tls", TlsMode::StartTls),
    ("implicit", TlsMode::Implicit),
    ("opportunistic", TlsMode::Opportunistic),
    ("none", TlsMode::None),
];
/// The ways to log in.
pub(super) const MECHANISMS: [(&str, AuthMechanism); 3] =
    [("any", AuthMechanism::Any), ("plain", AuthMechanism::Plain), ("login", AuthMechanism::Login)];
/// Longest text of a field, in bytes.
const FIELD_BYTES_MAX: usize = 255;

/// The fields as typed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(super) kind: String,
    pub(super) host: String,
    pub(super) port: String,
    pub(super) tls: String,
    pub(super) name: String,
    pub(super) password: String,
    pub(super) mechanism: String,
    /// The recipient of the test.
    pub(super) recipient: String,
}

/// What is wrong, by field name.
pub(super) type Wrong = Vec<(&'static str, String)>;

impl Entry {
    /// The entry a stored route would have been; without its password.
    pub(super) fn of(route: &Route) -> Self {
        let Route::SmartHost(host) = route else {
            let (kind, port, tls) = ("direct".to_owned(), "587".to_owned(), "start_tls".to_owned());
            return Self { kind, port, tls, mechanism: "any".to_owned(), ..Self::default() };
        };
        let mechanism = host.login.as_ref().map_or(AuthMechanism::Any, |login| login.mechanism);
        let named = |known: &[(&'static str, AuthMechanism)]| {
            known.iter().find(|(_, value)| *value == mechanism).map_or("any", |(name, _)| name)
        };
        Self {
            kind: "smart_host".to_owned(),
            host: host.host.clone(),
            port: host.port.to_string(),
            tls: TLS
                .iter()
                .find(|(_, mode)| *mode == host.tls)
                .map_or("start_tls", |(name, _)| name)
                .to_owned(),
            name: host.login.as_ref().map(|login| login.name.clone()).unwrap_or_default(),
            mechanism: named(&MECHANISMS).to_owned(),
            ..Self::default()
        }
    }

    /// The route, or what is wrong. A blank password means the stored one, at the same server and name only.
    pub(super) fn route(&self, say: Say, stored: &Route) -> Result<Route, Wrong> {
        if self.kind != "smart_host" {
            return Ok(Route::Direct);
        }
        let mut wrong = Wrong::new();
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
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let tls = TLS.iter().find(|(name, _)| *name == self.tls).map_or(TlsMode::StartTls, |(_, mode)| *mode);
        Ok(Route::SmartHost(SmartHost { host, port: port.unwrap_or_default(), tls, login }))
    }

    fn login(&self, say: Say, host: &str, stored: &Route) -> Result<Option<Login>, (&'static str, String)> {
        let name = self.name.trim();
        if name.is_empty() {
            return Ok(None);
        }
        if name.len() > FIELD_BYTES_MAX
            || self.password.len() > FIELD_BYTES_MAX
            || name.contains(char::is_control)
        {
            return Err(("name", t!(say, "route-login-wrong")));
        }
        let password = if self.password.is_empty() {
            kept_password(stored, host, name)
        } else {
            Some(self.password.clone())
        };
        let password = password.ok_or_else(|| ("password", t!(say, "route-password-missing")))?;
        let mechanism = MECHANISMS.iter().find(|(name, _)| *name == self.mechanism);
        let mechanism = mechanism.map_or(AuthMechanism::Any, |(_, mechanism)| *mechanism);
        Ok(Some(Login { mechanism, name: name.to_owned(), password }))
    }
}

fn kept_password(stored: &Route, host: &str, name: &str) -> Option<String> {
    let Route::SmartHost(known) = stored else { return None };
    let login = known.login.as_ref().filter(|login| known.host == host && login.name == name)?;
    Some(login.password.clone())
}

/// A host name or an IP address.
fn is_host(host: &str) -> bool {
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let name =
        plain && !host.is_empty() && host.len() <= 253 && host.split('.').all(|label| !label.is_empty());
    name || host.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Route {
        let login = Login { mechanism: AuthMechanism::Plain, name: "shop".into(), password: "old".into() };
        Route::SmartHost(SmartHost {
            host: "relay.example".into(),
            port: 587,
            tls: TlsMode::StartTls,
            login: Some(login),
        })
    }

    fn check(form: &str, expected: &str) {
        let entry: Entry = serde_html_form::from_str(form).unwrap();
        let seen = match entry.route(Say::default(), &stored()) {
            Ok(Route::Direct) => "direct".to_owned(),
            Ok(Route::SmartHost(host)) => {
                let login = host.login.map(|login| format!("{}:{}", login.name, login.password));
                format!("{} {} {:?} {}", host.host, host.port, host.tls, login.unwrap_or_default())
            }
            Err(wrong) => wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(" "),
        };
        assert_eq!(seen, expected, "{form}");
    }

    #[test]
    fn routes() {
        check("kind=direct&host=x", "direct");
        check("", "direct");
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
    }

    #[test]
    fn a_stored_password_stays_with_its_server() {
        check(
            "kind=smart_host&host=relay.example&port=465&name=shop&password=",
            "relay.example 465 StartTls shop:old",
        );
        check("kind=smart_host&host=evil.example&port=587&name=shop&password=", "password");
        check("kind=smart_host&host=relay.example&port=587&name=other&password=", "password");
        assert!(Entry::of(&stored()).password.is_empty());
    }
}
