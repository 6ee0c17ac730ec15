//! Wires the house together: configuration, command line, reactions.

pub mod cli;
pub mod config;
pub mod demo;
pub mod house;
mod loops;
pub mod reactions;
mod return_paths;
pub mod secret;
mod threads;
mod tls;
mod tls_reports;
mod tokens;
mod wire;
