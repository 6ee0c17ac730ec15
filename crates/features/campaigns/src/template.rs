//! A template and its versions. A broadcast keeps the version it was started with.

use serde::{Deserialize, Serialize};

/// Key of a template.
pub type TemplateId = i64;
/// Key of one version of a template; versions never change.
pub type TemplateVersionId = i64;

/// What an operator writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateDraft {
    /// Name in our lists; customers never see it.
    pub name: String,
    /// Subject, with merge fields.
    pub subject: String,
    /// Plain text, with merge fields.
    pub text: String,
    /// HTML, with merge fields.
    pub html: Option<String>,
}

/// A template in its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Key.
    pub id: TemplateId,
    /// The newest version.
    pub version_id: TemplateVersionId,
    /// 1, 2, 3 …
    pub version: u32,
    /// Its content.
    pub draft: TemplateDraft,
    /// When this version was saved.
    pub updated_at: i64,
}
