//! Where a message goes next: the recipient's MX, or the smart host.

use std::sync::Arc;

use crate::{
    attempt::Trouble,
    hop::{HopHost, MxAnswer, NextHop, TlsMode},
    pacing::SourceId,
    ports::{Claimed, MxResolver},
    source::Route,
};

/// The ways out of the house as they are now.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    route: Route,
    relay: Option<Arc<str>>,
}

/// One way out, as chosen for a row.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The route.
    pub route: &'a Route,
    relay: Option<&'a Arc<str>>,
}

impl Way<'_> {
    /// The smart host's name and port; `None` when mail goes to each recipient's MX.
    #[must_use]
    pub fn relay_name(&self) -> Option<Arc<str>> {
        self.relay.cloned()
    }
}

impl Egress {
    /// One way for everything.
    #[must_use]
    pub fn single(route: Route) -> Self {
        let relay = match &route {
            Route::Direct => None,
            Route::SmartHost(host) => Some(format!("{}:{}", host.host, host.port).into()),
        };
        Self { route, relay }
    }

    /// Whether any way out goes to the recipients' own MX hosts.
    #[must_use]
    pub fn asks_dns(&self) -> bool {
        self.relay.is_none()
    }

    /// Chooses the way for a row; `group` is the provider or MX site it goes to, where that is known.
    #[must_use]
    pub fn choose(&self, _row: &Claimed, _group: Option<&str>) -> (SourceId, Way<'_>) {
        (0, Way { route: &self.route, relay: self.relay.as_ref() })
    }

    /// The route of a source that was chosen before.
    #[must_use]
    pub fn route_of(&self, _source: SourceId) -> &Route {
        &self.route
    }
}

/// What the route needs to know of this house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// The name we greet with; it should resolve to our address and back.
    pub helo_name: String,
    /// The port of MX hosts: 25, another in tests.
    pub mx_port: u16,
}

/// Why there is no next hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRoute {
    /// What kind of trouble.
    pub trouble: Trouble,
    /// Words for the record; data.
    pub detail: String,
}

/// Finds the next hop for a recipient domain.
///
/// # Errors
/// When DNS gives no host: permanently (no such domain, null MX) or for now.
pub async fn next_hop(
    route: &Route,
    house: &House,
    resolver: &dyn MxResolver,
    domain: &str,
) -> Result<NextHop, NoRoute> {
    let direct = matches!(route, Route::Direct);
    let (answer, asked) = match route {
        Route::Direct => (resolver.mx(domain).await, domain),
        Route::SmartHost(host) => (resolver.host(&host.host).await, host.host.as_str()),
    };
    let hosts = hosts_of(answer, asked).map_err(|problem| if direct { problem } else { ours(problem) })?;
    Ok(match route {
        Route::Direct => NextHop {
            hosts,
            port: house.mx_port,
            tls: TlsMode::Opportunistic,
            login: None,
            helo_name: house.helo_name.clone(),
            from: Vec::new(),
        },
        Route::SmartHost(host) => NextHop {
            hosts,
            port: host.port,
            tls: host.tls,
            login: host.login.clone(),
            helo_name: house.helo_name.clone(),
            from: Vec::new(),
        },
    })
}

pub(crate) fn hosts_of(answer: MxAnswer, asked: &str) -> Result<Vec<HopHost>, NoRoute> {
    let no_route = |trouble, detail: String| Err(NoRoute { trouble, detail });
    match answer {
        MxAnswer::Hosts(hosts) => {
            let usable: Vec<HopHost> = hosts
                .into_iter()
                .filter(|host| !host.addresses.is_empty())
                .map(|host| HopHost { name: host.name, addresses: host.addresses, policy: host.policy })
                .collect();
            if usable.is_empty() {
                // An MX whose hosts have no address may be a slip that its owner is mending right now.
                return no_route(Trouble::DnsTrouble, format!("no MX host of {asked} has an address"));
            }
            Ok(usable)
        }
        MxAnswer::NullMx => no_route(Trouble::NullMx, format!("{asked} publishes a null MX (RFC 7505)")),
        MxAnswer::NoSuchDomain => {
            no_route(Trouble::NoSuchDomain, format!("{asked} does not exist (NXDOMAIN)"))
        }
        MxAnswer::NoMailHost => {
            no_route(Trouble::NoMailHost, format!("{asked} has neither MX nor address records"))
        }
        MxAnswer::Trouble(words) => no_route(Trouble::DnsTrouble, words),
        MxAnswer::Barred(trouble, words) => no_route(trouble, words),
    }
}

/// A smart host that cannot be found is our own configuration's trouble: never the customer's, always temporary.
fn ours(problem: NoRoute) -> NoRoute {
    NoRoute { trouble: Trouble::DnsTrouble, detail: problem.detail }
}
