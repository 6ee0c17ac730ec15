//! Makes each person's message when delivery is about to hand it over: render, build, sign.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use authentication::Signer;
use composition::{Links, MessageHead, Template, TemplateLinks, TemplateSource};
use delivery::{
    hurry::Hurry,
    ports::{CannotPrepare, Claimed, Messages, Prepared, SourceStore, StoreFailure},
    recipient::RecipientId,
    verp::Seal,
};
use mail::{Address, TRACE_FIELD};

use crate::{
    broadcast::{BroadcastId, Purpose},
    clicks::ClickStore,
    fields,
    ports::{BroadcastStore, TemplateStore},
    template::TemplateVersionId,
    workshop::Workshop,
};

/// Recipes kept ready; a house rarely runs more broadcasts at once, and each is a few kilobytes.
const RECIPES_MAX: usize = 64;

/// Everything about a broadcast's messages that is the same for everyone.
struct Recipe {
    template: Template,
    signer: Signer,
    from_name: String,
    from: Address,
    reply_to: Option<Address>,
    return_path_domain: String,
    is_advertising: bool,
    /// Links that are recorded when they are followed; none where that is not wanted.
    recorded: usize,
}

/// A broadcast that cannot be made into messages at all; each of its rows says why.
type RecipeOrWhyNot = Result<Arc<Recipe>, String>;

/// The content of broadcasts, as delivery asks for it.
pub struct CampaignMessages {
    broadcasts: Arc<dyn BroadcastStore>,
    templates: Arc<dyn TemplateStore>,
    sources: Arc<dyn SourceStore>,
    clicks: Arc<dyn ClickStore>,
    base_url: String,
    unsubscribe: Seal,
    links: Arc<LinkWriter>,
    message_ids: Seal,
    recipes: Mutex<HashMap<(BroadcastId, TemplateVersionId), RecipeOrWhyNot>>,
    workshop: Workshop,
}

impl CampaignMessages {
    /// `stores` are broadcasts, templates, sources and clicks. `base_url` is where customers reach our pages, without a slash at its end. While there
    /// is a `hurry`, the masses stand still.
    #[must_use]
    pub fn new(
        (broadcasts, templates): (Arc<dyn BroadcastStore>, Arc<dyn TemplateStore>),
        sources: Arc<dyn SourceStore>,
        clicks: Arc<dyn ClickStore>,
        base_url: &str,
        (house_secret, hurry): (&str, Arc<Hurry>),
    ) -> Self {
        let base_url = base_url.trim_end_matches('/').to_owned();
        Self {
            broadcasts,
            templates,
            sources,
            clicks,
            links: Arc::new(LinkWriter { base_url: base_url.clone(), seal: Seal::links(house_secret) }),
            base_url,
            unsubscribe: Seal::unsubscribe(house_secret),
            message_ids: Seal::message_ids(house_secret),
            recipes: Mutex::default(),
            workshop: Workshop::open(hurry),
        }
    }

    /// Everything one message is made of.
    async fn job(&self, claimed: &Claimed) -> Result<Result<Job, CannotPrepare>, StoreFailure> {
        let recipe = match self.recipe(claimed).await? {
            Ok(recipe) => recipe,
            Err(detail) => return Ok(Err(CannotPrepare { detail })),
        };
        let trace = self.message_ids.token(claimed.id);
        let unsubscribe_url = format!("{}/u/{}", self.base_url, self.unsubscribe.token(claimed.id));
        let links = Arc::clone(&self.links);
        Ok(Ok(Job { recipe, claimed: claimed.clone(), trace, unsubscribe_url, links }))
    }

    async fn recipe(&self, claimed: &Claimed) -> Result<RecipeOrWhyNot, StoreFailure> {
        let broadcast_id = claimed.broadcast_id.unwrap_or_default();
        let key = (broadcast_id, claimed.template_version_id);
        if let Some(known) = self.recipes.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let made = self.make_recipe(broadcast_id, claimed.template_version_id).await?;
        let mut recipes = self.recipes.lock().unwrap_or_else(PoisonError::into_inner);
        if recipes.len() >= RECIPES_MAX {
            recipes.clear();
        }
        // A missing domain can be added again at any time, so only what works is remembered.
        if made.is_ok() {
            recipes.insert(key, made.clone());
        }
        Ok(made)
    }

