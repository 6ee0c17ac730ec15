//! Guesses from its name and its values what a column holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use crate::ImportPlan;

/// Most columns that are kept as extra fields.
pub const FIELD_COLUMNS_MAX: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    name: String,
    #[serde(default)]
    exact: BTreeSet<String>,
    #[serde(default)]
    part: Vec<String>,
    #[serde(default)]
    weak: BTreeSet<String>,
    #[serde(default)]
    not: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    #[serde(default)]
    exact: BTreeSet<String>,
    #[serde(default)]
    part: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    target: String,
    family: BTreeSet<String>,
    given: BTreeSet<String>,
    #[serde(default)]
    given_first: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    word: String,
    part: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    target: Vec<Target>,
    pair: Vec<Pair>,
    label: Vec<Label>,
    other: Words,
    stop: Words,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../tables/columns.toml"))
        .expect("columns.toml is part of the program and checked by a test")
});

/// How well a name fits a target, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    Part,
    Weak,
}

/// Guesses the target of each column, as [`crate::ImportPlan::mapping`] has them, from the names and some rows.
/// Every column gets one; no target but `field`, `skip`, `more_address` and `more_phone` is given twice.
#[must_use]
pub fn guess_mapping(columns: &[String], rows: &[Vec<String>]) -> BTreeMap<usize, String> {
    let mut mapping = BTreeMap::new();
    let names: Vec<String> = columns.iter().map(|name| folded(name)).collect();
    for target in &TABLE.target {
        let mut fitting: Vec<(Fit, usize)> = names
            .iter()
            .enumerate()
            .filter(|(index, _)| !mapping.contains_key(index))
            .filter_map(|(index, name)| Some((target.fit(name)?, index)))
            .filter(|(fit, index)| believable(target, *fit, rows, *index))
            .collect();
        // Of two address columns the one that is filled in is meant.
        fitting.sort_by_key(|(fit, index)| {
            let unfilled = target.name == "address" && count(rows, *index, looks_like_address).1 == 0;
            (unfilled, *fit, *index)
        });
        let most = if target.name == "skip" { usize::MAX } else { 1 };
        mapping.extend(fitting.into_iter().take(most).map(|(_, index)| (index, target.name.clone())));
    }
    by_content(columns.len(), rows, &mut mapping);
    rest(&names, rows, &mut mapping);
    mapping
}

impl Target {
    fn fit(&self, name: &str) -> Option<Fit> {
        if self.exact.contains(name) {
            return Some(Fit::Exact);
        }
        if self.not.iter().any(|word| name.contains(word)) {
            return None;
        }
        if self.part.iter().any(|word| name.contains(word)) {
            return Some(Fit::Part);
        }
        self.weak.contains(name).then_some(Fit::Weak)
    }
}

/// A column called address that holds houses is no address column, and one called 連絡先 may be one.
fn believable(target: &Target, fit: Fit, rows: &[Vec<String>], index: usize) -> bool {
    let (filled, fitting) = count(rows, index, looks_like_address);
    match target.name.as_str() {
        "skip" => true,
        "address" => fitting > 0 || (filled == 0 && fit != Fit::Weak),
        _ => fitting * 2 <= filled,
    }
}

type Fits = fn(&str) -> bool;

/// What can be told from values alone, surest first.
const CONTENTS: [(&str, Fits); 3] =
    [("address", looks_like_address), ("phone", looks_like_phone), ("name", looks_like_name)];

fn by_content(columns: usize, rows: &[Vec<String>], mapping: &mut BTreeMap<usize, String>) {
    for (target, fits) in CONTENTS {
        // Without a column of addresses it is no list of customers, and a guess would only mislead.
        if mapping.values().any(|taken| taken == target)
            || (target != "address" && !mapping.values().any(|taken| taken == "address"))
        {
            continue;
        }
        let free = (0..columns).filter(|index| !mapping.contains_key(index));
        let marked = free.map(|index| (count(rows, index, fits), index));
        let mut good: Vec<(usize, usize)> = marked
            .filter(|((filled, fitting), _)| *fitting > 0 && fitting * 10 >= filled * 7)
            .map(|((_, fitting), index)| (fitting, index))
            .collect();
        good.sort_by_key(|(fitting, index)| (std::cmp::Reverse(*fitting), *index));
        if let Some((_, index)) = good.first() {
            mapping.insert(*index, target.to_owned());
        }
    }
}

