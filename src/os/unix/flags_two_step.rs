//! Non-blocking and close-on-exec by `fcntl(2)` after the call that makes the descriptor: plain
//! POSIX, which every Unix has.
//!
//! A child forked by another thread between the two steps inherits the descriptor. POSIX has no
//! remedy; that is why systems with a better way use `flags_atomic`.

use std::io;
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use libc::c_int;

use crate::os::posix::address::Received;
use crate::os::posix::call;

/// A new socket.
#[allow(unsafe_code)]
pub(super) fn socket(domain: c_int, kind: c_int) -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    let fd = unsafe { call::owned_fd(libc::socket(domain, kind, 0)) }?;
    set_flags(fd.as_fd())?;
    raise_no_signal(fd.as_fd())?;
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
    // Refused of a connection that is over already, which the first read is to tell.
    let _ = raise_no_signal(fd.as_fd());
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

fn set_flags(fd: BorrowedFd<'_>) -> io::Result<()> {
    call::set_nonblocking(fd, true)?;
    call::set_close_on_exec(fd)
}

/// Has a write to a closed peer fail without the signal `SIGPIPE`: `SO_NOSIGPIPE`, setsockopt(2) of
/// macOS. Other systems are asked that with each write, by the standard library.
#[cfg(target_vendor = "apple")]
#[allow(unsafe_code)]
fn raise_no_signal(socket: BorrowedFd<'_>) -> io::Result<()> {
    let on: c_int = 1;
    let length = size_of::<c_int>() as libc::socklen_t;
    let on = std::ptr::from_ref(&on).cast();
    // SAFETY: `on` is valid for `length` bytes.
    call::check(unsafe {
        let (level, option) = (libc::SOL_SOCKET, libc::SO_NOSIGPIPE);
        libc::setsockopt(socket.as_raw_fd(), level, option, on, length)
    })?;
    Ok(())
}

#[cfg(not(target_vendor = "apple"))]
fn raise_no_signal(_: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}
