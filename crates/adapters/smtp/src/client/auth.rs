//! Logs in at a smart host (RFC 4954): PLAIN (RFC 4616), the old LOGIN, or an OAuth 2.0 token (XOAUTH2).

use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::hop::{AuthMechanism, Login};
use mail::{Reply, Stage};

use super::{
    dialogue::Dialogue,
    halt::{Cause, Halt},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mechanism {
    Plain,
    Login,
    XOAuth2,
}

impl Dialogue {
    /// Logs in. `Ok` is the server's welcome.
    pub(crate) async fn auth(&mut self, login: &Login) -> Result<Reply, Halt> {
        let at = |cause: Cause| cause.at(Stage::Auth);
        let mechanism = choose(login.mechanism, &self.extensions.auth).map_err(at)?;
        let reply = match mechanism {
            Mechanism::Plain => self.auth_plain(login).await,
            Mechanism::Login => self.auth_login(login).await,
            Mechanism::XOAuth2 => self.auth_xoauth2(login).await,
        };
        match reply.map_err(at)? {
            reply if reply.is_success() => Ok(reply),
            reply => Err(at(Cause::Said(reply))),
        }
    }

    async fn auth_plain(&mut self, login: &Login) -> Result<Reply, Cause> {
        let token = STANDARD.encode(format!("\0{}\0{}", login.name, login.password));
        let until = self.until(self.limits.auth);
        let reply =
            self.exchange_shown_as(&format!("AUTH PLAIN {token}\r\n"), "AUTH PLAIN ***", until).await?;
        if !reply.is_intermediate() {
            return Ok(reply);
        }
        // Some servers overlook the initial response and ask for it.
        self.exchange_shown_as(&format!("{token}\r\n"), "***", until).await
    }

    /// The password is an access token. A refused token is told in a challenge, which an empty answer ends.
    async fn auth_xoauth2(&mut self, login: &Login) -> Result<Reply, Cause> {
        let until = self.until(self.limits.auth);
        let token = STANDARD.encode(format!("user={}\x01auth=Bearer {}\x01\x01", login.name, login.password));
        let line = format!("AUTH XOAUTH2 {token}\r\n");
        let reply = self.exchange_shown_as(&line, "AUTH XOAUTH2 ***", until).await?;
        if !reply.is_intermediate() {
            return Ok(reply);
        }
        let ended = self.exchange("\r\n", until).await?;
        let why = STANDARD.decode(reply.text.trim()).ok().and_then(|why| String::from_utf8(why).ok());
        Ok(match why {
            Some(why) if !ended.is_success() => Reply { text: format!("{} {why}", ended.text), ..ended },
            _ => ended,
        })
    }

    async fn auth_login(&mut self, login: &Login) -> Result<Reply, Cause> {
        let until = self.until(self.limits.auth);
        let mut reply = self.exchange("AUTH LOGIN\r\n", until).await?;
        for answer in [&login.name, &login.password] {
            if !reply.is_intermediate() {
                return Ok(reply);
            }
            let until = self.until(self.limits.auth);
            let line = format!("{}\r\n", STANDARD.encode(answer));
            reply = self.exchange_shown_as(&line, "***", until).await?;
        }
        Ok(reply)
    }
}

fn choose(wanted: AuthMechanism, offered: &[String]) -> Result<Mechanism, Cause> {
    let has = |name: &str| offered.iter().any(|mechanism| mechanism == name);
    let not_offered = |name: &str| {
        let list = if offered.is_empty() { "no AUTH".to_owned() } else { offered.join(" ") };
        Err(Cause::AuthNotOffered(format!("{name} is not offered; the server offers {list}")))
    };
    match wanted {
        AuthMechanism::Any if has("PLAIN") => Ok(Mechanism::Plain),
        AuthMechanism::Any if has("LOGIN") => Ok(Mechanism::Login),
        AuthMechanism::Any => not_offered("PLAIN or LOGIN"),
        AuthMechanism::Plain if has("PLAIN") => Ok(Mechanism::Plain),
        AuthMechanism::Plain => not_offered("PLAIN"),
        AuthMechanism::Login if has("LOGIN") => Ok(Mechanism::Login),
        AuthMechanism::Login => not_offered("LOGIN"),
        AuthMechanism::XOAuth2 if has("XOAUTH2") => Ok(Mechanism::XOAuth2),
        AuthMechanism::XOAuth2 => not_offered("XOAUTH2"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: AuthMechanism, offered: &str, expected: Option<Mechanism>) {
        let offered: Vec<String> = offered.split_whitespace().map(str::to_owned).collect();
        assert_eq!(choose(wanted, &offered).ok(), expected, "{wanted:?} {offered:?}");
    }

    #[test]
    fn mechanisms() {
        check(AuthMechanism::Any, "LOGIN PLAIN", Some(Mechanism::Plain));
        check(AuthMechanism::Any, "CRAM-MD5 LOGIN", Some(Mechanism::Login));
        check(AuthMechanism::Any, "CRAM-MD5", None);
        check(AuthMechanism::Any, "", None);
        check(AuthMechanism::Plain, "LOGIN", None);
        check(AuthMechanism::Login, "PLAIN LOGIN", Some(Mechanism::Login));
        check(AuthMechanism::XOAuth2, "PLAIN XOAUTH2", Some(Mechanism::XOAuth2));
        check(AuthMechanism::XOAuth2, "PLAIN", None);
        check(AuthMechanism::Any, "XOAUTH2", None);
    }
}
