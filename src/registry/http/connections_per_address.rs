//! How many connections one address has open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections by address.
#[derive(Clone, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A connection of an address, until it is dropped.
pub(super) struct Open {
    peers: Peers,
    /// `None`: an address that is not counted.
    address: Option<IpAddr>,
}

impl Peers {
    /// One more connection of an address; `None` where it has `most` already. This machine is not counted: a proxy on it
    /// speaks for everybody.
    pub(super) fn enter(&self, address: IpAddr, most: usize) -> Option<Open> {
        let address = counted(address);
        if let Some(address) = address {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let open = all.entry(address).or_insert(0);
            if *open >= most {
                return None;
            }
            *open += 1;
        }
        Some(Open { peers: self.clone(), address })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut all = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = all.get_mut(&address) {
            *open -= 1;
            if *open == 0 {
                all.remove(&address);
            }
        }
    }
}

/// The address as it is counted: somebody who has one IPv6 address has the 2^64 beside it, too.
fn counted(address: IpAddr) -> Option<IpAddr> {
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
    fn one_address_has_so_many_and_others_have_theirs() {
        let peers = Peers::default();
        let at = |text: &str| -> IpAddr { text.parse().expect("an address") };
        let mut open: Vec<Open> =
            (0..3).map(|_| peers.enter(at("192.0.2.1"), 3).expect("one of three")).collect();
        assert!(peers.enter(at("192.0.2.1"), 3).is_none());
        assert!(peers.enter(at("::ffff:192.0.2.1"), 3).is_none(), "the same, written otherwise");
        assert!(peers.enter(at("192.0.2.2"), 3).is_some());
        open.pop();
        assert!(peers.enter(at("192.0.2.1"), 3).is_some(), "one went");
        let _six = peers.enter(at("2001:db8::1"), 1).expect("the first");
        assert!(peers.enter(at("2001:db8::2"), 1).is_none(), "its neighbour");
        assert!(peers.enter(at("2001:db8:0:1::2"), 1).is_some());
        let here: Vec<_> = (0..9).map(|_| peers.enter(at("127.0.0.1"), 1)).collect();
        assert!(here.iter().all(Option::is_some), "a proxy on this machine speaks for everybody");
        drop((open, here));
        assert_eq!(peers.0.lock().expect("whole").len(), 1, "who went is forgotten");
    }
}
