//! What the DNS said, kept apart from asking it: checks read answers and note which ones they still need.

use std::collections::{BTreeMap, BTreeSet};

/// One DNS answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Records, in any order. TXT: the strings of each record joined. MX: `10 mail.example.jp`.
    /// A, AAAA: the address. PTR, CNAME: the name.
    Found(Vec<String>),
    /// The name does not exist, or has no record of this kind.
    NotFound,
    /// The DNS could not be asked: time-out, SERVFAIL. The text says why.
    Trouble(String),
}

/// All answers so far, by name (lower case, no dot at the end) and kind (`TXT`, `MX`, `A`, `AAAA`, `PTR`).
pub type Answers = BTreeMap<(String, &'static str), Answer>;

/// Reads answers and remembers the questions that have none yet.
pub(crate) struct Asker<'a> {
    answers: &'a Answers,
    needed: BTreeSet<(String, &'static str)>,
}

static NOT_FOUND: Answer = Answer::NotFound;

impl<'a> Asker<'a> {
    pub(crate) fn new(answers: &'a Answers) -> Self {
        Self { answers, needed: BTreeSet::new() }
    }

    /// The answer, or `None` when it must be asked for first. A name that cannot exist is not asked for.
    pub(crate) fn ask(&mut self, name: &str, kind: &'static str) -> Option<&'a Answer> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if !can_exist(&name) {
            return Some(&NOT_FOUND);
        }
        let question = (name, kind);
        let answer = self.answers.get(&question);
        if answer.is_none() {
            self.needed.insert(question);
        }
        answer
    }

    /// The questions to ask next.
    pub(crate) fn needed(self) -> Vec<(String, &'static str)> {
        self.needed.into_iter().collect()
    }
}

fn can_exist(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| (1..=63).contains(&label.len()))
        // SPF macros can make a name with a blank in it (RFC 7208 section 7.1).
        && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}
