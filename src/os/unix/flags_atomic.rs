//! Non-blocking and close-on-exec in the call that makes the descriptor: `SOCK_NONBLOCK`,
//! `accept4(2)`, `pipe2(2)`. And no signal in the call that writes: `MSG_NOSIGNAL`.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use libc::c_int;

use crate::os::posix::address::Received;
use crate::os::posix::call;

/// A new socket.
#[allow(unsafe_code)]
pub(super) fn socket(domain: c_int, kind: c_int) -> io::Result<OwnedFd> {
    let kind = kind | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe { call::owned_fd(libc::socket(domain, kind, 0)) }
}

/// The next connection of a listener, and the address of its peer.
#[allow(unsafe_code)]
pub(super) fn accept(listener: BorrowedFd<'_>) -> io::Result<(OwnedFd, Received)> {
    let mut peer = Received::empty();
    let (address, length) = peer.as_mut_ptrs();
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: `address` has room for `length` bytes, both are valid for the call, and the
    // descriptor returned is nobody else's.
    let fd =
        unsafe { call::owned_fd(libc::accept4(listener.as_raw_fd(), address, length, flags)) }?;
    Ok((fd, peer))
}

/// A new pipe: the end to read from, and the end to write to.
#[allow(unsafe_code)]
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = mem::MaybeUninit::<[OwnedFd; 2]>::uninit();
    // SAFETY: the call writes two descriptors, and `OwnedFd` is laid out as one.
    call::check(unsafe {
        libc::pipe2(ends.as_mut_ptr().cast(), libc::O_NONBLOCK | libc::O_CLOEXEC)
    })?;
    // SAFETY: having succeeded, the call wrote both, and they are nobody else's.
    let [reader, writer] = unsafe { ends.assume_init() };
    Ok((reader, writer))
}

/// Reads what has arrived.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn receive(socket: &impl AsRawFd, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer is valid for the length given.
    call::check_size(unsafe {
        libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0)
    })
}

/// Writes what there is room for. To a closed peer it fails, without the signal `SIGPIPE`.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn send(socket: &impl AsRawFd, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_NOSIGNAL;
    // SAFETY: the pointer is valid for the length given.
    call::check_size(unsafe {
        libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags)
    })
}
