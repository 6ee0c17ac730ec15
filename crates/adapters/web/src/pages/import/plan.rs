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
    show,
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
    header: Option<String>,
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
    let plan = choices.reading().ok_or(Problem::Unreadable)?;
    let sample = show::sample(&visit, id).await?;
    let read_anew = !reads_alike(&plan, &job.plan);
    job.plan = completed(plan, &choices, &job, &sample, read_anew);
    let looked = audience::preview(&sample, &job.plan, PREVIEW_ROWS);
    visit.house.imports.set_plan(id, &job.plan).await?;
    if choices.step != "start" {
        return Ok(Redirect::to(&links::import(id)).into_response());
    }
    if read_anew {
        return again(&visit, &job, &sample, Some(&t!(visit.say, "preview-read-anew"))).await;
    }
    if preview::is_blocked(&looked) {
        return again(&visit, &job, &sample, None).await;
    }
    visit.house.imports.start(id, visit.now()).await?;
    Ok(Redirect::to(&links::import(id)).into_response())
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
    plan
}

async fn again(visit: &Visit, job: &ImportJob, sample: &[u8], remark: Option<&str>) -> Answer {
    let fields = visit.house.imports.import_fields().await?;
    let form = preview::form(visit, job, sample, &fields, remark);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show::page(visit, job, &form)).into_response())
}
