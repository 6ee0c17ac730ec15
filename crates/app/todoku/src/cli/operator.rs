//! `todoku operator …`: the way in when nobody can log in by the pages.

use std::{
    io::{BufRead, IsTerminal},
    process::ExitCode,
};

use accounts::{Change, Creation, Language, NewOperator, OperatorStore, Role, hash_password};
use anyhow::{Context, bail};
use clap::Subcommand;

use crate::{config::Config, house::open_store, secret};

/// Longest login name in characters.
const LOGIN_CHARS_MAX: usize = 100;

/// What can be done to operators.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Adds an operator; the password is read from standard input.
    Add {
        /// What is typed to log in.
        login: String,
        /// Shown beside what this operator did; the login when left out.
        #[arg(long)]
        name: Option<String>,
        /// owner or member.
        #[arg(long, default_value = "member")]
        role: String,
        /// ja or en.
        #[arg(long, default_value = "ja")]
        language: String,
    },
    /// Unlocks an operator after five wrong passwords.
    Unlock {
        /// The operator's login.
        login: String,
    },
    /// Sets a password, read from standard input; closes the operator's sessions.
    SetPassword {
        /// The operator's login.
        login: String,
    },
    /// Lists operators.
    List,
}

/// Does it.
///
/// # Errors
/// With the sentence for the terminal.
pub async fn run(command: OperatorCommand, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_store(config).await?;
    let now = crate::house::wall_clock()();
    match command {
        OperatorCommand::Add { login, name, role, language } => {
            let role = Role::from_name(&role).context("--role: owner か member です / is owner or member")?;
            let language =
                Language::from_name(&language).context("--language: ja か en です / is ja or en")?;
            let login = login_name(&login)?;
            let password_hash = new_password()?;
            let name = name.unwrap_or_else(|| login.clone());
            let new = NewOperator { login: login.clone(), name, role, language, password_hash };
            match store.create(new, None, now).await.map_err(anyhow::Error::from_boxed)? {
                Creation::Created(_) => println!("{login} を追加しました / added"),
                Creation::LoginTaken | Creation::NotFirst => {
                    bail!("{login} はすでに使われています / the login is taken")
                }
            }
        }
        OperatorCommand::Unlock { login } => {
            let id = find(&store, &login).await?;
            told(store.unlock(id, None, now).await, &format!("{login} のロックを解除しました / unlocked"))?;
        }
        OperatorCommand::SetPassword { login } => {
            let id = find(&store, &login).await?;
            let hash = new_password()?;
            told(
                store.set_password(id, hash, None, now).await,
                &format!("{login} のパスワードを変更しました / password set"),
            )?;
        }
        OperatorCommand::List => {
            for operator in OperatorStore::list(&store).await.map_err(anyhow::Error::from_boxed)? {
                let locked = if operator.locked_at.is_some() { "\tlocked" } else { "" };
                println!("{}\t{}\t{}{locked}", operator.login, operator.role.name(), operator.name);
            }
        }
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The same rule as on the page.
fn login_name(typed: &str) -> anyhow::Result<String> {
    let login = typed.trim();
    if login.is_empty() || login.chars().count() > LOGIN_CHARS_MAX {
        bail!(
            "ログイン名は1文字以上、{LOGIN_CHARS_MAX}文字以内です / a login has 1 to {LOGIN_CHARS_MAX} characters"
        );
    }
    if login.chars().any(|c| c.is_whitespace() || c.is_control()) {
        bail!("ログイン名に空白は使えません / a login has no spaces");
    }
    Ok(login.to_owned())
}

async fn find(store: &storage::Store, login: &str) -> anyhow::Result<i64> {
    let known = store.credentials(login).await.map_err(anyhow::Error::from_boxed)?;
    Ok(known.with_context(|| format!("{login} という担当者はいません / no such operator"))?.operator.id)
}

fn told(change: Result<Change, accounts::StoreFailure>, done: &str) -> anyhow::Result<()> {
    match change.map_err(anyhow::Error::from_boxed)? {
        Change::Done => println!("{done}"),
        Change::LastOwner => bail!("最後の管理者です / this is the last owner"),
        Change::Unknown => bail!("その担当者はいません / no such operator"),
    }
    Ok(())
}

fn new_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("パスワード(10文字以上、画面に表示されます) / password (10 characters or more, shown): ");
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    hash_password(password, secret::bytes()).map_err(|problem| {
        anyhow::anyhow!(
            "このパスワードは使えません。10文字以上で、同じ文字の繰り返しや並びでないものにしてください / \
             {problem}: 10 characters or more, not one repeated or a plain run"
        )
    })
}
