//! What the tests ask of the system that the standard library does not offer: flags and options of
//! descriptors, signals, privileges. All unsafe code of the tests is here.

use std::io;
use std::net::UdpSocket;
pub use std::os::fd::{
    AsFd as Borrow, AsRawFd as AsRaw, FromRawFd as FromRaw, IntoRawFd as IntoRaw, OwnedFd as Owned,
};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::{c_int, socklen_t};

fn check(result: c_int) -> c_int {
    assert_ne!(result, -1, "{}", io::Error::last_os_error());
    result
}

pub fn number(source: &impl AsRawFd) -> RawFd {
    source.as_raw_fd()
}

pub fn borrowed_number(source: &impl AsFd) -> RawFd {
    source.as_fd().as_raw_fd()
}

/// Whether it does not block, and whether it is closed on exec.
pub fn flags(fd: &impl AsFd) -> (bool, bool) {
    (is_nonblocking(fd), is_close_on_exec(fd))
}

/// Whether `O_NONBLOCK` is set.
pub fn is_nonblocking(fd: &impl AsFd) -> bool {
    // SAFETY: takes no pointers; the descriptor is open while it is borrowed.
    let flags = check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_GETFL) });
    flags & libc::O_NONBLOCK != 0
}

/// Whether `FD_CLOEXEC` is set.
pub fn is_close_on_exec(fd: &impl AsFd) -> bool {
    // SAFETY: as above.
    let flags = check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_GETFD) });
    flags & libc::FD_CLOEXEC != 0
}

/// Hands a descriptor over as a bare number.
pub fn through_raw<T: IntoRawFd, U: FromRawFd>(from: T) -> U {
    // SAFETY: the number was owned, and is given up by `into_raw_fd`.
    unsafe { U::from_raw_fd(from.into_raw_fd()) }
}

/// A duplicate with a number that no other test gets or got.
pub fn duplicate_with_number_of_its_own(fd: &impl AsFd) -> OwnedFd {
    // Above what parallel tests have open, below the usual limit of 1024.
    static NEXT: AtomicI32 = AtomicI32::new(700);
    let least = NEXT.fetch_add(1, Ordering::Relaxed);
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe {
        OwnedFd::from_raw_fd(check(libc::fcntl(
            fd.as_fd().as_raw_fd(),
            libc::F_DUPFD_CLOEXEC,
            least,
        )))
    }
}

/// The number of a descriptor that was open, and will not be again.
pub fn closed() -> RawFd {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    duplicate_with_number_of_its_own(&socket).as_raw_fd()
}

/// Sets an option whose value is a number.
pub fn set_option(fd: &impl AsFd, level: c_int, option: c_int, value: c_int) {
    set(fd, level, option, &value);
}

/// Makes a close send a reset instead of the end of the stream.
pub fn reset_on_close(socket: &impl AsFd) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    set(socket, libc::SOL_SOCKET, libc::SO_LINGER, &linger);
}

fn set<T>(fd: &impl AsFd, level: c_int, option: c_int, value: &T) {
    let length = size_of::<T>() as socklen_t;
    let value = ptr::from_ref(value).cast();
    // SAFETY: `value` is valid for `length` bytes.
    check(unsafe { libc::setsockopt(fd.as_fd().as_raw_fd(), level, option, value, length) });
}

/// Whether a socket of IPv6 is to leave IPv4 alone.
pub fn set_only_v6(socket: &impl AsFd, only: bool) {
    set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, only.into());
}

/// Sets how many connections a listener keeps that were not accepted yet.
pub fn set_backlog(listener: &impl AsFd, backlog: c_int) {
    // SAFETY: takes no pointers.
    check(unsafe { libc::listen(listener.as_fd().as_raw_fd(), backlog) });
}

/// Sends a byte out of band.
pub fn send_out_of_band(stream: &impl AsFd, byte: u8) {
    let pointer = ptr::from_ref(&byte).cast();
    // SAFETY: `pointer` is valid for one byte.
    let sent = unsafe { libc::send(stream.as_fd().as_raw_fd(), pointer, 1, libc::MSG_OOB) };
    assert_eq!(sent, 1, "{}", io::Error::last_os_error());
}

