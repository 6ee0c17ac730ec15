//! `todoku contact upsert`: adds or changes customers from lines of JSON, found by keys of the caller's choice.

use std::{collections::BTreeMap, io::BufRead as _, process::ExitCode};

use addressing::AddressVerdict;
use anyhow::Context as _;
use audience::{ContactDraft, ContactStatus, ContactStore as _, PointDraft, UpsertKey, Upserted};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;

use crate::{config::Config, house::open_store};

/// What can be done with customers.
#[derive(Debug, Subcommand)]
pub enum ContactCommand {
    /// Adds or changes one customer per line of JSON from standard input, and answers each with a line of JSON.
    Upsert {
        /// What a customer is found by: external_id, address or field:NAME, several joined by a colon and all of them
        /// needed: `external_id:address`.
        #[arg(long, default_value = "external_id")]
        key: String,
    },
}

/// One line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    address: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kana: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    company: String,
    #[serde(default)]
    external_id: String,
    /// Further addresses and numbers; those that are known stay.
    #[serde(default)]
    more_addresses: Vec<String>,
    #[serde(default)]
    more_phones: Vec<String>,
    #[serde(default)]
    note: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    status: Option<ContactStatus>,
    /// Whether advertising is wanted, as the shop was told.
    dm_wanted: Option<bool>,
    /// `false` stops advertising mail; `true` never lifts a stop.
    wants_mail: Option<bool>,
}

/// Does it. Exit code 1 when a line was not taken.
///
/// # Errors
/// When the store or standard input cannot be used, or a key is unknown.
pub async fn run(command: ContactCommand, config: &Config) -> anyhow::Result<ExitCode> {
    let ContactCommand::Upsert { key } = command;
    let keys = keys_of(&key)?;
    let store = open_store(config).await?;
    let clock = crate::house::wall_clock();
    let mut refused = false;
    for line in std::io::stdin().lock().lines() {
        let line = line.context("標準入力を読めません / cannot read standard input")?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match draft_of(&line) {
            Ok(draft) => {
                let done =
                    store.upsert(&keys, &draft, None, clock()).await.map_err(anyhow::Error::from_boxed)?;
                told(done)
            }
            Err(why) => json!({ "result": "refused", "why": why }),
        };
        refused |= answer["id"].is_null();
        println!("{answer}");
    }
    store.close().await;
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `external_id:address`, where `field:NAME` holds a colon itself.
fn keys_of(text: &str) -> anyhow::Result<Vec<UpsertKey>> {
    let mut keys = Vec::new();
    let mut parts = text.split(':');
    while let Some(part) = parts.next() {
        let name = match part {
            "field" => format!("field:{}", parts.next().unwrap_or_default()),
            other => other.to_owned(),
        };
        keys.push(
            UpsertKey::from_name(&name)
                .with_context(|| format!("--key: {name} は使えません / is unknown"))?,
        );
    }
    Ok(keys)
}

fn draft_of(line: &str) -> Result<ContactDraft, String> {
    let line: Line = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let mut draft = ContactDraft {
        name: line.name,
        kana: line.kana,
        phone: line.phone,
        company: line.company,
        external_id: addressing::to_half_width(line.external_id.trim()),
        note: line.note,
        fields: line.fields,
        wants_mail: line.wants_mail,
        status: line.status,
        dm_wanted: line.dm_wanted,
        ..ContactDraft::default()
    };
    for typed in &line.more_addresses {
        let reading = addressing::read(typed);
        let point = PointDraft::address(&reading, "").filter(|_| reading.verdict != AddressVerdict::Rejected);
        draft.more.push(point.ok_or_else(|| format!("more_addresses: {typed}"))?);
    }
    for typed in &line.more_phones {
        let point = PointDraft::phone(typed, "");
        draft.more.push(point.ok_or_else(|| format!("more_phones: {typed}"))?);
    }
    if !line.address.trim().is_empty() {
        let reading = addressing::read(&line.address);
        if reading.verdict == AddressVerdict::Rejected {
            let note = reading.notes.last().map(|note| format!("{} / {}", note.ja, note.en));
            return Err(note.unwrap_or_else(|| line.address.clone()));
        }
        draft.set_address(&reading);
    }
    Ok(draft)
}

fn told(done: Upserted) -> serde_json::Value {
    match done {
        Upserted::Added(id) => json!({ "result": "added", "id": id }),
        Upserted::Changed(id) => json!({ "result": "changed", "id": id }),
        Upserted::Unchanged(id) => json!({ "result": "unchanged", "id": id }),
        Upserted::NoKey => json!({ "result": "refused", "why": "キーの値がありません / a key has no value" }),
        Upserted::Ambiguous => {
            json!({ "result": "refused", "why": "同じキーの方が複数います / several have these keys" })
        }
        Upserted::NumberTaken => {
            json!({ "result": "refused", "why": "お客様番号は別の方のものです / the number is another's" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let check = |text: &str, expected: &[&str]| {
            let expected: Vec<_> = expected.iter().map(|name| UpsertKey::from_name(name).unwrap()).collect();
            assert_eq!(keys_of(text).unwrap(), expected, "{text}");
        };
        check("external_id", &["external_id"]);
        check("external_id:field:会員番号:address", &["external_id", "field:会員番号", "address"]);
        assert!(keys_of("name").is_err());
        assert!(keys_of("field:").is_err());
    }

    #[test]
    fn lines() {
        assert_eq!(
            draft_of(r#"{"address":"Ｈ@docomo.ne.jp"}"#).unwrap().address.as_deref(),
            Some("H@docomo.ne.jp")
        );
        assert!(draft_of(r#"{"address":"not an address"}"#).is_err());
        assert!(draft_of(r#"{"adress":"h@docomo.ne.jp"}"#).is_err(), "a misspelt name is said");
    }
}
