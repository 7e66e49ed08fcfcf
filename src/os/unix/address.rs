//! Socket addresses between Rust and the system.
//!
//! Rust leaves the layout of its address types open, so each field is copied, never the whole.
//! Where addresses begin with a length (the BSDs and their kin), it stays zero: the system takes
//! the one that is passed beside the address.

#![cfg_attr(not(feature = "net"), allow(dead_code))]

use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net as unix;
use std::path::Path;
use std::ptr;

use libc::{c_int, sa_family_t, sockaddr, sockaddr_storage, socklen_t};

/// Room for an address of any family. The system's own structure for that has, on ESP-IDF, none for
/// the path of a Unix socket, and may, on Nintendo's 3DS, lie where no address can.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Storage {
    any: sockaddr_storage,
    _rest: [u8; size_of::<libc::sockaddr_un>().saturating_sub(size_of::<sockaddr_storage>())],
}

/// An address as the system takes it: enough room for any family, and how much of it counts.
pub(super) struct ToSend {
    storage: Storage,
    length: socklen_t,
}

impl ToSend {
    /// An address of IP.
    pub(super) fn ip(address: &SocketAddr) -> ToSend {
        match address {
            SocketAddr::V4(address) => ToSend::new(v4(address)),
            SocketAddr::V6(address) => ToSend::new(v6(address)),
        }
    }

    /// An address of a Unix socket: a path, an abstract name, or none at all.
    pub(super) fn unix(address: &unix::SocketAddr) -> io::Result<ToSend> {
        let mut raw: libc::sockaddr_un = zeroed();
        raw.sun_family = libc::AF_UNIX as sa_family_t;
        let (lead, name, tail): (usize, &[u8], usize) = if let Some(path) = address.as_pathname() {
            (0, path.as_os_str().as_bytes(), 1)
        } else if let Some(name) = address.as_abstract_name() {
            (1, name, 0)
        } else {
            (0, &[], 0)
        };
        // Room for the byte that ends a path or begins an abstract name. The standard library has
        // checked that already, for as long as its limit is ours.
        let Some(room) = raw.sun_path.get_mut(lead..lead + name.len() + tail) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the name of a Unix socket is longer than the system's limit",
            ));
        };
        for (to, from) in room.iter_mut().zip(name) {
            *to = *from as libc::c_char;
        }
        let used = mem::offset_of!(libc::sockaddr_un, sun_path) + lead + name.len() + tail;
        let mut address = ToSend::new(raw);
        address.length = used as socklen_t;
        Ok(address)
    }

    fn new<A: Layout>(address: A) -> ToSend {
        let mut storage: Storage = zeroed();
        put(&mut storage, address);
        ToSend { storage, length: size_of::<A>() as socklen_t }
    }

    /// Its family, for `socket(2)`.
    pub(super) fn family(&self) -> c_int {
        c_int::from(self.storage.any.ss_family)
    }

    /// What system calls take.
    pub(super) fn as_ptr(&self) -> (*const sockaddr, socklen_t) {
        (ptr::from_ref(&self.storage).cast(), self.length)
    }
}

/// An address as the system gives it.
pub(super) struct Received {
    storage: Storage,
    length: socklen_t,
}

impl Received {
    /// Room for any address.
    pub(super) fn empty() -> Received {
        Received { storage: zeroed(), length: size_of::<Storage>() as socklen_t }
    }

    /// What system calls fill in.
    pub(super) fn as_mut_ptrs(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        (ptr::from_mut(&mut self.storage).cast(), &raw mut self.length)
    }

    /// Room for any address, and its length, for calls that take both in a structure.
    pub(super) fn room(&mut self) -> (*mut sockaddr, socklen_t) {
        (ptr::from_mut(&mut self.storage).cast(), size_of::<Storage>() as socklen_t)
    }

    /// The length that such a call gave.
    pub(super) fn set_length(&mut self, length: socklen_t) {
        self.length = length;
    }

