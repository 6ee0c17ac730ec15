//! Sources: what an operator says of them, their rest, their warm-up, and the counts their limits go by.

use delivery::{
    event,
    hop::{AuthMechanism, Login, TlsMode},
    ports::{CommitMark, Grant, Leaving, Postponed, QueueStore, SourceStore},
    recipient::{Lane, State},
    source::{
        DayWindow, Direct, FIRST_SOURCE, LanePools, Quota, Rest, SmartHost, SourceDraft, Way,
        choose::{Wait, WaitFor},
        counts::{Cap, CapKind, day_of, hour_of},
        token::{FreshToken, TokenRenewal, TokenStore},
        warm_up::{Stage, curves},
    },
};

use crate::{
    mailing::{claim, record, running_to},
    people::events,
    world::{NOW, cases},
};

fn second() -> SourceDraft {
    SourceDraft {
        name: "二号".into(),
        way: Way::Direct(Direct {
            bind: vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
            helo_name: "out2.shop.example".into(),
            seen_as: Vec::new(),
        }),
        pool: "orders".into(),
        weight: 30,
        enabled: true,
        quota: Quota { hourly: Some(100), daily: Some(1_000), window: DayWindow::Rolling },
        curve: Some(("careful".into(), NOW)),
    }
}

fn relay() -> SourceDraft {
    let login = Login { mechanism: AuthMechanism::Plain, name: "hanaya".into(), password: "himitsu".into() };
    let host =
        SmartHost { host: "smtp.isp.example".into(), port: 587, tls: TlsMode::StartTls, login: Some(login) };
    SourceDraft { way: Way::SmartHost(host), ..SourceDraft::default() }
}

fn rest(until: Option<i64>) -> Rest {
    Rest { since_at: NOW, until, reason: "listed".into(), sample: "127.0.0.2".into() }
}

fn leaving(most: u64) -> Leaving {
    let cap =
        Cap { kind: CapKind::Hourly, providers: Vec::new(), except: false, since_hour: hour_of(NOW), most };
    Leaving { source: FIRST_SOURCE, provider: "docomo".into(), caps: vec![cap] }
}

