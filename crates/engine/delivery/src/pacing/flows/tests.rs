//! What may go now, over how many connections, and what is put off or given back.

use std::collections::BTreeMap;

use super::*;
use crate::pacing::{
    limits::{LimitSet, Rate},
    rulebook::{ALL, Overrides, Rulebook},
    store::{Change, Hold},
};

const ROOM: Room = Room { connections: 100, rows: 1_000, ready_per_site: 200 };

fn row(id: i64, lane: Lane) -> Claimed {
    Claimed {
        id,
        broadcast_id: None,
        template_version_id: 1,
        contact_id: id,
        lane,
        to: format!("c{id}@ame.example"),
        site: "ame.example".into(),
        provider: String::new(),
        attempts: 0,
        queued_at: 0,
        expires_at: i64::MAX,
        values: BTreeMap::new(),
        values_fixed: false,
        from_domain: "shop.example".into(),
        pool: None,
        sticky_source: None,
    }
}

fn place() -> Place {
    Place { flow: Arc::new(Flow { source: 1, group: "ame.example".into() }), site: "ame.example".into() }
}

fn steering(limits: LimitSet, holds: Vec<Hold>) -> Arc<Steering> {
    let own = Overrides::from([(ALL.to_owned(), limits)]);
    Arc::new(Steering { book: Rulebook::new(own, Overrides::new()), holds })
}

fn limits() -> LimitSet {
    LimitSet {
        connections: Some(3),
        connections_per_site: Some(3),
        connect_rate: Some(Rate::None),
        rate: Some(Rate::None),
        ..LimitSet::default()
    }
}

fn hold(change: Change) -> Hold {
    Hold {
        id: 7,
        source: Some(1),
        group: None,
        change,
        rule: String::new(),
        sample: String::new(),
        since_at: 0,
        until: None,
        made_by: None,
        lifted_at: None,
        lifted_by: None,
    }
}

/// Flows with so many broadcast rows before one set of servers.
fn flows(limits: LimitSet, rows: i64) -> Flows {
    let flows = Flows::default();
    assert!(flows.steer(&steering(limits, Vec::new()), 0).is_empty());
    let placed = (0..rows).map(|id| (place(), row(id, Lane::Broadcast))).collect();
    assert!(flows.add(placed, ROOM, 0).is_empty());
    flows
}

fn taken(flows: &Flows, now: i64) -> Option<(i64, i64)> {
    match flows.take(&place(), now) {
        Taken::Row(row, at) => Some((row.id, at)),
        Taken::Nothing => None,
    }
}

#[test]
fn connections_stay_within_the_limits() {
    let flows = flows(limits(), 100);
    assert_eq!(flows.open(ROOM, 0).len(), 3);
    assert_eq!(flows.open(ROOM, 0).len(), 0, "all are in use");
    flows.leave(&place());
    assert_eq!(flows.open(ROOM, 0).len(), 1);
    let few = Room { connections: 1, ..ROOM };
    flows.leave(&place());
    assert_eq!(flows.open(few, 0).len(), 0, "the process has no more");
}

#[test]
fn urgent_rows_go_first_and_at_the_rate() {
    let rate = Rate::read("1/s").ok();
    let flows = flows(LimitSet { rate, ..limits() }, 3);
    flows.add(vec![(place(), row(50, Lane::Transactional))], ROOM, 0);
    assert_eq!(taken(&flows, 0), Some((50, 0)));
    // A quarter of a second may be early; then it is one a second.
    assert_eq!(taken(&flows, 0), Some((0, 750)));
    assert_eq!(taken(&flows, 0), Some((1, 1_750)));
    assert_eq!(taken(&flows, 0), None, "nobody waits that long with a connection");
    assert_eq!(taken(&flows, 1_500), Some((2, 2_750)));
}

