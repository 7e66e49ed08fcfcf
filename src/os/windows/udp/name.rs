//! Addresses as Winsock gives them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr;

use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6, SOCKADDR, SOCKADDR_INET};

/// Room for an address of IP.
pub(super) struct Name(SOCKADDR_INET);

impl Name {
    pub(super) fn empty() -> Name {
        Name(SOCKADDR_INET::default())
    }

    /// What system calls fill in.
    pub(super) fn room(&mut self) -> (*mut SOCKADDR, i32) {
        (ptr::from_mut(&mut self.0).cast(), size_of::<SOCKADDR_INET>() as i32)
    }

    /// The address that it is, if it is one.
    #[allow(unsafe_code)]
    pub(super) fn ip(&self) -> Option<SocketAddr> {
        // SAFETY: all fields of the union are numbers, of which any bytes are valid, and all of it
        // was zero before anything was written.
        let (family, v4, v6) = unsafe { (self.0.si_family, self.0.Ipv4, self.0.Ipv6) };
        match family {
            AF_INET => {
                // SAFETY: as above.
                let bytes = unsafe { v4.sin_addr.S_un.S_addr }.to_ne_bytes();
                let ip = Ipv4Addr::from(bytes);
                Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
            }
            AF_INET6 => {
                // SAFETY: as above.
                let (bytes, scope) = unsafe { (v6.sin6_addr.u.Byte, v6.Anonymous.sin6_scope_id) };
                let (ip, port) = (Ipv6Addr::from(bytes), u16::from_be(v6.sin6_port));
                Some(SocketAddrV6::new(ip, port, v6.sin6_flowinfo, scope).into())
            }
            _ => None,
        }
    }
}
