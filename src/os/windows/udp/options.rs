//! Options of UDP sockets, and what of them this Windows has.

use std::io;
use std::net::UdpSocket;
use std::os::windows::io::AsRawSocket;
use std::sync::OnceLock;

use windows_sys::Win32::Networking::WinSock::{
    IP_DONTFRAGMENT, IP_PKTINFO, IP_RECVECN, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, IPV6_DONTFRAG,
    IPV6_PKTINFO, IPV6_RECVECN, IPV6_V6ONLY, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET,
    UDP_RECV_MAX_COALESCED_SIZE, UDP_SEND_MSG_SIZE, getsockopt, setsockopt,
};

use crate::os::datagram::{Buffer, Capabilities, Wish};
use crate::os::windows::call::{check_winsock, winsock};

/// How many segments a message may have, and a row that comes as one.
const SEGMENTS: usize = 512;

/// How large a row may be that comes as one.
const LARGEST_ROW: u32 = u16::MAX as u32;

/// What an option's call returned.
pub(crate) fn option<T>(result: io::Result<T>) -> io::Result<T> {
    result
}

/// The value of `IPV6_V6ONLY`.
pub(crate) fn only_v6(socket: &UdpSocket) -> io::Result<bool> {
    Ok(get(socket, IPPROTO_IPV6, IPV6_V6ONLY)? != 0)
}

/// Fulfils a wish, or takes it back.
pub(crate) fn set_wish(socket: &UdpSocket, wish: Wish, on: bool) -> io::Result<()> {
    let is_v6 = socket.local_addr()?.is_ipv6();
    let value = match (on, wish) {
        (false, _) => 0,
        (true, Wish::ReceiveOffload) => LARGEST_ROW,
        (true, _) => 1,
    };
    let (level, name) = place(wish, is_v6);
    set(socket, level, name, value)?;
    if is_v6 && wish != Wish::ReceiveOffload {
        // For what comes and goes by IPv4, if the socket takes that.
        let (level, name) = place(wish, false);
        let _ = set(socket, level, name, value);
    }
    Ok(())
}

/// Whether a wish is fulfilled.
pub(crate) fn wish(socket: &UdpSocket, wish: Wish) -> io::Result<bool> {
    let (level, name) = place(wish, socket.local_addr()?.is_ipv6());
    Ok(get(socket, level, name).is_ok_and(|value| value != 0))
}

/// The level and the name of the option that fulfils a wish.
fn place(wish: Wish, is_v6: bool) -> (i32, i32) {
    match (wish, is_v6) {
        (Wish::ReceiveDestination, false) => (IPPROTO_IP, IP_PKTINFO),
        (Wish::ReceiveDestination, true) => (IPPROTO_IPV6, IPV6_PKTINFO),
        (Wish::ReceiveEcn, false) => (IPPROTO_IP, IP_RECVECN),
        (Wish::ReceiveEcn, true) => (IPPROTO_IPV6, IPV6_RECVECN),
        (Wish::DontFragment, false) => (IPPROTO_IP, IP_DONTFRAGMENT),
        (Wish::DontFragment, true) => (IPPROTO_IPV6, IPV6_DONTFRAG),
        (Wish::ReceiveOffload, _) => (IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE),
    }
}

pub(crate) fn set_buffer_size(socket: &UdpSocket, buffer: Buffer, size: usize) -> io::Result<()> {
    let size = u32::try_from(size).unwrap_or(u32::MAX).min(i32::MAX as u32);
    set(socket, SOL_SOCKET, name_of(buffer), size)
}

pub(crate) fn buffer_size(socket: &UdpSocket, buffer: Buffer) -> io::Result<usize> {
    Ok(get(socket, SOL_SOCKET, name_of(buffer))? as usize)
}

fn name_of(buffer: Buffer) -> i32 {
    match buffer {
        Buffer::Send => SO_SNDBUF,
        Buffer::Receive => SO_RCVBUF,
    }
}

/// What this Windows has beyond the oldest that the crate runs on. It is asked of a socket, once a
/// process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extras {
    /// How many segments a message may have.
    pub(super) segments: usize,
    /// Whether marks can be set and had.
    pub(super) ecn: bool,
}

pub(super) fn extras(socket: &UdpSocket) -> Extras {
    static EXTRAS: OnceLock<Extras> = OnceLock::new();
    *EXTRAS.get_or_init(|| Extras {
        segments: if get(socket, IPPROTO_UDP, UDP_SEND_MSG_SIZE).is_ok() { SEGMENTS } else { 1 },
        // Both families got it with the same version.
        ecn: get(socket, IPPROTO_IP, IP_RECVECN)
            .or_else(|_| get(socket, IPPROTO_IPV6, IPV6_RECVECN))
            .is_ok(),
    })
}

/// What can be had of this socket.
pub(crate) fn capabilities(socket: &UdpSocket) -> io::Result<Capabilities> {
    let is_v6 = socket.local_addr()?.is_ipv6();
    let has = |wish: Wish| {
        let (level, name) = place(wish, is_v6);
        get(socket, level, name).is_ok()
    };
    let extras = extras(socket);
    Ok(Capabilities {
        one_call: false,
        send_segments: extras.segments,
        receive_segments: if has(Wish::ReceiveOffload) { SEGMENTS } else { 1 },
        receive_destination: has(Wish::ReceiveDestination),
        send_source: has(Wish::ReceiveDestination),
        receive_ecn: extras.ecn,
        send_ecn: extras.ecn,
        dont_fragment: has(Wish::DontFragment),
    })
}

#[allow(unsafe_code)]
fn get(socket: &UdpSocket, level: i32, name: i32) -> io::Result<u32> {
    let mut value: u32 = 0;
    let mut length = size_of_val(&value) as i32;
    // SAFETY: the socket is open, `value` has room for `length` bytes, and both are valid for the
    // call.
    check_winsock(unsafe {
        getsockopt(
            winsock(socket.as_raw_socket()),
            level,
            name,
            (&raw mut value).cast(),
            &raw mut length,
        )
    })?;
    Ok(value)
}

#[allow(unsafe_code)]
fn set(socket: &UdpSocket, level: i32, name: i32, value: u32) -> io::Result<()> {
    let length = size_of_val(&value) as i32;
    // SAFETY: the socket is open, and `value` is valid for `length` bytes during the call.
    check_winsock(unsafe {
        setsockopt(winsock(socket.as_raw_socket()), level, name, (&raw const value).cast(), length)
    })
}
