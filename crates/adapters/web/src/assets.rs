//! Serves our style sheet, script and icon under names that change with their content.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};

use crate::{problem::Problem, secret};

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    hash: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    [
        ("todoku.css", "text/css; charset=utf-8", include_str!("../assets/todoku.css")),
        ("todoku.js", "text/javascript; charset=utf-8", include_str!("../assets/todoku.js")),
        ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    ]
    .into_iter()
    .map(|(name, kind, text)| Asset {
        name,
        kind,
        text,
        hash: secret::sha256(text.as_bytes())[..16].to_owned(),
    })
    .collect()
});

/// The address of an asset.
pub(crate) fn link(name: &str) -> String {
    let asset = ASSETS.iter().find(|asset| asset.name == name).expect("assets are named in this file only");
    format!("/assets/{}/{}", asset.hash, asset.name)
}

/// `GET /assets/{hash}/{name}`.
pub(crate) async fn serve(Path((hash, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or(Problem::NotFound)?;
    // A page of the version before may still ask with its own hash; it gets today's file, but not for long.
    let keep = if asset.hash == hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, keep)], asset.text).into_response())
}
