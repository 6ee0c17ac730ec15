//! A server to talk to, whose arrivals stand on a shelf in memory.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use mail::Address;
use reception::{
    Arrival, ArrivalId, ArrivalKind, ArrivalStore, Destination, NewArrival, ReturnPaths, StoreFailure,
};
use smtp::server::{ReceptionConfig, ReceptionServer};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// 2025-11-22 00:00:00 UTC.
const NOW: i64 = 1_763_769_600_000;

/// Keeps arrivals, and fails where it is told to.
#[derive(Default)]
pub struct Shelf {
    kept: Mutex<Vec<NewArrival>>,
    pub broken: AtomicBool,
}

#[async_trait]
impl ReturnPaths for Shelf {
    async fn destination(&self, address: &Address) -> Result<Option<Destination>, StoreFailure> {
        match address.local().to_ascii_lowercase().as_str() {
            "b-1" => Ok(Some(Destination::ReturnPath(1))),
            "b-2" => Ok(Some(Destination::ReturnPath(2))),
            "postmaster" => Ok(Some(Destination::Role)),
            _ => Ok(None),
        }
    }
}

#[async_trait]
impl ArrivalStore for Shelf {
    async fn keep(&self, new: &NewArrival, now: i64) -> Result<ArrivalId, StoreFailure> {
        if self.broken.load(Ordering::SeqCst) {
            return Err("the shelf is broken".into());
        }
        assert_eq!(now, NOW);
        let mut kept = self.kept.lock().expect("no panic");
        kept.push(new.clone());
        Ok(1)
    }

    async fn get(&self, _id: ArrivalId) -> Result<Option<Arrival>, StoreFailure> {
        Err("not asked for here".into())
    }

    async fn raw(&self, _id: ArrivalId) -> Result<Option<Vec<u8>>, StoreFailure> {
        Err("not asked for here".into())
    }

    async fn recognise(
        &self,
        _id: ArrivalId,
        _kind: ArrivalKind,
        _joined: Option<reception::Joined>,
        _now: i64,
    ) -> Result<(), StoreFailure> {
        Err("not asked for here".into())
    }
}

/// A running server.
pub struct Running {
    pub addr: SocketAddr,
    pub shelf: Arc<Shelf>,
    pub stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub async fn start(config: ReceptionConfig) -> Self {
        let shelf = Arc::new(Shelf::default());
        let addr = "127.0.0.1:0".parse().expect("an address");
        let server = ReceptionServer::bind(addr, config, shelf.clone(), shelf.clone(), Arc::new(|| NOW))
            .await
            .expect("a port");
        let addr = server.local_addr();
        let stop = CancellationToken::new();
        let task = tokio::spawn(server.run(stop.clone()));
        Self { addr, shelf, stop, task }
    }

    /// Stops the server, waits for its sessions to end, and gives what was kept.
    pub async fn finish(self) -> Vec<NewArrival> {
        self.stop.cancel();
        self.task.await.expect("the server runs");
        let mut kept = self.shelf.kept.lock().expect("no panic");
        std::mem::take(&mut *kept)
    }
}

/// The message of an arrival without its trace line.
pub fn message(arrival: &NewArrival) -> String {
    let text = String::from_utf8_lossy(&arrival.raw).into_owned();
    let (trace, message) = text.split_once(" +0000\r\n").expect("a trace line");
    assert!(trace.starts_with("Received: from "), "{trace}");
    message.to_owned()
}
