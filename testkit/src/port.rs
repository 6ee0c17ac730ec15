//! Ports for programs that are told where to listen: free now, and out of the way of connections that go out.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below the ports that systems give to connections going out (32768 and up on Linux): between choosing a port and
/// listening there, such a connection could take it.
const FIRST: u32 = 10_000;
const COUNT: u32 = 22_000;

/// A loopback address nobody listens at. Processes beside each other begin at different places.
///
/// # Errors
/// When no port is free.
pub fn free() -> io::Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + process::id().wrapping_mul(67).wrapping_add(n) % COUNT;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(port).unwrap_or_default()));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_can_be_listened_at() {
        let one = TcpListener::bind(free().unwrap()).unwrap();
        let two = TcpListener::bind(free().unwrap()).unwrap();
        assert_ne!(one.local_addr().unwrap(), two.local_addr().unwrap());
        assert!(u32::from(one.local_addr().unwrap().port()) < FIRST + COUNT);
    }
}
