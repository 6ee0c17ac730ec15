//! Says who asks, in which language, and with which form token; pages take one of these and nothing else.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use accounts::{Language, Operator, Role, Session};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use maud::Markup;

use crate::{
    app::House,
    cookie,
    parts::{flash::Flash, layout},
    problem::Problem,
    say::Say,
    secret,
};

/// How long a login lasts after it was last used.
pub(crate) const SESSION_MS: i64 = 7 * DAY_MS;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// The token that a form of this request must carry; set by [`Visit`] and [`Guest`], asked for by `form.rs`.
#[derive(Clone)]
pub(crate) struct FormToken(pub(crate) String);

/// Somebody who has logged in. Taking this in a handler is what closes a page to everyone else.
pub(crate) struct Visit {
    /// The house.
    pub(crate) house: Arc<House>,
    /// The language.
    pub(crate) say: Say,
    /// Who.
    pub(crate) operator: Operator,
    /// The open session.
    pub(crate) session: Session,
    /// Path and query of this page.
    pub(crate) path: String,
    /// How many messages wait on the desk.
    pub(crate) desk_open: u64,
    /// What was done just before.
    pub(crate) flash: Option<Flash>,
}

/// An owner; others get a page that says who can help.
pub(crate) struct Owner(pub(crate) Visit);

/// Somebody who has not logged in, on the pages that allow that.
pub(crate) struct Guest {
    /// The house.
    pub(crate) house: Arc<House>,
    /// The language.
    pub(crate) say: Say,
    /// What the forms of this page carry.
    pub(crate) form_token: String,
    /// A nonce the browser does not have yet.
    fresh_nonce: Option<String>,
    /// The caller's network address.
    pub(crate) from: IpAddr,
    /// Path and query of this page.
    pub(crate) path: String,
    /// True when a valid session came along.
    pub(crate) signed_in: bool,
}

impl Visit {
    /// A whole page in the frame.
    pub(crate) fn page(&self, title: &str, body: &Markup) -> Markup {
        layout::framed(self, title, body)
    }

    /// The hidden field every form needs.
    pub(crate) fn token_field(&self) -> Markup {
        layout::token_field(&self.session.csrf_token)
    }

    /// Now, in milliseconds UTC.
    pub(crate) fn now(&self) -> i64 {
        self.house.now()
    }

    /// The operator, for what the stores record.
    pub(crate) fn actor(&self) -> Option<i64> {
        Some(self.operator.id)
    }

    /// Whether this operator is an owner.
    pub(crate) fn is_owner(&self) -> bool {
        self.operator.role == Role::Owner
    }
}

impl Guest {
    /// A whole page without the frame; sets the nonce cookie when the browser has none.
    pub(crate) fn page(&self, title: &str, body: &Markup) -> Response {
        let mut response =
            layout::bare(self.say, title, body, Some((&self.form_token, &self.path))).into_response();
        if let Some(nonce) = &self.fresh_nonce {
            cookie::add(response.headers_mut(), cookie::guest(&self.house, nonce));
        }
        response
    }

    /// The hidden field every form needs.
    pub(crate) fn token_field(&self) -> Markup {
        layout::token_field(&self.form_token)
    }
}

impl FromRequestParts<Arc<House>> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Problem> {
        let Some((session, operator)) = open_session(house, &parts.headers).await? else {
            let next = (parts.method == Method::GET).then(|| path_of(parts));
            return Err(Problem::Login { next });
        };
        keep_open(house, &session).await;
        parts.extensions.insert(FormToken(session.csrf_token.clone()));
        Ok(Self {
            say: Say(operator.language),
            desk_open: house.desk.open_count().await?,
            flash: Flash::of(parts.uri.query().unwrap_or_default()),
            path: path_of(parts),
            house: Arc::clone(house),
            operator,
            session,
        })
    }
}

impl FromRequestParts<Arc<House>> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Problem> {
        let visit = Visit::from_request_parts(parts, house).await?;
        if visit.is_owner() { Ok(Self(visit)) } else { Err(Problem::OnlyOwners) }
    }
}

impl FromRequestParts<Arc<House>> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Problem> {
        let known = cookie::read_guest(house, &parts.headers).filter(|nonce| nonce.len() == 64);
        let fresh_nonce = known.is_none().then(secret::fresh);
        let nonce = known.as_ref().or(fresh_nonce.as_ref()).cloned().unwrap_or_default();
        let form_token = secret::mac(&house.house_secret, &format!("form {nonce}"));
        parts.extensions.insert(FormToken(form_token.clone()));
        Ok(Self {
            say: Say(language_of(&parts.headers)),
            form_token,
            fresh_nonce,
            from: caller(house, parts),
            path: path_of(parts),
            signed_in: open_session(house, &parts.headers).await?.is_some(),
            house: Arc::clone(house),
        })
    }
}

async fn open_session(house: &House, headers: &HeaderMap) -> Result<Option<(Session, Operator)>, Problem> {
    match cookie::read_session(house, headers) {
        Some(token) => Ok(house.sessions.find(&secret::sha256(token.as_bytes()), house.now()).await?),
        None => Ok(None),
    }
}

/// Moves the end of the session, at most once a day so that reading pages does not write. On a full disk it stays
/// where it is: pages must go on to be read.
async fn keep_open(house: &House, session: &Session) {
    let until = house.now() + SESSION_MS;
    if until - session.expires_at < DAY_MS {
        return;
    }
    if let Err(failure) = house.sessions.extend(&session.token_hash, until).await {
        tracing::warn!(%failure, "a session could not be extended");
    }
}

/// The cookie decides, else what the browser asks for, else Japanese.
pub(crate) fn language_of(headers: &HeaderMap) -> Language {
    let chosen = cookie::read(headers, cookie::LANGUAGE).and_then(|name| Language::from_name(&name));
    let asked =
        || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).and_then(first_known);
    chosen.or_else(asked).unwrap_or_default()
}

fn first_known(accept: &str) -> Option<Language> {
    accept.split(',').find_map(|range| {
        let tag = range.split(';').next().unwrap_or_default().trim();
        Language::from_name(tag.split('-').next().unwrap_or_default())
    })
}

fn path_of(parts: &Parts) -> String {
    parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()
}

fn caller(house: &House, parts: &Parts) -> IpAddr {
    let forwarded = || {
        let value = parts.headers.get("x-forwarded-for")?.to_str().ok()?;
        value.rsplit(',').next()?.trim().parse().ok()
    };
    let direct = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let trusted = if house.trust_forwarded_for { forwarded() } else { None };
    trusted.or(direct).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages() {
        let check = |accept: &str, cookie: &str, expected: Language| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            assert_eq!(language_of(&headers), expected, "{accept} {cookie}");
        };
        check("ja", "", Language::Ja);
        check("en-US,en;q=0.9,ja;q=0.8", "", Language::En);
        check("fr-FR, ja;q=0.5", "", Language::Ja);
        check("fr", "", Language::Ja);
        check("", "", Language::Ja);
        check("ja", "todoku-language=en", Language::En);
        check("en", "todoku-language=xx", Language::En);
    }
}
