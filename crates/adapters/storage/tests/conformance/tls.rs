//! TLS policies, rules, counts and reports.

use delivery::{
    event,
    tls::{
        TlsResult,
        ports::{KeptSts, TlsCount, TlsReportDraft, TlsRule, TlsStore},
    },
};

use crate::{
    people::events,
    world::{NOW, cases},
};

fn count(day: i64, domain: &str, result: TlsResult, count: u64) -> TlsCount {
    TlsCount {
        day,
        domain: domain.into(),
        policy_type: "sts".into(),
        policy: String::new(),
        host: "mx.b.example".into(),
        address: "192.0.2.1".into(),
        result,
        detail: "words".into(),
        count,
    }
}

fn draft(domain: &str, place: &str) -> TlsReportDraft {
    TlsReportDraft { domain: domain.into(), day: 7, place: place.into(), bytes: vec![0, 1, 255] }
}

cases! {
    async fn a_policy_takes_the_place_of_the_one_before(store: Store) {
        let store: &dyn TlsStore = &store;
        assert_eq!(store.kept_sts("b.example").await.unwrap(), None);
        let mut kept = KeptSts { id: "1".into(), body: "version: STSv1\r\n".into(), fetched_at: NOW, holds_until: NOW + 9 };
        for id in ["1", "2"] {
            kept.id = id.into();
            store.keep_sts("b.example", &kept).await.unwrap();
            assert_eq!(store.kept_sts("b.example").await.unwrap(), Some(kept.clone()));
        }
        assert_eq!(store.kept_sts("c.example").await.unwrap(), None);
    }

    async fn a_rule_is_set_changed_and_lifted(store: Store) {
        let tls: &dyn TlsStore = &store;
        tls.set_tls_rule("B.example", Some(TlsRule::Encrypted), Some(1), NOW).await.unwrap();
        tls.set_tls_rule("a.example", Some(TlsRule::Encrypted), Some(1), NOW).await.unwrap();
        tls.set_tls_rule("b.example", Some(TlsRule::Verified), Some(1), NOW).await.unwrap();
        let rules = tls.tls_rules().await.unwrap();
        assert_eq!(rules, [("a.example".into(), TlsRule::Encrypted), ("b.example".into(), TlsRule::Verified)]);
        tls.set_tls_rule("b.example", None, Some(1), NOW).await.unwrap();
        assert_eq!(tls.tls_rules().await.unwrap().len(), 1);
        let told = events(&store, 4).await;
        assert!(told.iter().all(|told| told.kind == event::TLS_RULE_CHANGED), "{told:?}");
        assert_eq!(told[2].detail["rule"], "verified");
        assert!(told[3].detail["rule"].is_null());
    }

    async fn counts_add_up(store: Store) {
        let store: &dyn TlsStore = &store;
        store.add_tls_counts(&[]).await.unwrap();
        let good = count(7, "b.example", TlsResult::Success, 2);
        let bad = count(7, "b.example", TlsResult::CertificateExpired, 1);
        store.add_tls_counts(&[good.clone(), bad.clone(), count(8, "b.example", TlsResult::Success, 5)]).await.unwrap();
        store.add_tls_counts(&[TlsCount { count: 40, ..good.clone() }]).await.unwrap();
        let seen = store.tls_counts(7, 10).await.unwrap();
        assert_eq!(seen, [bad, TlsCount { count: 42, ..good }]);
        assert_eq!(store.tls_counts(7, 1).await.unwrap().len(), 1);
    }

    async fn a_day_is_reported_once(store: Store) {
        let store: &dyn TlsStore = &store;
        let days = [7, 8, 9].map(|day| count(day, "b.example", TlsResult::Success, 1));
        store.add_tls_counts(&days).await.unwrap();
        assert_eq!(store.unreported_tls_days(9).await.unwrap(), [7, 8]);
        let drafts = [draft("b.example", "mailto:a@b.example"), draft("b.example", "https://b.example/")];
        store.keep_tls_reports(7, &drafts, NOW).await.unwrap();
        store.keep_tls_reports(7, &drafts, NOW).await.unwrap();
        assert_eq!(store.unreported_tls_days(9).await.unwrap(), [8]);
        let due = store.due_tls_reports(NOW, 10).await.unwrap();
        assert_eq!(due.iter().map(|report| report.draft.clone()).collect::<Vec<_>>(), drafts);
        store.settle_tls_report(due[0].id, Some(NOW + 50)).await.unwrap();
        store.settle_tls_report(due[1].id, None).await.unwrap();
        assert!(store.due_tls_reports(NOW + 49, 10).await.unwrap().is_empty());
        let again = store.due_tls_reports(NOW + 50, 10).await.unwrap();
        assert_eq!((again.len(), again[0].tries, again[0].draft.bytes.as_slice()), (1, 1, &[0, 1, 255][..]));
    }

    async fn old_counts_go(store: Store) {
        let store: &dyn TlsStore = &store;
        store.add_tls_counts(&[count(1, "b.example", TlsResult::Success, 1), count(40, "b.example", TlsResult::Success, 1)]).await.unwrap();
        store.keep_tls_reports(40, &[], NOW).await.unwrap();
        assert!(store.tls_counts(1, 10).await.unwrap().is_empty());
        assert_eq!(store.tls_counts(40, 10).await.unwrap().len(), 1);
    }
}
