//! Dialogues with scripted peers on loopback: each test is the conversation as it must go.

mod client;
mod hosts;
mod offers;
mod peer;
mod policy;
mod postfix;
mod probe;
mod run;
mod server;
mod server_trouble;
mod shelf;
mod talk;
mod taped;
mod tls;
mod trouble;