    /// The address of IP that it is.
    pub(super) fn ip(&self) -> io::Result<SocketAddr> {
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

    /// The address of a Unix socket that it is.
    pub(super) fn unix(&self) -> io::Result<unix::SocketAddr> {
        let start = mem::offset_of!(libc::sockaddr_un, sun_path);
        let raw: libc::sockaddr_un = get(&self.storage);
        // Some systems give no address at all, not even a family, for a peer without a name.
        let length = (self.length as usize).saturating_sub(start).min(raw.sun_path.len());
        if length > 0 && c_int::from(raw.sun_family) != libc::AF_UNIX {
            return Err(unexpected());
        }
        // Signed on some systems, not on others.
        let name = raw.sun_path.map(|byte| u8::from_ne_bytes(byte.to_ne_bytes()));
        match &name[..length] {
            [0, name @ ..] => unix::SocketAddr::from_abstract_name(name),
            [] => unix::SocketAddr::from_pathname(""),
            path => {
                // A path of full length has no zero at its end.
                let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
                let path = std::ffi::OsStr::from_bytes(&path[..end]);
                unix::SocketAddr::from_pathname(Path::new(path))
            }
        }
    }

    fn has<A: Layout>(&self) -> bool {
        self.length as usize >= size_of::<A>()
    }
}

fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the system gave an address of another family")
}

cfg_if! {
    if #[cfg(target_os = "linux")] {
        use std::os::linux::net::SocketAddrExt;
    } else if #[cfg(target_os = "android")] {
        use std::os::android::net::SocketAddrExt;
    } else {
        /// As of systems without abstract names, which give a peer without a name as zeroes.
        trait SocketAddrExt: Sized {
            fn from_abstract_name(_: &[u8]) -> io::Result<Self>;
            fn as_abstract_name(&self) -> Option<&[u8]>;
        }

        impl SocketAddrExt for unix::SocketAddr {
            fn from_abstract_name(_: &[u8]) -> io::Result<unix::SocketAddr> {
                unix::SocketAddr::from_pathname("")
            }

            fn as_abstract_name(&self) -> Option<&[u8]> {
                None
            }
        }
    }
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

layouts!(libc::sockaddr_in, libc::sockaddr_in6, libc::sockaddr_un, Storage);

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
    fn received(sent: &ToSend) -> Received {
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

    #[test]
    fn paths_of_unix_sockets_survive_the_way_there_and_back() {
        let longest = "x".repeat(size_of::<libc::sockaddr_un>() - 3);
        for path in ["a", "/run/some.socket", &longest] {
            let address = unix::SocketAddr::from_pathname(path).unwrap();
            let back = received(&ToSend::unix(&address).unwrap()).unix().unwrap();
            assert_eq!(back.as_pathname(), Some(Path::new(path)));
        }
    }

    #[test]
    fn a_path_of_full_length_loses_no_character() {
        let limit = zeroed::<libc::sockaddr_un>().sun_path.len();
        let start = mem::offset_of!(libc::sockaddr_un, sun_path);
        let mut raw: libc::sockaddr_un = zeroed();
        raw.sun_family = libc::AF_UNIX as sa_family_t;
        raw.sun_path.fill(b'p' as libc::c_char);
        let mut full = received(&ToSend::new(raw));
        full.length = (start + limit) as socklen_t;
        // The standard library takes no path of that length, as there is no room for the zero at
        // its end.
        assert_eq!(full.unix().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        full.length -= 1;
        let path = full.unix().unwrap();
        assert_eq!(path.as_pathname().unwrap().as_os_str().len(), limit - 1);
    }

    #[test]
    fn an_unnamed_peer_is_unnamed_however_the_system_says_it() {
        let start = mem::offset_of!(libc::sockaddr_un, sun_path);
        for length in [0, 1, start] {
            let mut none = Received::empty();
            none.length = length as socklen_t;
            assert!(none.unix().unwrap().is_unnamed());
        }
        let unnamed = unix::SocketAddr::from_pathname("").unwrap();
        assert!(received(&ToSend::unix(&unnamed).unwrap()).unix().unwrap().is_unnamed());
    }

    #[test]
    fn abstract_names_keep_every_byte_where_there_are_any() {
        for name in [&b"a"[..], b"with\0zero", b"zero at the end\0", &[b'n'; 107]] {
            let address = unix::SocketAddr::from_abstract_name(name).unwrap();
            let back = received(&ToSend::unix(&address).unwrap()).unix().unwrap();
            assert_eq!(back.as_abstract_name(), address.as_abstract_name());
        }
    }
}
