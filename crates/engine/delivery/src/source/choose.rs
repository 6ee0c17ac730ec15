//! Chooses the source a message leaves by. Pure: the same question has the same answer.

use super::{
    counts::{Cap, CapKind, Counts, caps},
    model::{Rest, Source, SourceId},
};

/// How soon it is looked again when nobody knows when a source comes back.
const LOOK_AGAIN_MS: i64 = 5 * 60_000;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The pool it must leave by.
    pub pool: &'a str,
    /// Provider id of the address, empty when unknown.
    pub provider: &'a str,
    /// The domain in From; empty when unknown.
    pub from_domain: &'a str,
    /// Spreads messages over sources: the recipient's key.
    pub key: i64,
    /// Tries so far. A message that was put off tries its luck with another source.
    pub attempts: u32,
    /// The source of the last try, where the receiving server wants to see the same one again.
    pub sticky: Option<SourceId>,
    /// Sources that are not wanted there, taken only when there is no other.
    pub avoided: &'a [SourceId],
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Through this source.
    Use(SourceId),
    /// Not yet.
    Wait(Wait),
}

/// Why a message waits for its source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Wait {
    /// When it is looked again.
    pub until: i64,
    /// The source that will be free first; `None` when the pool has none.
    pub source: Option<SourceId>,
    /// What it waits for.
    pub why: WaitFor,
}

/// What a message waits for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum WaitFor {
    /// The pool has no source that is switched on.
    NoSource {
        /// The pool.
        pool: String,
    },
    /// The source rests.
    Resting {
        /// Why; see [`Rest::reason`].
        reason: String,
    },
    /// A limit is used up.
    Limit {
        /// Which kind.
        kind: CapKind,
        /// Messages it allows.
        most: u64,
    },
    /// The servers it goes to: a limit, a pause.
    Servers {
        /// Their group.
        group: String,
        /// What they wait for.
        wait: crate::pacing::flow::Wait,
    },
}

/// Chooses among sources.
///
/// A sticky source is kept while it is awake and has room. Else the sources of the pool are gone through in an order
/// that depends on the message and on the weights, and the first one with room is taken: a new source that has done its
/// amount for the day passes mail on to the others. A source whose SPF is known not to fit the domain in From is taken
/// only when there is no other.
#[must_use]
pub fn choose(sources: &[Source], asked: &Asked, counts: &Counts, now: i64) -> Choice {
    let in_pool = || sources.iter().filter(|source| source.draft.enabled && source.draft.pool == asked.pool);
    let fits = |source: &&Source| {
        !source.not_for.iter().any(|domain| domain == asked.from_domain)
            && !asked.avoided.contains(&source.id)
    };
    let some_fit = in_pool().any(|source| fits(&source));
    let usable = || in_pool().filter(move |source| !some_fit || fits(source));
    let awake = || usable().filter(|source| source.resting(now).is_none());
    let has_room = |source: &Source| counts.has_room(source.id, &caps(source, asked.provider, now));

    let kept = asked.sticky.and_then(|id| awake().find(|source| source.id == id));
    if let Some(source) = kept.filter(|source| has_room(source)) {
        return Choice::Use(source.id);
    }
    let mut order: Vec<&Source> = awake().collect();
    if order.len() > 1 {
        order.sort_by(|one, other| turn(one, asked).total_cmp(&turn(other, asked)));
    }
    match order.iter().find(|source| has_room(source)) {
        Some(source) => Choice::Use(source.id),
        None => Choice::Wait(first_free(usable(), asked, counts, now)),
    }
}

/// Among all of them, the one that will be free first.
fn first_free<'a>(
    sources: impl Iterator<Item = &'a Source>,
    asked: &Asked,
    counts: &Counts,
    now: i64,
) -> Wait {
    let waits = sources.map(|source| match source.resting(now) {
        Some(rest) => until_awake(source, rest, now),
        None => until_room(source, &caps(source, asked.provider, now), counts, now),
    });
    waits.min_by_key(|wait| wait.until).unwrap_or_else(|| Wait {
        until: now + LOOK_AGAIN_MS,
        source: None,
        why: WaitFor::NoSource { pool: asked.pool.to_owned() },
    })
}

fn until_awake(source: &Source, rest: &Rest, now: i64) -> Wait {
    let until = rest.until.unwrap_or(now + LOOK_AGAIN_MS).min(now + LOOK_AGAIN_MS);
    // A rest may be lifted any moment, so it is looked often; the page tells the real end.
    Wait { until, source: Some(source.id), why: WaitFor::Resting { reason: rest.reason.clone() } }
}

fn until_room(source: &Source, caps: &[Cap], counts: &Counts, now: i64) -> Wait {
    let full = caps.iter().filter(|cap| counts.used(source.id, cap) >= cap.most);
    let last = full.max_by_key(|cap| counts.frees_at(source.id, cap, now));
    let (until, kind, most) = last
        .map_or((now, CapKind::Hourly, 0), |cap| (counts.frees_at(source.id, cap, now), cap.kind, cap.most));
    Wait { until, source: Some(source.id), why: WaitFor::Limit { kind, most } }
}

