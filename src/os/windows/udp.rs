//! UDP: what the standard library does not offer.

use std::io;
use std::net::UdpSocket;
use std::os::windows::io::AsRawSocket;

use windows_sys::Win32::Networking::WinSock::{IPPROTO_IPV6, IPV6_V6ONLY, getsockopt};

use super::call::{check_winsock, winsock};

/// The value of `IPV6_V6ONLY`.
#[allow(unsafe_code)]
pub(crate) fn only_v6(socket: &UdpSocket) -> io::Result<bool> {
    let mut value: u32 = 0;
    let mut length = size_of_val(&value) as i32;
    // SAFETY: the socket is open, `value` has room for `length` bytes, and both are valid for the
    // call.
    check_winsock(unsafe {
        getsockopt(
            winsock(socket.as_raw_socket()),
            IPPROTO_IPV6,
            IPV6_V6ONLY,
            (&raw mut value).cast(),
            &raw mut length,
        )
    })?;
    Ok(value != 0)
}
