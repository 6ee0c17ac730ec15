//! The openspf.org test suite for RFC 7208, run on our evaluation. Read in place; not part of the project.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use authentication::{Answer, Answers, SpfQuery, SpfResult, check_spf};
use yaml_rust2::{Yaml, YamlLoader};

/// Cases that ask for something we do not do, with the reason.
const LEFT_OUT: [(&str, &str); 0] = [];

#[test]
fn openspf_suite() {
    let shared = std::env::var_os("TODOKU_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared"), PathBuf::from);
    let path = shared.join("corpus/auth/openspf/rfc7208-tests.yml");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not run: no corpus");
        return;
    };
    let suite = YamlLoader::load_from_str(&text).expect("the suite is YAML");
    let (mut run, mut failed) = (0, Vec::new());
    for scenario in &suite {
        let zone = zone(&scenario["zonedata"]);
        for (name, case) in entries(&scenario["tests"]) {
            if LEFT_OUT.iter().any(|(left_out, _)| *left_out == name) {
                continue;
            }
            run += 1;
            let seen = evaluate(case, &zone);
            let expected = expected(&case["result"]);
            if !expected.contains(&seen) {
                failed.push(format!("{name}: {seen:?}, not {expected:?}"));
            }
        }
    }
    assert!(run > 150, "{run} cases");
    assert!(failed.is_empty(), "{} of {run}:\n{}", failed.len(), failed.join("\n"));
}

type Zone = BTreeMap<String, Vec<(String, Yaml)>>;

fn entries(yaml: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    yaml.as_hash().into_iter().flatten().filter_map(|(name, value)| Some((name.as_str()?, value)))
}

/// Records by name; `TIMEOUT` entries keep the kind `TIMEOUT`. SPF entries stand for TXT unless TXT is given.
fn zone(yaml: &Yaml) -> Zone {
    let mut zone = Zone::new();
    for (name, records) in entries(yaml) {
        let mut found = Vec::new();
        for record in records.as_vec().into_iter().flatten() {
            if record.as_str() == Some("TIMEOUT") {
                found.push(("TIMEOUT".to_owned(), Yaml::Null));
            }
            found.extend(entries(record).map(|(kind, value)| (kind.to_owned(), value.clone())));
        }
        let has_txt = found.iter().any(|(kind, _)| kind == "TXT");
        let spf: Vec<_> = found.iter().filter(|(kind, _)| kind == "SPF" && !has_txt).cloned().collect();
        found.extend(spf.into_iter().map(|(_, value)| ("TXT".to_owned(), value)));
        zone.insert(name.trim_end_matches('.').to_ascii_lowercase(), found);
    }
    zone
}

fn answer(zone: &Zone, name: &str, kind: &str) -> Answer {
    let Some(records) = zone.get(name) else { return Answer::NotFound };
    let alias = records.iter().find(|(k, _)| k == "CNAME").and_then(|(_, value)| value.as_str());
    if let Some(alias) = alias.map(|alias| alias.trim_end_matches('.').to_ascii_lowercase()) {
        // One zone has an alias of itself.
        return if alias == name { Answer::NotFound } else { answer(zone, &alias, kind) };
    }
    let found: Vec<String> = records
        .iter()
        .filter(|(k, v)| k == kind && v.as_str() != Some("NONE"))
        .map(|(_, v)| text(v))
        .collect();
    match (found.is_empty(), records.iter().any(|(k, _)| k == "TIMEOUT")) {
        (false, _) => Answer::Found(found),
        (true, true) => Answer::Trouble("timeout".into()),
        (true, false) => Answer::NotFound,
    }
}

/// Strings are joined; an MX is `10 host`.
fn text(value: &Yaml) -> String {
    match value {
        Yaml::Array(parts) if parts.first().is_some_and(|p| p.as_i64().is_some()) => {
            parts.iter().map(text).collect::<Vec<_>>().join(" ")
        }
        Yaml::Array(parts) => parts.iter().map(text).collect(),
        Yaml::Integer(n) => n.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    }
}

fn evaluate(case: &Yaml, zone: &Zone) -> SpfResult {
    let helo = case["helo"].as_str().unwrap_or_default();
    let sender = case["mailfrom"].as_str().unwrap_or_default();
    let ip: IpAddr = case["host"].as_str().unwrap_or_default().parse().expect("an address");
    let domain = if sender.is_empty() { helo } else { sender.rsplit('@').next().unwrap_or_default() };
    let sender = if sender.is_empty() { format!("postmaster@{helo}") } else { sender.to_owned() };
    let query = SpfQuery { ip, domain, sender: &sender, helo };
    let mut answers = Answers::new();
    for _ in 0..100 {
        match check_spf(&query, &answers) {
            Ok(result) => return result,
            Err(questions) => {
                assert!(!questions.is_empty());
                for (name, kind) in questions {
                    let answer = answer(zone, &name, kind);
                    assert!(answers.insert((name, kind), answer).is_none(), "asked twice");
                }
            }
        }
    }
    panic!("questions without end");
}

fn expected(result: &Yaml) -> Vec<SpfResult> {
    let names: Vec<&str> = match result {
        Yaml::Array(names) => names.iter().filter_map(Yaml::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    names
        .into_iter()
        .map(|name| match name {
            "none" => SpfResult::None,
            "neutral" => SpfResult::Neutral,
            "pass" => SpfResult::Pass,
            "fail" => SpfResult::Fail,
            "softfail" => SpfResult::SoftFail,
            "temperror" => SpfResult::TempError,
            "permerror" => SpfResult::PermError,
            other => panic!("{other}"),
        })
        .collect()
}
