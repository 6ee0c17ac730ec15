//! What waits to leave: why, how fast it may go, and what an operator can do about it.

pub(crate) mod act;
pub(crate) mod broadcast;
pub(crate) mod hours;
pub(crate) mod limits;
pub(crate) mod list;
pub(crate) mod rows;
pub(crate) mod show;

use delivery::{
    pacing::{
        explain::{Why, Words, name_of},
        limits::Origin,
        rulebook::Rulebook,
        rules,
        store::{Change, Hold, Standing, Told},
    },
    source::SourceId,
};
use maud::{Markup, html};

use crate::{
    links,
    parts::{field::confirmed, source as words, time},
    problem::Problem,
    say::{Say, t},
    visit::Visit,
};

/// What a process told longer ago than this is not shown.
const HEARD_MS: i64 = 15_000;

/// What steers and what is being done at this moment.
pub(super) struct Moment {
    pub(super) standing: Standing,
    pub(super) told: Vec<Told>,
    pub(super) book: Rulebook,
    /// The names of the sources, where there are several.
    pub(super) sources: Vec<(SourceId, String)>,
}

/// Asks for it.
pub(super) async fn moment(visit: &Visit) -> Result<Moment, Problem> {
    let store = &visit.house.pacing;
    let now = visit.now();
    let standing = store.standing(now).await?;
    let told = store.told(now - HEARD_MS).await?;
    let book = Rulebook::new(visit.house.pacing_config.clone(), standing.owner.clone());
    let sources = visit.house.sources.sources().await?;
    let several = sources.len() > 1;
    let names = sources.iter().filter(|_| several).map(|source| (source.id, words::name(visit.say, source)));
    Ok(Moment { standing, told, book, sources: names.collect() })
}

/// The page of one provider or domain.
pub(super) fn at(shard: &str) -> String {
    links::query("/queue/at", &[("shard", Some(shard))])
}

/// A sentence in the reader's language.
pub(super) fn pick(say: Say, words: &Words) -> String {
    say.pick(&words.ja, &words.en).to_owned()
}

/// The name of a provider or domain.
pub(super) fn name(say: Say, shard: &str) -> String {
    match shard {
        "all" => t!(say, "queue-every-group"),
        "default" => t!(say, "queue-unknown-group"),
        shard => pick(say, &name_of(shard)),
    }
}

/// Why it waits, and until when.
pub(super) fn why(visit: &Visit, why: &Why) -> Markup {
    let say = visit.say;
    html! {
        span { (pick(say, &why.words)) }
        @if let Some(until) = why.until.filter(|until| *until > visit.now()) {
            " " span.sub { (t!(say, "queue-until", at = time::said(say, until, visit.now()))) }
        }
    }
}

/// Who says a limit.
pub(super) fn origin(say: Say, origin: &Origin) -> String {
    match origin {
        Origin::PackDefault => t!(say, "limit-from-default"),
        Origin::Pack => t!(say, "limit-from-pack"),
        Origin::Config => t!(say, "limit-from-config"),
        Origin::Owner => t!(say, "limit-from-owner"),
        Origin::Rule(id) => {
            let words = rules::names(id).map_or(id.as_str(), |(ja, en)| say.pick(ja, en));
            t!(say, "limit-from-rule", rule = words)
        }
    }
}

/// Everything that is stopped or slowed, each with its reply and a button that lifts it.
/// `sources` are the names that are said.
pub(super) fn holds(visit: &Visit, sources: &[(SourceId, String)], holds: &[&Hold]) -> Markup {
    let say = visit.say;
    html! {
        @if !holds.is_empty() {
            div.card id="holds" {
                h2 { (t!(say, "queue-holds")) }
                @for hold in holds { (one_hold(visit, sources, hold)) }
            }
        }
    }
}

fn one_hold(visit: &Visit, sources: &[(SourceId, String)], hold: &Hold) -> Markup {
    let say = visit.say;
    let source = sources.iter().find(|(id, _)| Some(*id) == hold.source);
    let source = source.map(|(_, name)| t!(say, "hold-source", source = name.as_str()));
    let who = hold.group.as_deref().map_or_else(|| t!(say, "queue-every-group"), |group| name(say, group));
    let what = match &hold.change {
        Change::Stop => t!(say, "hold-stop", group = who),
        Change::Slow { .. } => t!(say, "hold-slow", group = who),
        Change::OtherSource => t!(say, "hold-other-source", group = who),
    };
    let cause = match rules::names(&hold.rule) {
        Some((ja, en)) => say.pick(ja, en).to_owned(),
        None => t!(say, "hold-by-operator"),
    };
    let until = match hold.until {
        Some(until) => t!(say, "queue-until", at = time::said(say, until, visit.now())),
        None => t!(say, "hold-open"),
    };
    html! {
        div.notice {
            p { b { (what) } " " (cause) }
            p.sub { (t!(say, "hold-since", at = time::said(say, hold.since_at, visit.now()))) " " (until) }
            @if let Some(source) = source { p.sub { (source) } }
            @if !hold.sample.is_empty() {
                details { summary { (t!(say, "hold-sample")) } pre { (hold.sample) } }
            }
            @if visit.is_owner() {
                form method="post" action="/queue/lift" {
                    (visit.token_field())
                    input type="hidden" name="hold" value=(hold.id);
                    input type="hidden" name="back" value=(visit.path);
                    button.btn type="submit" { (t!(say, "hold-lift")) }
                }
            }
        }
    }
}

/// A form with one button that does something to a scope, behind a question where it asks one.
pub(super) fn act_form(visit: &Visit, what: (&str, &str, &str), ask: Option<&str>) -> Markup {
    let label = visit.say.with(&format!("queue-{}", what.0), None);
    act_form_as(visit, what, &label, ask)
}

/// The same with a label of its own.
pub(super) fn act_form_as(
    visit: &Visit,
    (act, scope, of): (&str, &str, &str),
    label: &str,
    ask: Option<&str>,
) -> Markup {
    let say = visit.say;
    let form = html! {
        form method="post" action={ "/queue/" (act) } {
            (visit.token_field())
            input type="hidden" name="scope" value=(scope);
            input type="hidden" name="of" value=(of);
            input type="hidden" name="back" value=(visit.path);
            @if act == "give-up" {
                label { (t!(say, "queue-give-up-reason")) " " input name="reason" required maxlength="200"; }
            }
            button.btn type="submit" { (label) }
        }
    };
    match ask {
        Some(what) => confirmed(label, what, &form),
        None => form,
    }
}
