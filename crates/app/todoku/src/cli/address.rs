//! `todoku address check`: reads addresses as an import would, and says what it sees.

use std::process::ExitCode;

use addressing::{AddressVerdict, Reading};
use clap::Subcommand;

/// What can be done with addresses.
#[derive(Debug, Subcommand)]
pub enum AddressCommand {
    /// Says whether mail can go to each address, what was read, and what was probably meant.
    Check {
        /// One JSON object per line.
        #[arg(long)]
        json: bool,
        /// The addresses.
        #[arg(required = true)]
        addresses: Vec<String>,
    },
}

/// Does it. Exit code 1 when an address cannot be delivered to.
///
/// # Errors
/// When the result cannot be written as JSON.
pub fn run(command: AddressCommand) -> anyhow::Result<ExitCode> {
    let AddressCommand::Check { json, addresses } = command;
    let mut rejected = false;
    for address in addresses {
        let reading = addressing::read(&address);
        rejected |= reading.verdict == AddressVerdict::Rejected;
        if json {
            println!("{}", serde_json::to_string(&reading)?);
        } else {
            show(&reading);
        }
    }
    Ok(if rejected { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(reading: &Reading) {
    let verdict = match reading.verdict {
        AddressVerdict::Good => "○",
        AddressVerdict::Warning => "△",
        AddressVerdict::Rejected => "×",
    };
    let sent_to = reading.address.as_ref().map(|address| format!(" → {address}")).unwrap_or_default();
    let provider = reading.provider.map(|provider| format!("  [{}]", provider.name_ja)).unwrap_or_default();
    println!("{verdict} {}{sent_to}{provider}", reading.input.escape_debug());
    for note in &reading.notes {
        println!("   {}\n   {}", note.ja, note.en);
    }
    if let Some(suggestion) = &reading.suggestion {
        println!("   ? {}  {}\n     {}", suggestion.address, suggestion.ja, suggestion.en);
    }
}
