//! Runs the doctor's examinations: the DNS records of a domain, and the walk along a route.

use std::{collections::BTreeMap, time::Duration};

use authentication::{Answer, Answers, DomainPlan, Judgement, RecordStanding, judge};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout};

use crate::{
    explain::{StepExplanation, explain_step},
    ports::{DnsLookup, RouteProbe},
    probe::{ProbeRequest, StepFact},
};

/// Most rounds of questions: SPF may name a domain that names a domain, ten deep, and each may need two kinds.
const ROUNDS_MAX: usize = 25;
/// Most questions about one domain.
const QUESTIONS_MAX: usize = 300;
/// Questions that are on their way at once.
const QUESTIONS_AT_ONCE: usize = 8;
/// How long one question may take.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(8);
/// How long a domain's check may take; what has no answer by then is not known.
const CHECK_TIMEOUT: Duration = Duration::from_secs(25);

/// Checks the DNS records of a sending domain. A question that has no answer in time is trouble with the DNS, so the
/// record it belongs to stands as unknown; the others are judged all the same.
pub async fn check_domain(dns: &dyn DnsLookup, plan: &DomainPlan<'_>) -> Vec<RecordStanding> {
    let mut answers: Answers = BTreeMap::new();
    let began = Instant::now();
    for _ in 0..ROUNDS_MAX {
        match judge(plan, &answers) {
            Judgement::Done(standings) => return standings,
            Judgement::Need(questions) => {
                let room = QUESTIONS_MAX.saturating_sub(answers.len());
                let left = CHECK_TIMEOUT.saturating_sub(began.elapsed());
                let (asked, unasked) = questions.split_at(questions.len().min(room));
                answers.extend(ask(dns, asked, left.min(QUESTION_TIMEOUT)).await);
                answers.extend(unasked.iter().map(|question| (question.clone(), unanswered())));
            }
        }
    }
    give_up(plan, answers)
}

async fn ask(
    dns: &dyn DnsLookup,
    questions: &[(String, &'static str)],
    patience: Duration,
) -> Vec<((String, &'static str), Answer)> {
    // Made before they are streamed: a closure in the stream would make the whole check impossible to send between
    // threads.
    let asking: Vec<_> = questions.iter().map(|question| ask_one(dns, question.clone(), patience)).collect();
    stream::iter(asking).buffer_unordered(QUESTIONS_AT_ONCE).collect().await
}

async fn ask_one(
    dns: &dyn DnsLookup,
    question: (String, &'static str),
    patience: Duration,
) -> ((String, &'static str), Answer) {
    let answer = timeout(patience, dns.lookup(&question.0, question.1)).await;
    (question, answer.unwrap_or_else(|_| unanswered()))
}

/// Says of everything that is still asked for that it is not known.
fn give_up(plan: &DomainPlan<'_>, mut answers: Answers) -> Vec<RecordStanding> {
    loop {
        match judge(plan, &answers) {
            Judgement::Done(standings) => return standings,
            // Trouble leads to no further names, so this ends.
            Judgement::Need(questions) => {
                answers.extend(questions.into_iter().map(|question| (question, unanswered())));
            }
        }
    }
}

fn unanswered() -> Answer {
    Answer::Trouble("no answer in time".to_owned())
}

/// Walks a route up to the first step that fails, and explains each step.
pub async fn test_route(probe: &dyn RouteProbe, request: &ProbeRequest) -> Vec<(StepFact, StepExplanation)> {
    let facts = probe.probe(request).await;
    facts.into_iter().map(|fact| (fact.clone(), explain_step(&fact, request))).collect()
}
