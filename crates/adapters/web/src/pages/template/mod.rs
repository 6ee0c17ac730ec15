//! The templates: their list, the editor, and the preview as one customer sees it.

pub(crate) mod edit;
mod entry;
pub(crate) mod list;
pub(crate) mod preview;
