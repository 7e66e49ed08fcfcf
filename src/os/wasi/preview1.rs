//! Sockets of preview 1, `wasi_snapshot_preview1`: those that were open when the program began, and
//! what they accept.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "WASI preview 1 cannot make sockets"))
}

pub(crate) fn begin_connect(_: &SocketAddr) -> io::Result<TcpStream> {
    unsupported()
}

pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
    stream.local_addr()
}

/// Streams are those that were accepted, or came in open: connected.
pub(crate) fn finish_connect(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// The next connection, non-blocking. The system does not tell whose it is: the address is that of
/// nobody, `0.0.0.0:0`.
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream, peer))
}

/// What an option's call returned.
pub(crate) fn option<T>(result: io::Result<T>) -> io::Result<T> {
    result
}

pub(crate) fn only_v6(_: &UdpSocket) -> io::Result<bool> {
    unsupported()
}
