//! What is decided for a whole file besides its columns: which rows count, what the people agreed to, a remembered
//! assignment, and what a trial run found.

use audience::{ConsentBasis, FileConsent, ImportJob, ImportMode, ImportPlan, ImportTrial};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    parts::{field::Field, time},
    say::{Say, grouped, t},
};

/// Longest wording or evidence, in characters.
const TEXT_CHARS_MAX: usize = 2_000;
/// Longest name of a remembered assignment, in characters.
pub(super) const PRESET_CHARS_MAX: usize = 60;

/// The part of the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Terms {
    mode: String,
    basis: String,
    consent_day: String,
    wording: String,
    evidence: String,
    /// The name to remember the assignment under; empty for none.
    pub(super) preset_name: String,
    /// The remembered assignment to be used.
    pub(super) preset: String,
}

impl Terms {
    /// Puts them into a plan. `false` when the day cannot be read or the proof is missing.
    pub(super) fn put_into(&self, plan: &mut ImportPlan, now: i64) -> bool {
        plan.mode = ImportMode::from_name(&self.mode).unwrap_or_default();
        plan.consent = None;
        let Some(basis) = ConsentBasis::from_name(&self.basis) else { return true };
        let at =
            if self.consent_day.trim().is_empty() { Some(now) } else { time::day_start(&self.consent_day) };
        let cut = |text: &str| text.trim().chars().take(TEXT_CHARS_MAX).collect::<String>();
        let (wording, evidence) = (cut(&self.wording), cut(&self.evidence));
        plan.consent =
            Some(FileConsent { basis, at: at.unwrap_or(now), wording, evidence: evidence.clone() });
        at.is_some_and(|at| at <= now) && !evidence.is_empty()
    }
}

/// The cards of the form.
pub(super) fn cards(say: Say, job: &ImportJob, presets: &[String]) -> Markup {
    html! {
        @if let Some(trial) = &job.trial { (found(say, trial)) }
        @if !presets.is_empty() { (preset(say, presets)) }
        div.card {
            h2 { (t!(say, "import-terms")) }
            (mode(say, job.plan.mode))
            (consent(say, job.plan.consent.as_ref()))
            @let label = t!(say, "import-preset-name");
            @let hint = t!(say, "import-preset-hint");
            (Field { name: "preset_name", label: &label, hint: &hint, ..Field::default() }.input())
        }
    }
}

fn preset(say: Say, presets: &[String]) -> Markup {
    let mut choices = vec![(String::new(), t!(say, "field-choose"))];
    choices.extend(presets.iter().map(|name| (name.clone(), name.clone())));
    let label = t!(say, "import-preset");
    html! {
        div.card {
            (Field { name: "preset", label: &label, ..Field::default() }.select(&choices))
            button.btn type="submit" name="step" value="preset" { (t!(say, "import-preset-use")) }
        }
    }
}

fn mode(say: Say, chosen: ImportMode) -> Markup {
    let modes = [ImportMode::Both, ImportMode::New, ImportMode::Update];
    let choices: Vec<_> = modes
        .iter()
        .map(|mode| (mode.name().to_owned(), say.with(&format!("import-mode-{}", mode.name()), None)))
        .collect();
    let label = t!(say, "import-mode");
    Field { name: "mode", label: &label, value: chosen.name(), ..Field::default() }.select(&choices)
}

fn consent(say: Say, given: Option<&FileConsent>) -> Markup {
    let mut choices = vec![(String::new(), t!(say, "consent-basis-none"))];
    choices.extend(
        ConsentBasis::ALL.iter().map(|basis| {
            (basis.name().to_owned(), say.with(&format!("consent-basis-{}", basis.name()), None))
        }),
    );
    let basis = given.map_or("", |consent| consent.basis.name());
    let day = given.map(|consent| time::sortable(consent.at)[..10].to_owned()).unwrap_or_default();
    let (wording, evidence) =
        given.map_or(("", ""), |consent| (consent.wording.as_str(), consent.evidence.as_str()));
    let words = ["consent-basis", "consent-day", "consent-wording", "consent-evidence"]
        .map(|key| say.with(key, None));
    let hints = ["consent-basis-hint", "consent-day-hint", "consent-wording-hint", "consent-evidence-hint"]
        .map(|key| say.with(key, None));
    html! {
        (Field { name: "basis", label: &words[0], value: basis, hint: &hints[0], ..Field::default() }.select(&choices))
        div.columns {
            (Field { name: "consent_day", label: &words[1], value: &day, hint: &hints[1], ..Field::default() }.input())
            (Field { name: "evidence", label: &words[3], value: evidence, hint: &hints[3], ..Field::default() }.input())
        }
        (Field { name: "wording", label: &words[2], value: wording, hint: &hints[2], ..Field::default() }.area(2))
    }
}

/// What a trial run found.
fn found(say: Say, trial: &ImportTrial) -> Markup {
    let numbers = [
        (trial.added, "import-added"),
        (trial.updated, "import-updated"),
        (trial.unchanged, "import-unchanged"),
        (trial.skipped, "import-skipped"),
        (trial.failed, "import-failed-rows"),
        (trial.suppressed, "import-suppressed"),
        (trial.duplicates, "import-duplicates"),
    ];
    html! {
        div.card role="status" {
            h2 { (t!(say, "import-trial-title")) }
            div.kpis {
                @for (n, key) in numbers { div.kpi { b { (grouped(n)) } span { (say.with(key, None)) } } }
            }
            p.fine { (t!(say, "import-trial-what")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: bool) {
        let terms: Terms = serde_html_form::from_str(form).unwrap();
        let mut plan = ImportPlan::default();
        assert_eq!(terms.put_into(&mut plan, 1_790_000_000_000), expected, "{form}: {plan:?}");
    }

    #[test]
    fn a_consent_needs_its_proof() {
        check("mode=new", true);
        check("basis=consent&evidence=form", true);
        check("basis=consent", false);
        check("basis=written&evidence=card&consent_day=2026/1/5", true);
        check("basis=written&evidence=card&consent_day=someday", false);
        check("basis=written&evidence=card&consent_day=2099-01-01", false);
    }
}
