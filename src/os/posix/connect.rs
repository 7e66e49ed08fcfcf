//! `connect(2)` without waiting.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::address::{Received, ToSend};
use super::call;
use crate::os::connecting;

/// Begins to connect. What is not done at once goes on by itself: the socket becomes writable when
/// it is done.
#[allow(unsafe_code)]
pub(in crate::os) fn begin(socket: BorrowedFd<'_>, address: &ToSend) -> io::Result<()> {
    let (pointer, length) = address.as_ptr();
    // SAFETY: `pointer` is valid for `length` bytes during the call.
    match call::check(unsafe { libc::connect(socket.as_raw_fd(), pointer, length) }) {
        // Interrupted by a signal, a connect goes on like one that would block.
        Err(error) if matches!(error.raw_os_error(), Some(libc::EINPROGRESS | libc::EINTR)) => {
            Ok(())
        }
        result => result.map(drop),
    }
}

/// How the connect ended. Three system calls at most, one if the socket is connected.
pub(in crate::os) fn finish(
    socket: BorrowedFd<'_>,
    take_error: impl FnOnce() -> io::Result<Option<io::Error>>,
) -> io::Result<()> {
    connecting::outcome(|| has_peer(socket), || is_decided(socket), take_error)
}

#[allow(unsafe_code)]
fn has_peer(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let mut peer = Received::empty();
    let (address, length) = peer.as_mut_ptrs();
    // SAFETY: `address` has room for `length` bytes, and both are valid for the call.
    match call::check(unsafe { libc::getpeername(socket.as_raw_fd(), address, length) }) {
        Ok(_) => Ok(true),
        // The second is what Apple's systems say of a socket whose connect has failed.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::EINVAL)) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether it is writable, or in error, by `poll(2)`.
#[allow(unsafe_code)]
fn is_decided(socket: BorrowedFd<'_>) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    loop {
        // SAFETY: one entry is valid for the call.
        match call::check(unsafe { libc::poll(&raw mut entry, 1, 0) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return Ok(result? > 0),
        }
    }
}
