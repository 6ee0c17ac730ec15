//! Starting a broadcast: what must hold before the first message leaves, each with the place to mend it.

use audience::{ContactStore, segment::RuleProblem};
use composition::{Template, TemplateProblem, TemplateSource};
use delivery::ports::SourceStore;
use mail::Address;

use crate::{
    broadcast::{Broadcast, BroadcastState, Waterfall},
    fields::CONTACT_FIELDS,
    ports::{BroadcastStore, StoreFailure, TemplateStore},
    template::TemplateDraft,
};

/// Why a broadcast cannot start.
#[derive(Debug, Clone)]
pub enum Obstacle {
    /// It has started already.
    NotDraft,
    /// The template is gone.
    NoTemplate,
    /// The template cannot be rendered; every problem with its line.
    TemplateBroken(Vec<TemplateProblem>),
    /// The From address is none.
    FromAddress,
    /// The From domain is not one of our sending domains; the domain.
    UnknownDomain(String),
    /// The Reply-To address is none.
    ReplyTo,
    /// The conditions of its audience cannot be asked; everything that is wrong with them.
    Conditions(Vec<RuleProblem>),
    /// Nobody would get it.
    NobodyLeft,
}

/// What the checks ask.
pub struct Stores<'a> {
    /// Broadcasts.
    pub broadcasts: &'a dyn BroadcastStore,
    /// Templates.
    pub templates: &'a dyn TemplateStore,
    /// Contacts, for the names of their fields.
    pub contacts: &'a dyn ContactStore,
    /// Sending domains.
    pub sources: &'a dyn SourceStore,
}

/// The merge fields that exist in this house.
///
/// # Errors
/// When the store cannot be asked.
pub async fn known_fields(contacts: &dyn ContactStore) -> Result<Vec<String>, StoreFailure> {
    let mut names: Vec<String> = CONTACT_FIELDS.iter().map(|name| (*name).to_owned()).collect();
    names.extend(contacts.field_names().await?);
    Ok(names)
}

/// Every problem of a template, as its editor shows them.
#[must_use]
pub fn template_problems(draft: &TemplateDraft, known_fields: &[String]) -> Vec<TemplateProblem> {
    let source =
        TemplateSource { subject: draft.subject.clone(), text: draft.text.clone(), html: draft.html.clone() };
    let known: Vec<&str> = known_fields.iter().map(String::as_str).collect();
    Template::compile(&source, &known).err().unwrap_or_default()
}

/// Everything that stands in the way, and who would get the mail.
///
/// # Errors
/// When the store cannot be asked.
pub async fn obstacles(
    stores: &Stores<'_>,
    broadcast: &Broadcast,
    now: i64,
) -> Result<(Vec<Obstacle>, Waterfall), StoreFailure> {
    let mut found = Vec::new();
    if broadcast.state != BroadcastState::Draft {
        found.push(Obstacle::NotDraft);
    }
    match stores.templates.get(broadcast.draft.template_id).await? {
        None => found.push(Obstacle::NoTemplate),
        Some(template) => {
            let problems = template_problems(&template.draft, &known_fields(stores.contacts).await?);
            if !problems.is_empty() {
                found.push(Obstacle::TemplateBroken(problems));
            }
        }
    }
    match Address::parse(&broadcast.draft.from_address) {
        Err(_) => found.push(Obstacle::FromAddress),
        Ok(from) => {
            if stores.sources.domain_by_name(from.domain()).await?.is_none() {
                found.push(Obstacle::UnknownDomain(from.domain().to_owned()));
            }
        }
    }
    if !broadcast.draft.reply_to.is_empty() && Address::parse(&broadcast.draft.reply_to).is_err() {
        found.push(Obstacle::ReplyTo);
    }
    let problems = stores.broadcasts.audience_problems(broadcast.id).await?;
    if !problems.is_empty() {
        found.push(Obstacle::Conditions(problems));
    }
    let waterfall = stores.broadcasts.preview(broadcast.id, now).await?;
    if waterfall.remaining == 0 {
        found.push(Obstacle::NobodyLeft);
    }
    Ok((found, waterfall))
}
