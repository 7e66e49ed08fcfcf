//! Opening sockets, and finding the socket that the kernel knows behind one that a layered service
//! provider has wrapped.

use std::io;
use std::mem;
use std::os::windows::io::RawSocket;
#[cfg(feature = "net")]
use std::os::windows::io::{AsRawSocket, BorrowedSocket, FromRawSocket, OwnedSocket};
use std::ptr;
use std::sync::OnceLock;

#[cfg(feature = "net")]
use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::Networking::WinSock::{
    self, SIO_BASE_HANDLE, SIO_BSP_HANDLE_POLL, SIO_BSP_HANDLE_SELECT, WSADATA, WSAIoctl,
    WSAStartup,
};

#[cfg(feature = "net")]
use super::address::ToSend;
#[cfg(feature = "net")]
use super::call::check;
use super::call::{check_winsock, winsock};
#[cfg(feature = "net")]
use crate::os::connecting;

/// Makes Winsock usable, once a process. It is never shut down: that would end the sockets of
/// everybody else.
#[allow(unsafe_code)]
pub(crate) fn start_winsock() -> io::Result<()> {
    const VERSION_2_2: u16 = 0x0202;
    static STARTED: OnceLock<i32> = OnceLock::new();
    let error = *STARTED.get_or_init(|| {
        let mut data = mem::MaybeUninit::<WSADATA>::uninit();
        // SAFETY: `data` has room for what the call writes, and nothing is read from it.
        unsafe { WSAStartup(VERSION_2_2, data.as_mut_ptr()) }
    });
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// A new socket, which does not block, and which children do not inherit.
#[cfg(feature = "net")]
#[allow(unsafe_code)]
pub(super) fn open(family: u16, kind: i32) -> io::Result<OwnedSocket> {
    start_winsock()?;
    let flags = WinSock::WSA_FLAG_OVERLAPPED | WinSock::WSA_FLAG_NO_HANDLE_INHERIT;
    // SAFETY: a null protocol lets the system choose; nothing else is a pointer.
    let socket = unsafe { WinSock::WSASocketW(i32::from(family), kind, 0, ptr::null(), 0, flags) };
    if socket == WinSock::INVALID_SOCKET {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call made this socket, and it is nobody else's.
    let socket = unsafe { OwnedSocket::from_raw_socket(socket as RawSocket) };
    let mut nonblocking = 1;
    // SAFETY: the socket is open, and `nonblocking` is valid for the call.
    check_winsock(unsafe {
        WinSock::ioctlsocket(
            winsock(socket.as_raw_socket()),
            WinSock::FIONBIO,
            &raw mut nonblocking,
        )
    })?;
    Ok(socket)
}

/// Opens a stream socket and begins to connect it, without waiting for that.
#[cfg(feature = "net")]
#[allow(unsafe_code)]
pub(super) fn begin_connect(address: &ToSend) -> io::Result<OwnedSocket> {
    let socket = open(address.family(), WinSock::SOCK_STREAM)?;
    let (pointer, length) = address.as_ptr();
    // SAFETY: the socket is open, and `pointer` is valid for `length` bytes during the call.
    match check_winsock(unsafe {
        WinSock::connect(winsock(socket.as_raw_socket()), pointer, length)
    }) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        result => result?,
    }
    Ok(socket)
}

/// How a connect ended.
#[cfg(feature = "net")]
pub(super) fn finish_connect(
    socket: BorrowedSocket<'_>,
    take_error: impl FnOnce() -> io::Result<Option<io::Error>>,
) -> io::Result<()> {
    connecting::outcome(|| has_peer(socket), || is_decided(socket), take_error)
}

#[cfg(feature = "net")]
#[allow(unsafe_code)]
fn has_peer(socket: BorrowedSocket<'_>) -> io::Result<bool> {
    let mut peer = mem::MaybeUninit::<WinSock::SOCKADDR_STORAGE>::uninit();
    let mut length = size_of::<WinSock::SOCKADDR_STORAGE>() as i32;
    let pointer = peer.as_mut_ptr().cast();
    // SAFETY: the socket is open, `pointer` has room for `length` bytes, and both are valid for the
    // call. What it writes is not read.
    match check_winsock(unsafe {
        WinSock::getpeername(winsock(socket.as_raw_socket()), pointer, &raw mut length)
    }) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether it is writable, or has failed to connect, which is no error but a set of its own.
#[cfg(feature = "net")]
#[allow(unsafe_code)]
fn is_decided(socket: BorrowedSocket<'_>) -> io::Result<bool> {
    let mut writable = WinSock::FD_SET { fd_count: 1, fd_array: [0; 64] };
    writable.fd_array[0] = winsock(socket.as_raw_socket());
    let mut failed = writable;
    let at_once = WinSock::TIMEVAL { tv_sec: 0, tv_usec: 0 };
    let (writable, failed) = (&raw mut writable, &raw mut failed);
    // SAFETY: the socket is open, and both sets and the time are valid for the call. A null set is
    // an empty one.
    match unsafe { WinSock::select(0, ptr::null_mut(), writable, failed, &raw const at_once) } {
        WinSock::SOCKET_ERROR => Err(io::Error::last_os_error()),
        ready => Ok(ready > 0),
    }
}

/// What an accepted socket has of its listener is not documented.
#[cfg(feature = "net")]
#[allow(unsafe_code)]
pub(super) fn do_not_inherit(socket: BorrowedSocket<'_>) -> io::Result<()> {
    let handle = socket.as_raw_socket() as HANDLE;
    // SAFETY: the handle is open, and the call takes no pointers.
    check(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) })
}

