//! The system calls.

use std::io;
use std::os::fd::RawFd;
use std::ptr;

pub use libc::epoll_event as Event;

pub fn create() -> io::Result<RawFd> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

pub fn control(epoll: RawFd, operation: i32, fd: RawFd, bits: i32, key: u64) -> io::Result<()> {
    let mut event = Event { events: bits as u32, u64: key };
    // SAFETY: `event` is valid for the call.
    check(unsafe { libc::epoll_ctl(epoll, operation, fd, &mut event) }).map(drop)
}

/// Waits for as long as it takes; the first entries of `events` are filled in then.
#[inline]
pub fn wait(epoll: RawFd, events: &mut [Event]) -> io::Result<usize> {
    // SAFETY: the pointer is valid for as many events.
    let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), events.len() as i32, -1) };
    if count >= 0 {
        return Ok(count as usize);
    }
    let error = io::Error::last_os_error();
    if error.kind() == io::ErrorKind::Interrupted { Ok(0) } else { Err(error) }
}

/// Waits for at most so long.
pub fn wait_nanoseconds(epoll: RawFd, events: &mut [Event], nanoseconds: i64) -> io::Result<usize> {
    let timeout = libc::timespec { tv_sec: 0, tv_nsec: nanoseconds };
    // SAFETY: both pointers are valid for the call, and there is no signal mask.
    let count = unsafe {
        libc::syscall(
            libc::SYS_epoll_pwait2,
            epoll,
            events.as_mut_ptr(),
            events.len() as i32,
            &raw const timeout,
            ptr::null::<libc::sigset_t>(),
            0_usize,
        )
    };
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count as usize) }
}

/// Accepts a connection, or returns `None` when there is none.
pub fn accept(listener: RawFd, nodelay: bool) -> io::Result<Option<RawFd>> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: null pointers ask for no address.
    let fd = unsafe { libc::accept4(listener, ptr::null_mut(), ptr::null_mut(), flags) };
    if fd < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::WouldBlock { Ok(None) } else { Err(error) };
    }
    if nodelay {
        let on: i32 = 1;
        let (level, name) = (libc::IPPROTO_TCP, libc::TCP_NODELAY);
        // SAFETY: the pointer is valid for the length given.
        check(unsafe { libc::setsockopt(fd, level, name, (&raw const on).cast(), 4) })?;
    }
    Ok(Some(fd))
}

/// As the system call: negative for an error, which [`errno`] tells.
#[inline]
pub fn receive(fd: RawFd, buffer: &mut [u8]) -> isize {
    // SAFETY: the pointer is valid for the length given.
    unsafe { libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), 0) }
}

/// As the system call: negative for an error, which [`errno`] tells.
#[inline]
pub fn send(fd: RawFd, bytes: &[u8]) -> isize {
    // SAFETY: the pointer is valid for the length given.
    unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) }
}

/// Receives a datagram and the sender's address.
pub fn receive_from(fd: RawFd, buffer: &mut [u8], address: &mut libc::sockaddr_in) -> isize {
    let mut length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    let address: *mut libc::sockaddr_in = address;
    // SAFETY: the pointers are valid for the lengths given.
    unsafe {
        let buffer: (*mut libc::c_void, usize) = (buffer.as_mut_ptr().cast(), buffer.len());
        libc::recvfrom(fd, buffer.0, buffer.1, 0, address.cast(), &mut length)
    }
}

pub fn send_to(fd: RawFd, bytes: &[u8], address: &libc::sockaddr_in) -> isize {
    let length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    let address: *const libc::sockaddr_in = address;
    // SAFETY: the pointers are valid for the lengths given.
    unsafe { libc::sendto(fd, bytes.as_ptr().cast(), bytes.len(), 0, address.cast(), length) }
}

pub fn errno() -> i32 {
    // SAFETY: the C library's number of this thread is always there.
    unsafe { *libc::__errno_location() }
}

pub fn close(fd: RawFd) {
    // SAFETY: takes no pointers; the caller owns the descriptor and forgets it.
    unsafe { libc::close(fd) };
}

pub fn eventfd() -> io::Result<RawFd> {
    // SAFETY: takes no pointers.
    check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })
}

pub fn signal(eventfd: RawFd) -> io::Result<()> {
    let one: u64 = 1;
    // SAFETY: the pointer is valid for the 8 bytes that are read.
    let count = unsafe { libc::write(eventfd, (&raw const one).cast(), 8) };
    if count == 8 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
