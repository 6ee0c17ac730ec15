//! Spreads load over equally preferred hosts (RFC 5321 section 5.1) from a seed, so tests can repeat it.

/// Puts `items` into an order that `seed` determines (Fisher–Yates over splitmix64).
pub(crate) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        let pick = usize::try_from(next(&mut state) % (last as u64 + 1)).unwrap_or(0);
        items.swap(last, pick);
    }
}

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_comes_up_and_a_seed_repeats() {
        let order = |seed| {
            let mut items = [1, 2, 3];
            shuffle(&mut items, seed);
            items
        };
        let seen: std::collections::BTreeSet<_> = (0..200).map(order).collect();
        assert_eq!(seen.len(), 6);
        assert_eq!(order(7), order(7));
    }
}
