//! TCP: what the standard library does not do without blocking.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::windows::io::{AsRawSocket, BorrowedSocket};

use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::Networking::WinSock::{SOCK_STREAM, connect};

use super::address::ToSend;
use super::call::{check, check_winsock, winsock};
use super::socket;

/// Opens a socket and begins to connect it. What is not done at once goes on by itself: the socket
/// becomes writable when it is done.
#[allow(unsafe_code)]
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<TcpStream> {
    let address = ToSend::new(address);
    let socket = socket::open(address.family(), SOCK_STREAM)?;
    let (pointer, length) = address.as_ptr();
    // SAFETY: the socket is open, and `pointer` is valid for `length` bytes during the call.
    match check_winsock(unsafe { connect(winsock(socket.as_raw_socket()), pointer, length) }) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        result => result?,
    }
    Ok(TcpStream::from(socket))
}

/// The next connection, non-blocking, and not inherited by children.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    do_not_inherit(std::os::windows::io::AsSocket::as_socket(&stream))?;
    Ok((stream, peer))
}

/// What an accepted socket has of its listener is not documented.
#[allow(unsafe_code)]
fn do_not_inherit(socket: BorrowedSocket<'_>) -> io::Result<()> {
    let handle = socket.as_raw_socket() as HANDLE;
    // SAFETY: the handle is open, and the call takes no pointers.
    check(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0) })
}
