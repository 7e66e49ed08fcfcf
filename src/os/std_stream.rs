//! Streams as the standard library has them: for systems of which this crate knows no shorter way.

use std::io::{self, Read, Write};
#[cfg(feature = "net")]
use std::net::{SocketAddr, TcpListener, TcpStream};

/// Reads what has arrived.
#[inline]
pub(crate) fn receive<'a, S>(mut socket: &'a S, buffer: &mut [u8]) -> io::Result<usize>
where
    &'a S: Read,
{
    socket.read(buffer)
}

/// Writes what there is room for.
#[inline]
pub(crate) fn send<'a, S>(mut socket: &'a S, bytes: &[u8]) -> io::Result<usize>
where
    &'a S: Write,
{
    socket.write(bytes)
}

/// The next connection, non-blocking.
#[cfg(feature = "net")]
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = listener.accept()?;
    stream.set_nonblocking(true)?;
    Ok((stream, peer))
}
