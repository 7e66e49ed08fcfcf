//! What a system call returned, as [`io::Result`].

use std::io;
#[cfg(any(feature = "os-poll", feature = "net"))]
use std::os::windows::io::RawSocket;

#[cfg(any(feature = "os-poll", feature = "net"))]
use windows_sys::Win32::Networking::WinSock;
use windows_sys::core::BOOL;

/// Zero as the error of the calling thread.
pub(crate) fn check(result: BOOL) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// What a call of Winsock returned, anything but zero as the error of the calling thread.
#[cfg(any(feature = "os-poll", feature = "net"))]
pub(crate) fn check_winsock(result: i32) -> io::Result<()> {
    // Winsock keeps its error where the rest of the system has it.
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A socket as Winsock's functions take it.
#[cfg(any(feature = "os-poll", feature = "net"))]
pub(crate) fn winsock(socket: RawSocket) -> WinSock::SOCKET {
    // Both are as wide as a pointer, or the standard library's is wider.
    socket as WinSock::SOCKET
}
