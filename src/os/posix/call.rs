//! What a system call returned, as [`io::Result`], and the one call that every kind of descriptor
//! needs.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::c_int;

use crate::os::failure;

/// What a call returned that fails with a negative number.
pub(crate) fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(failure(result as isize)) } else { Ok(result) }
}

/// A number of bytes, or a negative number.
#[inline]
pub(crate) fn check_size(result: isize) -> io::Result<usize> {
    if result < 0 { Err(failure(result)) } else { Ok(result as usize) }
}

/// Why a call failed that leaves the error in `errno`.
#[inline]
pub(in crate::os) fn errno(_: isize) -> io::Error {
    io::Error::last_os_error()
}

/// Why a call failed that returns the error itself, negated.
// Tested where calls do not.
#[allow(dead_code)]
pub(in crate::os) fn negated(result: isize) -> io::Error {
    // A number that is no error stays one that nobody has a name for.
    io::Error::from_raw_os_error(i32::try_from(result.unsigned_abs()).unwrap_or(i32::MAX))
}

/// A new descriptor, owned before anything else can fail.
///
/// # Safety
///
/// Unless it is negative, `result` is an open descriptor that nobody else owns.
#[allow(unsafe_code)]
pub(crate) unsafe fn owned_fd(result: c_int) -> io::Result<OwnedFd> {
    let fd = check(result)?;
    // SAFETY: the caller's promise.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets or clears `O_NONBLOCK`.
#[allow(unsafe_code)]
pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    // SAFETY: takes no pointers; the descriptor is open.
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL, 0) })?;
    let wanted = if nonblocking { flags | libc::O_NONBLOCK } else { flags & !libc::O_NONBLOCK };
    if wanted != flags {
        // SAFETY: as above.
        check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, wanted) })?;
    }
    Ok(())
}

/// Has the descriptor closed in a program that this process becomes, `execve(2)`.
#[allow(unsafe_code)]
pub(crate) fn set_close_on_exec(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes no pointers; the descriptor is open.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negated_error_is_that_error() {
        assert_eq!(negated(-(libc::EPERM as isize)).raw_os_error(), Some(libc::EPERM));
        assert_eq!(negated(-(libc::EAGAIN as isize)).kind(), io::ErrorKind::WouldBlock);
        for result in [-(i32::MAX as isize), isize::MIN] {
            assert_eq!(negated(result).raw_os_error(), Some(i32::MAX));
        }
    }
}
