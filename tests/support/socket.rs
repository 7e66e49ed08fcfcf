//! What `descriptor.rs` is on Unix: what the tests ask of Windows that the standard library does
//! not offer. All unsafe code of the tests for Windows is here.

use std::io;
use std::net::UdpSocket;
pub use std::os::windows::io::{
    AsRawSocket as AsRaw, AsSocket as Borrow, FromRawSocket as FromRaw, IntoRawSocket as IntoRaw,
    OwnedSocket as Owned,
};
use std::os::windows::io::{AsRawSocket, AsSocket, FromRawSocket, IntoRawSocket, RawSocket};
use std::ptr;

use windows_sys::Win32::Foundation::{GetHandleInformation, HANDLE, HANDLE_FLAG_INHERIT};
use windows_sys::Win32::Networking::WinSock;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessHandleCount};

fn check(result: i32) {
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

fn raw(socket: &impl AsSocket) -> usize {
    socket.as_socket().as_raw_socket() as usize
}

pub fn number(source: &impl AsRawSocket) -> RawSocket {
    source.as_raw_socket()
}

pub fn borrowed_number(source: &impl AsSocket) -> RawSocket {
    source.as_socket().as_raw_socket()
}

/// Of what a socket is set to, this system tells only whether children inherit it.
pub fn flags(source: &impl AsSocket) -> bool {
    is_close_on_exec(source)
}

/// Whether children do not inherit it.
pub fn is_close_on_exec(source: &impl AsSocket) -> bool {
    let mut flags = 0;
    // SAFETY: the handle is open while it is borrowed, and `flags` is valid for the call.
    let result = unsafe { GetHandleInformation(raw(source) as HANDLE, &raw mut flags) };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
    flags & HANDLE_FLAG_INHERIT == 0
}

/// Whether what has to wait returns instead, found out by trying: the system does not tell. Not of
/// a listener that blocks, nor of a socket that has something to receive.
pub fn is_nonblocking(socket: &impl AsSocket) -> bool {
    let limit_in_milliseconds: u32 = 10;
    set(socket, WinSock::SOL_SOCKET, WinSock::SO_RCVTIMEO, &limit_in_milliseconds);
    let mut byte = 0;
    // SAFETY: the socket is open while it is borrowed, and `byte` is valid for the call.
    let result = unsafe { WinSock::recv(raw(socket), &raw mut byte, 1, WinSock::MSG_PEEK) };
    assert_eq!(result, -1, "there is something to receive");
    match io::Error::last_os_error().raw_os_error() {
        Some(WinSock::WSAEWOULDBLOCK) => true,
        Some(WinSock::WSAETIMEDOUT) => false,
        _ => {
            // SAFETY: the socket is open while it is borrowed; null pointers are allowed.
            let accepted =
                unsafe { WinSock::accept(raw(socket), ptr::null_mut(), ptr::null_mut()) };
            assert_eq!(accepted, WinSock::INVALID_SOCKET, "there is something to accept");
            io::Error::last_os_error().raw_os_error() == Some(WinSock::WSAEWOULDBLOCK)
        }
    }
}

/// Hands a socket over as a bare number.
pub fn through_raw<T: IntoRawSocket, U: FromRawSocket>(from: T) -> U {
    // SAFETY: the number was owned, and is given up by `into_raw_socket`.
    unsafe { U::from_raw_socket(from.into_raw_socket()) }
}

/// Closes a socket whose other owners do not know of it.
pub fn close(socket: impl IntoRawSocket) {
    // SAFETY: the number was owned, and is given up by `into_raw_socket`.
    check(unsafe { WinSock::closesocket(socket.into_raw_socket() as usize) });
}

/// How many handles this process has.
pub fn open_handles() -> u32 {
    let mut count = 0;
    // SAFETY: the handle of the process itself is always valid, and so is `count` for the call.
    let result = unsafe { GetProcessHandleCount(GetCurrentProcess(), &raw mut count) };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
    count
}

/// Makes a close send a reset instead of the end of the stream.
pub fn reset_on_close(socket: &impl AsSocket) {
    let linger = WinSock::LINGER { l_onoff: 1, l_linger: 0 };
    set(socket, WinSock::SOL_SOCKET, WinSock::SO_LINGER, &linger);
}

/// Whether a socket of IPv6 is to leave IPv4 alone.
pub fn set_only_v6(socket: &impl AsSocket, only: bool) {
    set(socket, WinSock::IPPROTO_IPV6, WinSock::IPV6_V6ONLY, &u32::from(only));
}

fn set<T>(socket: &impl AsSocket, level: i32, option: i32, value: &T) {
    let length = size_of::<T>() as i32;
    let value = ptr::from_ref(value).cast();
    // SAFETY: `value` is valid for `length` bytes.
    check(unsafe { WinSock::setsockopt(raw(socket), level, option, value, length) });
}

/// The index of the loopback interface, which is the first.
pub fn loopback_interface() -> u32 {
    1
}

/// Whether this is Wine: its system library has a function that Windows' has not.
pub fn is_wine() -> bool {
    // SAFETY: the name ends in a zero, and the library is part of every process.
    let library = unsafe { GetModuleHandleW(windows_sys::w!("ntdll.dll")) };
    // SAFETY: the library stays loaded, and the name ends in a zero.
    unsafe { GetProcAddress(library, c"wine_get_version".as_ptr().cast()) }.is_some()
}

/// A socket whose options can still be set that only count before it is bound.
pub fn unbound_udp_v6() -> UdpSocket {
    let family = i32::from(WinSock::AF_INET6);
    // SAFETY: takes no pointers.
    let socket = unsafe { WinSock::socket(family, WinSock::SOCK_DGRAM, 0) };
    assert_ne!(socket, WinSock::INVALID_SOCKET, "{}", io::Error::last_os_error());
    // SAFETY: the call made this socket, and it is nobody else's.
    unsafe { UdpSocket::from_raw_socket(socket as RawSocket) }
}
