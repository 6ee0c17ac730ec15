//! Runs the house-rule checks from the command line: `cargo run -p xtask`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut failed = false;
    for (rule, check) in xtask::RULES {
        match check() {
            Ok(findings) if findings.is_empty() => println!("ok    {rule}"),
            Ok(findings) => {
                failed = true;
                println!("BROKEN {rule}\n  {}", findings.join("\n  "));
            }
            Err(error) => {
                failed = true;
                println!("ERROR {rule}: {error:#}");
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
