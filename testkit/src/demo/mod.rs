//! The shipped demo: three hundred customers of a fictional flower shop, with everything real lists have.

mod address;
mod csv;
mod customers;
mod dice;
mod source;

pub use csv::{demo_csv, demo_csv_cp932};
pub use customers::demo_customers;

use serde::Serialize;

/// The seed the shipped `demo/customers.csv` is made with.
pub const DEMO_SEED: u64 = 1187;
/// The shop's own domain: sender addresses and return path belong to it.
pub const DEMO_DOMAIN: &str = "hanaya-midori.example";

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoCustomer {
    /// お客様番号.
    pub number: String,
    /// お名前, as the shop typed it.
    pub name: String,
    /// フリガナ.
    pub kana: String,
    /// メールアドレス, as the shop typed it.
    pub address: String,
    /// 電話番号, in a range that is not given out.
    pub phone: String,
    /// 都道府県.
    pub prefecture: String,
    /// 前回のご注文.
    pub last_order: String,
    /// メルマガ: 希望する, 希望しない or blank.
    pub wants_mail: String,
    /// What is special about the row.
    pub kind: DemoKind,
}

/// What is special about a row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DemoKind {
    /// A good address at a large provider.
    Sound,
    /// A small firm; each has a trouble of its own or none.
    Firm,
    /// Typed in full-width letters; good once they are made half-width.
    FullWidth,
    /// A carrier address with dots where RFC 5321 wants quotes; good.
    Legacy,
    /// A well-formed address at a domain that was meant to be another.
    Typo,
    /// The address of an earlier row, once more under another customer number.
    Duplicate,
    /// Not an address.
    Broken,
    /// No address.
    Missing,
}
