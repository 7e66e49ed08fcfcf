//! Unix sockets: what the standard library does not do without blocking.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use super::address::ToSend;
use super::{connect, flags};

/// Opens a socket and connects it: two system calls.
///
/// A listener whose queue is full is [`io::ErrorKind::WouldBlock`], and there is no stream then:
/// such a connect has not begun, so that no event would ever end it.
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<UnixStream> {
    let address = ToSend::unix(address)?;
    let socket = flags::socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
    connect::begin(socket.as_fd(), &address)?;
    Ok(UnixStream::from(socket))
}

/// The next connection, non-blocking.
pub(crate) fn accept(listener: &UnixListener) -> io::Result<(UnixStream, SocketAddr)> {
    let (socket, peer) = flags::accept(listener.as_fd())?;
    Ok((UnixStream::from(socket), peer.unix()?))
}
