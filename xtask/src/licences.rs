//! Every dependency's licence is one that lets a shop use, change and pass on the program.

use anyhow::Context;
use cargo_metadata::MetadataCommand;

use crate::Finding;

/// Licences that ask for no more than a notice, or leave the rest of the program alone (MPL-2.0, file by file).
const PERMISSIVE: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
    "MPL-2.0",
];

/// Licences that are fine too but are spelled with words of their own.
const ALSO: [&str; 4] = ["Unlicense", "CC0-1.0", "BSL-1.0", "OpenSSL"];

/// Checks the licence expression of every package in the lock file.
///
/// # Errors
/// When cargo cannot be asked.
pub fn check() -> anyhow::Result<Vec<Finding>> {
    let metadata = MetadataCommand::new()
        .manifest_path(crate::root().join("Cargo.toml"))
        .exec()
        .context("cargo metadata")?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        match package.license.as_deref() {
            Some(licence) if is_permissive(licence) => {}
            Some(licence) => findings.push(format!("{} {}: {licence}", package.name, package.version)),
            None => findings.push(format!("{} {}: no licence named", package.name, package.version)),
        }
    }
    Ok(findings)
}

/// True when every part joined by AND offers at least one permissive choice.
fn is_permissive(expression: &str) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    plain.split(" AND ").all(offers_permissive)
}

fn offers_permissive(choices: &str) -> bool {
    choices.split(" OR ").any(|licence| {
        let licence = licence.trim();
        PERMISSIVE.contains(&licence) || ALSO.contains(&licence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: bool) {
        assert_eq!(is_permissive(expression), expected, "{expression}");
    }

    #[test]
    fn expressions() {
        check("MIT", true);
        check("MIT OR Apache-2.0", true);
        check("MIT/Apache-2.0", true);
        check("ISC AND (Apache-2.0 OR ISC)", true);
        check("GPL-3.0", false);
        check("GPL-3.0 OR MIT", true);
        check("MIT AND GPL-3.0", false);
        check("AGPL-3.0-only", false);
        check("(MIT OR Apache-2.0) AND Unicode-3.0", true);
    }
}
