//! Finds thousands of phrases in a text in one pass, whatever the case of its ASCII letters.
//!
//! An automaton over that many phrases is megabytes of table, and each byte of the text waits for the memory that the
//! byte before it pointed to. Here one rare group of four bytes ("gram") stands for each phrase, 8 kB of bits say which
//! grams there are, and no place of the text waits for another; only where the bits say yes are phrases compared.

mod grams;

use std::ops::ControlFlow;

use grams::{BITS, Gram, slot};

/// Where a phrase stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The number of the phrase, in the order in which they were given.
    pub literal: usize,
    /// Its first byte.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

/// A list of phrases, ready to be found.
#[derive(Debug, Clone)]
pub struct Finder {
    /// One bit for each slot that a gram may have (see [`grams`]).
    filter: Box<[u64; BITS / 64]>,
    /// How many bits are set before each word of the filter.
    ranks: Box<[u16; BITS / 64]>,
    /// Where the candidates of each set bit begin; one more at the end.
    buckets: Vec<u32>,
    candidates: Vec<Candidate>,
    literals: Vec<Box<[u8]>>,
    /// Phrases of one byte have no gram.
    single: Vec<(u8, usize)>,
}

/// A phrase that may stand where its gram does.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    gram: Gram,
    literal: u32,
    /// Bytes of the phrase before the gram.
    before: u32,
}

impl Finder {
    /// Makes a finder of phrases, each of at least one byte; an empty one is never found.
    #[must_use]
    pub fn new<L: AsRef<[u8]>>(literals: impl IntoIterator<Item = L>) -> Self {
        let literals: Vec<Box<[u8]>> = literals.into_iter().map(|literal| literal.as_ref().into()).collect();
        let single = literals.iter().enumerate().filter(|(_, literal)| literal.len() == 1);
        let single = single.map(|(n, literal)| (literal[0], n)).collect();
        let mut slots: Vec<(usize, Candidate)> = Vec::new();
        for (literal, (gram, before)) in grams::choose(&literals) {
            let candidate = Candidate { gram, literal, before };
            slots.extend(gram.slots().into_iter().map(|slot| (slot, candidate)));
        }
        slots.sort_by_key(|(slot, _)| *slot);
        let mut filter = Box::new([0u64; BITS / 64]);
        let mut buckets = Vec::new();
        for (n, (slot, _)) in slots.iter().enumerate() {
            if filter[slot / 64] >> (slot % 64) & 1 == 0 {
                filter[slot / 64] |= 1 << (slot % 64);
                buckets.push(n as u32);
            }
        }
        buckets.push(slots.len() as u32);
        let mut ranks = Box::new([0u16; BITS / 64]);
        let mut before = 0;
        for (rank, word) in ranks.iter_mut().zip(filter.iter()) {
            *rank = before;
            before = before.wrapping_add(word.count_ones() as u16);
        }
        let candidates = slots.into_iter().map(|(_, candidate)| candidate).collect();
        Self { filter, ranks, buckets, candidates, literals, single }
    }

    /// How many phrases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.literals.len()
    }

    /// True when there is no phrase.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// True when one of the phrases occurs.
    #[must_use]
    pub fn occurs(&self, text: &[u8]) -> bool {
        self.each(text, |_| ControlFlow::Break(())).is_break()
    }

    /// Tells each occurrence of each phrase, also those within others, roughly from left to right; stops when told to.
    pub fn each(&self, text: &[u8], mut found: impl FnMut(Hit) -> ControlFlow<()>) -> ControlFlow<()> {
        for (byte, literal) in &self.single {
            let (small, large) = (byte.to_ascii_lowercase(), byte.to_ascii_uppercase());
            for start in memchr::memchr2_iter(small, large, text) {
                found(Hit { literal: *literal, start, end: start + 1 })?;
            }
        }
        for (at, four) in text.array_windows().enumerate() {
            self.look(text, at, *four, &mut found)?;
        }
        // Short phrases may also begin where no four bytes are left.
        for at in text.len().saturating_sub(3)..text.len() {
            let byte = |n: usize| text.get(at + n).copied().unwrap_or(0);
            self.look(text, at, [byte(0), byte(1), byte(2), byte(3)], &mut found)?;
        }
        ControlFlow::Continue(())
    }

    #[inline]
    fn look(
        &self,
        text: &[u8],
        at: usize,
        four: [u8; 4],
        found: &mut impl FnMut(Hit) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let four = grams::fold(four);
        let slot = slot(four);
        match self.filter[slot / 64] >> (slot % 64) & 1 {
            0 => ControlFlow::Continue(()),
            _ => self.compare(text, at, four, found),
        }
    }

    /// The phrases whose gram stands at this place.
    #[inline(never)]
    fn compare(
        &self,
        text: &[u8],
        at: usize,
        four: u32,
        found: &mut impl FnMut(Hit) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let slot = slot(four);
        let below = self.filter[slot / 64] & ((1 << (slot % 64)) - 1);
        let bucket = usize::from(self.ranks[slot / 64]) + below.count_ones() as usize;
        let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
        for candidate in self.candidates[range].iter().filter(|candidate| candidate.gram.is(four)) {
            let literal = &self.literals[candidate.literal as usize];
            let Some(start) = at.checked_sub(candidate.before as usize) else { continue };
            let end = start + literal.len();
            if text.get(start..end).is_some_and(|words| words.eq_ignore_ascii_case(literal)) {
                found(Hit { literal: candidate.literal as usize, start, end })?;
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;
