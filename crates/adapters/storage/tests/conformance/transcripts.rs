//! What was said in attempts: kept once where it is the same, found again, forgotten after its time.

use std::sync::Arc;

use delivery::{
    ports::{QueueStore, Record},
    recipient::State,
    transcript::{
        Opening, Packed, Spoken, Tape,
        store::{KeptTranscript, TranscriptStore},
    },
};
use mail::Reply;

use crate::{
    mailing::{claim, mark, running_to, tried},
    world::{NOW, cases},
};

const DAY: i64 = 24 * 3_600_000;

fn packed(to: &str, queue_id: &str) -> Packed {
    let mut tape = Tape::default();
    tape.we(0, &format!("RCPT TO:<{to}>\r\n"));
    tape.they(5, &Reply::from_lines([format!("250 2.0.0 queued as {queue_id}").as_str()]).0);
    tape.take_packed(to).expect("something was said")
}

fn opening() -> Arc<Opening> {
    let mut tape = Tape::default();
    tape.note(0, "connect mx.example 192.0.2.1:25");
    tape.they(20, &Reply::from_lines(["220 mx.example ESMTP"]).0);
    Arc::new(Opening::of(NOW - 30, &mut tape).expect("something was said"))
}

fn told(record: Record, opening: Option<Arc<Opening>>, message: Option<Packed>) -> Record {
    Record { spoken: Spoken { opening, message }, ..record }
}

cases! {
    async fn what_was_said_comes_back_for_each_attempt(store: Store) {
        running_to(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let rows = claim(&store, NOW).await;
        for row in &rows {
            mark(&store, row).await;
        }
        let opened = opening();
        let records = [
            told(tried(rows[0].id, State::Accepted, "250 ok"), Some(Arc::clone(&opened)), Some(packed("a@x.example", "AB12"))),
            told(tried(rows[1].id, State::Accepted, "250 ok"), Some(Arc::clone(&opened)), Some(packed("b@x.example", "CD34"))),
            told(tried(rows[2].id, State::Deferred, "451 later"), None, None),
        ];
        assert!(!opened.is_kept());
        store.record("n", &records, NOW).await.unwrap();
        assert!(opened.is_kept());
        let kept = |queue_id, to| KeptTranscript {
            number: 1,
            opening: Some((NOW - 30, opened.packed.clone())),
            message: Some(packed(to, queue_id)),
        };
        assert_eq!(store.transcripts(rows[0].id, 0).await.unwrap(), [kept("AB12", "a@x.example")]);
        assert_eq!(store.transcripts(rows[1].id, 0).await.unwrap(), [kept("CD34", "b@x.example")]);
        assert_eq!(store.transcripts(rows[2].id, 0).await.unwrap(), [KeptTranscript { number: 1, ..KeptTranscript::default() }]);
        assert_eq!(store.transcripts(rows[0].id, NOW + DAY).await.unwrap(), []);
    }

    async fn what_was_said_is_forgotten_in_steps(store: Store) {
        running_to(&store, &["a@x.example", "b@x.example", "c@x.example"]).await;
        let rows = claim(&store, NOW).await;
        let mut records = Vec::new();
        for (row, later) in rows.iter().zip([0, 0, DAY]) {
            mark(&store, row).await;
            let mut record = told(tried(row.id, State::Accepted, "250 ok"), Some(opening()), Some(packed(&row.to, "AB12")));
            record.attempt.ended_at += later;
            records.push(record);
        }
        store.record("n", &records, NOW).await.unwrap();
        let said = async |n: usize| store.transcripts(rows[n].id, 0).await.unwrap()[0].message.is_some();
        assert!(!store.forget_transcripts(NOW, 10).await.unwrap());
        assert!(said(0).await);
        assert!(store.forget_transcripts(NOW + DAY / 2, 1).await.unwrap());
        assert!(!said(0).await && said(1).await);
        assert!(!store.forget_transcripts(NOW + DAY / 2, 10).await.unwrap());
        assert!(!said(1).await && said(2).await);
        assert!(!store.forget_transcripts(NOW + 2 * DAY, 10).await.unwrap());
        assert!(!said(2).await);
        assert!(!store.forget_transcripts(NOW + 9 * DAY, 10).await.unwrap());
    }
}