    async fn make_recipe(
        &self,
        broadcast_id: BroadcastId,
        version_id: TemplateVersionId,
    ) -> Result<RecipeOrWhyNot, StoreFailure> {
        let Some(broadcast) = self.broadcasts.get(broadcast_id).await? else {
            return Ok(Err(format!("broadcast {broadcast_id} does not exist")));
        };
        let Some(version) = self.templates.version(version_id).await? else {
            return Ok(Err(format!("template version {version_id} does not exist")));
        };
        let draft = broadcast.draft;
        let Ok(from) = Address::parse(&draft.from_address) else {
            return Ok(Err(format!("{} is no address", draft.from_address)));
        };
        let Some(domain) = self.sources.domain_by_name(from.domain()).await? else {
            return Ok(Err(format!("{} is not one of our sending domains", from.domain())));
        };
        let source = TemplateSource { subject: version.subject, text: version.text, html: version.html };
        let targets = self.targets(broadcast.id, draft.records_clicks, &source).await?;
        // Which fields exist was checked when the broadcast started; here every name the template uses is taken.
        let template = match Template::compile_recording(&source, &fields::named_in(&source), &targets) {
            Ok(template) => template,
            Err(problems) => return Ok(Err(problems.first().map_or_else(String::new, |p| p.en.clone()))),
        };
        let keys = &domain.keys;
        let signer = Signer::new(&domain.name, (&keys.rsa_selector, &keys.rsa_private), keys.second());
        let signer = match signer {
            Ok(signer) => signer,
            Err(error) => return Ok(Err(format!("the DKIM keys of {}: {error}", domain.name))),
        };
        Ok(Ok(Arc::new(Recipe {
            template,
            signer,
            from_name: draft.from_name,
            from,
            reply_to: Address::parse(&draft.reply_to).ok(),
            return_path_domain: domain.return_path_domain,
            is_advertising: draft.purpose == Purpose::Advertising,
            recorded: targets.len(),
        })))
    }

    /// The links to record, as they were numbered when the first message of the broadcast was made.
    async fn targets(
        &self,
        id: BroadcastId,
        records_clicks: bool,
        source: &TemplateSource,
    ) -> Result<Vec<String>, StoreFailure> {
        if !records_clicks {
            return Ok(Vec::new());
        }
        let found = TemplateLinks::read(source, &format!("{}/", self.base_url));
        self.clicks.links_of(id, &found.targets).await
    }
}

/// Writes the addresses that recorded links get.
struct LinkWriter {
    base_url: String,
    seal: Seal,
}

impl LinkWriter {
    fn write(&self, id: RecipientId, links: usize) -> Vec<String> {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (0..links).map(|n| format!("{}/l/{}", self.base_url, self.seal.link_token(id, number(n)))).collect()
    }
}

/// One message to be made.
struct Job {
    recipe: Arc<Recipe>,
    claimed: Claimed,
    trace: String,
    unsubscribe_url: String,
    links: Arc<LinkWriter>,
}

impl Job {
    fn make(self) -> Result<Prepared, CannotPrepare> {
        let recorded = self.links.write(self.claimed.id, self.recipe.recorded);
        let links = Links { unsubscribe_url: Some(self.unsubscribe_url), recorded, ..Links::default() };
        self.recipe.make(&self.claimed, self.trace, links)
    }
}

impl Recipe {
    /// Deterministic: the same row gives the same bytes, so a retry repeats the message and never varies it.
    fn make(&self, claimed: &Claimed, trace: String, links: Links) -> Result<Prepared, CannotPrepare> {
        let cannot = |detail: String| CannotPrepare { detail };
        let to = Address::parse(&claimed.to).map_err(|error| cannot(error.to_string()))?;
        let body = self.template.render(&claimed.values, &links).map_err(|problem| cannot(problem.en))?;
        let head = MessageHead {
            from_name: self.from_name.clone(),
            from: self.from.clone(),
            to_name: claimed.values.get("name").cloned().unwrap_or_default(),
            to,
            reply_to: self.reply_to.clone(),
            message_id: format!("{trace}@{}", self.from.domain()),
            date_at: claimed.queued_at,
            list_unsubscribe: links.unsubscribe_url.filter(|_| self.is_advertising),
            extra: vec![(TRACE_FIELD.to_owned(), trace)],
        };
        let mut bytes = composition::build(&head, &body);
        let signature = self.signer.sign(&bytes, claimed.queued_at);
        let signature = signature.map_err(|error| cannot(format!("signing: {error}")))?;
        drop(bytes.splice(0..0, signature));
        Ok(Prepared { bytes })
    }
}

#[async_trait]
impl Messages for CampaignMessages {
    async fn return_path_domain(&self, claimed: &Claimed) -> Result<String, StoreFailure> {
        // Where there is no recipe, preparing the message says why; the path only has to be well formed.
        Ok(self
            .recipe(claimed)
            .await?
            .map_or_else(|_| "invalid".to_owned(), |r| r.return_path_domain.clone()))
    }

    async fn prepare(
        &self,
        claimed: &Claimed,
        _return_path: &Address,
    ) -> Result<Result<Prepared, CannotPrepare>, StoreFailure> {
        match self.job(claimed).await? {
            Ok(job) => Ok(self.workshop.make(claimed.lane, 1, move || job.make()).await?),
            Err(cannot) => Ok(Err(cannot)),
        }
    }

    async fn prepare_all(
        &self,
        rows: &[(&Claimed, &Address)],
    ) -> Result<Vec<Result<Prepared, CannotPrepare>>, StoreFailure> {
        let Some((first, _)) = rows.first() else { return Ok(Vec::new()) };
        let mut jobs = Vec::with_capacity(rows.len());
        for (claimed, _) in rows {
            jobs.push(self.job(claimed).await?);
        }
        let work = move || jobs.into_iter().map(|job| job.and_then(Job::make)).collect();
        Ok(self.workshop.make(first.lane, rows.len(), work).await?)
    }
}
