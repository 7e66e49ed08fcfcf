//! Socket addresses between Rust and the system.
//!
//! Rust leaves the layout of its address types open, so each field is copied, never the whole.
//! Where addresses begin with a length (the BSDs and their kin), it stays zero: the system takes
//! the one that is passed beside the address.

#![cfg_attr(not(feature = "net"), allow(dead_code))]

#[cfg(unix)]
mod unix;

use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

use libc::{c_int, sa_family_t, sockaddr, sockaddr_storage, socklen_t};

/// Room for an address of any family. The system's own structure for that has, on ESP-IDF, none for
/// the path of a Unix socket, and may, on Nintendo's 3DS, lie where no address can.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Storage {
    any: sockaddr_storage,
    _rest: [u8; MORE],
}

/// How much more room the largest address takes than there is in the system's structure.
#[cfg(unix)]
const MORE: usize = size_of::<libc::sockaddr_un>().saturating_sub(size_of::<sockaddr_storage>());
#[cfg(not(unix))]
const MORE: usize = 0;

/// An address as the system takes it: enough room for any family, and how much of it counts.
pub(in crate::os) struct ToSend {
    storage: Storage,
    length: socklen_t,
}

impl ToSend {
    /// An address of IP.
    pub(in crate::os) fn ip(address: &SocketAddr) -> ToSend {
        match address {
            SocketAddr::V4(address) => ToSend::new(v4(address)),
            SocketAddr::V6(address) => ToSend::new(v6(address)),
        }
    }

    fn new<A: Layout>(address: A) -> ToSend {
        let mut storage: Storage = zeroed();
        put(&mut storage, address);
        ToSend { storage, length: size_of::<A>() as socklen_t }
    }

    /// Its family, for `socket(2)`.
    pub(in crate::os) fn family(&self) -> c_int {
        c_int::from(self.storage.any.ss_family)
    }

    /// What system calls take.
    pub(in crate::os) fn as_ptr(&self) -> (*const sockaddr, socklen_t) {
        (ptr::from_ref(&self.storage).cast(), self.length)
    }
}

/// An address as the system gives it.
pub(in crate::os) struct Received {
    storage: Storage,
    length: socklen_t,
}

impl Received {
    /// Room for any address.
    pub(in crate::os) fn empty() -> Received {
        Received { storage: zeroed(), length: size_of::<Storage>() as socklen_t }
    }

    /// What system calls fill in.
    pub(in crate::os) fn as_mut_ptrs(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        (ptr::from_mut(&mut self.storage).cast(), &raw mut self.length)
    }

    /// Room for any address, and its length, for calls that take both in a structure.
    pub(in crate::os) fn room(&mut self) -> (*mut sockaddr, socklen_t) {
        (ptr::from_mut(&mut self.storage).cast(), size_of::<Storage>() as socklen_t)
    }

    /// The length that such a call gave.
    pub(in crate::os) fn set_length(&mut self, length: socklen_t) {
        self.length = length;
    }

    /// The address of IP that it is.
    pub(in crate::os) fn ip(&self) -> io::Result<SocketAddr> {
        match c_int::from(self.storage.any.ss_family) {
            libc::AF_INET if self.has::<libc::sockaddr_in>() => {
                let raw: libc::sockaddr_in = get(&self.storage);
                let ip = Ipv4Addr::from(raw.sin_addr.s_addr.to_ne_bytes());
                Ok(SocketAddrV4::new(ip, u16::from_be(raw.sin_port)).into())
            }
            libc::AF_INET6 if self.has::<libc::sockaddr_in6>() => {
                let raw: libc::sockaddr_in6 = get(&self.storage);
                let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
                let port = u16::from_be(raw.sin6_port);
                Ok(SocketAddrV6::new(ip, port, raw.sin6_flowinfo, raw.sin6_scope_id).into())
            }
            _ => Err(unexpected()),
        }
    }

    fn has<A: Layout>(&self) -> bool {
        self.length as usize >= size_of::<A>()
    }
}

fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the system gave an address of another family")
}

fn v4(address: &SocketAddrV4) -> libc::sockaddr_in {
    let mut raw: libc::sockaddr_in = zeroed();
    raw.sin_family = libc::AF_INET as sa_family_t;
    raw.sin_port = address.port().to_be();
    raw.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
    raw
}

fn v6(address: &SocketAddrV6) -> libc::sockaddr_in6 {
    let mut raw: libc::sockaddr_in6 = zeroed();
    raw.sin6_family = libc::AF_INET6 as sa_family_t;
    raw.sin6_port = address.port().to_be();
    raw.sin6_flowinfo = address.flowinfo();
    raw.sin6_addr.s6_addr = address.ip().octets();
    raw.sin6_scope_id = address.scope_id();
    raw
}

/// The system's address structures: plain numbers, of which any bytes are valid, zeroes included,
/// and no larger than [`Storage`].
///
/// # Safety
///
/// The implementor is such a structure.
#[allow(unsafe_code)]
unsafe trait Layout: Copy {}

macro_rules! layouts {
    ($($address:ty),*) => {$(
        const _: () = assert!(size_of::<$address>() <= size_of::<Storage>());
        const _: () = assert!(align_of::<$address>() <= align_of::<Storage>());
        // SAFETY: made of integers and arrays of them; the size is asserted above.
        #[allow(unsafe_code)]
        unsafe impl Layout for $address {}
    )*};
}

layouts!(libc::sockaddr_in, libc::sockaddr_in6, Storage);
#[cfg(unix)]
layouts!(libc::sockaddr_un);

#[allow(unsafe_code)]
fn zeroed<A: Layout>() -> A {
    // SAFETY: `Layout` promises that zeroes are valid.
    unsafe { mem::zeroed() }
}

#[allow(unsafe_code)]
fn put<A: Layout>(storage: &mut Storage, address: A) {
    // SAFETY: `Layout` promises that it fits and is aligned.
    unsafe { ptr::from_mut(storage).cast::<A>().write(address) }
}

#[allow(unsafe_code)]
fn get<A: Layout>(storage: &Storage) -> A {
    // SAFETY: `Layout` promises that it fits and that any bytes are valid; all of `storage` is
    // initialized.
    unsafe { ptr::from_ref(storage).cast::<A>().read() }
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use super::*;

    /// What the system would give back for an address that it was given.
    pub(super) fn received(sent: &ToSend) -> Received {
        Received { storage: sent.storage, length: sent.length }
    }

    #[test]
    fn ip_addresses_survive_the_way_there_and_back() {
        for text in ["127.0.0.1:80", "0.0.0.0:0", "255.1.2.3:65535", "[::1]:443", "[fe80::1]:1"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(received(&ToSend::ip(&address)).ip().unwrap(), address);
        }
        let full = SocketAddrV6::new(Ipv6Addr::new(1, 2, 3, 4, 5, 6, 7, 8), 9, 10, 11);
        assert_eq!(received(&ToSend::ip(&full.into())).ip().unwrap(), full.into());
    }

    #[test]
    fn an_address_that_was_cut_short_is_an_error() {
        let mut cut = received(&ToSend::ip(&"127.0.0.1:80".parse().unwrap()));
        cut.length = 4;
        assert_eq!(cut.ip().unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(Received::empty().ip().is_err());
    }
}
