//! Patterns of words: `mailbox*full` is "mailbox", then within a sentence's reach "full"; `|` is an edge of a word.
//!
//! All pieces of all patterns are found in one pass over the text, so the time is linear in its size.

use std::collections::HashMap;
use std::ops::ControlFlow;

use literals::Finder;

use super::bits;

/// Most bytes that may stand between two pieces of one pattern.
const GAP_BYTES_MAX: usize = 160;
/// Most pieces that are recorded for one text; a text with more is made to hurt.
const HITS_MAX: usize = 4096;
/// Most beginnings that are tried for one pattern.
const STARTS_MAX: usize = 32;

/// One literal with its edges.
#[derive(Debug, Clone, Copy)]
struct Piece {
    literal: u32,
    edge_before: bool,
    edge_after: bool,
}

/// One pattern: its pieces, in order.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Vec<Piece>);

impl Pattern {
    /// The literal that must be there for the pattern to match at all.
    pub(crate) fn first_literal(&self) -> u32 {
        self.0[0].literal
    }
}

/// Collects the literals of all patterns while rules are read.
#[derive(Default)]
pub(crate) struct PatternSet {
    literals: Vec<String>,
    known: HashMap<String, u32>,
}

impl PatternSet {
    /// Adds one written pattern. `None` when a piece is empty or has an edge in its middle.
    pub(crate) fn add(&mut self, written: &str) -> Option<Pattern> {
        written.split('*').map(|piece| self.add_piece(piece)).collect::<Option<Vec<_>>>().map(Pattern)
    }

    fn add_piece(&mut self, written: &str) -> Option<Piece> {
        let edge_before = written.starts_with('|');
        let edge_after = written.len() > 1 && written.ends_with('|');
        let literal = written.trim_matches('|').to_lowercase();
        if literal.is_empty() || literal.contains('|') {
            return None;
        }
        let next = u32::try_from(self.literals.len()).ok()?;
        let number = *self.known.entry(literal.clone()).or_insert(next);
        if number == next {
            self.literals.push(literal);
        }
        Some(Piece { literal: number, edge_before, edge_after })
    }

    /// How many literals there are.
    pub(crate) fn len(&self) -> usize {
        self.literals.len()
    }

    /// Builds the matcher of everything added.
    pub(crate) fn build(self) -> Matcher {
        let lengths = self.literals.iter().map(|literal| literal.len() as u32).collect();
        Matcher { finder: Finder::new(&self.literals), lengths }
    }
}

/// Finds all literals in one pass.
pub(crate) struct Matcher {
    finder: Finder,
    /// Bytes of each literal.
    lengths: Vec<u32>,
}

/// Where the literals stand in one text.
pub(crate) struct Found<'p, 't> {
    text: &'t str,
    lengths: &'p [u32],
    /// Literal and first byte of each, as [`place`] has it, sorted.
    hits: Vec<u64>,
    /// A bit for each literal that occurs: most questions end here.
    present: Vec<u64>,
}

impl Matcher {
    /// Looks through a normalised text.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Found<'_, 't> {
        let mut hits = Vec::with_capacity(128);
        let mut present = vec![0; self.lengths.len().div_ceil(64)];
        let _all = self.finder.each(text.as_bytes(), |hit| {
            hits.push(place(hit.literal as u32, hit.start as u32));
            present[hit.literal / 64] |= 1 << (hit.literal % 64);
            if hits.len() < HITS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        hits.sort_unstable();
        Found { text, lengths: &self.lengths, hits, present }
    }
}

/// A literal and its place as one number, because numbers are sorted and compared fastest.
fn place(literal: u32, start: u32) -> u64 {
    u64::from(literal) << 32 | u64::from(start)
}

impl<'t> Found<'_, 't> {
    /// The literals that occur, each once.
    pub(crate) fn literals(&self) -> impl Iterator<Item = usize> + '_ {
        bits::set(&self.present)
    }

    /// The words that match the pattern, or `None`.
    pub(crate) fn matched(&self, pattern: &Pattern) -> Option<&'t str> {
        if !pattern.0.iter().all(|piece| self.has(piece.literal)) {
            return None;
        }
        let (first, rest) = pattern.0.split_first()?;
        for (start, end) in self.of(first, 0).take(STARTS_MAX) {
            if let Some(end) = self.follow(rest, end) {
                return self.text.get(start as usize..end as usize);
            }
        }
        None
    }

    fn follow(&self, pieces: &[Piece], mut end: u32) -> Option<u32> {
        for piece in pieces {
            let near = |start: u32| (start - end) as usize <= GAP_BYTES_MAX;
            end = self.of(piece, end).take_while(|(start, _)| near(*start)).next()?.1;
        }
        Some(end)
    }

    /// True when the literal occurs.
    pub(crate) fn has(&self, literal: u32) -> bool {
        self.present[literal as usize / 64] >> (literal % 64) & 1 == 1
    }

    /// Where the piece begins and ends, from a place on.
    fn of(&self, piece: &Piece, from: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let piece = *piece;
        let first = place(piece.literal, from);
        let hits = &self.hits[self.hits.partition_point(|hit| *hit < first)..];
        let length = self.lengths[piece.literal as usize];
        hits.iter()
            .take_while(move |hit| **hit >> 32 == u64::from(piece.literal))
            .map(move |hit| (*hit as u32, *hit as u32 + length))
            .filter(move |(start, end)| self.edges(&piece, *start, *end))
    }

    fn edges(&self, piece: &Piece, start: u32, end: u32) -> bool {
        let bytes = self.text.as_bytes();
        let word = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        (!piece.edge_before || !word((start as usize).checked_sub(1)))
            && (!piece.edge_after || !word(Some(end as usize)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: Option<&str>) {
        let mut set = PatternSet::default();
        let pattern = set.add(pattern).unwrap();
        let matcher = set.build();
        assert_eq!(matcher.find(text).matched(&pattern), expected, "{text}");
    }

    #[test]
    fn patterns() {
        check("user unknown", "550 User Unknown here", Some("User Unknown"));
        check("mailbox*full", "the Mailbox of x is FULL.", Some("Mailbox of x is FULL"));
        check("mailbox*full", "full mailbox", None);
        check("|spf|", "failed SPF check", Some("SPF"));
        check("|spf|", "xspf", None);
        check("|spf|", "spfx", None);
        check("|spf|", "xspf spf", Some("spf"));
        check("宛先*不明", "この宛先のアドレスは不明です", Some("宛先のアドレスは不明"));
        check("a*b", &format!("a{}b", " ".repeat(200)), None);
        check("user*unknown", "", None);
    }

    #[test]
    fn an_empty_piece_is_refused() {
        assert!(PatternSet::default().add("a**b").is_none());
        assert!(PatternSet::default().add("").is_none());
        assert!(PatternSet::default().add("|").is_none());
        assert!(PatternSet::default().add("|a| b").is_none());
    }
}
