//! Judges what the DNS says against what should be published.

use serde::{Deserialize, Serialize};

use crate::{
    Algorithm, Answers, DomainPlan, Purpose,
    answers::Asker,
    dkim, dmarc,
    plan::{WantedRecord, has_own_return_path, reports_name, wanted_records},
    return_path,
    sentences::sentence,
    spf_judge,
};

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// As it should be.
    Good,
    /// Mail goes out, but something should be improved.
    Warning,
    /// There is no such record.
    Missing,
    /// There is a record, and it does not do what it should.
    Wrong,
    /// The DNS could not be asked, so nothing can be said.
    Unknown,
}

/// How one wanted record stands, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordStanding {
    /// Which record.
    pub purpose: Purpose,
    /// Its full name.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// A stable name of the finding, for example `spf.multiple`.
    pub code: &'static str,
    /// What the DNS said.
    pub seen: Vec<String>,
    /// What it means and what to do, in Japanese.
    pub ja: String,
    /// The same in English.
    pub en: String,
    /// The value to publish instead, when there is one; for SPF the existing line with ours merged in.
    pub suggested: Option<String>,
}

/// What [`judge`] answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Ask these, add the answers, and call again. Every question here is new.
    Need(Vec<(String, &'static str)>),
    /// All that was wanted, in the order of [`wanted_records`].
    Done(Vec<RecordStanding>),
}

/// Judges a domain on given answers. Asks nothing itself: start with no answers and repeat until it is done.
/// Questions are bounded: SPF stops at its ten look-ups.
#[must_use]
pub fn judge(plan: &DomainPlan, answers: &Answers) -> Judgement {
    let mut asker = Asker::new(answers);
    let mut standings = Vec::new();
    for wanted in &wanted_records(plan) {
        standings.extend(standing_of(&mut asker, plan, wanted));
    }
    let needed = asker.needed();
    if needed.is_empty() { Judgement::Done(standings) } else { Judgement::Need(needed) }
}

fn standing_of(asker: &mut Asker, plan: &DomainPlan, wanted: &WantedRecord) -> Option<RecordStanding> {
    debug_assert!(has_own_return_path(plan) || wanted.purpose != Purpose::ReturnPathMx);
    debug_assert!(reports_name(plan).is_some() || wanted.purpose != Purpose::DmarcReports);
    match wanted.purpose {
        Purpose::Spf | Purpose::ReturnPathSpf => spf_judge::judge(asker, plan, wanted),
        Purpose::DkimRsa => dkim::judge(asker, plan, wanted, (&plan.rsa, Algorithm::Rsa2048)),
        Purpose::DkimEd25519 => {
            let key = plan.ed25519.as_ref()?;
            dkim::judge(asker, plan, wanted, (key, Algorithm::Ed25519))
        }
        Purpose::Dmarc => dmarc::judge(asker, plan, wanted),
        Purpose::DmarcReports => dmarc::judge_reports(asker, wanted),
        Purpose::ReturnPathMx => return_path::judge(asker, plan, wanted),
    }
}

/// A finding: how it stands, its code, and the words its sentence needs.
pub(crate) struct Finding<'f> {
    pub(crate) standing: Standing,
    pub(crate) code: &'static str,
    pub(crate) words: &'f [(&'f str, &'f str)],
}

impl<'f> Finding<'f> {
    pub(crate) fn new(standing: Standing, code: &'static str, words: &'f [(&'f str, &'f str)]) -> Self {
        Self { standing, code, words }
    }

    /// The finding about one wanted record; `{name}` and `{value}` are always known to the sentence.
    pub(crate) fn about(
        self,
        wanted: &WantedRecord,
        seen: &[String],
        suggested: Option<String>,
    ) -> RecordStanding {
        let mut words = self.words.to_vec();
        let value = suggested.as_deref().unwrap_or(&wanted.value);
        words.extend([("name", wanted.name.as_str()), ("value", value)]);
        let (ja, en) = sentence(self.code, &words);
        RecordStanding {
            purpose: wanted.purpose,
            name: wanted.name.clone(),
            standing: self.standing,
            code: self.code,
            seen: seen.to_vec(),
            ja,
            en,
            suggested,
        }
    }
}
