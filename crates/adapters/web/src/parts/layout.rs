//! The frame around every page: head, navigation, language switch, and the plain frame for those outside.

use accounts::Language;
use maud::{DOCTYPE, Markup, html};

use crate::{
    assets,
    problem::is_full,
    say::{Say, t},
    visit::Visit,
};

/// The hidden field that proves a form came from our own page.
pub(crate) fn token_field(token: &str) -> Markup {
    html! { input type="hidden" name="csrf" value=(token); }
}

/// A page of somebody who has logged in.
pub(crate) fn framed(visit: &Visit, title: &str, body: &Markup) -> Markup {
    let say = visit.say;
    document(
        say,
        &format!("{title} \u{2013} Todoku"),
        &html! {
            a.skip href="#main" { (t!(say, "frame-skip")) }
            div.app {
                header.top {
                    (logo())
                    (own_corner(visit))
                }
                nav.rail aria-label=(t!(say, "frame-navigation")) {
                    (logo())
                    (entries(visit))
                    div.foot { (own_corner(visit)) }
                }
                main id="main" {
                    @if let Some(words) = visit.house.health.store_trouble() { (standstill(say, &words)) }
                    @if let Some(flash) = &visit.flash { (flash.markup(say)) }
                    (body)
                }
            }
        },
    )
}

/// A page of somebody outside. `switch` is the form token and the path to come back to, for the language switch.
pub(crate) fn bare(say: Say, title: &str, body: &Markup, switch: Option<(&str, &str)>) -> Markup {
    document(
        say,
        &format!("{title} \u{2013} Todoku"),
        &html! {
            main.bare id="main" {
                header.outside {
                    (logo())
                    @if let Some((token, back)) = switch { (language_switch(say, token, back)) }
                }
                (body)
            }
        },
    )
}

/// A page for customers: nothing on it is about this program.
pub(crate) fn public(say: Say, title: &str, body: &Markup) -> Markup {
    document(say, title, &html! { main.bare id="main" { (body) } })
}

fn document(say: Say, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(say.0.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href=(assets::link("icon.svg")) type="image/svg+xml";
                link rel="stylesheet" href=(assets::link("todoku.css"));
                script type="module" src=(assets::link("todoku.js")) {}
            }
            body { (body) }
        }
    }
}

/// Nothing can be written down: on every page, because everything waits.
fn standstill(say: Say, words: &str) -> Markup {
    let what =
        if is_full(words) { t!(say, "frame-standstill-full") } else { t!(say, "frame-standstill-store") };
    html! {
        div.notice.bad role="alert" {
            p { b { (what) } " " (t!(say, "frame-standstill-safe")) }
            details { summary { (t!(say, "frame-standstill-words")) } pre { (words) } }
        }
    }
}

fn logo() -> Markup {
    html! { a.logo href="/" { i {} "Todoku" } }
}

/// Address, text key, who sees it.
const ENTRIES: [(&str, &str, bool); 11] = [
    ("/", "frame-home", false),
    ("/desk", "frame-desk", false),
    ("/contacts", "frame-contacts", false),
    ("/segments", "frame-segments", false),
    ("/broadcasts", "frame-broadcasts", false),
    ("/queue", "frame-queue", false),
    ("/templates", "frame-templates", false),
    ("/explain", "frame-explain", false),
    ("/domains", "frame-domains", true),
    ("/sources", "frame-sources", true),
    ("/operators", "frame-operators", true),
];

fn entries(visit: &Visit) -> Markup {
    let here = section(&visit.path);
    html! {
        @for (href, key, owners_only) in ENTRIES {
            @if !owners_only || visit.is_owner() {
                a href=(href) aria-current=[(here == href).then_some("page")] {
                    span { (visit.say.with(key, None)) }
                    @if href == "/desk" && visit.desk_open > 0 {
                        span.n.hot { (crate::say::grouped(visit.desk_open)) }
                    }
                }
            }
        }
    }
}

/// The entry a path belongs to: imports stand under customers, single messages under the desk.
fn section(path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "imports" | "fields" | "topics" | "duplicates" | "merge" => "/contacts",
        "messages" => "/desk",
        first => ENTRIES.iter().map(|entry| entry.0).find(|href| &href[1..] == first).unwrap_or(""),
    }
}

fn own_corner(visit: &Visit) -> Markup {
    let say = visit.say;
    html! {
        div.own {
            a href="/account" { (visit.operator.name) }
            (language_switch(say, &visit.session.csrf_token, &visit.path))
            form method="post" action="/logout" {
                (visit.token_field())
                button.plain type="submit" { (t!(say, "frame-logout")) }
            }
        }
    }
}

fn language_switch(say: Say, token: &str, back: &str) -> Markup {
    let other = match say.0 {
        Language::Ja => Language::En,
        Language::En => Language::Ja,
    };
    html! {
        form method="post" action="/language" {
            (token_field(token))
            input type="hidden" name="back" value=(back);
            button.plain type="submit" name="language" value=(other.name()) lang=(other.name()) {
                (t!(say, "frame-other-language"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections() {
        let check = |path: &str, expected: &str| assert_eq!(section(path), expected, "{path}");
        check("/", "/");
        check("/contacts/12/edit?x=/desk", "/contacts");
        check("/imports/3", "/contacts");
        check("/messages/3", "/desk");
        check("/account", "");
    }
}
