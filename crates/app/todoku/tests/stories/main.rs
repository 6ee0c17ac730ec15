//! Stories: the real program as its own process, before providers, a DNS and peers of our own, and with bad luck.
//!
//! Read each from top to bottom. They play one after another, because each starts whole servers.

mod cli;
mod clicks;
mod disk;
mod import_while_sending;
mod postfix;
mod postgres;
mod queue;
mod reception;
mod sizes;
mod sources;
mod stage;
mod tls;
mod tls_reports;
mod tokens;
mod torture;
mod troubles;
mod verdicts;
mod watch;
