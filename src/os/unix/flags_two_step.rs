//! Non-blocking and close-on-exec by `fcntl(2)` after the call that makes the descriptor: plain
//! POSIX, which every Unix has.
//!
//! A child forked by another thread between the two steps inherits the descriptor. POSIX has no
//! remedy; that is why systems with a better way use `flags_atomic`.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use libc::c_int;

use super::address::Received;
use super::call;

/// A new socket.
#[allow(unsafe_code)]
pub(super) fn socket(domain: c_int, kind: c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    let fd = unsafe { call::owned_fd(libc::socket(domain, kind, 0)) }?;
    set_flags(fd.as_fd())?;
    Ok(fd)
}

/// The next connection of a listener, and the address of its peer.
///
/// The flags are always set: on some systems an accepted socket has those of its listener, on
/// others none.
#[allow(unsafe_code)]
pub(super) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, Received)> {
    let mut peer = Received::empty();
    let (address, length) = peer.as_mut_ptrs();
    // SAFETY: `address` has room for `length` bytes, both are valid for the call, and the
    // descriptor returned is nobody else's.
    let fd = unsafe { call::owned_fd(libc::accept(listener.as_raw_fd(), address, length)) }?;
    set_flags(fd.as_fd())?;
    Ok((fd, peer))
}

/// A new pipe: the end to read from, and the end to write to.
#[allow(unsafe_code)]
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = mem::MaybeUninit::<[OwnedFd; 2]>::uninit();
    // SAFETY: the call writes two descriptors, and `OwnedFd` is laid out as one.
    call::check(unsafe { libc::pipe(ends.as_mut_ptr().cast()) })?;
    // SAFETY: having succeeded, the call wrote both, and they are nobody else's.
    let [reader, writer] = unsafe { ends.assume_init() };
    set_flags(reader.as_fd())?;
    set_flags(writer.as_fd())?;
    Ok((reader, writer))
}

#[allow(unsafe_code)]
fn set_flags(fd: BorrowedFd<'_>) -> io::Result<()> {
    call::set_nonblocking(fd, true)?;
    // SAFETY: takes no pointers; the descriptor is open.
    call::check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
    Ok(())
}
