//! Every address of the pages, on one screen.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tower::ServiceBuilder;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};

use crate::{
    app::{App, House},
    assets, headers,
    pages::{
        broadcast, contact, desk, domain, duplicate, encryption, explain, field, follow, home, import,
        language, message, operator, queue, segment, source, suppression, template, topic, unsubscribe,
    },
    problem, watch,
};

/// Largest form, in bytes. Uploads have their own limit.
const FORM_BYTES_MAX: usize = 2 * 1024 * 1024;

/// All pages. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, so that the limit on logins
/// sees the caller's address.
pub fn router(app: App) -> Router {
    let house = Arc::new(House::new(app));
    let outside = ServiceBuilder::new()
        .layer(CompressionLayer::new())
        .layer(middleware::map_response(headers::guard))
        .layer(middleware::from_fn(problem::tell))
        .layer(CatchPanicLayer::custom(problem::after_panic))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX));
    pages()
        .merge(segment_pages())
        .merge(sending_pages())
        .merge(audience_pages())
        .merge(source_pages())
        .with_state(house)
        .layer(outside)
}

fn pages() -> Router<Arc<House>> {
    Router::new()
        .route("/assets/{hash}/{name}", get(assets::serve))
        .route("/", get(home::show::show))
        .route("/healthz", get(watch::lives))
        .route("/readyz", get(watch::works))
        .route("/language", post(language::switch))
        .route("/welcome", get(operator::welcome::show).post(operator::welcome::create))
        .route("/login", get(operator::login::show).post(operator::login::enter_house))
        .route("/logout", post(operator::logout::leave))
        .route(
            "/explain",
            get(explain::ask::show)
                .post(explain::receive::receive)
                .layer(DefaultBodyLimit::max(explain::receive::BODY_BYTES_MAX)),
        )
        .route("/account", get(operator::account::show))
        .route("/account/password", post(operator::account::set_password))
        .route("/operators", get(operator::list::show).post(operator::add::add))
        .route("/operators/new", get(operator::add::show))
        .route("/operators/{id}", get(operator::show::show))
        .route("/operators/{id}/role", post(operator::change::role))
        .route("/operators/{id}/unlock", post(operator::change::unlock))
        .route("/operators/{id}/password", post(operator::change::set_password))
        .route("/operators/{id}/remove", post(operator::change::remove))
}

