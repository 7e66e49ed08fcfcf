//! Unix sockets, which Windows has since 10.0.17063 and the standard library does not.
//!
//! A socket is kept as one of the standard library's for TCP: what that does with it, but for
//! addresses, is the same for every family.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, OwnedSocket, RawSocket,
};
use std::ptr;

use windows_sys::Win32::Networking::WinSock::{
    self, AF_UNIX, SOCK_STREAM, SOCKADDR, SOCKADDR_UN, accept as accept_socket,
};

use super::address::ToSend;
use super::call::{check_winsock, winsock};
use super::socket;
use crate::os::unix_socket_addr::ROOM;
pub use crate::os::unix_socket_addr::UnixSocketAddr as SocketAddr;

/// A connection.
#[derive(Debug)]
pub(crate) struct Stream(TcpStream);

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener(TcpListener);

/// How many connections may wait to be accepted: as many as the standard library has for TCP.
const QUEUE: i32 = 128;

/// Opens a socket and connects it. What is not done at once goes on by itself: the socket becomes
/// writable when it is done.
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<Stream> {
    let socket = socket::begin_connect(&ToSend::unix(address)?)?;
    Ok(Stream::from(socket))
}

/// How a connect ended that went on by itself.
pub(crate) fn finish_connect(stream: &Stream) -> io::Result<()> {
    socket::finish_connect(stream.as_socket(), || stream.take_error())
}

/// A socket that listens, non-blocking.
#[allow(unsafe_code)]
pub(crate) fn bind(address: &SocketAddr) -> io::Result<Listener> {
    let address = ToSend::unix(address)?;
    let socket = socket::open(AF_UNIX, SOCK_STREAM)?;
    let (pointer, length) = address.as_ptr();
    // SAFETY: the socket is open, and `pointer` is valid for `length` bytes during the call.
    check_winsock(unsafe { WinSock::bind(winsock(socket.as_raw_socket()), pointer, length) })?;
    // SAFETY: the socket is open, and the call takes no pointers.
    check_winsock(unsafe { WinSock::listen(winsock(socket.as_raw_socket()), QUEUE) })?;
    Ok(Listener::from(socket))
}

/// The next connection, non-blocking, and not inherited by children.
#[allow(unsafe_code)]
pub(crate) fn accept(listener: &Listener) -> io::Result<(Stream, SocketAddr)> {
    let mut peer = Received::empty();
    let (pointer, length) = peer.as_mut_ptrs();
    // SAFETY: the socket is open, and both pointers are valid for the call, the first for as many
    // bytes as the second says.
    let accepted = unsafe { accept_socket(winsock(listener.as_raw_socket()), pointer, length) };
    if accepted == WinSock::INVALID_SOCKET {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call made this socket, and it is nobody else's.
    let accepted = unsafe { OwnedSocket::from_raw_socket(accepted as RawSocket) };
    socket::do_not_inherit(accepted.as_socket())?;
    let stream = TcpStream::from(accepted);
    stream.set_nonblocking(true)?;
    Ok((Stream(stream), peer.address()?))
}

impl Stream {
    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        local_addr(self.as_socket())
    }

    #[allow(unsafe_code)]
    pub(crate) fn peer_addr(&self) -> io::Result<SocketAddr> {
        let mut address = Received::empty();
        let (pointer, length) = address.as_mut_ptrs();
        // SAFETY: the socket is open, and both pointers are valid for the call, the first for as
        // many bytes as the second says.
        check_winsock(unsafe {
            WinSock::getpeername(winsock(self.as_raw_socket()), pointer, length)
        })?;
        address.address()
    }
}

impl Listener {
    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        local_addr(self.as_socket())
    }
}

#[allow(unsafe_code)]
fn local_addr(socket: BorrowedSocket<'_>) -> io::Result<SocketAddr> {
    let mut address = Received::empty();
    let (pointer, length) = address.as_mut_ptrs();
    // SAFETY: the socket is open, and both pointers are valid for the call, the first for as many
    // bytes as the second says.
    check_winsock(unsafe {
        WinSock::getsockname(winsock(socket.as_raw_socket()), pointer, length)
    })?;
    address.address()
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(buffers)
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The conversions that both have through the standard library's type inside.
macro_rules! impl_conversions {
    ($($type:ident($inside:ty)),*) => {$(
        impl AsSocket for $type {
            fn as_socket(&self) -> BorrowedSocket<'_> {
                self.0.as_socket()
            }
        }

        impl AsRawSocket for $type {
            fn as_raw_socket(&self) -> RawSocket {
                self.0.as_raw_socket()
            }
        }

        impl IntoRawSocket for $type {
            fn into_raw_socket(self) -> RawSocket {
                self.0.into_raw_socket()
            }
        }

        impl From<OwnedSocket> for $type {
            fn from(socket: OwnedSocket) -> $type {
                $type(<$inside>::from(socket))
            }
        }

        impl From<$type> for OwnedSocket {
            fn from(source: $type) -> OwnedSocket {
                source.0.into()
            }
        }
    )*};
}

impl_conversions!(Stream(TcpStream), Listener(TcpListener));

/// An address as the system gives it.
struct Received {
    raw: SOCKADDR_UN,
    length: i32,
}

impl Received {
    fn empty() -> Received {
        let raw = SOCKADDR_UN { sun_family: AF_UNIX, sun_path: [0; ROOM] };
        Received { raw, length: size_of::<SOCKADDR_UN>() as i32 }
    }

    /// What system calls fill in.
    fn as_mut_ptrs(&mut self) -> (*mut SOCKADDR, *mut i32) {
        (ptr::from_mut(&mut self.raw).cast(), &raw mut self.length)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        if self.raw.sun_family != AF_UNIX {
            let message = "the system gave an address of another family";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let start = std::mem::offset_of!(SOCKADDR_UN, sun_path);
        let length = usize::try_from(self.length).unwrap_or(0).saturating_sub(start);
        let name = self.raw.sun_path.map(|byte| byte as u8);
        SocketAddr::from_raw(&name[..length.min(name.len())])
    }
}
