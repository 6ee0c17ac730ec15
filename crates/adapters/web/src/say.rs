//! Finds the words of a page: one catalogue per language, every sentence by its key.

use std::sync::LazyLock;

use accounts::Language;
use fluent::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

type Bundle = FluentBundle<FluentResource>;

macro_rules! areas {
    ($($area:literal),+ $(,)?) => {
        /// Area, Japanese source, English source.
        const SOURCES: &[(&str, &str, &str)] = &[$((
            $area,
            include_str!(concat!("../locales/ja/", $area, ".ftl")),
            include_str!(concat!("../locales/en/", $area, ".ftl")),
        ),)+];
    };
}

// One file per area and language; a new area is one word here.
areas![
    "frame",
    "problem",
    "operator",
    "contact",
    "point",
    "field",
    "consent",
    "home",
    "import",
    "template",
    "broadcast",
    "click",
    "domain",
    "unsubscribe",
    "desk",
    "message",
    "explain",
    "queue",
    "route",
    "encryption",
    "segment",
    "source",
];

static JAPANESE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::Ja));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::En));

/// Speaks one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Say(pub(crate) Language);

impl Say {
    /// The sentence of this key, filled with `args`; the key itself where there is none (a test keeps that from
    /// happening).
    pub(crate) fn with(self, key: &str, args: Option<&FluentArgs>) -> String {
        self.find(key, args).unwrap_or_else(|| {
            tracing::warn!(key, "no such text");
            key.to_owned()
        })
    }

    /// The sentence of this key, where there is one.
    pub(crate) fn find(self, key: &str, args: Option<&FluentArgs>) -> Option<String> {
        let bundle: &Bundle = match self.0 {
            Language::Ja => &JAPANESE,
            Language::En => &ENGLISH,
        };
        let pattern = bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::warn!(key, ?errors, "text not filled");
        }
        Some(text)
    }

    /// Whichever of two texts is in this language; for texts that come in both from the layers below.
    pub(crate) fn pick<'a>(self, ja: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Language::Ja => ja,
            Language::En => en,
        }
    }
}

/// A sentence of the catalogue by its key, with values where it has places for them: `name = value, …`.
macro_rules! t {
    ($say:expr, $key:expr $(,)?) => {
        $say.with($key, None)
    };
    ($say:expr, $key:expr, $($name:ident = $value:expr),+ $(,)?) => {{
        let mut args = fluent::FluentArgs::new();
        $(args.set(stringify!($name), $value);)+
        $say.with($key, Some(&args))
    }};
}
pub(crate) use t;

/// 12480 → `12,480`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn bundle(language: Language) -> Bundle {
    let locale = language.name().parse().expect("ja and en are language tags");
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) if number.value >= 0.0 && number.value.fract() == 0.0 => {
            Some(grouped(number.value as u64))
        }
        _ => None,
    }));
    for (area, ja, en) in SOURCES {
        let source = if language == Language::Ja { ja } else { en };
        let resource = match FluentResource::try_new((*source).to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                tracing::error!(area, ?errors, "catalogue has broken entries");
                resource
            }
        };
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(area, ?errors, "catalogue has doubled keys");
        }
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn catalogues_are_sound() {
        for (area, ja, en) in SOURCES {
            for source in [ja, en] {
                let broken = FluentResource::try_new((*source).to_owned()).err();
                assert!(broken.is_none(), "{area}: {:?}", broken.map(|(_, errors)| errors));
            }
        }
    }

    #[test]
    fn speaks() {
        let check = |language, expected: &str| assert_eq!(t!(Say(language), "frame-home"), expected);
        check(Language::Ja, "ホーム");
        check(Language::En, "Home");
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
