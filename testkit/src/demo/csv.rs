//! The list as a shop's program would export it: CP932 with CRLF.

use encoding_rs::SHIFT_JIS;

use super::{DemoCustomer, demo_customers};

const HEADER: [&str; 8] = [
    "お客様番号",
    "お名前",
    "フリガナ",
    "メールアドレス",
    "電話番号",
    "都道府県",
    "前回のご注文",
    "メルマガ",
];

/// The list as text, CRLF, quoted where needed.
#[must_use]
pub fn demo_csv(seed: u64) -> String {
    let rows: Vec<String> = demo_customers(seed).iter().map(row).collect();
    format!("{}\r\n{}\r\n", HEADER.join(","), rows.join("\r\n"))
}

/// The list in CP932, as shipped in `demo/customers.csv`.
#[must_use]
pub fn demo_csv_cp932(seed: u64) -> Vec<u8> {
    SHIFT_JIS.encode(&demo_csv(seed)).0.into_owned()
}

fn row(customer: &DemoCustomer) -> String {
    let cells = [
        &customer.number,
        &customer.name,
        &customer.kana,
        &customer.address,
        &customer.phone,
        &customer.prefecture,
        &customer.last_order,
        &customer.wants_mail,
    ];
    cells.map(|cell| quoted(cell)).join(",")
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", cell.replace('"', "\"\""));
    }
    cell.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::DEMO_SEED;

    #[test]
    fn the_shipped_file_is_what_is_made() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../demo/customers.csv");
        let shipped = std::fs::read(path).unwrap();
        assert!(
            shipped == demo_csv_cp932(DEMO_SEED),
            "make it anew: cargo run -p testkit --example demo_customers > demo/customers.csv"
        );
    }

    #[test]
    fn every_character_has_a_place_in_cp932() {
        let text = demo_csv(DEMO_SEED);
        let (bytes, _, unmappable) = SHIFT_JIS.encode(&text);
        assert!(!unmappable);
        assert_eq!(SHIFT_JIS.decode(&bytes).0, text);
        for special in ["髙", "﨑", "①", "濵", "ｺ"] {
            assert!(text.contains(special), "{special}");
        }
    }

    #[test]
    fn cells_are_quoted_where_needed() {
        assert_eq!(quoted("a"), "a");
        assert_eq!(quoted("a, b"), "\"a, b\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
