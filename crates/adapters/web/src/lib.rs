//! The pages people use, in Japanese and English: server-rendered, small, and safe by construction.
//!
//! The tour: [`App`] holds the ports → [`router`](fn@router) lists every address on one screen → an extractor of `visit.rs`
//! says who asks and in which language → a handler in `pages/<noun>/<verb>.rs` → components of `parts/` → the frame
//! in `parts/layout.rs`. Forms come in only through `form.rs`, which checks the CSRF token, so no handler can forget.

mod app;
mod assets;
mod cookie;
mod form;
mod headers;
mod limit;
mod links;
mod pages;
mod parts;
mod problem;
mod router;
mod say;
mod secret;
mod spreadsheet;
mod typed;
mod visit;
mod watch;

pub use app::{App, Clock};
pub use router::router;
pub use watch::{Watch, watch_router};

/// The first sheet of a spreadsheet as CSV in UTF-8, read from its beginning, as an upload of it is kept; for measuring.
/// `None` when it cannot be read.
#[must_use]
pub fn sheet_as_csv(file: std::fs::File) -> Option<std::fs::File> {
    spreadsheet::read::to_csv(file, "").ok().map(|read| read.csv)
}
