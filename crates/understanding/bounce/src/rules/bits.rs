//! Sets of small numbers, one bit for each.

/// The numbers of the bits that are set, from the lowest.
pub(crate) fn set(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    (0..).step_by(64).zip(words).flat_map(|(first, bits)| {
        let lower = |bits: &u64| Some(bits & bits.wrapping_sub(1)).filter(|bits| *bits != 0);
        let bits = std::iter::successors(Some(*bits).filter(|bits| *bits != 0), lower);
        bits.map(move |bits| first + bits.trailing_zeros() as usize)
    })
}
