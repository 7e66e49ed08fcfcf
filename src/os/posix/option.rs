//! Options of sockets that are numbers: `getsockopt(2)`, `setsockopt(2)`.

use std::io;
use std::mem;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::ptr;

use libc::{c_int, socklen_t};

use super::call;
use crate::os::datagram::Buffer;

/// The value of `IPV6_V6ONLY`.
pub(crate) fn only_v6(socket: &UdpSocket) -> io::Result<bool> {
    Ok(get(socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY)? != 0)
}

/// Sets how many bytes the system holds of what is sent or has arrived.
pub(crate) fn set_buffer_size(socket: &UdpSocket, buffer: Buffer, size: usize) -> io::Result<()> {
    // What does not fit is cut by the system anyway.
    let size = c_int::try_from(size).unwrap_or(c_int::MAX);
    set(socket, libc::SOL_SOCKET, name_of(buffer), size)
}

/// How many bytes the system holds.
pub(crate) fn buffer_size(socket: &UdpSocket, buffer: Buffer) -> io::Result<usize> {
    let size = get(socket, libc::SOL_SOCKET, name_of(buffer))?;
    Ok(usize::try_from(size).unwrap_or(0))
}

fn name_of(buffer: Buffer) -> c_int {
    match buffer {
        Buffer::Send => libc::SO_SNDBUF,
        Buffer::Receive => libc::SO_RCVBUF,
    }
}

/// What the call of an option returned, where the standard library has no kind of error for options
/// that there are not.
#[cfg_attr(unix, allow(dead_code))]
pub(crate) fn known<T>(result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| match error.raw_os_error() {
        Some(libc::ENOPROTOOPT) => io::Error::new(io::ErrorKind::Unsupported, error),
        _ => error,
    })
}

#[allow(unsafe_code)]
pub(in crate::os) fn get(socket: &UdpSocket, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut length = mem::size_of_val(&value) as socklen_t;
    // SAFETY: `value` has room for `length` bytes, and both are valid for the call.
    call::check(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            ptr::from_mut(&mut value).cast(),
            &raw mut length,
        )
    })?;
    Ok(value)
}

#[allow(unsafe_code)]
pub(in crate::os) fn set(
    socket: &UdpSocket,
    level: c_int,
    name: c_int,
    value: c_int,
) -> io::Result<()> {
    let length = mem::size_of_val(&value) as socklen_t;
    // SAFETY: `value` is valid for `length` bytes during the call.
    call::check(unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, ptr::from_ref(&value).cast(), length)
    })?;
    Ok(())
}
