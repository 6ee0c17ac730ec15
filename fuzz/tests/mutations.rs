//! The targets without libFuzzer: seeds, inputs that once failed, and 100,000 mutated samples, the same in every run.

mod dice;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use dice::Dice;

/// Mutated mails in all, besides those of the other targets.
const MAILS: usize = 100_000;
/// Mutated inputs of each target that reads no mails.
const OTHERS: usize = 2_000;
/// Longer samples are left to the tests of sizes.
const SAMPLE_BYTES_MAX: usize = 32 * 1024;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file below a folder that is there, in the order of their names.
fn inputs(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a folder that can be read").path()).collect();
    paths.sort();
    let read = |path: PathBuf| match path.is_dir() {
        true => inputs(&path),
        false => vec![(path.clone(), std::fs::read(&path).expect("a file that can be read"))],
    };
    paths.into_iter().flat_map(read).collect()
}

/// Runs `target` over mutations of `samples` on all processors; the same inputs whatever their number.
fn mutate(samples: &[Vec<u8>], count: usize, target: impl Fn(&[u8]) + Sync) {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for first in 0..threads {
            let target = &target;
            scope.spawn(move || {
                for n in (first..count).step_by(threads) {
                    let mut dice = Dice::of(n);
                    let other = &samples[dice.below(samples.len())];
                    let input = dice.mutated(&samples[n % samples.len()], other);
                    run(n, &input, target);
                }
            });
        }
    });
}

/// An input that fails is left behind as a file, to become a regression.
fn run(n: usize, input: &[u8], target: impl Fn(&[u8])) {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| target(input)));
    if let Err(panic) = caught {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutation-{n}"));
        std::fs::write(&file, input).expect("a folder for what failed");
        eprintln!("input {n} is in {}", file.display());
        std::panic::resume_unwind(panic);
    }
}

fn mails() -> Vec<Vec<u8>> {
    let shared = std::env::var_os("TODOKU_SHARED").map_or_else(|| project().join("../shared"), PathBuf::from);
    let mut mails = Vec::new();
    for folder in [project().join("corpus"), shared.join("corpus/bounces/emails")] {
        let here = inputs(&folder);
        if here.is_empty() {
            println!("not run: no corpus in {}", folder.display());
        }
        mails.extend(here.into_iter().map(|(_, bytes)| bytes).filter(|mail| mail.len() <= SAMPLE_BYTES_MAX));
    }
    mails
}

#[test]
fn mutated_mails() {
    mutate(&mails(), MAILS, fuzz::recognise);
}

#[test]
fn mutated_mails_with_other_line_ends() {
    mutate(&mails(), OTHERS, fuzz::report);
}

#[test]
fn mutated_inputs() {
    for (name, target) in fuzz::TARGETS {
        if !["report", "recognise"].contains(&name) {
            let seeds = inputs(&project().join("fuzz/seeds").join(name));
            let seeds: Vec<Vec<u8>> = seeds.into_iter().map(|(_, bytes)| bytes).collect();
            mutate(&seeds, OTHERS, target);
        }
    }
}

#[test]
fn seeds_and_what_once_failed() {
    for (name, target) in fuzz::TARGETS {
        let seeds = inputs(&project().join("fuzz/seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seed");
        for (path, bytes) in seeds.into_iter().chain(inputs(&project().join("fuzz/regressions").join(name))) {
            println!("{}", path.display());
            target(&bytes);
        }
    }
}

#[test]
fn every_target_is_in_the_list() {
    let files: BTreeSet<String> = inputs(&project().join("fuzz/fuzz_targets"))
        .iter()
        .map(|(path, _)| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "any")
        .collect();
    let listed: BTreeSet<String> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, listed);
}