/// Everything else is kept under its own name, as far as there is room.
fn rest(names: &[String], rows: &[Vec<String>], mapping: &mut BTreeMap<usize, String>) {
    let mut kept = 0;
    for (index, name) in names.iter().enumerate() {
        if mapping.contains_key(&index) {
            continue;
        }
        if let Some(further) = further(name, rows, index, mapping) {
            mapping.insert(index, further.to_owned());
            continue;
        }
        let blank = name.is_empty() && count(rows, index, |_| true).0 == 0;
        let keep = kept < FIELD_COLUMNS_MAX && !blank;
        kept += usize::from(keep);
        mapping.insert(index, if keep { "field" } else { "skip" }.to_owned());
    }
}

/// A second column of addresses or numbers is a further one of the same person.
fn further(
    name: &str,
    rows: &[Vec<String>],
    index: usize,
    mapping: &BTreeMap<usize, String>,
) -> Option<&'static str> {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let pairs = [("address", "more_address"), ("phone", "more_phone")];
    pairs.into_iter().find_map(|(first, more)| {
        let target = TABLE.target.iter().find(|target| target.name == first)?;
        let fit = target.fit(name).or_else(|| target.fit(plain))?;
        let taken = mapping.values().any(|taken| taken == first);
        (taken && believable(target, fit, rows, index)).then_some(more)
    })
}

/// What a further address or number is called, as far as the name of its column tells.
pub(crate) fn label(column: &str) -> &'static str {
    let name = folded(column);
    let found = TABLE.label.iter().find(|label| label.part.iter().any(|word| name.contains(word)));
    found.map_or("", |label| label.word.as_str())
}

/// How many cells of a column are filled, and how many of these fit.
fn count(rows: &[Vec<String>], index: usize, fits: impl Fn(&str) -> bool) -> (usize, usize) {
    let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.trim());
    cells
        .filter(|cell| !cell.is_empty())
        .fold((0, 0), |(filled, fitting), cell| (filled + 1, fitting + usize::from(fits(cell))))
}

/// True when a cell holds something like a mail address, full-width or not.
pub(crate) fn looks_like_address(cell: &str) -> bool {
    let at = cell.find(['@', '＠']);
    at.is_some_and(|at| at > 0 && cell[at..].contains(['.', '．', '。', ',']) && cell.len() < 400)
}

fn looks_like_phone(cell: &str) -> bool {
    let text = addressing::to_half_width(cell);
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (10..=13).contains(&digits)
        && text.starts_with(['0', '+'])
        && text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c))
}

fn looks_like_name(cell: &str) -> bool {
    let length = cell.chars().count();
    let kanji =
        |c: char| matches!(c, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{3000}' | ' ' | '々');
    let place =
        cell.contains(['県', '都', '府', '市', '区', '町']) || cell.ends_with(['性', '店', '部', '様']);
    (2..=12).contains(&length) && cell.chars().all(kanji) && !place
}

/// True when a first row with this cell most likely holds the column names.
pub(crate) fn is_known_header(cell: &str) -> bool {
    let name = folded(cell);
    !name.is_empty()
        && (TABLE.other.exact.contains(&name)
            || TABLE.target.iter().any(|target| target.fit(&name).is_some()))
}

/// True when the column says who must not get mail.
pub(crate) fn says_stop(column: &str) -> bool {
    let name = folded(column);
    TABLE.stop.part.iter().any(|word| name.contains(word)) || TABLE.stop.exact.contains(&name)
}

/// The other half of a name in two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GivenName {
    /// Its column.
    pub(crate) index: usize,
    /// It stands before the family name.
    pub(crate) first: bool,
}

/// The column of given names that belongs to the column chosen as `target`; none when it is skipped.
pub(crate) fn given_name(target: &str, plan: &ImportPlan) -> Option<GivenName> {
    let (index, _) = plan.mapping.iter().find(|(_, taken)| *taken == target)?;
    let family = folded(plan.columns.get(*index)?);
    let pair = TABLE.pair.iter().find(|pair| pair.target == target && pair.family.contains(&family))?;
    let is_given = |index: &usize| {
        let kept = plan.mapping.get(index).is_some_and(|taken| taken == "field");
        kept && plan.columns.get(*index).is_some_and(|name| pair.given.contains(&folded(name)))
    };
    let index = (0..plan.columns.len()).find(is_given)?;
    Some(GivenName { index, first: pair.given_first })
}

