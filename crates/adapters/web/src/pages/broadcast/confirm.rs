//! The last step before sending: who gets it and who does not, what stands in the way, and how it will look.

use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use campaigns::{
    broadcast::{AudiencePart, Broadcast, Purpose, Waterfall},
    start::{self, Obstacle, Stores},
    template::TemplateDraft,
};
use composition::{Template, TemplateLinks};
use delivery::recipient::Lane;
use maud::{Markup, html};

use super::{
    difference, find_draft, from, members, report,
    steps::{Step, steps},
};
use crate::{
    form::{Form, Nothing},
    headers, links,
    parts::{field::confirmed, flash, letter, problems},
    problem::{Answer, Problem},
    say::{grouped, t},
    visit::Visit,
};

/// `GET /broadcasts/{id}/confirm`.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let say = visit.say;
    let (obstacles, waterfall) = start::obstacles(&stores(&visit), &broadcast, visit.now()).await?;
    let template = visit.house.templates.get(broadcast.draft.template_id).await?;
    let remark = from::remark(&visit, &broadcast.draft.from_address).await?;
    let unrecorded = visit.house.broadcasts.unrecorded(id, visit.now()).await?;
    let link = |part| Some(members::link(id, part));
    let body = html! {
        p { a href="/broadcasts" { (t!(say, "frame-broadcasts")) } }
        h1 { (broadcast.draft.name) }
        (steps(say, Some(&broadcast), Step::Confirm))
        (obstacle_list(&visit, &broadcast, &obstacles))
        div.row.two {
            div {
                div.card {
                    h2 { (t!(say, "confirm-who")) }
                    (report::who(say, &waterfall, &link))
                    (difference::unrecorded_note(&visit, id, unrecorded))
                    p.fine {
                        a href={ (links::broadcast(id)) "/difference" } { (t!(say, "confirm-difference")) } " \u{b7} "
                        a href={ (links::broadcast(id)) "/audience" } { (t!(say, "confirm-change-audience")) }
                    }
                }
                @if let Some(template) = &template { (preview(&visit, &broadcast, &template.draft).await?) }
            }
            div.card {
                h2 { (t!(say, "confirm-what")) }
                (facts(&visit, &broadcast, template.as_ref().map(|template| &template.draft), &remark))
                @if obstacles.is_empty() { (start_form(&visit, &broadcast, &waterfall)) }
                (drop_form(&visit, id))
            }
        }
    };
    Ok(headers::with_letter(visit.page(&broadcast.draft.name, &body).into_response()))
}

/// `POST /broadcasts/{id}/start`.
pub(crate) async fn start(visit: Visit, Path(id): Path<i64>, Form(Nothing {}): Form<Nothing>) -> Answer {
    let Some(broadcast) = find_draft(&visit, id).await? else {
        return Ok(Redirect::to(&links::broadcast(id)).into_response());
    };
    let (obstacles, _) = start::obstacles(&stores(&visit), &broadcast, visit.now()).await?;
    if !obstacles.is_empty() {
        // Something changed since the page was shown; it says what.
        return Ok(Redirect::to(&format!("{}/confirm", links::broadcast(id))).into_response());
    }
    let now = visit.now();
    let until = now + visit.house.tries.ms(Lane::Broadcast);
    visit.house.broadcasts.start(id, until, visit.actor(), now).await?;
    Ok(flash::done(&links::broadcast(id), "broadcast-started").into_response())
}

fn stores(visit: &Visit) -> Stores<'_> {
    let house = &visit.house;
    Stores {
        broadcasts: &*house.broadcasts,
        templates: &*house.templates,
        contacts: &*house.contacts,
        sources: &*house.sources,
    }
}

fn obstacle_list(visit: &Visit, broadcast: &Broadcast, obstacles: &[Obstacle]) -> Markup {
    html! {
        @if !obstacles.is_empty() {
            div.card {
                div.cause.ours {
                    h2 { (t!(visit.say, "confirm-obstacles")) }
                    ul.problems { @for obstacle in obstacles { li { (obstacle_line(visit, broadcast, obstacle)) } } }
                }
            }
        }
    }
}

/// What stands in the way, with the place to mend it.
fn obstacle_line(visit: &Visit, broadcast: &Broadcast, obstacle: &Obstacle) -> Markup {
    let say = visit.say;
    let path = links::broadcast(broadcast.id);
    let (words, place, inside) = match obstacle {
        Obstacle::NotDraft => (t!(say, "obstacle-not-draft"), path, html! {}),
        Obstacle::NoTemplate => (t!(say, "obstacle-no-template"), format!("{path}/edit"), html! {}),
        Obstacle::TemplateBroken(found) => (
            t!(say, "obstacle-template-broken"),
            links::template(broadcast.draft.template_id),
            problems::list(say, found),
        ),
        Obstacle::FromAddress => (t!(say, "obstacle-from-address"), format!("{path}/edit"), html! {}),
        Obstacle::UnknownDomain(domain) => {
            let place = if visit.is_owner() { "/domains".to_owned() } else { format!("{path}/edit") };
            (t!(say, "obstacle-unknown-domain", domain = domain.as_str()), place, html! {})
        }
        Obstacle::ReplyTo => (t!(say, "obstacle-reply-to"), format!("{path}/edit"), html! {}),
        Obstacle::Conditions(found) => {
            let inside = html! {
                ul.problems { @for problem in found { li { (say.pick(&problem.words.ja, &problem.words.en)) } } }
            };
            (t!(say, "obstacle-conditions"), format!("{path}/audience"), inside)
        }
        Obstacle::NobodyLeft => (t!(say, "obstacle-nobody-left"), format!("{path}/audience"), html! {}),
    };
    html! { (words) " " a href=(place) { (t!(say, "obstacle-mend")) } (inside) }
}

