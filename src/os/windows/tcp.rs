//! TCP: what the standard library does not do without blocking.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::windows::io::AsSocket;

use super::address::ToSend;
use super::socket;

/// Opens a socket and begins to connect it. What is not done at once goes on by itself: the socket
/// becomes writable when it is done.
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<TcpStream> {
    socket::begin_connect(&ToSend::ip(address)).map(TcpStream::from)
}

pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
    stream.local_addr()
}

/// How a connect ended that went on by itself.
pub(crate) fn finish_connect(stream: &TcpStream) -> io::Result<()> {
    socket::finish_connect(stream.as_socket(), || stream.take_error())
}

/// The next connection, non-blocking, and not inherited by children.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    socket::do_not_inherit(stream.as_socket())?;
    Ok((stream, peer))
}
