//! One connection of the load, to a TCP or a Unix socket.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use super::zmtp;

/// Where a server listens.
#[derive(Clone, Debug)]
pub enum Address {
    Network(SocketAddr),
    Path(PathBuf),
}

impl Address {
    /// As a server prints it.
    pub fn parse(text: &str) -> Address {
        match text.parse() {
            Ok(address) => Address::Network(address),
            Err(_) => Address::Path(text.into()),
        }
    }
}

/// How messages look on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Bytes, and both sides know how many make a message.
    Plain,
    /// ZeroMQ's protocol.
    Zmtp,
}

impl Framing {
    /// A message of this many bytes of content.
    pub fn message(self, size: usize) -> Vec<u8> {
        let content = vec![b'm'; size];
        match self {
            Framing::Plain => content,
            Framing::Zmtp => zmtp::frame(&content),
        }
    }
}

pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Connects, and is non-blocking from then on.
    pub fn connect(address: &Address, framing: Framing) -> io::Result<Stream> {
        let mut stream = match address {
            Address::Network(address) => {
                let stream = TcpStream::connect(address)?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            Address::Path(path) => Stream::Unix(UnixStream::connect(path)?),
        };
        if framing == Framing::Zmtp {
            zmtp::shake_hands(&mut stream)?;
        }
        stream.set_nonblocking()?;
        Ok(stream)
    }

    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_nonblocking(true),
            Stream::Unix(stream) => stream.set_nonblocking(true),
        }
    }

    /// Reads what is there; `None` when nothing is.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match would_block(self.read(buffer))? {
            Some(0) => Err(io::Error::other("the server closed a connection")),
            count => Ok(count),
        }
    }

    /// Writes what fits.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(would_block(self.write(bytes))?.unwrap_or(0))
    }
}

fn would_block(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
        Err(error) => Err(error),
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Stream::Tcp(stream) => stream.as_raw_fd(),
            Stream::Unix(stream) => stream.as_raw_fd(),
        }
    }
}
