//! UDP: what the standard library does not offer.

use std::io;
use std::mem;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::ptr;

use libc::{c_int, socklen_t};

use super::call;

/// The value of `IPV6_V6ONLY`.
#[allow(unsafe_code)]
pub(crate) fn only_v6(socket: &UdpSocket) -> io::Result<bool> {
    let mut value: c_int = 0;
    let mut length = mem::size_of_val(&value) as socklen_t;
    // SAFETY: `value` has room for `length` bytes, and both are valid for the call.
    call::check(unsafe {
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
