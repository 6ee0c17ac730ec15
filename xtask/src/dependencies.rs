//! Every direct dependency is used and has its one reason in `docs/dependencies.md`.

use std::{collections::BTreeSet, path::Path};

use anyhow::Context;
use cargo_metadata::{MetadataCommand, Package};

use crate::{
    Finding,
    tree::{files, read},
};

const LIST: &str = "docs/dependencies.md";

/// Checks list and use.
///
/// # Errors
/// When cargo or a file cannot be read.
pub fn check() -> anyhow::Result<Vec<Finding>> {
    let metadata = MetadataCommand::new()
        .manifest_path(crate::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let list = read(Path::new(LIST))?;
    let listed: BTreeSet<&str> =
        list.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).collect();
    let sources = files(&[".rs"])?;
    let mut findings = BTreeSet::new();
    let mut direct = BTreeSet::new();
    for package in &metadata.packages {
        let text = text_of(package, &sources)?;
        for dependency in &package.dependencies {
            if dependency.path.is_none() {
                direct.insert(dependency.name.clone());
            }
            if !text.contains(&dependency.name.replace('-', "_")) {
                findings.insert(format!("{}: {} is not used", package.name, dependency.name));
            }
        }
    }
    for name in &direct {
        if !listed.contains(name.as_str()) {
            findings.insert(format!("{LIST}: no reason for {name}"));
        }
    }
    for name in listed.iter().filter(|name| !["crate", "---"].contains(*name)) {
        if !direct.contains(*name) {
            findings.insert(format!("{LIST}: {name} is no dependency"));
        }
    }
    Ok(findings.into_iter().collect())
}

/// All sources of a package, joined.
fn text_of(package: &Package, sources: &[std::path::PathBuf]) -> anyhow::Result<String> {
    let folder = package.manifest_path.parent().context("a manifest has a folder")?;
    let root = crate::root();
    let folder = folder.as_std_path().strip_prefix(&root).context("a crate is inside the project")?;
    let mut text = String::new();
    for path in sources.iter().filter(|path| path.starts_with(folder)) {
        text.push_str(&read(path)?);
    }
    Ok(text)
}
