//! Operators: the first owner, the lock, the last owner.

use accounts::{Change, Creation, FailedLogin, Language, NewOperator, OperatorStore, Role};

use crate::world::{NOW, cases};

fn new(login: &str, role: Role) -> NewOperator {
    NewOperator {
        login: login.into(),
        name: format!("{login}さん"),
        role,
        language: Language::Ja,
        password_hash: "$argon2id$x".into(),
    }
}

async fn created(store: &dyn OperatorStore, login: &str, role: Role) -> i64 {
    match store.create(new(login, role), None, NOW).await.unwrap() {
        Creation::Created(id) => id,
        other => panic!("{other:?}"),
    }
}

cases! {
    async fn of_two_first_owners_one_is_created(store: Store) {
        let other = store.clone();
        let one = tokio::spawn(async move { store.create_first_owner(new("hanako", Role::Owner), NOW).await.unwrap() });
        let two = tokio::spawn(async move { other.create_first_owner(new("taro", Role::Member), NOW).await.unwrap() });
        let results = [one.await.unwrap(), two.await.unwrap()];
        assert_eq!(results.iter().filter(|result| **result == Creation::NotFirst).count(), 1, "{results:?}");
        assert!(results.iter().any(|result| matches!(result, Creation::Created(_))));
    }

    async fn logins_are_compared_in_lower_case(store: Store) {
        let store: &dyn OperatorStore = &store;
        let id = created(store, "Hanako", Role::Owner).await;
        assert_eq!(store.create(new("hanakO", Role::Member), None, NOW).await.unwrap(), Creation::LoginTaken);
        let found = store.credentials("HANAKO ").await.unwrap().unwrap();
        assert_eq!((found.operator.id, found.operator.login.as_str(), found.failed_logins), (id, "Hanako", 0));
        assert_eq!(store.count().await.unwrap(), 1);
        assert!(store.credentials("taro").await.unwrap().is_none());
    }

    async fn five_wrong_passwords_at_once_lock(store: Store) {
        let id = created(&store, "hanako", Role::Owner).await;
        let tries: Vec<_> = (0..6)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.record_failed_login(id, NOW).await.unwrap() })
            })
            .collect();
        let mut seen = Vec::new();
        for one in tries {
            seen.push(one.await.unwrap());
        }
        seen.sort_by_key(|failed| failed.failures);
        let expected: Vec<_> =
            (1..=6).map(|failures| FailedLogin { failures, locked: failures >= 5 }).collect();
        assert_eq!(seen, expected);
        store.record_login(id, NOW).await.unwrap();
        assert_eq!(OperatorStore::by_id(&store, id).await.unwrap().unwrap().locked_at, Some(NOW));
        assert_eq!(store.unlock(id, None, NOW + 1).await.unwrap(), Change::Done);
        let free = store.credentials("hanako").await.unwrap().unwrap();
        assert_eq!((free.operator.locked_at, free.failed_logins), (None, 0));
    }

    async fn the_last_owner_stays(store: Store) {
        let store: &dyn OperatorStore = &store;
        let owner = created(store, "hanako", Role::Owner).await;
        let member = created(store, "taro", Role::Member).await;
        assert_eq!(store.remove(owner, None, NOW).await.unwrap(), Change::LastOwner);
        assert_eq!(store.set_role(owner, Role::Member, None, NOW).await.unwrap(), Change::LastOwner);
        assert_eq!(store.set_role(member, Role::Owner, Some(owner), NOW).await.unwrap(), Change::Done);
        assert_eq!(store.remove(owner, Some(member), NOW).await.unwrap(), Change::Done);
        assert_eq!(store.remove(owner, Some(member), NOW).await.unwrap(), Change::Unknown);
        assert_eq!(store.list().await.unwrap().iter().map(|one| one.id).collect::<Vec<_>>(), [member]);
    }

    async fn two_owners_cannot_demote_each_other_at_once(store: Store) {
        let first = created(&store, "hanako", Role::Owner).await;
        let second = created(&store, "taro", Role::Owner).await;
        let other = store.clone();
        let one = tokio::spawn(async move { store.set_role(second, Role::Member, Some(first), NOW).await.unwrap() });
        let two = tokio::spawn(async move { other.set_role(first, Role::Member, Some(second), NOW).await.unwrap() });
        let results = [one.await.unwrap(), two.await.unwrap()];
        assert!(results.contains(&Change::Done) && results.contains(&Change::LastOwner), "{results:?}");
    }
}
