//! Sockets of preview 2, `wasi:sockets`, by the C library: what the standard library does not do
//! without blocking, or not at all.

use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use libc::{c_int, sa_family_t, socklen_t};

use crate::os::connecting;

fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Opens a socket and begins to connect it. It becomes writable when that is done.
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<TcpStream> {
    match address {
        SocketAddr::V4(address) => {
            let raw = libc::sockaddr_in {
                sin_family: libc::AF_INET as sa_family_t,
                sin_port: address.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
            };
            connect(libc::AF_INET, &raw)
        }
        SocketAddr::V6(address) => {
            let raw = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as sa_family_t,
                sin6_port: address.port().to_be(),
                sin6_flowinfo: address.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: address.ip().octets() },
                sin6_scope_id: address.scope_id(),
            };
            connect(libc::AF_INET6, &raw)
        }
    }
}

/// Connects to an address of this family in the system's own form.
#[allow(unsafe_code)]
fn connect<A>(family: c_int, address: &A) -> io::Result<TcpStream> {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    let socket = unsafe {
        OwnedFd::from_raw_fd(check(libc::socket(
            family,
            libc::SOCK_STREAM | libc::SOCK_NONBLOCK,
            0,
        ))?)
    };
    let length = size_of::<A>() as socklen_t;
    // SAFETY: the address is valid for its length during the call.
    match check(unsafe { libc::connect(socket.as_raw_fd(), ptr::from_ref(address).cast(), length) })
    {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(TcpStream::from(socket)),
    }
}

/// The C library ends the program when it is asked for the address of a socket that is about to
/// connect or has failed to. Both have an error to take, and keep it.
pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
    match stream.take_error()? {
        Some(_) => Err(io::ErrorKind::NotConnected.into()),
        None => stream.local_addr(),
    }
}

/// How a connect ended that went on by itself.
pub(crate) fn finish_connect(stream: &TcpStream) -> io::Result<()> {
    let has_peer = || match stream.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    };
    connecting::outcome(has_peer, || is_decided(stream), || stream.take_error())
}

/// Whether it is writable, or in error, by `poll(2)`, which also is what takes the connect to its
/// end.
#[allow(unsafe_code)]
fn is_decided(stream: &TcpStream) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd: stream.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one entry is valid for the call.
    Ok(check(unsafe { libc::poll(&raw mut entry, 1, 0) })? > 0)
}

/// The next connection, non-blocking.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream, peer))
}

/// What an option's call returned. The standard library has no kind for options that there are not.
pub(crate) fn option<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| match error.raw_os_error() {
        Some(libc::ENOPROTOOPT) => io::Error::new(io::ErrorKind::Unsupported, error),
        _ => error,
    })
}

/// The value of `IPV6_V6ONLY`.
#[allow(unsafe_code)]
pub(crate) fn only_v6(socket: &UdpSocket) -> io::Result<bool> {
    let mut value: c_int = 0;
    let mut length = mem::size_of_val(&value) as socklen_t;
    // SAFETY: `value` has room for `length` bytes, and both are valid for the call.
    check(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IPV6,
            libc::IPV6_V6ONLY,
            ptr::from_mut(&mut value).cast(),
            &raw mut length,
        )
    })?;
    Ok(value != 0)
}