#[test]
fn what_is_held_goes_back_and_on_again() {
    let flows = flows(limits(), 4);
    let away = flows.steer(&steering(limits(), vec![hold(Change::Stop)]), 0);
    assert_eq!(away.len(), 4);
    assert_eq!(flows.rows(), 0);
    assert_eq!(flows.add(vec![(place(), row(9, Lane::Transactional))], ROOM, 0).len(), 1, "nothing gets in");
    assert!(flows.open(ROOM, 0).is_empty());
    flows.steer(&steering(limits(), Vec::new()), 1_000);
    assert!(flows.add(vec![(place(), row(9, Lane::Transactional))], ROOM, 1_000).is_empty());
    assert_eq!(taken(&flows, 1_000), Some((9, 1_000)));
}

#[test]
fn another_source_gets_what_waits_once() {
    let flows = flows(limits(), 4);
    let other = steering(limits(), vec![hold(Change::OtherSource)]);
    assert_eq!(flows.unwanted(&other, 0).len(), 4);
    // Where no other source has room, rows come back to this one, and stay.
    assert!(flows.add(vec![(place(), row(9, Lane::Broadcast))], ROOM, 0).is_empty());
    assert!(flows.unwanted(&other, 1_000).is_empty());
    assert_eq!(taken(&flows, 1_000), Some((9, 1_000)));
    // Lifted, and made anew: what waits then goes over again.
    assert!(flows.unwanted(&steering(limits(), Vec::new()), 2_000).is_empty());
    assert!(flows.add(vec![(place(), row(10, Lane::Broadcast))], ROOM, 2_000).is_empty());
    assert_eq!(flows.unwanted(&other, 3_000).len(), 1);
}

#[test]
fn servers_that_do_not_answer_rest_and_their_rows_are_told() {
    let flows = flows(limits(), 2);
    let opened = flows.open(ROOM, 0);
    assert_eq!(opened.len(), 1, "a few rows are worth one connection");
    let Some((first, _)) = taken(&flows, 0) else { panic!("a row is ready") };
    let told = flows.fail(&place(), "connection refused", 0).expect("everything that waits");
    assert_eq!((first, told.len()), (0, 1));
    flows.leave(&place());
    assert!(flows.add(vec![(place(), row(9, Lane::Broadcast))], ROOM, 1).is_empty());
    assert!(flows.open(ROOM, 1).is_empty(), "they rest");
    assert_eq!(taken(&flows, 1), None);
}

#[test]
fn a_bulk_that_fills_a_site_is_put_off_and_single_mails_are_not() {
    let flows = flows(limits(), 0);
    let room = Room { rows: 80, ready_per_site: 10, ..ROOM };
    let bulk = (0..40).map(|id| (place(), row(id, Lane::Broadcast))).collect();
    let away = flows.add(bulk, room, 0);
    assert_eq!(away.len(), 20, "twice its share waits in memory");
    let postponed = away.into_iter().next().map(TurnedAway::postponed).expect("one");
    assert!(matches!(postponed.wait.why, WaitFor::Servers { .. }) && postponed.wait.until > 0);
    assert!(flows.add(vec![(place(), row(99, Lane::Transactional))], room, 0).is_empty());
    assert_eq!(taken(&flows, 0), Some((99, 0)));
}

#[test]
fn one_connection_of_eight_is_kept_for_what_somebody_waits_for() {
    let eight = LimitSet { connections: Some(8), connections_per_site: Some(8), ..limits() };
    let flows = flows(eight, 100);
    assert_eq!(flows.open(ROOM, 0).len(), 7);
    assert!(flows.add(vec![(place(), row(500, Lane::Reply))], ROOM, 0).is_empty());
    assert_eq!(flows.open(ROOM, 0).len(), 1);
    assert_eq!(taken(&flows, 0), Some((500, 0)));
    assert_eq!(taken(&flows, 0), None, "whoever comes next leaves, so that one is free again");
    flows.leave(&place());
    assert_eq!(taken(&flows, 0), Some((0, 0)));
    assert!(flows.open(ROOM, 0).is_empty());
}
