//! Whoever comes to a page that is open to all: an operator in the frame, or a guest outside.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use maud::Markup;

use crate::{
    app::House,
    problem::Problem,
    say::Say,
    visit::{Guest, Visit},
};

/// Somebody, logged in or not.
pub(crate) enum Caller {
    /// An operator.
    Operator(Box<Visit>),
    /// Anybody else.
    Guest(Guest),
}

impl Caller {
    /// The language.
    pub(super) fn say(&self) -> Say {
        match self {
            Self::Operator(visit) => visit.say,
            Self::Guest(guest) => guest.say,
        }
    }

    /// The house.
    pub(super) fn house(&self) -> &House {
        match self {
            Self::Operator(visit) => &visit.house,
            Self::Guest(guest) => &guest.house,
        }
    }

    /// The address to count against; an operator is not counted.
    pub(super) fn counted(&self) -> Option<IpAddr> {
        match self {
            Self::Operator(_) => None,
            Self::Guest(guest) => Some(guest.from),
        }
    }

    /// The hidden field every form needs.
    pub(super) fn token_field(&self) -> Markup {
        match self {
            Self::Operator(visit) => visit.token_field(),
            Self::Guest(guest) => guest.token_field(),
        }
    }

    /// A whole page.
    pub(super) fn page(&self, title: &str, body: &Markup) -> Response {
        match self {
            Self::Operator(visit) => visit.page(title, body).into_response(),
            Self::Guest(guest) => guest.page(title, body),
        }
    }
}

impl FromRequestParts<Arc<House>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Problem> {
        match Visit::from_request_parts(parts, house).await {
            Ok(visit) => Ok(Self::Operator(Box::new(visit))),
            Err(Problem::Login { .. }) => Ok(Self::Guest(Guest::from_request_parts(parts, house).await?)),
            Err(problem) => Err(problem),
        }
    }
}
