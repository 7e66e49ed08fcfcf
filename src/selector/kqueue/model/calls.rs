//! The system calls that the model is made of, and what it asks of descriptors.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;

use libc::{c_int, epoll_event, timespec};

use crate::os::posix::call;

/// An epoll instance.
#[allow(unsafe_code)]
pub(super) fn epoll() -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe { call::owned_fd(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }
}

/// `epoll_ctl(2)`.
#[allow(unsafe_code)]
pub(super) fn control(
    epoll: &OwnedFd,
    operation: c_int,
    fd: RawFd,
    bits: c_int,
    data: u64,
) -> io::Result<()> {
    let mut event = epoll_event { events: bits as u32, u64: data };
    // SAFETY: `event` is valid for the call, which copies it.
    call::check(unsafe { libc::epoll_ctl(epoll.as_raw_fd(), operation, fd, &raw mut event) })?;
    Ok(())
}

/// What is ready, without waiting.
#[allow(unsafe_code)]
pub(super) fn take_ready(epoll: &OwnedFd, events: &mut [epoll_event]) -> io::Result<usize> {
    // SAFETY: there is room for that many events.
    let count = call::check(unsafe {
        libc::epoll_wait(epoll.as_raw_fd(), events.as_mut_ptr(), events.len() as c_int, 0)
    })?;
    Ok(count as usize)
}

/// Waits until a descriptor has one of these conditions, or another that needs no asking for.
/// Returns those it has.
#[allow(unsafe_code)]
pub(super) fn poll(fd: RawFd, conditions: i16, timeout: Option<&timespec>) -> io::Result<i16> {
    let mut entry = libc::pollfd { fd, events: conditions, revents: 0 };
    let timeout = timeout.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: one valid entry; `timeout` is null or valid, and a null mask changes no mask.
    call::check(unsafe { libc::ppoll(&raw mut entry, 1, timeout, ptr::null()) })?;
    Ok(entry.revents)
}

/// Device and number of a file.
pub(super) type Identity = (libc::dev_t, libc::ino_t);

/// Which open file a descriptor is of.
#[allow(unsafe_code)]
pub(super) fn identity(fd: RawFd) -> io::Result<Identity> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: there is room for the status, which is read only if the call wrote it.
    let status = unsafe {
        call::check(libc::fstat(fd, status.as_mut_ptr()))?;
        status.assume_init()
    };
    Ok((status.st_dev, status.st_ino))
}

/// The kind of a socket, such as `SOCK_STREAM`; none of what is not a socket.
#[allow(unsafe_code)]
pub(super) fn socket_kind(fd: RawFd) -> Option<c_int> {
    let mut kind: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: `kind` has room for `length` bytes.
    let result = unsafe {
        let kind = ptr::from_mut(&mut kind).cast();
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_TYPE, kind, &raw mut length)
    };
    (result == 0).then_some(kind)
}

/// Whether the sending side of a stream socket is shut down. Sends nothing, which is refused then.
#[allow(unsafe_code)]
pub(super) fn is_sending_shut_down(stream: RawFd) -> bool {
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: no bytes are read.
    let result =
        call::check(unsafe { libc::send(stream, [0_u8; 0].as_ptr().cast(), 0, flags) as _ });
    result.is_err_and(|error| error.raw_os_error() == Some(libc::EPIPE))
}
