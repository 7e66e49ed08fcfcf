//! `connect(2)` without waiting.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::address::ToSend;
use super::call;

/// Begins to connect. What is not done at once goes on by itself: the socket becomes writable when
/// it is done.
#[allow(unsafe_code)]
pub(super) fn begin(socket: BorrowedFd<'_>, address: &ToSend) -> io::Result<()> {
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
