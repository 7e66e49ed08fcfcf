//! Unix sockets: what the standard library does not do without blocking.

use std::io;
use std::os::fd::AsFd;
pub use std::os::unix::net::SocketAddr;
pub(crate) use std::os::unix::net::{UnixListener as Listener, UnixStream as Stream};

use super::flags;
use crate::os::posix::address::ToSend;
use crate::os::posix::connect;

/// Opens a socket and connects it: two system calls.
///
/// A listener whose queue is full is [`io::ErrorKind::WouldBlock`], and there is no stream then:
/// such a connect has not begun, so that no event would ever end it.
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<Stream> {
    let address = ToSend::unix(address)?;
    let socket = flags::socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
    connect::begin(socket.as_fd(), &address)?;
    Ok(Stream::from(socket))
}

/// A socket that listens, non-blocking.
pub(crate) fn bind(address: &SocketAddr) -> io::Result<Listener> {
    let listener = Listener::bind_addr(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// How a connect ended that went on by itself.
pub(crate) fn finish_connect(stream: &Stream) -> io::Result<()> {
    connect::finish(stream.as_fd(), || stream.take_error())
}

/// The next connection, non-blocking.
pub(crate) fn accept(listener: &Listener) -> io::Result<(Stream, SocketAddr)> {
    let (socket, peer) = flags::accept(listener.as_fd())?;
    Ok((Stream::from(socket), peer.unix()?))
}