/// Runs `operation` on a thread that has given up the privileges of the superuser, if it had them.
#[cfg(target_os = "linux")]
pub fn without_privileges<T: Send>(operation: impl FnOnce() -> T + Send) -> T {
    let (nobody, same): (libc::c_long, libc::c_long) = (65534, -1);
    std::thread::scope(|scope| {
        let unprivileged = scope.spawn(|| {
            // SAFETY: takes numbers only. By the bare system call it is about this thread alone,
            // which ends soon.
            let result = unsafe { libc::syscall(libc::SYS_setresuid, same, nobody, same) };
            // Who may not do that has none to give up.
            assert!(
                result == 0 || io::Error::last_os_error().kind() == io::ErrorKind::PermissionDenied
            );
            operation()
        });
        unprivileged.join().unwrap()
    })
}

/// The index of the loopback interface.
pub fn loopback_interface() -> u32 {
    let index = [c"lo", c"lo0"].into_iter().find_map(|name| {
        // SAFETY: the name ends in a zero byte.
        let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
        (index != 0).then_some(index)
    });
    index.expect("there is a loopback interface")
}

/// A socket whose options can still be set that only count before it is bound.
pub fn unbound_udp_v6() -> UdpSocket {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe { UdpSocket::from_raw_fd(check(libc::socket(libc::AF_INET6, libc::SOCK_DGRAM, 0))) }
}

/// A socket of TCP that has not begun to connect.
#[cfg(target_os = "linux")]
pub fn unconnected_tcp() -> OwnedFd {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe { OwnedFd::from_raw_fd(check(libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0))) }
}

/// A stream socket with an abstract name, or with one that the system chooses.
#[cfg(target_os = "linux")]
pub fn unix_stream_bound_to(name: Option<&[u8]>) -> OwnedFd {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    let socket =
        unsafe { OwnedFd::from_raw_fd(check(libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0))) };
    let mut address = libc::sockaddr_un { sun_family: libc::AF_UNIX as _, sun_path: [0; 108] };
    let mut length = std::mem::offset_of!(libc::sockaddr_un, sun_path);
    if let Some(name) = name {
        for (to, from) in address.sun_path[1..].iter_mut().zip(name) {
            *to = *from as _;
        }
        length += 1 + name.len();
    }
    let pointer = ptr::from_ref(&address).cast();
    // SAFETY: `pointer` is valid for `length` bytes.
    check(unsafe { libc::bind(socket.as_raw_fd(), pointer, length as socklen_t) });
    socket
}

/// A new terminal, behind the descriptor that plays its keyboard and screen.
#[cfg(target_os = "linux")]
pub fn terminal() -> (std::fs::File, std::fs::File) {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    let master = unsafe { OwnedFd::from_raw_fd(check(libc::posix_openpt(flags))) };
    let unlocked: c_int = 0;
    // SAFETY: `unlocked` is valid for the call.
    check(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) });
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    let terminal = unsafe {
        OwnedFd::from_raw_fd(check(libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags)))
    };
    (master.into(), terminal.into())
}

/// While it lives, the process can open no descriptor; those it has stay open.
#[cfg(target_os = "linux")]
pub struct NoDescriptorsLeft {
    usual: libc::rlimit,
}

#[cfg(target_os = "linux")]
impl NoDescriptorsLeft {
    pub fn now() -> NoDescriptorsLeft {
        let mut usual = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: `usual` is valid for the call.
        check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut usual) });
        set_limit(libc::rlimit { rlim_cur: 0, ..usual });
        NoDescriptorsLeft { usual }
    }
}

#[cfg(target_os = "linux")]
impl Drop for NoDescriptorsLeft {
    fn drop(&mut self) {
        set_limit(self.usual);
    }
}

#[cfg(target_os = "linux")]
fn set_limit(limit: libc::rlimit) {
    // SAFETY: `limit` is valid for the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) });
}
