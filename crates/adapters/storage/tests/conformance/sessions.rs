//! Sessions: found while open, closed by a new password, not found for a locked operator.

use accounts::{Creation, Language, NewOperator, OperatorStore, Role, Session, SessionStore};

use crate::world::{NOW, cases};

const HOUR: i64 = 3_600_000;

async fn operator(store: &dyn OperatorStore) -> i64 {
    let new = NewOperator {
        login: "hanako".into(),
        name: "花子".into(),
        role: Role::Owner,
        language: Language::En,
        password_hash: "$argon2id$x".into(),
    };
    match store.create(new, None, NOW).await.unwrap() {
        Creation::Created(id) => id,
        other => panic!("{other:?}"),
    }
}

fn session(operator_id: i64, token_hash: &str) -> Session {
    Session {
        token_hash: token_hash.into(),
        operator_id,
        csrf_token: "c".into(),
        created_at: NOW,
        expires_at: NOW + HOUR,
    }
}

cases! {
    async fn a_session_is_found_until_it_ends(store: Store) {
        let id = operator(&store).await;
        let sessions: &dyn SessionStore = &store;
        let opened = session(id, "a");
        sessions.open(&opened).await.unwrap();
        let (found, who) = sessions.find("a", NOW + HOUR - 1).await.unwrap().unwrap();
        assert_eq!((found, who.name.as_str(), who.language), (opened, "花子", Language::En));
        assert!(sessions.find("a", NOW + HOUR).await.unwrap().is_none());
        assert!(sessions.find("b", NOW).await.unwrap().is_none());
        sessions.extend("a", NOW + 3 * HOUR).await.unwrap();
        assert!(sessions.find("a", NOW + 2 * HOUR).await.unwrap().is_some());
        sessions.close("a").await.unwrap();
        assert!(sessions.find("a", NOW).await.unwrap().is_none());
    }

    async fn a_new_password_closes_all_sessions(store: Store) {
        let id = operator(&store).await;
        let sessions: &dyn SessionStore = &store;
        for token in ["a", "b"] {
            sessions.open(&session(id, token)).await.unwrap();
        }
        store.set_password(id, "$argon2id$y".into(), None, NOW).await.unwrap();
        assert!(sessions.find("a", NOW).await.unwrap().is_none());
        assert!(sessions.find("b", NOW).await.unwrap().is_none());
        let credentials = store.credentials("hanako").await.unwrap().unwrap();
        assert_eq!(credentials.password_hash, "$argon2id$y");
    }

    async fn a_locked_operator_has_no_session(store: Store) {
        let id = operator(&store).await;
        let sessions: &dyn SessionStore = &store;
        sessions.open(&session(id, "a")).await.unwrap();
        for _ in 0..5 {
            store.record_failed_login(id, NOW).await.unwrap();
        }
        assert!(sessions.find("a", NOW).await.unwrap().is_none());
        store.unlock(id, None, NOW).await.unwrap();
        assert!(sessions.find("a", NOW).await.unwrap().is_some());
    }
}
