//! Patterns of words: `mailbox*full` is "mailbox", then within a sentence's reach "full"; `|` is an edge of a word.
//!
//! All pieces of all patterns are found in one pass over the text, so the time is linear in its size.

use std::collections::HashMap;
use std::ops::ControlFlow;

use literals::Finder;

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
        Matcher { finder: Finder::new(&self.literals) }
    }
}

/// Finds all literals in one pass.
pub(crate) struct Matcher {
    finder: Finder,
}

/// Where the literals stand in one text, sorted by literal and place.
pub(crate) struct Found<'t> {
    text: &'t str,
    hits: Vec<(u32, u32, u32)>,
    /// A bit for each literal that occurs: most questions end here.
    present: Vec<u64>,
}

impl Matcher {
    /// Looks through a normalised text.
    pub(crate) fn find<'t>(&self, text: &'t str) -> Found<'t> {
        let mut hits: Vec<(u32, u32, u32)> = Vec::with_capacity(64);
        let mut present = vec![0; self.finder.len().div_ceil(64)];
        let _all = self.finder.each(text.as_bytes(), |hit| {
            hits.push((hit.literal as u32, hit.start as u32, hit.end as u32));
            present[hit.literal / 64] |= 1 << (hit.literal % 64);
            if hits.len() < HITS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        hits.sort_unstable();
        Found { text, hits, present }
    }
}

impl<'t> Found<'t> {
    /// The literals that occur, each once.
    pub(crate) fn literals(&self) -> impl Iterator<Item = u32> + '_ {
        let mut last = None;
        self.hits.iter().map(|hit| hit.0).filter(move |literal| last.replace(*literal) != Some(*literal))
    }

    /// The words that match the pattern, or `None`.
    pub(crate) fn matched(&self, pattern: &Pattern) -> Option<&'t str> {
        if !pattern.0.iter().all(|piece| self.has(piece.literal)) {
            return None;
        }
        let (first, rest) = pattern.0.split_first()?;
        let starts = self.of(first.literal).iter().filter(|hit| self.edges(first, hit)).take(STARTS_MAX);
        for start in starts {
            if let Some(end) = self.follow(rest, start.2) {
                return self.text.get(start.1 as usize..end as usize);
            }
        }
        None
    }

    fn follow(&self, pieces: &[Piece], mut end: u32) -> Option<u32> {
        for piece in pieces {
            let hits = self.of(piece.literal);
            let from = hits.partition_point(|hit| hit.1 < end);
            let near = hits[from..].iter().take_while(|hit| (hit.1 - end) as usize <= GAP_BYTES_MAX);
            end = near.into_iter().find(|hit| self.edges(piece, hit))?.2;
        }
        Some(end)
    }

    fn has(&self, literal: u32) -> bool {
        self.present[literal as usize / 64] >> (literal % 64) & 1 == 1
    }

    fn of(&self, literal: u32) -> &[(u32, u32, u32)] {
        let from = self.hits.partition_point(|hit| hit.0 < literal);
        let len = self.hits[from..].partition_point(|hit| hit.0 == literal);
        &self.hits[from..from + len]
    }

    fn edges(&self, piece: &Piece, hit: &(u32, u32, u32)) -> bool {
        let bytes = self.text.as_bytes();
        let word = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
        (!piece.edge_before || !word((hit.1 as usize).checked_sub(1)))
            && (!piece.edge_after || !word(Some(hit.2 as usize)))
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