fn audience_pages() -> Router<Arc<House>> {
    Router::new()
        .route("/contacts", get(contact::list::show).post(contact::edit::add))
        .route("/contacts/new", get(contact::edit::fresh))
        .route("/contacts/erased", get(contact::erased::show))
        .route("/contacts/address-note", get(contact::note::show))
        .route("/contacts/{id}", get(contact::show::show))
        .route("/contacts/{id}/edit", get(contact::edit::show).post(contact::edit::save))
        .route("/contacts/{id}/points", post(contact::point::add))
        .route("/contacts/{id}/points/new", get(contact::point::fresh))
        .route("/contacts/{id}/points/{point}/edit", get(contact::point::show).post(contact::point::save))
        .route("/contacts/{id}/points/{point}/prefer", post(contact::point::prefer))
        .route("/contacts/{id}/points/{point}/remove", post(contact::point::remove))
        .route("/contacts/{id}/points/{point}/restore", post(contact::point::restore))
        .route("/contacts/{id}/points/{point}/judge", post(contact::point::judge))
        .route("/contacts/{id}/opt-out", post(contact::change::opt_out))
        .route("/contacts/{id}/opt-in", post(contact::change::opt_in))
        .route("/contacts/{id}/mark-valid", post(contact::change::mark_valid))
        .route("/contacts/{id}/switch-off", post(contact::change::switch_off))
        .route("/contacts/{id}/confirm-address", post(contact::change::confirm))
        .route("/contacts/export", get(contact::export::ask))
        .route("/contacts/export.csv", get(contact::export::download))
        .route("/contacts/export.xlsx", get(contact::export_sheet::download))
        .route("/duplicates", get(duplicate::list::show))
        .route("/duplicates/merge", post(duplicate::list::merge_all))
        .route("/merge", get(duplicate::merge::show).post(duplicate::merge::decide))
        .route("/merges/{id}/undo", post(duplicate::merge::undo))
        .route("/contacts/{id}/consent", get(contact::consent::show).post(contact::consent::record))
        .route("/contacts/{id}/data.json", get(contact::rights::copy))
        .route("/contacts/{id}/erase", get(contact::rights::ask).post(contact::rights::erase))
        .route("/contacts/{id}/trash", post(contact::change::trash))
        .route("/contacts/{id}/restore", post(contact::change::restore))
        .route("/contacts/{id}/topics", post(contact::change::topics))
        .route(
            "/contacts/{id}/files/{field}",
            get(contact::file::hand_out)
                .post(contact::file::keep)
                .layer(DefaultBodyLimit::max(contact::file::BODY_BYTES_MAX)),
        )
        .route("/contacts/{id}/files/{field}/remove", post(contact::file::remove))
        .route("/fields", get(field::list::show).post(field::list::add))
        .route("/fields/{id}", get(field::edit::show).post(field::edit::save))
        .route("/fields/{id}/retype", get(field::retype::trial).post(field::retype::decide))
        .route("/fields/{id}/move", post(field::act::shift))
        .route("/fields/{id}/archive", post(field::act::archive))
        .route("/fields/{id}/restore", post(field::act::restore))
        .route("/topics", get(topic::show).post(topic::add))
        .route("/topics/{id}", post(topic::change))
        .route("/topics/{id}/archive", post(topic::archive))
        .route("/suppressions", get(suppression::show).post(suppression::add))
        .route("/suppressions/lift", post(suppression::lift))
        // An upload counts its bytes itself, while it streams them to the store.
        .route(
            "/imports",
            post(import::receive::receive).layer(DefaultBodyLimit::disable()).get(import::list::show),
        )
        .route("/imports/new", get(import::upload::show))
        .route("/imports/{id}", get(import::show::show))
        .route("/imports/{id}/plan", post(import::plan::decide))
        .route("/imports/{id}/progress", get(import::show::fragment))
        .route("/imports/{id}/cancel", post(import::show::cancel))
        .route("/imports/{id}/errors.csv", get(import::errors::download))
        .route("/imports/{id}/errors.xlsx", get(import::errors::as_spreadsheet))
}

/// Groups of customers, and why somebody belongs to one.
fn segment_pages() -> Router<Arc<House>> {
    Router::new()
        .route("/segments", get(segment::list::show).post(segment::edit::add))
        .route("/segments/new", get(segment::edit::fresh))
        .route("/segments/count", post(segment::count::fragment))
        .route("/segments/{id}", get(segment::show::show))
        .route("/segments/{id}/edit", get(segment::edit::show).post(segment::edit::save))
        .route("/segments/{id}/people", get(segment::show::people))
        .route("/segments/{id}/archive", post(segment::change::archive))
        .route("/segments/{id}/restore", post(segment::change::restore))
        .route("/segments/{id}/why/{contact}", get(segment::why::show))
        .route("/contacts/{id}/segments", get(segment::of_contact::show))
}

/// What mail leaves by.
fn source_pages() -> Router<Arc<House>> {
    Router::new()
        .route("/sources", get(source::list).post(source::add))
        .route("/sources/new", get(source::fresh))
        .route("/sources/test", post(source::walk_fresh))
        .route("/sources/{id}/renew", post(source::renew_token))
        .route("/sources/pools", post(source::save_pools))
        .route("/sources/{id}", get(source::show))
        .route("/sources/{id}/edit", get(source::change).post(source::save))
        .route("/sources/{id}/test", post(source::walk))
        .route("/sources/{id}/check", post(source::check))
        .route("/sources/{id}/rest", post(source::rest))
        .route("/sources/{id}/lift", post(source::lift))
        .route("/sources/{id}/remove", post(source::remove))
        .route("/sources/{id}/warm-up", get(source::show_warm_up).post(source::act_on_warm_up))
}

