//! Many messages by a loop of `sendmsg(2)` and `recvmsg(2)`, for systems and kernels without a call
//! for that: the same result.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::systems::{DO_NOT_WAIT, Header as SystemHeader};

/// A message, and how many bytes of it a call has moved; for systems that have no such type.
// Compiled on those that have one too.
#[allow(dead_code)]
#[repr(C)]
pub(super) struct Header {
    pub(super) msg_hdr: libc::msghdr,
    pub(super) msg_len: libc::c_uint,
}

/// Sends messages until one fails, and returns how many it sent. An error is that of the first.
///
/// # Safety
///
/// What the headers point to is valid for the call, for the lengths given.
#[allow(unsafe_code)]
pub(super) unsafe fn send(
    socket: BorrowedFd<'_>,
    headers: &mut [SystemHeader],
) -> io::Result<usize> {
    for (at, header) in headers.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header.msg_hdr, 0) };
        match moved(sent) {
            Ok(bytes) => header.msg_len = bytes as _,
            Err(error) if at == 0 => return Err(error),
            Err(_) => return Ok(at),
        }
    }
    Ok(headers.len())
}

/// Receives messages until one fails, and returns how many it received, with the error that ended
/// it: the system has handed that out, and will not do so again.
///
/// # Safety
///
/// What the headers point to is valid for the call, for the lengths given, and nothing else uses
/// it.
#[allow(unsafe_code)]
pub(super) unsafe fn receive(
    socket: BorrowedFd<'_>,
    headers: &mut [SystemHeader],
) -> (usize, Option<io::Error>) {
    for (at, header) in headers.iter_mut().enumerate() {
        // A socket that blocks does so for the first one only.
        let flags = if at == 0 { 0 } else { DO_NOT_WAIT };
        // SAFETY: the caller's promise.
        let received = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header.msg_hdr, flags) };
        match moved(received) {
            Ok(bytes) => header.msg_len = bytes as _,
            Err(error) => return (at, Some(error)),
        }
    }
    (headers.len(), None)
}

/// What a call returned that moves bytes.
pub(super) fn moved(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
