//! The form of a source.

use delivery::source::{Source, Way, presets, warm_up};
use maud::{Markup, html};

use super::entry::{Entry, MECHANISMS, TLS, WINDOWS, Wrong};
use crate::{
    links,
    parts::field::Field,
    say::{Say, grouped, t},
    visit::Visit,
};

/// What the form shows.
pub(super) struct Shown<'a> {
    pub(super) entry: &'a Entry,
    pub(super) wrong: &'a Wrong,
    pub(super) walk: Option<&'a Markup>,
}

impl Shown<'_> {
    fn wrong_of(&self, name: &str) -> Option<&str> {
        self.wrong.iter().find(|(field, _)| *field == name).map(|(_, words)| words.as_str())
    }

    /// A line whose words are `PREFIX-NAME` and `PREFIX-hint-NAME`.
    fn text(&self, say: Say, prefix: &str, name: &str, value: &str) -> Markup {
        let key = name.replace('_', "-");
        let label = say.with(&format!("{prefix}-{key}"), None);
        let hint = say.find(&format!("{prefix}-hint-{key}"), None).unwrap_or_default();
        Field { name, label: &label, value, hint: &hint, wrong: self.wrong_of(name), ..Field::default() }
            .input()
    }

    fn secret(&self, say: Say, name: &str, label: &str, is_kept: bool) -> Markup {
        let is_kept = is_kept || (name == "password" && !self.entry.typed.is_empty());
        let hint = if is_kept { t!(say, "route-password-kept") } else { t!(say, "route-password-hint") };
        Field {
            name,
            label,
            kind: "password",
            hint: &hint,
            wrong: self.wrong_of(name),
            autocomplete: "new-password",
            ..Field::default()
        }
        .input()
    }
}

/// The whole form, with the test below it.
pub(super) fn markup(visit: &Visit, source: Option<&Source>, shown: &Shown<'_>, recipient: &str) -> Markup {
    let say = visit.say;
    let here = source.map_or("/sources".to_owned(), |source| format!("{}/edit", links::source(source.id)));
    let test =
        source.map_or("/sources/test".to_owned(), |source| format!("{}/test", links::source(source.id)));
    html! {
        form method="post" action=(here) {
            (visit.token_field())
            @if !shown.entry.typed.is_empty() { input type="hidden" name="typed" value=(shown.entry.typed); }
            div.card {
                (shown.text(say, "source", "label", &shown.entry.label))
                (kind(say, "direct", shown.entry))
                (direct(say, shown))
                (kind(say, "smart_host", shown.entry))
                (smart_host(say, shown, source))
            }
            (amounts(say, source, shown))
            (place(say, shown))
            div.actions { button.btn.primary type="submit" { (t!(say, "route-save")) } }
            div.card {
                h2 { (t!(say, "route-test")) }
                p { (t!(say, "route-test-what")) }
                (shown.text(say, "route", "recipient", recipient))
                div.actions { button.btn type="submit" formaction=(test) { (t!(say, "route-test-yes")) } }
            }
        }
    }
}

fn kind(say: Say, name: &str, entry: &Entry) -> Markup {
    let key = name.replace('_', "-");
    html! {
        div.choice {
            label {
                input type="radio" name="kind" value=(name) checked[entry.kind == name];
                span {
                    b { (say.with(&format!("route-kind-{key}"), None)) }
                    span.sub { (say.with(&format!("route-kind-what-{key}"), None)) }
                }
            }
        }
    }
}

fn direct(say: Say, shown: &Shown<'_>) -> Markup {
    let entry = shown.entry;
    html! {
        details open[!entry.bind_v4.is_empty() || !entry.bind_v6.is_empty() || !entry.helo_name.is_empty() || !shown.wrong.is_empty()] {
            summary { (t!(say, "source-own-address")) }
            p.sub { (t!(say, "source-own-address-what")) }
            div.columns {
                (shown.text(say, "source", "bind_v4", &entry.bind_v4))
                (shown.text(say, "source", "bind_v6", &entry.bind_v6))
                (shown.text(say, "source", "helo_name", &entry.helo_name))
                (shown.text(say, "source", "seen_as", &entry.seen_as))
            }
        }
    }
}

fn smart_host(say: Say, shown: &Shown<'_>, source: Option<&Source>) -> Markup {
    let entry = shown.entry;
    let login = source.and_then(|source| match &source.draft.way {
        Way::SmartHost(host) => host.login.as_ref(),
        Way::Direct(_) => None,
    });
    html! {
        fieldset.relay {
            legend { (t!(say, "route-relay")) }
            div.columns {
                (shown.text(say, "route", "host", &entry.host))
                (shown.text(say, "route", "port", &entry.port))
            }
            (choice(say, "route", "tls", &entry.tls, &TLS.map(|(name, _)| name)))
            div.columns {
                (shown.text(say, "route", "name", &entry.name))
                (shown.secret(say, "password", &t!(say, "route-password"), login.is_some()))
            }
            (choice(say, "route", "mechanism", &entry.mechanism, &MECHANISMS.map(|(name, _)| name)))
            (tokens(say, shown))
        }
    }
}