cases! {
    async fn access_tokens_are_renewed_and_troubles_kept(store: Store) {
        let renewal = TokenRenewal {
            token_url: "https://t.example/token".into(),
            client_id: "shop".into(),
            client_secret: "himitsu".into(),
            refresh_token: "r1".into(),
        };
        store.save_source(Some(FIRST_SOURCE), &relay(), None, NOW).await.unwrap();
        assert!(store.token_renewals().await.unwrap().is_empty());
        store.set_token_renewal(FIRST_SOURCE, Some(&renewal)).await.unwrap();
        let standing = async || store.token_renewals().await.unwrap().remove(0);
        assert!(standing().await.is_due(NOW));
        store.keep_token_trouble(FIRST_SOURCE, "invalid_grant: revoked", NOW).await.unwrap();
        assert_eq!(standing().await.trouble, Some((NOW, "invalid_grant: revoked".to_owned())));
        let fresh = FreshToken { access_token: "a2".into(), expires_at: NOW + 3_600_000, refresh_token: None };
        assert!(store.keep_token(FIRST_SOURCE, &fresh).await.unwrap());
        let password = async || match store.source(FIRST_SOURCE).await.unwrap().unwrap().draft.way {
            Way::SmartHost(SmartHost { login: Some(login), .. }) => login.password,
            _ => String::new(),
        };
        assert_eq!(password().await, "a2");
        assert_eq!((standing().await.trouble, standing().await.renewal.refresh_token.as_str()), (None, "r1"));
        let next = FreshToken { refresh_token: Some("r2".into()), ..fresh.clone() };
        assert!(store.keep_token(FIRST_SOURCE, &next).await.unwrap());
        assert_eq!(standing().await.renewal.refresh_token, "r2");
        assert!(!standing().await.is_due(NOW));
        store.save_source(Some(FIRST_SOURCE), &SourceDraft::default(), None, NOW).await.unwrap();
        assert!(!store.keep_token(FIRST_SOURCE, &fresh).await.unwrap(), "it has no login any more");
        store.set_token_renewal(FIRST_SOURCE, None).await.unwrap();
        assert!(store.token_renewals().await.unwrap().is_empty());
    }

    async fn a_source_is_kept_as_it_was_said(store: Store) {
        let sources: &dyn SourceStore = &store;
        let first = sources.sources().await.unwrap();
        assert_eq!((first.len(), first[0].id), (1, FIRST_SOURCE));
        assert_eq!(first[0].draft, SourceDraft::default());
        let id = sources.save_source(None, &second(), Some(1), NOW).await.unwrap().unwrap();
        let kept = sources.source(id).await.unwrap().unwrap();
        assert_eq!((&kept.draft, kept.created_at), (&second(), NOW));
        assert_eq!(kept.warm_ups, curves()[0].begin(day_of(hour_of(NOW))));
        assert_eq!(sources.sources().await.unwrap().len(), 2);
        let other = SourceDraft { curve: None, weight: 1, ..second() };
        assert_eq!(sources.save_source(Some(id), &other, None, NOW + 1).await.unwrap(), Some(id));
        let kept = sources.source(id).await.unwrap().unwrap();
        assert_eq!((kept.draft, kept.warm_ups.len()), (other, 0));
        assert_eq!(sources.save_source(Some(77), &second(), None, NOW).await.unwrap(), None);
        let kinds: Vec<_> = events(&store, 2).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [event::SOURCE_ADDED, event::SOURCE_CHANGED]);
    }

    async fn a_password_is_not_told_and_goes_with_its_source(store: Store) {
        let sources: &dyn SourceStore = &store;
        let id = sources.save_source(None, &relay(), Some(1), NOW).await.unwrap().unwrap();
        assert_eq!(sources.source(id).await.unwrap().unwrap().draft, relay());
        assert!(!events(&store, 1).await[0].detail.to_string().contains("himitsu"));
        assert!(sources.remove_source(id, Some(1), NOW + 1).await.unwrap());
        assert!(sources.source(id).await.unwrap().is_none());
        assert!(sources.remove_source(id, Some(1), NOW + 2).await.unwrap());
        assert!(!sources.remove_source(FIRST_SOURCE, Some(1), NOW + 2).await.unwrap(), "the only one");
        assert_eq!(sources.source_names().await.unwrap().len(), 2, "attempts remember it");
        assert_eq!(sources.sources().await.unwrap().len(), 1);
    }

    async fn a_rest_is_kept_told_and_lifted(store: Store) {
        let sources: &dyn SourceStore = &store;
        let resting = async || sources.source(FIRST_SOURCE).await.unwrap().unwrap().rest;
        assert!(sources.rest_source(FIRST_SOURCE, &rest(Some(NOW + 1_000)), None, NOW).await.unwrap());
        assert_eq!(resting().await, Some(rest(Some(NOW + 1_000))));
        sources.rest_source(FIRST_SOURCE, &rest(Some(NOW + 500)), None, NOW).await.unwrap();
        assert_eq!(resting().await, Some(rest(Some(NOW + 1_000))), "not shortened");
        sources.rest_source(FIRST_SOURCE, &rest(None), None, NOW).await.unwrap();
        assert_eq!(resting().await, Some(rest(None)));
        sources.lift_source(FIRST_SOURCE, Some(1), NOW + 1).await.unwrap();
        sources.lift_source(FIRST_SOURCE, Some(1), NOW + 1).await.unwrap();
        assert_eq!(resting().await, None);
        let kinds: Vec<_> = events(&store, 3).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [event::SOURCE_RESTS, event::SOURCE_RESTS, event::SOURCE_LIFTED]);
        assert!(!sources.rest_source(99, &rest(None), None, NOW).await.unwrap());
    }

    async fn health_and_warm_up_are_kept(store: Store) {
        let sources: &dyn SourceStore = &store;
        let id = sources.save_source(None, &second(), None, NOW).await.unwrap().unwrap();
        sources.save_source_health(id, "[]", &["shop.example".to_owned()], NOW + 5).await.unwrap();
        let mut kept = sources.source(id).await.unwrap().unwrap();
        assert_eq!((kept.standing.as_deref(), kept.checked_at), (Some("[]"), Some(NOW + 5)));
        assert_eq!(kept.not_for, ["shop.example"]);
        let mut state = kept.warm_ups.remove(1);
        state.step = 4;
        sources.save_warm_up(id, &state, None, NOW + 6).await.unwrap();
        state.stage = Stage::Held;
        state.why = "deferred 9/30".into();
        sources.save_warm_up(id, &state, None, NOW + 7).await.unwrap();
        assert_eq!(sources.source(id).await.unwrap().unwrap().warm_ups[1], state);
        let told: Vec<_> = events(&store, 2).await.into_iter().filter(|e| e.kind == event::SOURCE_WARM_UP).collect();
        assert_eq!(told.len(), 1, "a step alone is no news");
    }

    async fn lanes_have_pools(store: Store) {
        let sources: &dyn SourceStore = &store;
        assert_eq!(sources.lane_pools().await.unwrap().of(Lane::Broadcast), "main");
        let pools = LanePools(vec![(Lane::Transactional, "orders".into())]);
        sources.set_lane_pools(&pools, Some(1), NOW).await.unwrap();
        let kept = sources.lane_pools().await.unwrap();
        assert_eq!((kept.of(Lane::Transactional), kept.of(Lane::Broadcast)), ("orders", "main"));
    }

    async fn a_limit_is_exact_and_survives(store: Store, url: String) {
        running_to(&store, &["a@docomo.ne.jp", "b@docomo.ne.jp", "c@docomo.ne.jp", "d@docomo.ne.jp"]).await;
        let rows = claim(&store, NOW).await;
        let mark = |n: usize| CommitMark { id: rows[n].id, values: None, source: leaving(3) };
        let grants = store.mark_committing("n", &[mark(0), mark(1)], NOW).await.unwrap();
        assert_eq!(grants, [Grant::Proceed, Grant::Proceed]);
        // The process dies here; another one over the same store knows what was handed over.
        let again = storage::Store::open(&url).await.unwrap();
        let grants = again.mark_committing("n", &[mark(2), mark(3)], NOW).await.unwrap();
        assert_eq!(grants, [Grant::Proceed, Grant::Full]);
        let grants = again.mark_committing("n", &[mark(3)], NOW + 3_600_000).await.unwrap();
        assert_eq!(grants, [Grant::Full], "its limit counts from the same hour");
        let counted = again.source_counts(hour_of(NOW)).await.unwrap();
        assert_eq!((counted.len(), counted[0].handed, counted[0].provider.as_str()), (1, 3, "docomo"));
        let next = Leaving { caps: Vec::new(), ..leaving(0) };
        let grants = again.mark_committing("n", &[CommitMark { source: next, ..mark(3) }], NOW).await.unwrap();
        assert_eq!(grants, [Grant::Proceed], "the row stayed ours");
        again.close().await;
    }

    async fn outcomes_and_complaints_are_counted(store: Store) {
        running_to(&store, &["a@docomo.ne.jp", "b@docomo.ne.jp"]).await;
        let rows = claim(&store, NOW).await;
        record(&store, rows[0].id, State::Accepted, "250 2.0.0 ok").await;
        record(&store, rows[1].id, State::Deferred, "450 4.7.1 later").await;
        store.count_complaint(rows[0].id, NOW).await.unwrap();
        let counted = store.source_counts(0).await.unwrap();
        let all = |pick: fn(&delivery::source::counts::HourCount) -> u64| counted.iter().map(pick).sum::<u64>();
        assert_eq!((all(|c| c.accepted), all(|c| c.deferred), all(|c| c.complained)), (1, 1, 1));
    }

    async fn what_waits_for_its_source_says_so(store: Store) {
        running_to(&store, &["a@docomo.ne.jp"]).await;
        let row = claim(&store, NOW).await.remove(0);
        let why = WaitFor::Resting { reason: "listed".into() };
        let wait = Wait { until: NOW + 60_000, source: Some(FIRST_SOURCE), why };
        store.postpone("n", &[Postponed { id: row.id, wait: wait.clone() }]).await.unwrap();
        assert!(claim(&store, NOW).await.is_empty());
        let story = evidence::ports::HistoryStore::message(&store, row.id).await.unwrap().unwrap();
        assert_eq!((story.waits, story.next_at), (Some(wait), Some(NOW + 60_000)));
        store.rest_source(FIRST_SOURCE, &rest(None), None, NOW).await.unwrap();
        store.lift_source(FIRST_SOURCE, None, NOW + 1).await.unwrap();
        assert_eq!(claim(&store, NOW + 1).await.len(), 1, "a lifted rest lets it go at once");
    }

    async fn only_greylisted_mail_remembers_its_source(store: Store) {
        running_to(&store, &["a@docomo.ne.jp", "b@docomo.ne.jp"]).await;
        let rows = claim(&store, NOW).await;
        for (row, reason) in rows.iter().zip([bounce::Reason::Greylisted, bounce::Reason::RateLimited]) {
            let mut tried = crate::mailing::tried(row.id, State::Deferred, "450 4.7.1 later");
            tried.attempt.source = 5;
            tried.outcome.verdict.as_mut().unwrap().reason = reason;
            store.record("n", &[tried], NOW).await.unwrap();
        }
        let again = claim(&store, NOW + 60_000).await;
        let sticky: Vec<_> = again.iter().map(|row| row.sticky_source).collect();
        assert_eq!(sticky, [Some(5), None]);
        assert!(again.iter().all(|row| !row.from_domain.is_empty() && row.pool.is_none()));
        let story = evidence::ports::HistoryStore::message(&store, rows[0].id).await.unwrap().unwrap();
        assert_eq!(story.attempts[0].source_id, 5);
    }
}
