//! Where a message goes next: the recipient's MX, or the smart host.

use crate::{
    attempt::Trouble,
    hop::{HopHost, MxAnswer, NextHop, TlsMode},
    ports::MxResolver,
    source::Way,
};

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
    way: &Way,
    house: &House,
    resolver: &dyn MxResolver,
    domain: &str,
) -> Result<NextHop, NoRoute> {
    Ok(match way {
        Way::Direct(direct) => NextHop {
            hosts: hosts_of(resolver.mx(domain).await, domain)?,
            port: house.mx_port,
            tls: TlsMode::Opportunistic,
            login: None,
            helo_name: named(&direct.helo_name, house),
            from: direct.bind.clone(),
        },
        Way::SmartHost(host) => NextHop {
            hosts: hosts_of(resolver.host(&host.host).await, &host.host).map_err(ours)?,
            port: host.port,
            tls: host.tls,
            login: host.login.clone(),
            helo_name: house.helo_name.clone(),
            from: Vec::new(),
        },
    })
}

/// The source's own name, or the house's.
fn named(own: &str, house: &House) -> String {
    if own.is_empty() { house.helo_name.clone() } else { own.to_owned() }
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
