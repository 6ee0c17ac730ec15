//! AUTH PLAIN and LOGIN (RFC 4954), for sending routes.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Next, Session, wire::Line};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    pub(super) async fn auth(&mut self, rest: &str) -> io::Result<Next> {
        let Some(login) = self.provider.login.as_ref() else {
            return Ok(self.mistake("502 5.5.1 Command not implemented"));
        };
        if !self.tls {
            return Ok(self.mistake("538 5.7.11 Encryption required for requested authentication mechanism"));
        }
        let mut words = rest.split_ascii_whitespace();
        let given = match words.next().map(str::to_ascii_uppercase).as_deref() {
            Some("PLAIN") => {
                let plain = match words.next() {
                    Some(first) => read(first),
                    None => self.ask("").await?,
                };
                plain.and_then(|plain| {
                    let mut parts = plain.split('\0').skip(1).map(str::to_owned);
                    Some((parts.next()?, parts.next()?))
                })
            }
            Some("LOGIN") => {
                let name = match words.next() {
                    Some(first) => read(first),
                    None => self.ask("VXNlcm5hbWU6").await?,
                };
                let password = self.ask("UGFzc3dvcmQ6").await?;
                name.zip(password)
            }
            _ => return Ok(self.mistake("504 5.5.4 Unrecognized authentication type")),
        };
        let Some((name, password)) = given else {
            return Ok(self.mistake("501 5.5.2 Cannot decode the response"));
        };
        if name != login.name || password != login.password {
            return Ok(self.mistake("535 5.7.8 Error: authentication failed"));
        }
        self.logged_in = true;
        self.wire.say("235 2.7.0 Authentication successful");
        Ok(Next::Command)
    }

    async fn ask(&mut self, challenge: &str) -> io::Result<Option<String>> {
        self.wire.say(&format!("334 {challenge}"));
        match self.wire.line().await? {
            Line::Command(line) => Ok(std::str::from_utf8(&line).ok().and_then(read)),
            Line::TooLong | Line::End => Ok(None),
        }
    }
}

fn read(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}