/// What goes out, and what became of it.
fn sending_pages() -> Router<Arc<House>> {
    Router::new()
        .route("/templates", get(template::list::show).post(template::edit::add))
        .route("/templates/new", get(template::edit::fresh))
        .route("/templates/preview", post(template::preview::unsaved))
        .route("/templates/{id}", get(template::edit::show).post(template::edit::save))
        .route("/templates/{id}/preview", get(template::preview::show))
        .route("/desk", get(desk::list::show))
        .route("/desk/resend", post(desk::resend::send))
        .route("/desk/handle", post(desk::handle::mark))
        .route("/desk/undo", post(desk::handle::undo))
        .route("/desk/{id}/correct", get(desk::correct::show).post(desk::correct::save))
        .route("/messages/{id}", get(message::show::show))
        .route("/messages/{id}/live", get(message::show::live))
        .route("/messages/{id}/sent", get(message::sent::show))
        .route("/messages/{id}/bounce", get(message::bounce::show))
        .route("/domains", get(domain::list::show).post(domain::add::add))
        .route("/domains/{id}", get(domain::show::show))
        .route("/domains/{id}/check", post(domain::change::check))
        .route("/domains/{id}/remove", post(domain::change::remove))
        .route("/route", get(source::old_address))
        .route("/encryption", get(encryption::show).post(encryption::save))
        .route("/queue", get(queue::list::show))
        .route("/queue/live", get(queue::list::live))
        .route("/queue/at", get(queue::show::show))
        .route("/queue/hours", get(queue::hours::show).post(queue::hours::save))
        .route("/queue/rows", get(queue::rows::show))
        .route("/queue/limits", get(queue::limits::show).post(queue::limits::save))
        .route("/queue/broadcasts/{id}", get(queue::broadcast::show).post(queue::broadcast::save))
        .route("/queue/try-now", post(queue::act::try_now))
        .route("/queue/pause", post(queue::act::pause))
        .route("/queue/reroute", post(queue::act::reroute))
        .route("/queue/lift", post(queue::act::lift))
        .route("/queue/give-up", post(queue::act::give_up))
        .route("/l/{*token}", get(follow::follow))
        .route("/u/{token}", get(unsubscribe::show).post(unsubscribe::stop))
        .route("/broadcasts", get(broadcast::list::show).post(broadcast::compose::create))
        .route("/broadcasts/new", get(broadcast::compose::fresh))
        .route("/broadcasts/limits", get(broadcast::limits::show).post(broadcast::limits::save))
        .route("/broadcasts/from-note", get(broadcast::from::note))
        .route("/broadcasts/{id}", get(broadcast::show::show))
        .route("/broadcasts/{id}/live", get(broadcast::show::live))
        .route("/broadcasts/{id}/edit", get(broadcast::compose::show).post(broadcast::compose::save))
        .route("/broadcasts/{id}/audience", get(broadcast::audience::show).post(broadcast::audience::choose))
        .route("/broadcasts/{id}/pick", get(broadcast::pick::show).post(broadcast::pick::save))
        .route("/broadcasts/{id}/by-hand", get(broadcast::by_hand::show).post(broadcast::by_hand::press))
        .route("/broadcasts/{id}/difference", get(broadcast::difference::show))
        .route("/broadcasts/{id}/people", get(broadcast::members::show))
        .route("/broadcasts/{id}/confirm", get(broadcast::confirm::show))
        .route("/broadcasts/{id}/start", post(broadcast::confirm::start))
        .route("/broadcasts/{id}/pause", post(broadcast::act::pause))
        .route("/broadcasts/{id}/resume", post(broadcast::act::resume))
        .route("/broadcasts/{id}/cancel", post(broadcast::act::cancel))
        .route("/broadcasts/{id}/clicks", get(broadcast::clicks::show))
        .route("/broadcasts/{id}/rows", get(broadcast::rows::show))
        .route("/broadcasts/{id}/rows.csv", get(broadcast::csv::download))
}
