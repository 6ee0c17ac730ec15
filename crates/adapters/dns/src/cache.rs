//! Remembers answers within bounds of time and number; the clock is an argument.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

/// A bounded map from names to values that end. When it is full, the oldest entry goes.
pub(crate) struct Cache<V> {
    entries: HashMap<String, Entry<V>>,
    /// Keys in the order they were put in, with the entry's number; numbers that differ are leftovers.
    order: VecDeque<(u64, String)>,
    next_number: u64,
    entries_max: usize,
}

struct Entry<V> {
    number: u64,
    value: V,
    valid_until: Instant,
}

impl<V: Clone> Cache<V> {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: VecDeque::new(),
            next_number: 0,
            entries_max: entries_max.max(1),
        }
    }

    pub(crate) fn get(&self, key: &str, now: Instant) -> Option<V> {
        self.entries.get(key).filter(|entry| now < entry.valid_until).map(|entry| entry.value.clone())
    }

    pub(crate) fn put(&mut self, key: &str, value: V, valid_until: Instant) {
        let number = self.next_number;
        self.next_number += 1;
        self.entries.insert(key.to_owned(), Entry { number, value, valid_until });
        self.order.push_back((number, key.to_owned()));
        while self.entries.len() > self.entries_max || self.order.len() > 2 * self.entries_max {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((number, key)) = self.order.pop_front() else { return };
        if self.entries.get(&key).is_some_and(|entry| entry.number == number) {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn entries_end() {
        let start = Instant::now();
        let mut cache = Cache::new(4);
        cache.put("a", 1, start + Duration::from_secs(10));
        assert_eq!(cache.get("a", start + Duration::from_secs(9)), Some(1));
        assert_eq!(cache.get("a", start + Duration::from_secs(10)), None);
        assert_eq!(cache.get("b", start), None);
    }

    #[test]
    fn the_oldest_goes_and_a_renewed_one_is_young() {
        let start = Instant::now();
        let until = start + Duration::from_secs(10);
        let mut cache = Cache::new(2);
        cache.put("a", 1, until);
        cache.put("b", 2, until);
        cache.put("a", 3, until);
        cache.put("c", 4, until);
        let seen = ["a", "b", "c"].map(|key| cache.get(key, start));
        assert_eq!(seen, [Some(3), None, Some(4)]);
    }

    #[test]
    fn renewing_one_name_for_ever_keeps_the_memory_bounded() {
        let start = Instant::now();
        let mut cache = Cache::new(3);
        for n in 0..1000 {
            cache.put("a", n, start + Duration::from_secs(10));
        }
        assert_eq!(cache.get("a", start), Some(999));
        assert!(cache.order.len() <= 6 && cache.entries.len() == 1);
    }
}