fn facts(visit: &Visit, broadcast: &Broadcast, template: Option<&TemplateDraft>, remark: &Markup) -> Markup {
    let (say, draft) = (visit.say, &broadcast.draft);
    html! {
        dl.facts {
            dt { (t!(say, "broadcast-purpose")) }
            dd { (say.with(&format!("purpose-{}", draft.purpose.name()), None)) }
            dt { (t!(say, "broadcast-template")) }
            dd { @if let Some(template) = template { a href=(links::template(draft.template_id)) { (template.name) } } }
            dt { (t!(say, "template-subject")) }
            dd { @if let Some(template) = template { (template.subject) } }
            dt { (t!(say, "broadcast-from")) }
            dd { (draft.from_name) " <" (draft.from_address) ">" (remark) }
            @if !draft.reply_to.is_empty() {
                dt { (t!(say, "broadcast-reply-to")) }
                dd { (draft.reply_to) }
            }
            dt { (t!(say, "broadcast-clicks")) }
            dd { (recorded(visit, draft.records_clicks, template)) }
        }
        p.fine { a href={ (links::broadcast(broadcast.id)) "/edit" } { (t!(say, "confirm-change-what")) } }
    }
}

/// How many links are recorded, and which stay as they are.
fn recorded(visit: &Visit, records_clicks: bool, template: Option<&TemplateDraft>) -> Markup {
    let say = visit.say;
    let Some(template) = template.filter(|_| records_clicks) else {
        return html! { (t!(say, "broadcast-clicks-off")) };
    };
    let found = TemplateLinks::read(&letter::source(template), &format!("{}/", visit.house.base_url));
    html! {
        (t!(say, "broadcast-clicks-on", n = found.targets.len()))
        @if !found.personal.is_empty() {
            details {
                summary { (t!(say, "broadcast-clicks-personal", n = found.personal.len())) }
                p.sub { (t!(say, "broadcast-clicks-personal-why")) }
                ul { @for target in &found.personal { li.address { (target) } } }
            }
        }
    }
}

fn start_form(visit: &Visit, broadcast: &Broadcast, waterfall: &Waterfall) -> Markup {
    let (id, purpose) = (broadcast.id, broadcast.draft.purpose);
    let say = visit.say;
    html! {
        form method="post" action={ (links::broadcast(id)) "/start" } {
            (visit.token_field())
            @if purpose == Purpose::Transactional { p.notice { (t!(say, "confirm-transactional")) } }
            p { (t!(say, "confirm-start-what")) }
            button.btn.primary type="submit" { (t!(say, "confirm-start", n = grouped(waterfall.remaining), count = waterfall.remaining)) }
        }
    }
}

fn drop_form(visit: &Visit, id: i64) -> Markup {
    let say = visit.say;
    let form = html! {
        form method="post" action={ (links::broadcast(id)) "/cancel" } {
            (visit.token_field())
            button.btn.danger type="submit" { (t!(say, "confirm-drop-yes")) }
        }
    };
    html! { div.actions.apart { (confirmed(&t!(say, "confirm-drop"), &t!(say, "confirm-drop-what"), &form)) } }
}

/// The letter as the first who gets it will see it, and whom the template cannot be filled in for.
async fn preview(visit: &Visit, broadcast: &Broadcast, draft: &TemplateDraft) -> Result<Markup, Problem> {
    let (say, house) = (visit.say, &visit.house);
    let first = house.broadcasts.audience(broadcast.id, AudiencePart::Remaining, (0, 1), visit.now()).await?;
    let contact = match first.first() {
        Some(person) => house.contacts.get(person.contact_id).await?,
        None => None,
    };
    let values = contact.as_ref().map(letter::values_of).unwrap_or_default();
    let fields = start::known_fields(&*house.contacts).await?;
    let needed = needed_fields(draft, &fields);
    Ok(html! {
        div.card {
            h2 { (t!(say, "confirm-preview")) }
            @if let Some(contact) = &contact {
                p.hint {
                    (t!(say, "preview-as", name = crate::pages::contact::list::shown_name(visit, contact))) " "
                    a href={ (links::template(broadcast.draft.template_id)) "/preview" } { (t!(say, "confirm-others")) }
                }
            }
            @if !needed.is_empty() { p.notice { (t!(say, "confirm-needed", fields = needed.join(" / "))) } }
            @match letter::render(draft, &fields, &values, &house.base_url) {
                Ok(rendered) => (letter::letter(say, &rendered)),
                Err(found) => (problems::list(say, &found)),
            }
        }
    })
}

/// Columns of the shop's list without which a person gets nothing.
fn needed_fields(draft: &TemplateDraft, known: &[String]) -> Vec<String> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let Ok(template) = Template::compile(&letter::source(draft), &known) else { return Vec::new() };
    let ours = campaigns::fields::CONTACT_FIELDS;
    template.required_fields().into_iter().filter(|name| !ours.contains(&name.as_str())).collect()
}
