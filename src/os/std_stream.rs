//! Reads and writes of connected sockets as the standard library has them: for systems of which
//! this crate knows no shorter way.

use std::io::{self, Read, Write};

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
