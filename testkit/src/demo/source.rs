//! Names, words and shares the demo customers are made of, read from `demo_customers.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::DemoKind;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) families: Vec<Name>,
    pub(super) givens: Vec<Name>,
    pub(super) words: Vec<String>,
    pub(super) prefectures: Vec<(String, usize)>,
    pub(super) orders: Vec<String>,
    #[serde(rename = "group")]
    pub(super) groups: Vec<Group>,
    #[serde(rename = "row")]
    pub(super) rows: Vec<Rows>,
}

/// Characters, reading, Latin letters.
#[derive(Debug, Deserialize)]
pub(super) struct Name(pub(super) String, pub(super) String, pub(super) String);

/// Customers at one provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    #[serde(rename = "name")]
    _name: String,
    pub(super) count: usize,
    pub(super) domains: Vec<(String, usize)>,
    pub(super) style: Style,
}

/// How people choose the part before the @.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Style {
    /// Words and dates: addresses of telephones.
    Carrier,
    /// From their name, with a word or date.
    Name,
    /// From their name, with a character that Gmail gives to nobody.
    Gmail,
}

/// Rows whose address is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    pub(super) kind: DemoKind,
    /// Address; name and reading where they are given.
    pub(super) people: Vec<Vec<String>>,
}

pub(super) static SOURCE: LazyLock<Source> = LazyLock::new(|| {
    toml::from_str(include_str!("../../demo_customers.toml")).expect("a test reads the shipped file")
});
