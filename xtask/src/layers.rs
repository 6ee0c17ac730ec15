//! The folder is the layer: imports point down only, never sideways.

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use crate::Finding;

/// Lowest first.
const LAYERS: [&str; 6] = ["vocabulary", "understanding", "engine", "features", "adapters", "app"];

/// Where a package of this workspace stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Layer(usize),
    Testkit,
    Outside,
}

/// Checks every dependency between crates of the workspace.
///
/// # Errors
/// When cargo cannot be asked.
pub fn check() -> anyhow::Result<Vec<Finding>> {
    let metadata = MetadataCommand::new()
        .manifest_path(crate::root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let mut findings = Vec::new();
    for package in &metadata.packages {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let Some(target) = metadata.packages.iter().find(|known| known.name.as_str() == dependency.name)
            else {
                continue;
            };
            let is_dev = dependency.kind == DependencyKind::Development;
            if !is_allowed(place(package), place(target), is_dev) {
                findings.push(format!("{} must not import {}", package.name, target.name));
            }
        }
    }
    Ok(findings)
}

fn place(package: &Package) -> Place {
    let path = package.manifest_path.as_str();
    if path.ends_with("testkit/Cargo.toml") {
        return Place::Testkit;
    }
    let layer = LAYERS.iter().position(|layer| path.contains(&format!("/crates/{layer}/")));
    layer.map_or(Place::Outside, Place::Layer)
}

fn is_allowed(from: Place, to: Place, is_dev: bool) -> bool {
    match (from, to) {
        (Place::Layer(from), Place::Layer(to)) => to < from,
        // The simulator ships with the program; below that it is for tests only.
        (Place::Layer(from), Place::Testkit) => is_dev || from == LAYERS.len() - 1,
        (Place::Testkit, Place::Layer(to)) => to == 0,
        (Place::Outside, _) => true,
        (_, Place::Outside) | (Place::Testkit, Place::Testkit) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn down_only() {
        let at = |name: &str| Place::Layer(LAYERS.iter().position(|layer| *layer == name).unwrap());
        assert!(is_allowed(at("engine"), at("understanding"), false));
        assert!(!is_allowed(at("engine"), at("engine"), false), "no sibling");
        assert!(!is_allowed(at("engine"), at("engine"), true), "no sibling, in tests either");
        assert!(!is_allowed(at("engine"), at("features"), false));
        assert!(is_allowed(at("app"), Place::Testkit, false));
        assert!(is_allowed(at("adapters"), Place::Testkit, true));
        assert!(!is_allowed(at("adapters"), Place::Testkit, false));
        assert!(!is_allowed(Place::Testkit, at("engine"), false));
    }
}
