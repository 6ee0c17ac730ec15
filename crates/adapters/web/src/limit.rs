//! Slows down what one network address may ask without a login: passwords to try, mails to explain. Bounded in memory.

use std::{collections::HashMap, net::IpAddr, sync::Mutex};

use accounts::FAILED_LOGINS_MAX;

use crate::secret;

/// Logins an address may try at once, and how many come back per minute.
const LOGINS: (f64, f64) = (20.0, 10.0);
/// Addresses remembered; the one that has rested longest is forgotten first.
const ADDRESSES_MAX: usize = 10_000;

struct Bucket {
    tokens: f64,
    at: i64,
}

/// Login names remembered that nobody has.
const STRANGERS_MAX: usize = 10_000;

/// One token bucket per address. IPv6 addresses count by their /64, which is what one customer gets.
pub(crate) struct AddressLimit {
    burst: f64,
    per_minute: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl AddressLimit {
    /// `burst` at once, `per_minute` come back.
    pub(crate) fn new((burst, per_minute): (f64, f64)) -> Self {
        Self { burst, per_minute, buckets: Mutex::default() }
    }

    /// Takes one try; `false` when the address has none left.
    pub(crate) fn take(&self, from: IpAddr, now: i64) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let from = network(from);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&from) {
            self.make_room(&mut buckets, now);
        }
        let bucket = buckets.entry(from).or_insert(Bucket { tokens: self.burst, at: now });
        bucket.tokens = self.refilled(bucket, now);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    fn refilled(&self, bucket: &Bucket, now: i64) -> f64 {
        let minutes = (now - bucket.at).max(0) as f64 / 60_000.0;
        (bucket.tokens + minutes * self.per_minute).min(self.burst)
    }

    fn make_room(&self, buckets: &mut HashMap<IpAddr, Bucket>, now: i64) {
        buckets.retain(|_, bucket| self.refilled(bucket, now) < self.burst);
        if buckets.len() >= ADDRESSES_MAX {
            let oldest = buckets.iter().min_by_key(|(_, bucket)| bucket.at).map(|(address, _)| *address);
            oldest.map(|address| buckets.remove(&address));
        }
    }
}

/// Logins by address, and names nobody has.
pub(crate) struct LoginLimit {
    tries: AddressLimit,
    strangers: Mutex<HashMap<String, u32>>,
}

impl Default for LoginLimit {
    fn default() -> Self {
        Self { tries: AddressLimit::new(LOGINS), strangers: Mutex::default() }
    }
}

impl LoginLimit {
    /// Takes one try; `false` when the address has none left.
    pub(crate) fn take(&self, from: IpAddr, now: i64) -> bool {
        self.tries.take(from, now)
    }

    /// Counts a try with a login name nobody has, so that the answer is the one a real name gets: tries left, then
    /// locked (`None`). Otherwise the page would tell which names exist.
    pub(crate) fn stranger(&self, login: &str) -> Option<u32> {
        let mut strangers = self.strangers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if strangers.len() >= STRANGERS_MAX {
            strangers.clear();
        }
        let tries = strangers.entry(secret::sha256(login.trim().to_lowercase().as_bytes())).or_insert(0);
        *tries = (*tries + 1).min(FAILED_LOGINS_MAX);
        Some(FAILED_LOGINS_MAX - *tries).filter(|left| *left > 0)
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let mut octets = v6.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(limit: &LoginLimit, from: &str, now: i64, n: usize) -> usize {
        let from: IpAddr = from.parse().unwrap();
        (0..n).filter(|_| limit.take(from, now)).count()
    }

    #[test]
    fn limits_one_address_and_forgives_with_time() {
        let limit = LoginLimit::default();
        assert_eq!(tries(&limit, "192.0.2.1", 0, 30), 20);
        assert_eq!(tries(&limit, "192.0.2.2", 0, 5), 5);
        assert_eq!(tries(&limit, "192.0.2.1", 60_000, 30), 10);
        assert_eq!(tries(&limit, "::ffff:192.0.2.1", 60_000, 1), 0);
        assert_eq!(tries(&limit, "2001:db8::1", 0, 15) + tries(&limit, "2001:db8::2", 0, 15), 20);
    }

    #[test]
    fn a_name_nobody_has_is_locked_like_any_other() {
        let limit = LoginLimit::default();
        let seen: Vec<_> =
            (0..6).map(|n| limit.stranger(if n % 2 == 0 { "Nobody" } else { " nobody" })).collect();
        assert_eq!(seen, [Some(4), Some(3), Some(2), Some(1), None, None]);
        assert_eq!(limit.stranger("another"), Some(4));
    }

    #[test]
    fn memory_is_bounded() {
        let limit = LoginLimit::default();
        for n in 0..(ADDRESSES_MAX as u32 + 500) {
            limit.take(IpAddr::from(n.to_be_bytes()), i64::from(n) % 7);
        }
        assert!(limit.tries.buckets.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
