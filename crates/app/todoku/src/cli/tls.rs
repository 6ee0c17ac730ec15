//! `todoku tls …`: what encryption towards single domains must show.

use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Subcommand;
use delivery::tls::ports::{TlsRule, TlsStore};

use crate::{config::Config, house::open_store};

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum TlsCommand {
    /// Lists the domains that encryption is required for.
    List,
    /// Requires encryption towards a domain: `encrypted` with any certificate, `verified` with one that holds.
    Require {
        /// What stands right of the @.
        domain: String,
        /// encrypted or verified.
        rule: String,
    },
    /// Lifts a requirement.
    Lift {
        /// What stands right of the @.
        domain: String,
    },
    /// Shows the kept MTA-STS policy of a domain.
    Policy {
        /// What stands right of the @.
        domain: String,
    },
}

/// Does it.
///
/// # Errors
/// With the sentence for the terminal.
pub async fn run(command: TlsCommand, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let now = crate::house::wall_clock()();
    match command {
        TlsCommand::List => {
            for (domain, rule) in store.tls_rules().await.map_err(anyhow::Error::from_boxed)? {
                println!("{domain}\t{}", rule.name());
            }
            for (domain, rule) in config.tls_rules()? {
                println!("{domain}\t{}\t設定ファイル / configuration", rule.name());
            }
        }
        TlsCommand::Require { domain, rule } => {
            let rule = TlsRule::from_name(&rule)
                .context("encrypted か verified です / the rule is encrypted or verified")?;
            ensure!(
                domain.contains('.') && mail::Address::new("x", &domain).is_ok(),
                "{domain} はドメインとして読めません / {domain} is no domain"
            );
            store.set_tls_rule(&domain, Some(rule), None, now).await.map_err(anyhow::Error::from_boxed)?;
            println!("{domain} への暗号化を必須にしました / encryption is required ({})", rule.name());
        }
        TlsCommand::Lift { domain } => {
            store.set_tls_rule(&domain, None, None, now).await.map_err(anyhow::Error::from_boxed)?;
            println!("{domain} への必須をやめました / lifted");
        }
        TlsCommand::Policy { domain } => {
            let kept =
                store.kept_sts(&domain.to_ascii_lowercase()).await.map_err(anyhow::Error::from_boxed)?;
            match kept {
                None => println!("{domain} の MTA-STS ポリシーは控えていません / no policy is kept"),
                Some(kept) => {
                    let holds =
                        if now < kept.holds_until { "有効 / holds" } else { "期限切れ / expired" };
                    println!("id: {}\n{holds}\n{}", kept.id, kept.body.trim_end());
                }
            }
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
