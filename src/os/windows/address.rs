//! Addresses as Winsock takes them.

use std::io;
use std::net::SocketAddr;
use std::ptr;

use windows_sys::Win32::Networking::WinSock::{
    AF_INET, AF_INET6, AF_UNIX, IN_ADDR, IN_ADDR_0, IN6_ADDR, IN6_ADDR_0, SOCKADDR, SOCKADDR_IN,
    SOCKADDR_IN6, SOCKADDR_IN6_0, SOCKADDR_UN,
};

use crate::os::unix_socket_addr::UnixSocketAddr;

/// An address to pass to the system.
pub(super) enum ToSend {
    V4(SOCKADDR_IN),
    V6(SOCKADDR_IN6),
    Unix(SOCKADDR_UN),
}

impl ToSend {
    /// An address of IP.
    pub(super) fn ip(address: &SocketAddr) -> ToSend {
        // Ports and addresses are in the order of the network.
        match address {
            SocketAddr::V4(address) => ToSend::V4(SOCKADDR_IN {
                sin_family: AF_INET,
                sin_port: address.port().to_be(),
                sin_addr: IN_ADDR {
                    S_un: IN_ADDR_0 { S_addr: u32::from_ne_bytes(address.ip().octets()) },
                },
                sin_zero: [0; 8],
            }),
            SocketAddr::V6(address) => ToSend::V6(SOCKADDR_IN6 {
                sin6_family: AF_INET6,
                sin6_port: address.port().to_be(),
                sin6_flowinfo: address.flowinfo(),
                sin6_addr: IN6_ADDR { u: IN6_ADDR_0 { Byte: address.ip().octets() } },
                Anonymous: SOCKADDR_IN6_0 { sin6_scope_id: address.scope_id() },
            }),
        }
    }

    /// An address of a Unix socket, which has to have a name.
    pub(super) fn unix(address: &UnixSocketAddr) -> io::Result<ToSend> {
        let sun_path = address.to_raw()?.map(|byte| byte as i8);
        Ok(ToSend::Unix(SOCKADDR_UN { sun_family: AF_UNIX, sun_path }))
    }

    pub(super) fn family(&self) -> u16 {
        match self {
            ToSend::V4(address) => address.sin_family,
            ToSend::V6(address) => address.sin6_family,
            ToSend::Unix(address) => address.sun_family,
        }
    }

    /// The address and its length, as system calls take them.
    pub(super) fn as_ptr(&self) -> (*const SOCKADDR, i32) {
        match self {
            ToSend::V4(address) => (ptr::from_ref(address).cast(), size_of_val(address) as i32),
            ToSend::V6(address) => (ptr::from_ref(address).cast(), size_of_val(address) as i32),
            ToSend::Unix(address) => (ptr::from_ref(address).cast(), size_of_val(address) as i32),
        }
    }
}
