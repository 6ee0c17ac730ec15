//! Says about an address, while it is being typed, what saving it would say.

use axum::extract::Query;
use maud::{Markup, html};
use serde::Deserialize;

use super::address;
use crate::visit::Visit;

/// What was typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    value: String,
}

/// `GET /contacts/address-note?value=…`: a fragment.
pub(crate) async fn show(visit: Visit, Query(typed): Query<Typed>) -> Markup {
    if typed.value.trim().is_empty() {
        return html! {};
    }
    let reading = addressing::read(&typed.value);
    address::notes(visit.say, &reading, &address::fill_button(visit.say, &reading))
}
