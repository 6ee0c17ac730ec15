//! Remembers a password that was typed and tried out, so that it need not be typed again to save it. In memory only.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::secret;

/// How long it is remembered.
const KEPT_MS: i64 = 30 * 60_000;
/// Passwords remembered; the oldest goes first.
const KEPT_MAX: usize = 100;

/// Where a password belongs. It is given out for this and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Belongs {
    /// The operator who typed it.
    pub(crate) operator: Option<i64>,
    /// The server it is for.
    pub(crate) host: String,
    /// The account name.
    pub(crate) name: String,
}

struct Typed {
    belongs: Belongs,
    password: String,
    at: i64,
}

/// Typed passwords by a number that nobody guesses.
#[derive(Default)]
pub(crate) struct TypedPasswords(Mutex<HashMap<String, Typed>>);

impl TypedPasswords {
    /// Remembers one; the answer is what it is asked for with.
    pub(crate) fn keep(&self, belongs: Belongs, password: &str, now: i64) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, typed| now - typed.at < KEPT_MS);
        if kept.len() >= KEPT_MAX {
            let oldest = kept.iter().min_by_key(|(_, typed)| typed.at).map(|(key, _)| key.clone());
            oldest.and_then(|key| kept.remove(&key));
        }
        let key = secret::fresh();
        kept.insert(key.clone(), Typed { belongs, password: password.to_owned(), at: now });
        key
    }

    /// The password of this number, where it belongs.
    pub(crate) fn of(&self, key: &str, belongs: &Belongs, now: i64) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let typed = kept.get(key).filter(|typed| now - typed.at < KEPT_MS && typed.belongs == *belongs)?;
        Some(typed.password.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_given_out_where_it_belongs_and_for_a_while() {
        let typed = TypedPasswords::default();
        let belongs = Belongs { operator: Some(1), host: "relay.example".into(), name: "shop".into() };
        let key = typed.keep(belongs.clone(), "himitsu", 0);
        assert_eq!(typed.of(&key, &belongs, 1).as_deref(), Some("himitsu"));
        assert_eq!(typed.of(&key, &belongs, KEPT_MS), None);
        assert_eq!(typed.of("x", &belongs, 1), None);
        assert_eq!(typed.of(&key, &Belongs { operator: Some(2), ..belongs.clone() }, 1), None);
        assert_eq!(typed.of(&key, &Belongs { host: "evil.example".into(), ..belongs.clone() }, 1), None);
        for n in 0..=KEPT_MAX as i64 {
            typed.keep(belongs.clone(), "other", 2 + n);
        }
        assert_eq!(typed.of(&key, &belongs, 200), None, "the oldest went");
    }
}