/// The socket of the base provider, which is the one that the kernel knows.
pub(crate) fn base_socket(socket: RawSocket) -> io::Result<RawSocket> {
    start_winsock()?;
    find_base(socket, ask_for_socket)
}

/// How many layered providers may lie on top of each other. Windows itself allows fewer.
const LAYERS: usize = 64;

/// Finds the socket of the base provider by asking for it.
///
/// The first request is made for this. Providers exist that fail it, though none is allowed to
/// (<https://github.com/tokio-rs/mio/issues/1314>). Their wrapping is then taken off layer by
/// layer, by what they answer when `WSAPoll` or `select` ask them.
fn find_base(
    mut socket: RawSocket,
    mut ask: impl FnMut(RawSocket, u32) -> io::Result<RawSocket>,
) -> io::Result<RawSocket> {
    for _ in 0..LAYERS {
        let refused = match ask(socket, SIO_BASE_HANDLE) {
            Ok(base) => return Ok(base),
            Err(error) => error,
        };
        // Nobody has another answer for what is no socket at all.
        if refused.raw_os_error() == Some(WinSock::WSAENOTSOCK) {
            return Err(refused);
        }
        let below = [SIO_BSP_HANDLE_POLL, SIO_BSP_HANDLE_SELECT]
            .into_iter()
            .filter_map(|request| ask(socket, request).ok())
            .find(|below| *below != socket);
        socket = below.ok_or(refused)?;
    }
    Err(io::Error::from_raw_os_error(WinSock::WSAEINVAL))
}

/// What is true of a socket at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readiness {
    pub(crate) can_be_read: bool,
    pub(crate) can_be_written: bool,
    /// A direction, or the connection, has come to its end.
    pub(crate) has_ended: bool,
}

/// Looks at a socket, without waiting.
#[allow(unsafe_code)]
pub(crate) fn readiness(socket: RawSocket) -> io::Result<Readiness> {
    let asked = WinSock::POLLRDNORM | WinSock::POLLWRNORM;
    let mut entry = WinSock::WSAPOLLFD { fd: winsock(socket), events: asked, revents: 0 };
    // SAFETY: one entry, which is valid for the call.
    if unsafe { WinSock::WSAPoll(&raw mut entry, 1, 0) } == WinSock::SOCKET_ERROR {
        return Err(io::Error::last_os_error());
    }
    let has = |event| entry.revents & event != 0;
    Ok(Readiness {
        can_be_read: has(WinSock::POLLRDNORM),
        can_be_written: has(WinSock::POLLWRNORM),
        has_ended: has(WinSock::POLLHUP | WinSock::POLLERR),
    })
}

