//! Keeps templates; a version that was saved never changes.

use async_trait::async_trait;
use campaigns::{
    event,
    ports::{StoreFailure, TemplateStore},
    template::{Template, TemplateDraft, TemplateId, TemplateVersionId},
};
use serde_json::json;

use crate::{
    StorageError, Store,
    events::{NewEvent, append_one},
    sql::{Row, args},
    tx::Tx,
};

const NEWEST: &str =
    "SELECT t.id, t.version_id, t.updated_at, v.version, v.name, v.subject, v.text_body, v.html_body
                      FROM templates t JOIN template_versions v ON v.id = t.version_id";

#[async_trait]
impl TemplateStore for Store {
    async fn list(&self) -> Result<Vec<Template>, StoreFailure> {
        let rows = self.rows(format!("{NEWEST} ORDER BY t.updated_at DESC, t.id DESC"), args![]).await?;
        Ok(rows.iter().map(template_of).collect::<Result<_, _>>()?)
    }

    async fn get(&self, id: TemplateId) -> Result<Option<Template>, StoreFailure> {
        let row = self.row(format!("{NEWEST} WHERE t.id = $1"), args![id]).await?;
        Ok(row.as_ref().map(template_of).transpose()?)
    }

    async fn version(&self, id: TemplateVersionId) -> Result<Option<TemplateDraft>, StoreFailure> {
        let sql = "SELECT name, subject, text_body, html_body FROM template_versions WHERE id = $1";
        let row = self.row(sql, args![id]).await?;
        Ok(row.as_ref().map(draft_of).transpose()?)
    }

    async fn save(
        &self,
        id: Option<TemplateId>,
        draft: &TemplateDraft,
        actor: Option<i64>,
        now: i64,
    ) -> Result<TemplateId, StoreFailure> {
        let draft = draft.clone();
        Ok(self.write(move |tx| Box::pin(async move { save(tx, id, &draft, actor, now).await })).await?)
    }
}

fn draft_of(row: &Row) -> Result<TemplateDraft, StorageError> {
    Ok(TemplateDraft {
        name: row.get("name")?,
        subject: row.get("subject")?,
        text: row.get("text_body")?,
        html: row.get("html_body")?,
    })
}

fn template_of(row: &Row) -> Result<Template, StorageError> {
    let version: i64 = row.get("version")?;
    Ok(Template {
        id: row.get("id")?,
        version_id: row.get("version_id")?,
        version: u32::try_from(version)
            .map_err(|_| StorageError::Unreadable(format!("template version {version}")))?,
        draft: draft_of(row)?,
        updated_at: row.get("updated_at")?,
    })
}

async fn save(
    tx: &mut Tx,
    id: Option<TemplateId>,
    draft: &TemplateDraft,
    actor: Option<i64>,
    now: i64,
) -> Result<TemplateId, StorageError> {
    let version_id = tx.new_id(now);
    let (id, version) = match id {
        None => {
            let id = tx.new_id(now);
            let sql = "INSERT INTO templates (id, version_id, updated_at) VALUES ($1, $2, $3)";
            tx.execute(sql, args![id, version_id, now]).await?;
            (id, 1)
        }
        Some(id) => {
            let newest = newest(tx, id).await?;
            if newest.draft == *draft {
                return Ok(id);
            }
            let sql = "UPDATE templates SET version_id = $2, updated_at = $3 WHERE id = $1";
            tx.execute(sql, args![id, version_id, now]).await?;
            (id, newest.version + 1)
        }
    };
    tx.execute(
        "INSERT INTO template_versions (id, template_id, version, name, subject, text_body, html_body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![version_id, id, version, &draft.name, &draft.subject, &draft.text, &draft.html, now],
    )
    .await?;
    let detail =
        json!({ "template_id": id, "version_id": version_id, "version": version, "name": draft.name });
    append_one(tx, NewEvent::of(event::TEMPLATE_SAVED).actor(actor).detail(detail), now).await?;
    Ok(id)
}

/// The newest version, while nobody else can save another.
async fn newest(tx: &mut Tx, id: TemplateId) -> Result<Template, StorageError> {
    tx.row("SELECT id FROM templates WHERE id = $1 {FOR UPDATE}", args![id]).await?;
    let row = tx.row(format!("{NEWEST} WHERE t.id = $1"), args![id]).await?;
    row.as_ref().map_or_else(|| Err(StorageError::Gone(format!("template {id}"))), template_of)
}
