//! Arrivals: kept byte for byte, told once, recognised once.

use reception::{ArrivalKind, ArrivalStore, Destination, Joined, JoinedBy, NewArrival, event};

use crate::{
    people::events,
    world::{NOW, cases},
};

fn arrival(destination: Destination) -> NewArrival {
    NewArrival {
        reverse_path: String::new(),
        forward_path: "b-1-x@b.hanaya.example".into(),
        destination,
        peer: "192.0.2.1 mx.example".into(),
        raw: b"Subject: \xff\0\r\n\r\n".to_vec(),
    }
}

cases! {
    async fn what_arrived_is_kept_as_it_was(store: Store) {
        let arrivals: &dyn ArrivalStore = &store;
        let id = arrivals.keep(&arrival(Destination::ReturnPath(41)), NOW).await.unwrap();
        let same = arrivals.keep(&arrival(Destination::Role), NOW).await.unwrap();
        assert_ne!(id, same);
        let kept = arrivals.get(id).await.unwrap().unwrap();
        assert_eq!((kept.recipient_id, kept.kind, kept.size), (Some(41), ArrivalKind::Unread, 15));
        assert_eq!((kept.arrived_at, kept.reverse_path.as_str()), (NOW, ""));
        for id in [id, same] {
            assert_eq!(arrivals.raw(id).await.unwrap(), Some(arrival(Destination::Role).raw));
        }
        assert_eq!(arrivals.raw(1).await.unwrap(), None);
        let joined = Joined { recipient_id: 42, by: JoinedBy::MessageId };
        for _ in 0..2 {
            arrivals.recognise(same, ArrivalKind::Bounce, Some(joined), NOW + 1).await.unwrap();
            arrivals.recognise(id, ArrivalKind::AutoReply, None, NOW + 1).await.unwrap();
        }
        arrivals.recognise(1, ArrivalKind::Bounce, None, NOW).await.unwrap();
        let read = arrivals.get(same).await.unwrap().unwrap();
        assert_eq!((read.kind, read.recipient_id), (ArrivalKind::Bounce, Some(42)));
        assert_eq!(arrivals.get(id).await.unwrap().unwrap().recipient_id, Some(41));
        let told = events(&store, 4).await;
        assert_eq!(told.len(), 4);
        assert_eq!((told[0].kind.as_str(), &told[0].detail["arrival_id"]), (event::ARRIVED, &id.into()));
        assert_eq!((told[2].kind.as_str(), told[2].recipient_id), (event::RECOGNISED, Some(42)));
        assert_eq!(told[2].detail["kind"], "bounce");
        assert_eq!((&told[2].detail["joined_by"], &told[2].detail["joined_confidence"]), (&"message_id".into(), &95.into()));
        assert!(told[3].detail.get("joined_by").is_none());
    }
}
