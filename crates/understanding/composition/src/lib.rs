//! Builds message bytes from a template and one person's values.
//!
//! Read [`Template`] first (compile once, render per person), then [`build`], which turns a [`Rendered`] body and a
//! [`MessageHead`] into the bytes of one message. The same input gives the same bytes, so a retry is byte-identical.

mod attachment;
mod encoding;
mod engine;
mod header;
mod links;
mod lint;
mod message;
mod plain;
mod preview;
mod problem;
mod spans;
mod suggest;
mod template;

use std::collections::BTreeMap;

pub use attachment::Attachment;
pub use links::{RECORDED_LINKS_MAX, TARGET_BYTES_MAX, TemplateLinks};
pub use lint::{LintContext, lint};
pub use message::{MessageHead, build, build_with_files};
pub use plain::text_of_html;
pub use preview::safe_preview;
pub use problem::{Part, ProblemKind, TemplateProblem};
pub use template::Template;

use serde::{Deserialize, Serialize};

/// What the marketer wrote: one subject, a text and perhaps an HTML body, with merge fields in `{{ }}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateSource {
    /// One line. Merge fields are allowed, links are not.
    pub subject: String,
    /// The plain text. When it is blank and there is HTML, the text is derived from the HTML.
    pub text: String,
    /// The HTML body, the operator's own; merge values are always escaped in it.
    pub html: Option<String>,
}

/// One person's merge values by field name. They come from outside and are never trusted.
pub type Values = BTreeMap<String, String>;

/// Links made for one person and one message; usable in the body as merge fields of the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// `{{ unsubscribe_url }}`: where this person ends the subscription.
    pub unsubscribe_url: Option<String>,
    /// `{{ view_url }}`: the page that shows this message in a browser.
    pub view_url: Option<String>,
    /// What stands in place of the recorded links ([`Template::compile_recording`]), by their number.
    pub recorded: Vec<String>,
}

/// A template with one person's values filled in, before it becomes a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// One line, without control characters.
    pub subject: String,
    /// The plain text, any line ends.
    pub text: String,
    /// The HTML, any line ends.
    pub html: Option<String>,
}