#[allow(unsafe_code)]
fn ask_for_socket(socket: RawSocket, request: u32) -> io::Result<RawSocket> {
    let mut answer: WinSock::SOCKET = 0;
    let mut length = 0;
    // SAFETY: there is nothing to read, `answer` has room for a socket, and all pointers that are
    // not null are valid for the call, which waits for its end.
    check_winsock(unsafe {
        WSAIoctl(
            winsock(socket),
            request,
            ptr::null(),
            0,
            (&raw mut answer).cast(),
            size_of_val(&answer) as u32,
            &raw mut length,
            ptr::null_mut(),
            None,
        )
    })?;
    Ok(answer as RawSocket)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: RawSocket = 1;
    const BASE: RawSocket = 9;

    /// What a row of the table answers: this socket and this request give this socket, all else the
    /// error.
    type Answer = (RawSocket, u32, RawSocket);

    fn find(answers: &[Answer], error: i32) -> io::Result<RawSocket> {
        find_base(OURS, |socket, request| {
            let answer = answers.iter().find(|answer| (answer.0, answer.1) == (socket, request));
            answer.map(|answer| answer.2).ok_or_else(|| io::Error::from_raw_os_error(error))
        })
    }

    /// W11: mio#1314.
    #[test]
    fn a_provider_that_hides_its_base_socket_is_asked_otherwise() {
        let (base, poll, select) = (SIO_BASE_HANDLE, SIO_BSP_HANDLE_POLL, SIO_BSP_HANDLE_SELECT);
        let cases: [&[Answer]; 6] = [
            &[(OURS, base, BASE), (OURS, poll, 3), (OURS, select, 4)],
            &[(OURS, poll, 3), (3, base, BASE), (OURS, select, 4)],
            &[(OURS, select, 4), (4, base, BASE)],
            // It answers for itself to one of the two.
            &[(OURS, poll, OURS), (OURS, select, 4), (4, base, BASE)],
            // Two layers.
            &[(OURS, poll, 3), (3, select, 4), (4, base, BASE)],
            &[(OURS, poll, 3), (3, poll, 4), (4, poll, 5), (5, base, BASE)],
        ];
        for answers in cases {
            assert_eq!(find(answers, WinSock::WSAEFAULT).unwrap(), BASE, "{answers:?}");
        }
    }

    #[test]
    fn what_nobody_answers_is_the_first_error() {
        for error in [WinSock::WSAEFAULT, WinSock::WSAENOTSOCK] {
            assert_eq!(find(&[], error).unwrap_err().raw_os_error(), Some(error));
        }
        let itself = [(OURS, SIO_BSP_HANDLE_POLL, OURS), (OURS, SIO_BSP_HANDLE_SELECT, OURS)];
        assert!(find(&itself, WinSock::WSAEFAULT).is_err());
    }

    #[test]
    fn what_is_no_socket_is_asked_once() {
        let mut asked = 0;
        let result = find_base(OURS, |_, _| {
            asked += 1;
            Err(io::Error::from_raw_os_error(WinSock::WSAENOTSOCK))
        });
        assert!(result.is_err());
        assert_eq!(asked, 1);
    }

    #[test]
    fn providers_that_wrap_each_other_in_turn_end_in_an_error() {
        let circle = [(OURS, SIO_BSP_HANDLE_POLL, 2), (2, SIO_BSP_HANDLE_POLL, OURS)];
        assert!(find(&circle, WinSock::WSAEFAULT).is_err());
    }

    /// W18: mio#1046.
    #[test]
    fn winsock_starts_without_the_standard_library() {
        start_winsock().unwrap();
        assert_eq!(
            base_socket(RawSocket::MAX).unwrap_err().raw_os_error(),
            Some(WinSock::WSAENOTSOCK)
        );
    }
}
