//! Sending domains: adding one, the DNS records it needs, the live check, removing it.

pub(crate) mod add;
pub(crate) mod change;
pub(crate) mod list;
mod records;
pub(crate) mod show;

use authentication::DomainPlan;
use delivery::source::SendingDomain;
use doctor::sending::{HouseNames, plan_of};

use crate::app::House;

/// What the records say about this house.
fn names(house: &House) -> HouseNames {
    HouseNames {
        mail_host: house.mail_host.clone(),
        sending_ips: house.sending_ips.clone(),
        smart_host_spf: Some(house.smart_host_spf.clone()).filter(|spf| !spf.trim().is_empty()),
    }
}

/// The records a domain needs here.
fn plan<'a>(domain: &'a SendingDomain, names: &'a HouseNames) -> DomainPlan<'a> {
    plan_of(domain, names)
}
