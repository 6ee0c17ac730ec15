//! Chooses the four bytes that stand for each phrase, and the place of four bytes in the filter.

use std::collections::HashMap;

/// Bits of the filter: 8 kB, so that it stays in the processor's nearest memory.
pub(crate) const BITS: usize = 1 << 16;

/// Up to four folded bytes, the first in the lowest bits; a phrase of two or three bytes has no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gram {
    bytes: u32,
    mask: u32,
}

impl Gram {
    /// Two to four bytes.
    fn of(bytes: &[u8]) -> Self {
        let byte = |n: usize| bytes.get(n).copied().unwrap_or(0);
        let mask = if bytes.len() >= 4 { u32::MAX } else { (1 << (8 * bytes.len())) - 1 };
        Self { bytes: fold([byte(0), byte(1), byte(2), byte(3)]) & mask, mask }
    }

    /// True when these four bytes begin with the gram.
    pub(crate) fn is(self, four: u32) -> bool {
        four & self.mask == self.bytes
    }

    /// Where four bytes that begin with the gram may have their bit.
    pub(crate) fn slots(self) -> Vec<usize> {
        let first = slot(self.bytes);
        match self.mask.count_ones() / 8 {
            4 => vec![first],
            // Of the fourth byte three bits count.
            3 => (0..8).map(|fourth| slot(self.bytes | fourth << 24)).collect(),
            _ => (0..64).map(|bit| first / 64 * 64 + bit).collect(),
        }
    }
}

/// Four bytes as one number, large and small letters alike. Some other bytes become alike too, which only costs a
/// comparison more.
pub(crate) fn fold(four: [u8; 4]) -> u32 {
    u32::from_le_bytes(four) | 0x2020_2020
}

/// The place of four folded bytes in the filter: the first two choose the word and the others its bit, in such a way
/// that three bytes leave eight bits open, and two bytes one word.
pub(crate) fn slot(four: u32) -> usize {
    let word = (four & 0xffff).wrapping_mul(0x9e37_79b1) >> 22;
    let bit = (four >> 16 ^ four >> 21) & 63;
    (word << 6 | bit) as usize
}

/// For each phrase of two bytes or more its number, the gram that stands for it, and the bytes before that. It is the
/// one that is rarest among all phrases, because texts that hold some of them are written in their language.
pub(crate) fn choose(literals: &[Box<[u8]>]) -> Vec<(u32, (Gram, u32))> {
    let mut common: HashMap<[u8; 4], u32> = HashMap::new();
    for four in literals.iter().flat_map(|literal| literal.array_windows()) {
        *common.entry(fold(*four).to_le_bytes()).or_default() += 1;
    }
    let count = |four: &[u8; 4]| common.get(&fold(*four).to_le_bytes()).copied().unwrap_or(0);
    let rarest = |literal: &[u8]| {
        let grams = literal.array_windows().enumerate();
        let before = grams.min_by_key(|(_, four)| count(four)).map_or(0, |(before, _)| before);
        (Gram::of(&literal[before..(before + 4).min(literal.len())]), before as u32)
    };
    let long = (0u32..).zip(literals).filter(|(_, literal)| literal.len() > 1);
    long.map(|(number, literal)| (number, rarest(literal))).collect()
}
