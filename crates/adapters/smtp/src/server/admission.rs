//! Counts connections, overall and per address, and turns away those that are too many.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

/// The door.
#[derive(Debug)]
pub(crate) struct Admission {
    inside: Mutex<HashMap<IpAddr, usize>>,
    all_max: usize,
    per_ip_max: usize,
}

/// A connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    door: Arc<Admission>,
    key: IpAddr,
}

impl Admission {
    pub(crate) fn new(all_max: usize, per_ip_max: usize) -> Arc<Self> {
        Arc::new(Self { inside: Mutex::default(), all_max, per_ip_max })
    }

    /// `None` when there is no room.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr) -> Option<Admitted> {
        let key = network(ip);
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = inside.values().sum();
        let same = inside.get(&key).copied().unwrap_or(0);
        if all >= self.all_max || same >= self.per_ip_max {
            return None;
        }
        inside.insert(key, same + 1);
        Some(Admitted { door: self.clone(), key })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut inside = self.door.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = inside.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                inside.remove(&self.key);
            }
        }
    }
}

/// IPv6 customers hold a /64 at least, so one address says nothing.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_counts() {
        let door = Admission::new(3, 2);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = door.admit(ip("192.0.2.1"));
        let second = door.admit(ip("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(door.admit(ip("192.0.2.1")).is_none());
        let third = door.admit(ip("2001:db8::1"));
        assert!(third.is_some());
        assert!(door.admit(ip("192.0.2.9")).is_none());
        drop(first);
        assert!(door.admit(ip("2001:db8::2")).is_some_and(|same| same.key == ip("2001:db8::")));
        drop((second, third));
        assert!(door.inside.lock().unwrap().is_empty());
    }
}
