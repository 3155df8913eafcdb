//! Limit on the number of open connections per address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Number of open connections per address.
#[derive(Clone, Default)]
pub(super) struct ConnectionCounter(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// Open connection of an address; counted until it is dropped.
pub(super) struct CountedConnection {
    counter: ConnectionCounter,
    /// `None` for an address that is not counted.
    address: Option<IpAddr>,
}

impl ConnectionCounter {
    /// Counts a new connection; `None` if the address already has `most`. Loopback addresses are not counted,
    /// because a local proxy connects for all clients.
    pub(super) fn open(&self, address: IpAddr, most: usize) -> Option<CountedConnection> {
        let address = address_group(address);
        if let Some(address) = address {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let open = all.entry(address).or_insert(0);
            if *open >= most {
                return None;
            }
            *open += 1;
        }
        Some(CountedConnection { counter: self.clone(), address })
    }
}

impl Drop for CountedConnection {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut all = self.counter.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = all.get_mut(&address) {
            *open -= 1;
            if *open == 0 {
                all.remove(&address);
            }
        }
    }
}

/// Address under which a connection is counted. IPv6 addresses are counted per /64 network, because one
/// client usually has all of it. `None` for loopback.
fn address_group(address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return None;
    }
    Some(match address {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four @ IpAddr::V4(_) => four,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_limited_per_address() {
        let counter = ConnectionCounter::default();
        let at = |text: &str| -> IpAddr { text.parse().expect("an address") };
        let mut open: Vec<CountedConnection> =
            (0..3).map(|_| counter.open(at("192.0.2.1"), 3).expect("one of three")).collect();
        assert!(counter.open(at("192.0.2.1"), 3).is_none());
        assert!(counter.open(at("::ffff:192.0.2.1"), 3).is_none(), "the same address as IPv6");
        assert!(counter.open(at("192.0.2.2"), 3).is_some());
        open.pop();
        assert!(counter.open(at("192.0.2.1"), 3).is_some(), "one connection was closed");
        let _six = counter.open(at("2001:db8::1"), 1).expect("the first");
        assert!(counter.open(at("2001:db8::2"), 1).is_none(), "its neighbour");
        assert!(counter.open(at("2001:db8:0:1::2"), 1).is_some());
        let here: Vec<_> = (0..9).map(|_| counter.open(at("127.0.0.1"), 1)).collect();
        assert!(here.iter().all(Option::is_some), "a local proxy connects for all clients");
        drop((open, here));
        assert_eq!(counter.0.lock().expect("whole").len(), 1, "closed connections are removed");
    }
}