/// How access tokens are renewed.
fn tokens(say: Say, shown: &Shown<'_>) -> Markup {
    let entry = shown.entry;
    let is_kept = !entry.token_url.is_empty() && entry.refresh_token.is_empty();
    html! {
        details open[!entry.token_url.is_empty() || entry.mechanism == "xoauth2"] {
            summary { (t!(say, "source-token")) }
            p.sub { (t!(say, "source-token-what")) }
            div.columns {
                (shown.text(say, "source", "token_url", &entry.token_url))
                (shown.text(say, "source", "client_id", &entry.client_id))
                (shown.secret(say, "client_secret", &t!(say, "source-client-secret"), is_kept))
                (shown.secret(say, "refresh_token", &t!(say, "source-refresh-token"), is_kept))
            }
        }
    }
}

/// Quotas and warm-up.
fn amounts(say: Say, source: Option<&Source>, shown: &Shown<'_>) -> Markup {
    let entry = shown.entry;
    let here =
        source.map_or("/sources/new".to_owned(), |source| format!("{}/edit", links::source(source.id)));
    let mut curves = vec![(String::new(), t!(say, "source-curve-none"))];
    curves.extend(
        warm_up::curves().iter().map(|curve| (curve.id.clone(), say.pick(&curve.ja, &curve.en).to_owned())),
    );
    html! {
        div.card {
            h2 { (t!(say, "source-amounts")) }
            p { (t!(say, "source-amounts-what")) }
            div.columns {
                (shown.text(say, "source", "hourly", &entry.hourly))
                (shown.text(say, "source", "daily", &entry.daily))
            }
            (choice(say, "source", "window", &entry.window, &WINDOWS.map(|(name, _)| name)))
            details {
                summary { (t!(say, "source-presets")) }
                p.sub { (t!(say, "source-presets-what", version = presets::version())) }
                ul.stack { @for preset in presets::presets() {
                    li {
                        a href={ (here) "?preset=" (preset.id) } { (say.pick(&preset.ja, &preset.en)) } " "
                        (allowance(say, preset))
                        @if !preset.sure { " " b { (t!(say, "source-preset-unsure")) } }
                        div.fine { (preset.source) }
                    }
                } }
            }
            (Field {
                name: "curve",
                label: &t!(say, "source-curve"),
                value: &entry.curve,
                hint: &t!(say, "source-hint-curve"),
                ..Field::default()
            }.select(&curves))
        }
    }
}

fn allowance(say: Say, preset: &presets::Preset) -> String {
    let say_number = |number: Option<u32>| number.map_or("–".to_owned(), |number| grouped(number.into()));
    t!(say, "source-preset-allows", hourly = say_number(preset.hourly), daily = say_number(preset.daily))
}

fn place(say: Say, shown: &Shown<'_>) -> Markup {
    let entry = shown.entry;
    html! {
        div.card {
            h2 { (t!(say, "source-place")) }
            div.columns {
                (shown.text(say, "source", "pool", &entry.pool))
                (shown.text(say, "source", "weight", &entry.weight))
            }
            div.choice {
                label {
                    input type="checkbox" name="enabled" value="1" checked[!entry.enabled.is_empty()];
                    span { b { (t!(say, "source-enabled")) } }
                }
            }
        }
    }
}

fn choice(say: Say, prefix: &str, name: &str, value: &str, values: &[&str]) -> Markup {
    let label = say.with(&format!("{prefix}-{name}"), None);
    let words = |value: &&str| {
        let key = format!("{prefix}-{name}-{}", value.replace('_', "-"));
        ((*value).to_owned(), say.with(&key, None))
    };
    let choices: Vec<(String, String)> = values.iter().map(words).collect();
    Field { name, label: &label, value, ..Field::default() }.select(&choices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_and_field_has_words() {
        let say = Say::default();
        let tls = TLS.map(|(name, _)| format!("route-tls-{name}"));
        let mechanisms = MECHANISMS.map(|(name, _)| format!("route-mechanism-{name}"));
        let windows = WINDOWS.map(|(name, _)| format!("source-window-{name}"));
        let fields = [
            "route-host",
            "route-port",
            "route-name",
            "route-hint-host",
            "route-hint-port",
            "route-hint-name",
            "route-recipient",
            "source-label",
            "source-bind-v4",
            "source-bind-v6",
            "source-helo-name",
            "source-seen-as",
            "source-hourly",
            "source-daily",
            "source-pool",
            "source-weight",
            "source-window",
            "route-tls",
            "route-mechanism",
            "source-hint-label",
            "source-hint-bind-v4",
            "source-hint-bind-v6",
            "source-hint-helo-name",
            "source-hint-seen-as",
            "source-hint-hourly",
            "source-hint-daily",
            "source-hint-pool",
            "source-hint-weight",
            "source-token-url",
            "source-hint-token-url",
            "source-client-id",
        ];
        let fields = fields.map(str::to_owned);
        for key in tls.iter().chain(&mechanisms).chain(&windows).chain(&fields) {
            let key = key.replace('_', "-");
            assert!(say.find(&key, None).is_some(), "{key}");
        }
    }
}
