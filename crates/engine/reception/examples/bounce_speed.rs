//! Measures how many bounce mails a core reads and judges in a second: `bounce_speed FOLDER [SECONDS]`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else if path.extension().is_some_and(|ext| ext == "eml" || ext == "txt") {
            found.push(path);
        }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "corpus/bounces".to_owned());
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(5);
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths)?;
    let mails: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    let bytes: usize = mails.iter().map(Vec::len).sum();
    let (mut read, mut judged) = (0usize, 0usize);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) && !mails.is_empty() {
        for mail in &mails {
            let (report, _) = report::read(mail);
            judged += reception::judge(&report, &|_| None, 0).len();
            read += 1;
        }
    }
    let rate = read as f64 / begun.elapsed().as_secs_f64();
    let size = bytes / mails.len().max(1);
    println!(
        "{{\"bench\":\"bounce\",\"unit\":\"mails/s\",\"ours\":{rate:.0},\"mails\":{},\"bytes_per_mail\":{size},\"verdicts\":{judged}}}",
        mails.len()
    );
    Ok(())
}