/// Weighted rendezvous hashing: each source draws a number for the message, heavy ones smaller numbers; the smallest
/// goes first. Taking a source away moves only its own messages.
fn turn(source: &Source, asked: &Asked) -> f64 {
    let seed = asked.key.cast_unsigned() ^ (u64::from(asked.attempts) << 48);
    let drawn = mix(seed ^ mix(source.id.cast_unsigned())) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let share = (drawn as f64 + 1.0) / (1_u64 << 53) as f64;
    -share.ln() / f64::from(source.draft.weight.max(1))
}

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{
        counts::hour_of,
        model::{DEFAULT_POOL, Quota, SourceDraft},
    };

    const NOW: i64 = 1_795_325_400_000;
    const ASKED: Asked<'static> = Asked {
        pool: DEFAULT_POOL,
        provider: "gmail",
        from_domain: "shop.example",
        key: 42,
        attempts: 0,
        avoided: &[],
        sticky: None,
    };

    fn source(id: SourceId, weight: u32) -> Source {
        Source::new(id, SourceDraft { weight, ..SourceDraft::default() })
    }

    fn limited(id: SourceId, hourly: u32) -> Source {
        let quota = Quota { hourly: Some(hourly), ..Quota::default() };
        Source::new(id, SourceDraft { quota, ..SourceDraft::default() })
    }

    fn resting(id: SourceId, until: Option<i64>) -> Source {
        let rest = Rest { since_at: NOW - 1, until, reason: "listed".into(), sample: String::new() };
        Source { rest: Some(rest), ..source(id, 10) }
    }

    fn check(sources: &[Source], asked: Asked, counts: &Counts, expected: Option<SourceId>) {
        let chosen = match choose(sources, &asked, counts, NOW) {
            Choice::Use(id) => Some(id),
            Choice::Wait(_) => None,
        };
        assert_eq!(chosen, expected, "{asked:?}");
    }

    fn waits(sources: &[Source], counts: &Counts) -> Wait {
        match choose(sources, &ASKED, counts, NOW) {
            Choice::Wait(wait) => wait,
            Choice::Use(id) => panic!("{id}"),
        }
    }

    fn shares(sources: &[Source], attempts: u32) -> Vec<usize> {
        let counts = Counts::default();
        let mut had = vec![0; sources.len()];
        for key in 0..10_000 {
            let asked = Asked { key: key * 4096, attempts, ..ASKED };
            if let Choice::Use(id) = choose(sources, &asked, &counts, NOW) {
                had[sources.iter().position(|source| source.id == id).unwrap()] += 1;
            }
        }
        had
    }

    #[test]
    fn weights_are_kept() {
        let had = shares(&[source(1, 10), source(2, 30)], 0);
        assert!((2_300..2_700).contains(&had[0]), "{had:?}");
        assert_eq!(had[0] + had[1], 10_000);
        assert_eq!(shares(&[source(1, 10), resting(2, None)], 0), [10_000, 0]);
    }

    #[test]
    fn what_was_put_off_is_spread_again() {
        let both = [source(1, 10), source(2, 10)];
        let counts = Counts::default();
        let moved = (0..1_000).filter(|key| {
            let at = |attempts| choose(&both, &Asked { key: key * 4096, attempts, ..ASKED }, &counts, NOW);
            at(0) == at(0) && at(0) != at(1)
        });
        let moved = moved.count();
        assert!((400..600).contains(&moved), "{moved}");
    }

    #[test]
    fn greylisted_mail_stays_with_its_source_while_that_is_awake() {
        let both = [source(1, 10), source(2, 10)];
        let none = Counts::default();
        for key in 0..50 {
            check(&both, Asked { key, attempts: 3, sticky: Some(2), ..ASKED }, &none, Some(2));
        }
        check(&[source(1, 10), resting(2, None)], Asked { sticky: Some(2), ..ASKED }, &none, Some(1));
        check(&[source(1, 10)], Asked { sticky: Some(9), ..ASKED }, &none, Some(1));
    }

    #[test]
    fn a_full_source_passes_on_and_only_then_mail_waits() {
        let mut counts = Counts::default();
        let sources = [limited(1, 5), source(2, 1)];
        counts.add(1, "gmail", hour_of(NOW), 5);
        for key in 0..50 {
            check(&sources, Asked { key, ..ASKED }, &counts, Some(2));
        }
        let wait = waits(&sources[..1], &counts);
        assert_eq!((wait.until, wait.source), ((hour_of(NOW) + 1) * 3_600_000, Some(1)));
        assert_eq!(wait.why, WaitFor::Limit { kind: CapKind::Hourly, most: 5 });
    }

    #[test]
    fn pools_and_switches() {
        let none = Counts::default();
        let mut other = source(2, 10);
        other.draft.pool = "orders".into();
        let both = [source(1, 10), other];
        check(&both, ASKED, &none, Some(1));
        check(&both, Asked { pool: "orders", ..ASKED }, &none, Some(2));
        let mut off = source(1, 10);
        off.draft.enabled = false;
        let wait = waits(&[off], &none);
        assert_eq!((wait.source, wait.why), (None, WaitFor::NoSource { pool: DEFAULT_POOL.into() }));
        assert_eq!(waits(&[resting(1, None)], &none).why, WaitFor::Resting { reason: "listed".into() });
        assert_eq!(waits(&[resting(1, Some(NOW + 9))], &none).until, NOW + 9);
        check(&[resting(1, Some(NOW))], ASKED, &none, Some(1));
    }

    #[test]
    fn a_source_that_spf_does_not_name_is_the_last_choice() {
        let none = Counts::default();
        let unfit = Source { not_for: vec!["shop.example".into()], ..source(1, 1_000) };
        check(&[unfit.clone(), source(2, 1)], ASKED, &none, Some(2));
        check(&[unfit.clone(), source(2, 1)], Asked { sticky: Some(1), ..ASKED }, &none, Some(2));
        check(std::slice::from_ref(&unfit), ASKED, &none, Some(1));
        for key in 0..50 {
            check(&[unfit.clone(), limited(2, 0)], Asked { key, ..ASKED }, &none, None);
        }
    }
}
