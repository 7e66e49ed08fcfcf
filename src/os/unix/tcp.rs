//! TCP: what the standard library does not do without blocking.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;

use super::flags;
use crate::os::posix::address::ToSend;
use crate::os::posix::connect;

/// Opens a socket and begins to connect it: two system calls.
pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<TcpStream> {
    let address = ToSend::ip(address);
    let socket = flags::socket(address.family(), libc::SOCK_STREAM)?;
    connect::begin(socket.as_fd(), &address)?;
    Ok(TcpStream::from(socket))
}

pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
    stream.local_addr()
}

/// How a connect ended that went on by itself.
pub(crate) fn finish_connect(stream: &TcpStream) -> io::Result<()> {
    connect::finish(stream.as_fd(), || stream.take_error())
}

/// The next connection, non-blocking.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, peer) = flags::accept(listener.as_fd())?;
    Ok((TcpStream::from(socket), peer.ip()?))
}