/// A column name in the form names are compared in: half-width, lower case, without spaces and marks.
pub(crate) fn folded(name: &str) -> String {
    let without_hint = name.replace("必須", "").replace("任意", "");
    without_hint.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric() || *c == 'ー').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(columns: &str, rows: &[&str], expected: &str) {
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let rows: Vec<_> = rows.iter().map(|row| split(row)).collect();
        let mapping = guess_mapping(&split(columns), &rows);
        let seen: Vec<_> = mapping.values().map(String::as_str).collect();
        assert_eq!(seen.join(","), expected, "{columns}");
    }

    #[test]
    fn by_name() {
        check("氏名,メールアドレス,電話番号", &[], "name,address,phone");
        check(
            "お客様番号,お名前（姓）,お名前（名）,フリガナ,E-mail",
            &[],
            "external_id,name,field,kana,address",
        );
        check("ﾌﾘｶﾞﾅ,氏名,ＴＥＬ,ＦＡＸ番号,備考", &[], "kana,name,phone,field,note");
        check("Email,First Name,Last Name,Accepts Email Marketing", &[], "address,field,name,wants_mail");
        check("PCメール,携帯メール,会社名,メルマガ配信", &[], "address,more_address,company,wants_mail");
        check("お名前【必須】,メールアドレス*", &[], "name,address");
        check("DM許可,配信停止,最終配信日", &[], "wants_mail,field,field");
        check("No.,注文番号,会員ID", &[], "field,field,external_id");
        check("ID,氏名カナ,氏名", &[], "external_id,kana,name");
        check("氏名,パスワード,取り込めなかった理由", &[], "name,skip,skip");
        check("担当者フリガナ,ご担当者名,貴社名", &[], "kana,name,company");
        check("メールアドレス,Eメール", &[], "address,more_address");
        check(
            "メールアドレス,メールアドレス2,電話番号,電話番号2,携帯電話",
            &[],
            "address,more_address,phone,more_phone,more_phone",
        );
        assert_eq!([label("携帯メール"), label("PCメール"), label("メールアドレス2")], ["携帯", "PC", ""]);
        check("", &[], "skip");
    }

    #[test]
    fn by_values() {
        check("address,mail", &["東京都,a@b.example", "大阪府,c@d.example"], "field,address");
        check("列1,列2,列3", &["山田花子,090-0000-0000,hanako@shop.example"], "name,phone,address");
        check("列1,列2", &["ｈａｎａｋｏ＠ｓｈｏｐ．ｅｘａｍｐｌｅ,東京都"], "address,field");
        check("PCメール,携帯メール", &[",a@b.example", ",c@d.example"], "more_address,address");
        check("列1,列2", &["1,2", "3,4"], "field,field");
        check("連絡先,氏名", &["x@y.example,花子"], "address,name");
    }

    #[test]
    fn at_most_sixty_fields() {
        let columns: Vec<String> = (0..80).map(|n| format!("項目{n}")).collect();
        let mapping = guess_mapping(&columns, &[]);
        assert_eq!(mapping.len(), 80);
        assert_eq!(mapping.values().filter(|target| *target == "field").count(), FIELD_COLUMNS_MAX);
    }

    #[test]
    fn table_is_whole() {
        let targets =
            ["skip", "wants_mail", "kana", "address", "company", "name", "phone", "external_id", "note"];
        assert_eq!(TABLE.target.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), targets);
        for target in &TABLE.target {
            let words = target.exact.iter().chain(&target.part).chain(&target.weak).chain(&target.not);
            for word in words.chain(&TABLE.other.exact).chain(&TABLE.stop.part) {
                assert_eq!(&folded(word), word, "never equal to a folded name");
            }
        }
        for pair in &TABLE.pair {
            assert!(pair.family.iter().chain(&pair.given).all(|word| &folded(word) == word));
        }
        for word in ["メール配信停止", "DM不要", "opt_out", "Unsubscribed", "配信拒否フラグ"]
        {
            assert!(says_stop(word), "{word}");
        }
        for word in ["メルマガ", "DM許可", "配信希望", "opt-in", "Accepts Marketing"] {
            assert!(!says_stop(word), "{word}");
        }
    }
}
