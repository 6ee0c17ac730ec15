//! Takes what the person decided about a file: reads it anew, or starts the import.

use std::collections::BTreeMap;

use audience::{FIELD_TARGET, ImportJob, ImportPlan, ImportState};
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use serde::Deserialize;

use super::{
    preview::{self, DELIMITERS, ENCODINGS, TARGETS},
    receive::PREVIEW_ROWS,
    show, spreadsheet,
    terms::{PRESET_CHARS_MAX, Terms},
};
use crate::{
    form::Form,
    links,
    problem::{Answer, Problem},
    say::t,
    visit::Visit,
};

/// The form of the preview.
#[derive(Deserialize)]
pub(crate) struct Choices {
    #[serde(default)]
    step: String,
    encoding: String,
    delimiter: String,
    /// The sheet of a workbook; empty where there is nothing to choose.
    #[serde(default)]
    sheet: String,
    header: Option<String>,
    #[serde(flatten)]
    terms: Terms,
    /// `map-0` … with the target of each column.
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

impl Choices {
    /// How the file is to be read; `None` when the form holds what ours never does.
    fn reading(&self) -> Option<ImportPlan> {
        let encoding = ENCODINGS.iter().find(|name| **name == self.encoding)?;
        let (_, delimiter) = DELIMITERS.iter().find(|(name, _)| *name == self.delimiter)?;
        Some(ImportPlan {
            encoding: (*encoding).to_owned(),
            delimiter: *delimiter,
            has_header: self.header.is_some(),
            ..ImportPlan::default()
        })
    }

    /// The sheet that was chosen, where it is another one of the same workbook.
    fn other_sheet(&self, job: &ImportJob) -> Option<String> {
        let book = job.plan.book.as_ref()?;
        let is_there = self.sheet != book.chosen && book.sheets.contains(&self.sheet);
        is_there.then(|| self.sheet.clone())
    }

    fn mapping(&self, columns: usize) -> BTreeMap<usize, String> {
        let chosen = self.rest.iter().filter_map(|(name, target)| {
            let index: usize = name.strip_prefix("map-")?.parse().ok()?;
            (index < columns && (TARGETS.contains(&target.as_str()) || target.starts_with(FIELD_TARGET)))
                .then(|| (index, target.clone()))
        });
        chosen.collect()
    }
}

/// `POST /imports/{id}/plan`.
pub(crate) async fn decide(visit: Visit, Path(id): Path<i64>, Form(choices): Form<Choices>) -> Answer {
    let mut job = visit.house.imports.get(id).await?.ok_or(Problem::NotFound)?;
    if job.state != ImportState::Uploaded {
        return Ok(Redirect::to(&links::import(id)).into_response());
    }
    if let Some(sheet) = choices.other_sheet(&job) {
        return read_sheet(&visit, job, &choices, &sheet).await;
    }
    let plan = choices.reading().ok_or(Problem::Unreadable)?;
    let sample = show::sample(&visit, id).await?;
    let read_anew = !reads_alike(&plan, &job.plan);
    job.plan = completed(plan, &choices, &job, &sample, read_anew);
    if choices.step == "preset" {
        use_preset(&visit, &mut job, &choices.terms.preset).await?;
    }
    let proven = choices.terms.put_into(&mut job.plan, visit.now());
    let looked = audience::preview(&sample, &job.plan, PREVIEW_ROWS);
    visit.house.imports.set_plan(id, &job.plan).await?;
    job.trial = None;
    remember(&visit, &job, choices.terms.preset_name.trim()).await?;
    if !matches!(choices.step.as_str(), "start" | "try") {
        return Ok(Redirect::to(&links::import(id)).into_response());
    }
    if read_anew {
        return again(&visit, &job, &sample, Some(&t!(visit.say, "preview-read-anew"))).await;
    }
    if preview::is_blocked(&looked) {
        return again(&visit, &job, &sample, None).await;
    }
    if !proven {
        return again(&visit, &job, &sample, Some(&t!(visit.say, "consent-needs-proof"))).await;
    }
    if choices.step == "try" {
        visit.house.imports.start_trial(id, visit.now()).await?;
        return Ok(Redirect::to(&links::import(id)).into_response());
    }
    visit.house.imports.start(id, visit.now()).await?;
    Ok(Redirect::to(&links::import(id)).into_response())
}

/// Another sheet of the workbook is another file: its columns are guessed anew, and what was decided for all stays.
async fn read_sheet(visit: &Visit, mut job: ImportJob, choices: &Choices, sheet: &str) -> Answer {
    let remark = match spreadsheet::choose(visit, &job, sheet).await? {
        Ok(plan) => {
            job = visit.house.imports.get(job.id).await?.ok_or(Problem::NotFound)?;
            job.plan = plan;
            choices.terms.put_into(&mut job.plan, visit.now());
            visit.house.imports.set_plan(job.id, &job.plan).await?;
            if !matches!(choices.step.as_str(), "start" | "try") {
                return Ok(Redirect::to(&links::import(job.id)).into_response());
            }
            t!(visit.say, "preview-read-anew")
        }
        Err(words) => words,
    };
    let sample = show::sample(visit, job.id).await?;
    again(visit, &job, &sample, Some(&remark)).await
}

/// Columns that the remembered assignment knows by name go where they went then.
async fn use_preset(visit: &Visit, job: &mut ImportJob, name: &str) -> Result<(), Problem> {
    let presets = visit.house.imports.presets().await?;
    let Some((_, kept)) = presets.into_iter().find(|(known, _)| known == name) else { return Ok(()) };
    for (index, column) in job.plan.columns.iter().enumerate() {
        let then = kept.columns.iter().position(|known| known == column);
        if let Some(target) = then.and_then(|at| kept.mapping.get(&at)) {
            job.plan.mapping.insert(index, target.clone());
        }
    }
    Ok(())
}

async fn remember(visit: &Visit, job: &ImportJob, name: &str) -> Result<(), Problem> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(PRESET_CHARS_MAX).collect();
    if !name.is_empty() {
        let plan = ImportPlan { book: None, ..job.plan.clone() };
        visit.house.imports.save_preset(&name, &plan, visit.now()).await?;
    }
    Ok(())
}

fn reads_alike(a: &ImportPlan, b: &ImportPlan) -> bool {
    a.encoding == b.encoding && a.delimiter == b.delimiter && a.has_header == b.has_header
}

/// Columns and their targets: as chosen, or guessed again when the file is read in another way.
fn completed(
    mut plan: ImportPlan,
    choices: &Choices,
    job: &ImportJob,
    sample: &[u8],
    read_anew: bool,
) -> ImportPlan {
    let looked = audience::preview(sample, &plan, PREVIEW_ROWS);
    plan.mapping = if read_anew {
        audience::guess_mapping(&looked.columns, &looked.rows)
    } else {
        let chosen = choices.mapping(looked.columns.len());
        if chosen.is_empty() { job.plan.mapping.clone() } else { chosen }
    };
    plan.columns = looked.columns;
    plan.book.clone_from(&job.plan.book);
    plan
}

async fn again(visit: &Visit, job: &ImportJob, sample: &[u8], remark: Option<&str>) -> Answer {
    let form = preview::form(visit, job, sample, &preview::Kept::of(visit).await?, remark);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show::page(visit, job, &form)).into_response())
}
