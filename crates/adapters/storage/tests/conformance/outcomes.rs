//! From the last check to the outcome, resends, and what later messages tell.

use audience::{ContactStore, OptOutRoute};
use bounce::Reason;
use campaigns::{
    broadcast::{AudienceKind, BroadcastDraft, Purpose},
    ports::BroadcastStore,
};
use delivery::{
    ports::{CommitMark, Grant, Later, Leaving, QueueStore, Submitted},
    recipient::{State, WithheldReason},
};
use evidence::ports::{DeskStore, HistoryStore};

use crate::{
    mailing::{
        begin, bounced, claim, drafted, mark, people, record, request, resend, row_of, running_to, send,
        states, tried, verdict,
    },
    people::draft,
    world::{NOW, cases},
};

cases! {
    async fn outcomes_and_marks_share_a_transaction(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let claimed = claim(&store, NOW).await;
        assert_eq!(mark(&store, &claimed[0]).await, Grant::Proceed);
        store.opt_out(contacts[2], OptOutRoute::Page, None, NOW).await.unwrap();
        let marks: Vec<_> =
            claimed[1..].iter().map(|row| CommitMark { id: row.id, values: None, source: Leaving::default() }).collect();
        let records = [tried(claimed[0].id, State::Accepted, "250 2.0.0 ok")];
        let grants = store.settle("n", &marks, &records, NOW).await.unwrap();
        assert_eq!(grants, [Grant::Proceed, Grant::Withheld(WithheldReason::OptedOut)]);
        assert_eq!(states(&store, id).await, ["accepted", "waiting", "withheld(opted_out)"]);
        assert!(store.settle("n", &[], &[tried(claimed[1].id, State::Accepted, "250 2.0.0 ok")], NOW).await.unwrap().is_empty());
        assert_eq!(store.settle("n", &marks, &[], NOW).await.unwrap(), [Grant::Lost; 2]);
        assert_eq!(states(&store, id).await, ["accepted", "accepted", "withheld(opted_out)"]);
    }

    async fn the_last_check_looks_at_the_contact_again(store: Store) {
        let addresses = ["a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example", "F@x.example"];
        let (id, contacts) = running_to(&store, &addresses).await;
        let claimed = claim(&store, NOW).await;
        store.opt_out(contacts[0], OptOutRoute::Page, None, NOW).await.unwrap();
        store.mark_invalid("b@x.example", "userunknown", None, NOW).await.unwrap();
        assert!(store.edit(contacts[2], &draft("new@x.example", "c", ""), None, NOW).await.unwrap());
        assert!(store.edit(contacts[3], &draft("", "d", ""), None, NOW).await.unwrap());
        assert!(store.edit(contacts[5], &draft("f@x.example", "F", ""), None, NOW).await.unwrap());
        let marks: Vec<_> = claimed.iter().map(|row| CommitMark { id: row.id, values: None, source: Leaving::default() }).collect();
        let grants = store.mark_committing("n", &marks, NOW).await.unwrap();
        assert_eq!(grants, [
            Grant::Withheld(WithheldReason::OptedOut),
            Grant::Withheld(WithheldReason::AddressInvalid),
            Grant::Withheld(WithheldReason::Changed),
            Grant::Withheld(WithheldReason::Changed),
            Grant::Proceed,
            Grant::Proceed,
        ]);
        assert_eq!(states(&store, id).await, [
            "withheld(opted_out)", "withheld(address_invalid)", "withheld(changed)", "withheld(changed)", "waiting",
            "waiting",
        ]);
        assert_eq!(store.mark_committing("n", &marks, NOW).await.unwrap(), [Grant::Lost; 6]);
        let kinds: Vec<_> = store.of_message(claimed[0].id).await.unwrap().into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, ["mail.queued", "mail.withheld"]);
    }

    async fn an_opt_out_stops_advertising_only(store: Store) {
        let contacts = people(&store, &["a@x.example", "b@x.example"]).await;
        store.opt_out(contacts[0], OptOutRoute::Page, None, NOW).await.unwrap();
        for (purpose, expected) in [(Purpose::Advertising, "withheld(opted_out)"), (Purpose::Transactional, "waiting")] {
            let id = drafted(&store, AudienceKind::All).await;
            let draft = BroadcastStore::get(&store, id).await.unwrap().unwrap().draft;
            assert!(store.update(id, &BroadcastDraft { purpose, ..draft }).await.unwrap());
            assert_eq!(BroadcastStore::get(&store, id).await.unwrap().unwrap().draft.purpose, purpose);
            begin(&store, id).await;
            assert_eq!(states(&store, id).await, [expected, "waiting"], "{purpose:?}");
        }
        // She who opts out after both were queued gets what is about her order, and no advertising.
        store.opt_out(contacts[1], OptOutRoute::Complaint, None, NOW).await.unwrap();
        let claimed = claim(&store, NOW).await;
        let mut grants = Vec::new();
        for row in &claimed {
            grants.push(mark(&store, row).await);
        }
        assert_eq!(grants, [Grant::Withheld(WithheldReason::OptedOut), Grant::Proceed, Grant::Proceed]);
    }

    async fn content_without_an_answer_is_in_doubt(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example"]).await;
        let doubted = send(&store, State::Doubtful, "").await;
        assert!(states(&store, id).await[0].starts_with("doubtful"));
        assert!(claim(&store, NOW + 60_000).await.is_empty(), "it is not sent again by itself");
        let kinds: Vec<_> = store.of_message(doubted).await.unwrap().into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, ["mail.queued", "mail.in_doubt"]);
    }

    async fn a_pause_and_a_cancel_reach_claimed_rows(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let claimed = claim(&store, NOW).await;
        assert_eq!(mark(&store, &claimed[2]).await, Grant::Proceed);
        assert!(store.pause(id, None, NOW).await.unwrap());
        assert_eq!(mark(&store, &claimed[0]).await, Grant::Paused);
        assert!(claim(&store, NOW).await.is_empty());
        record(&store, claimed[2].id, State::Deferred, "451 later").await;
        assert!(claim(&store, NOW + 60_000).await.is_empty(), "a deferred row comes back paused");
        assert!(store.resume(id, None, NOW).await.unwrap());
        assert_eq!(claim(&store, NOW + 60_000).await.len(), 2);
        assert!(store.cancel(id, None, NOW).await.unwrap());
        assert_eq!(mark(&store, &claimed[1]).await, Grant::Lost);
        assert_eq!(states(&store, id).await, ["withheld(cancelled)"; 3]);
    }

    async fn what_is_being_sent_at_a_cancel_ends_as_it_ends(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example", "b@x.example"]).await;
        let claimed = claim(&store, NOW).await;
        for row in &claimed {
            assert_eq!(mark(&store, row).await, Grant::Proceed);
        }
        assert!(store.cancel(id, None, NOW).await.unwrap());
        record(&store, claimed[0].id, State::Accepted, "250 2.0.0 ok").await;
        record(&store, claimed[1].id, State::Deferred, "451 later").await;
        assert_eq!(states(&store, id).await, ["accepted", "withheld(cancelled)"]);
        assert!(claim(&store, NOW + 60_000).await.is_empty());
    }

    async fn tries_are_kept_with_what_they_became(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example"]).await;
        let row = send(&store, State::Deferred, "451 4.7.1 greylisted").await;
        let seen = row_of(&store, id, contacts[0]).await;
        assert_eq!((seen.state, seen.attempts, seen.next_at), (State::Deferred, 1, Some(NOW + 60_000)));
        assert_eq!((seen.reply.as_str(), seen.reason.as_deref()), ("451 4.7.1 greylisted", Some("userunknown")));
        let again = claim(&store, NOW + 60_000).await.remove(0);
        assert_eq!(mark(&store, &again).await, Grant::Proceed);
        record(&store, row, State::Accepted, "250 2.0.0 queued").await;
        let story = store.message(row).await.unwrap().unwrap();
        assert_eq!((story.state, story.verdict, story.next_at), (State::Accepted, None, None));
        assert_eq!(story.reply.unwrap().line(), "250 2.0.0 queued");
        let tries: Vec<_> = story.attempts.iter().map(|a| (a.number, a.state, a.host.as_str())).collect();
        assert_eq!(tries, [(1, State::Deferred, "mx.example"), (2, State::Accepted, "mx.example")]);
        assert_eq!(story.attempts[0].verdict, Some(verdict(Reason::UserUnknown, "451 4.7.1 greylisted")));
        let kinds: Vec<_> = store.of_message(row).await.unwrap().into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, ["mail.queued", "mail.deferred", "mail.accepted"]);
        assert_eq!(store.next_due_at().await.unwrap(), None);
    }

    async fn a_row_that_is_no_longer_ours_keeps_the_attempt_only(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example"]).await;
        let row = claim(&store, NOW).await.remove(0);
        store.record("other", &[tried(row.id, State::Refused, "550 no")], NOW).await.unwrap();
        assert_eq!(states(&store, id).await, ["waiting"]);
        let both = [tried(row.id, State::Accepted, "250 ok"), tried(row.id, State::Refused, "550 no")];
        store.record("n", &both, NOW).await.unwrap();
        assert_eq!(states(&store, id).await, ["accepted"], "of two in one batch the first counts");
        let story = store.message(row.id).await.unwrap().unwrap();
        assert_eq!(story.attempts.iter().map(|a| a.number).collect::<Vec<_>>(), [1, 2, 3]);
    }

    async fn a_later_bounce_counts_once(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example"]).await;
        let row = send(&store, State::Accepted, "250 ok").await;
        let bounced = bounced(Reason::MailboxFull, "552 5.2.2 mailbox full");
        assert!(store.record_later(row, &bounced, 77, NOW + 9).await.unwrap());
        assert!(!store.record_later(row, &bounced, 78, NOW + 10).await.unwrap());
        assert!(!store.record_later(row, &Later::Evidenced { kind: "auto_reply" }, 79, NOW + 11).await.unwrap());
        assert!(!store.record_later(1, &bounced, 80, NOW).await.unwrap(), "nobody knows recipient 1");
        let seen = row_of(&store, id, contacts[0]).await;
        assert_eq!((seen.state, seen.reply.as_str()), (State::Bounced, "552 5.2.2 mailbox full"));
        let story = store.message(row).await.unwrap().unwrap();
        assert_eq!((story.arrival_id, story.state_at), (Some(77), NOW + 9));
        assert_eq!(story.verdict.unwrap().reason, Reason::MailboxFull);
    }

    async fn evidence_lifts_what_was_handed_over(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example", "b@x.example"]).await;
        let evidenced = Later::Evidenced { kind: "delivered_dsn" };
        let row = claim(&store, NOW).await.remove(0);
        assert!(!store.record_later(row.id, &evidenced, 5, NOW).await.unwrap(), "it has not left yet");
        record(&store, row.id, State::Accepted, "250 ok").await;
        assert!(store.record_later(row.id, &evidenced, 5, NOW).await.unwrap());
        assert!(!store.record_later(row.id, &evidenced, 6, NOW).await.unwrap());
        assert_eq!(states(&store, id).await, ["evidenced", "waiting"]);
        let bounced = bounced(Reason::Filtered, "rejected by the recipient");
        assert!(store.record_later(row.id, &bounced, 7, NOW).await.unwrap());
        let story = store.message(row.id).await.unwrap().unwrap();
        assert_eq!(story.reply.map(|reply| (reply.code, reply.text)), Some((0, "rejected by the recipient".into())));
    }

    async fn a_bounce_ends_what_still_waits(store: Store) {
        let (id, _) = running_to(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let claimed = claim(&store, NOW).await;
        let bounced = bounced(Reason::UserUnknown, "550 5.1.1 unknown");
        record(&store, claimed[0].id, State::Deferred, "451 later").await;
        for row in &claimed {
            assert!(store.record_later(row.id, &bounced, 1, NOW).await.unwrap());
        }
        assert_eq!(mark(&store, &claimed[1]).await, Grant::Lost);
        record(&store, claimed[2].id, State::Accepted, "250 ok").await;
        assert_eq!(states(&store, id).await, ["bounced(userunknown)"; 3]);
        store.recover("n", 0, NOW + 120_000).await.unwrap();
        assert!(claim(&store, NOW + 120_000).await.is_empty());
        assert_eq!(store.message(claimed[2].id).await.unwrap().unwrap().attempts.len(), 1);
    }

    async fn a_resend_takes_the_place_of_the_first(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example", "b@x.example"]).await;
        let refused = send(&store, State::Refused, "550 5.1.1 no").await;
        assert!(store.edit(contacts[0], &draft("right@y.example", "客0", ""), None, NOW).await.unwrap());
        assert_eq!(store.open_count().await.unwrap(), 1);
        let Submitted::Queued(second) = resend(&store, id, contacts[0], refused).await else { panic!("queued") };
        assert_eq!(resend(&store, id, contacts[0], refused).await, Submitted::Queued(second), "pressed twice");
        assert_eq!(store.open_count().await.unwrap(), 0);
        assert_eq!(store.counts(id).await.unwrap().total(), 2);
        assert_eq!(row_of(&store, id, contacts[0]).await.id, second);
        let story = store.message(refused).await.unwrap().unwrap();
        assert_eq!((story.resent_as, story.handled_note.as_str(), story.state), (Some(second), "resent", State::Refused));
        let row = store.claim(&request("n", NOW)).await.unwrap().remove(0);
        assert_eq!((row.id, row.to.as_str(), row.site.as_str()), (second, "right@y.example", "y.example"));
        assert_eq!(store.message(second).await.unwrap().unwrap().resend_of, Some(refused));
        let kinds: Vec<_> = store.of_contact(contacts[0], 2).await.unwrap().into_iter().map(|e| (e.kind, e.operator_id)).collect();
        assert_eq!(kinds[0], ("mail.queued".into(), Some(1)));
        store.opt_out(contacts[0], OptOutRoute::Page, None, NOW).await.unwrap();
        assert_eq!(mark(&store, &row).await, Grant::Withheld(WithheldReason::OptedOut));
    }

    async fn a_resend_to_nowhere_is_withheld_and_stays_on_the_desk(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example"]).await;
        let refused = send(&store, State::Refused, "550 5.1.1 no").await;
        store.mark_invalid("a@x.example", "userunknown", None, NOW).await.unwrap();
        let answer = resend(&store, id, contacts[0], refused).await;
        assert!(matches!(answer, Submitted::Withheld(_, WithheldReason::AddressInvalid)), "{answer:?}");
        assert_eq!(store.open_count().await.unwrap(), 1);
        let gone = resend(&store, id, 4, refused).await;
        assert!(matches!(gone, Submitted::Withheld(_, WithheldReason::Changed)), "{gone:?}");
    }

    async fn a_paused_broadcast_holds_its_resends_too(store: Store) {
        let (id, contacts) = running_to(&store, &["a@x.example", "b@x.example"]).await;
        let refused = send(&store, State::Refused, "550 5.1.1 no").await;
        store.recover("m", 0, NOW + 120_000).await.unwrap();
        assert!(store.pause(id, None, NOW).await.unwrap());
        resend(&store, id, contacts[0], refused).await;
        assert!(claim(&store, NOW).await.is_empty());
        assert!(store.resume(id, None, NOW).await.unwrap());
        assert_eq!(claim(&store, NOW).await.len(), 2);
    }
}
