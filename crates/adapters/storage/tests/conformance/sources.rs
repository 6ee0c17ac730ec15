//! Sending domains, the route, the house's secret.

use delivery::{
    event,
    hop::{AuthMechanism, Login, TlsMode},
    ports::SourceStore,
    source::{DomainKeys, NewDomain, Route, SmartHost},
};

use crate::{
    people::events,
    world::{NOW, cases},
};

fn domain(name: &str) -> NewDomain {
    let keys = DomainKeys {
        rsa_selector: "r".into(),
        rsa_private: "rp".into(),
        rsa_public: "rq".into(),
        ed25519_selector: "e".into(),
        ed25519_private: "ep".into(),
        ed25519_public: "eq".into(),
    };
    NewDomain { name: name.into(), return_path_domain: format!("b.{name}"), keys }
}

cases! {
    async fn a_domain_is_there_until_it_is_removed(store: Store) {
        let sources: &dyn SourceStore = &store;
        let id = sources.add_domain(&domain("hanaya.example"), Some(1), NOW).await.unwrap().unwrap();
        assert_eq!(sources.add_domain(&domain("Hanaya.example"), None, NOW).await.unwrap(), None);
        sources.add_domain(&domain("b.example"), None, NOW).await.unwrap().unwrap();
        let names: Vec<_> = sources.domains().await.unwrap().into_iter().map(|domain| domain.name).collect();
        assert_eq!(names, ["b.example", "hanaya.example"]);
        sources.save_standing(id, "[]", NOW + 1).await.unwrap();
        let kept = sources.domain_by_name("HANAYA.example").await.unwrap().unwrap();
        assert_eq!((kept.id, kept.keys), (id, domain("x").keys));
        assert_eq!((kept.standing.as_deref(), kept.checked_at), (Some("[]"), Some(NOW + 1)));
        assert_eq!(kept.return_path_domain, "b.hanaya.example");
        for _ in 0..2 {
            assert!(sources.remove_domain(id, Some(1), NOW + 2).await.unwrap());
        }
        assert!(sources.domain(id).await.unwrap().is_none());
        let kinds: Vec<_> = events(&store, 3).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [event::DOMAIN_ADDED, event::DOMAIN_ADDED, event::DOMAIN_REMOVED]);
    }

    async fn the_route_is_kept_and_its_password_not_told(store: Store) {
        let sources: &dyn SourceStore = &store;
        assert_eq!(sources.route().await.unwrap(), Route::Direct);
        let login = Login { mechanism: AuthMechanism::Plain, name: "hanaya".into(), password: "himitsu".into() };
        let host = SmartHost { host: "smtp.isp.example".into(), port: 587, tls: TlsMode::StartTls, login: Some(login) };
        let route = Route::SmartHost(host);
        sources.set_route(&route, Some(1), NOW).await.unwrap();
        assert_eq!(sources.route().await.unwrap(), route);
        let told = events(&store, 1).await.remove(0);
        assert_eq!(told.detail["way"]["host"], "smtp.isp.example");
        assert!(!told.detail.to_string().contains("himitsu"));
        sources.set_route(&Route::Direct, Some(1), NOW).await.unwrap();
        assert_eq!(sources.route().await.unwrap(), Route::Direct);
    }

    async fn the_secret_is_made_once(store: Store) {
        let other = store.clone();
        let one = tokio::spawn(async move { store.house_secret("aa").await.unwrap() });
        let two = tokio::spawn(async move { other.house_secret("bb").await.unwrap() });
        assert_eq!(one.await.unwrap(), two.await.unwrap());
    }
}
