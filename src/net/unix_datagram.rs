//! [`UnixDatagram`].

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use crate::Interest;
use crate::io_source::{IoSource, impl_try_io_with};

/// A Unix socket of datagrams, `SOCK_DGRAM`.
///
/// Unlike UDP nothing is lost: a send to a socket whose queue is full returns
/// [`WouldBlock`](io::ErrorKind::WouldBlock). After a readable event, receive until it does.
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use mio::net::UnixDatagram;
///
/// let (left, right) = UnixDatagram::pair()?;
/// left.send(b"hello")?;
///
/// let mut buffer = [0; 16];
/// assert_eq!(right.recv(&mut buffer)?, 5);
/// # Ok(())
/// # }
/// ```
pub struct UnixDatagram {
    pub(super) inner: IoSource<net::UnixDatagram>,
}

impl UnixDatagram {
    /// Opens a socket on a path, which must not exist yet. An empty path asks Linux for an abstract
    /// name (autobind, `unix(7)`).
    ///
    /// # Errors
    ///
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): the path exists.
    /// - [`NotFound`](io::ErrorKind::NotFound): its directory does not.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is longer than the system's limit
    ///   (107 bytes on Linux), or has a zero byte. Abstract names go through
    ///   [`bind_addr`](UnixDatagram::bind_addr).
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Opens a socket on an address: a path, or on Linux and Android an abstract name.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): the path exists, or another socket has the name.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        UnixDatagram::non_blocking(net::UnixDatagram::bind_addr(address)?)
    }

    /// Opens a socket without an address: it can send, and nobody can send to it unless it is
    /// connected.
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::non_blocking(net::UnixDatagram::unbound()?)
    }

    /// Two sockets connected to each other, `socketpair(2)`.
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (left, right) = net::UnixDatagram::pair()?;
        Ok((UnixDatagram::non_blocking(left)?, UnixDatagram::non_blocking(right)?))
    }

    fn non_blocking(socket: net::UnixDatagram) -> io::Result<UnixDatagram> {
        socket.set_nonblocking(true)?;
        Ok(UnixDatagram::from_std(socket))
    }

    /// Makes one of the standard library's sockets.
    ///
    /// It is taken as it is. Set it non-blocking before, or operations will wait.
    pub fn from_std(socket: net::UnixDatagram) -> UnixDatagram {
        UnixDatagram { inner: IoSource::new(socket) }
    }

    /// Connects to a path: [`send`](UnixDatagram::send) goes there, and only what comes from there
    /// is received.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): there is no such path.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): no socket has it open.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is too long or has a zero byte.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.inner.connect(path)
    }

    /// The local address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) before [`connect`](UnixDatagram::connect).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Receives a datagram: its length, and where it came from.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.do_io(Interest::READABLE, |io| io.recv_from(buf))
    }

    /// Receives a datagram, and returns its length.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.do_io(Interest::READABLE, |io| io.recv(buf))
    }

    /// Sends a datagram to a path, and returns its length.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the receiver's queue is full.
    /// - [`NotFound`](io::ErrorKind::NotFound): there is no such path.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): no socket has it open.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): that socket is connected to
    ///   another.
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): writing was shut down.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is too long or has a zero byte.
    pub fn send_to<P: AsRef<Path>>(&self, buf: &[u8], path: P) -> io::Result<usize> {
        self.inner.do_io(Interest::WRITABLE, |io| io.send_to(buf, path))
    }

    /// Sends a datagram to the address that the socket is connected to, and returns its length.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the receiver's queue is full; room is an event.
    /// - [`NotConnected`](io::ErrorKind::NotConnected): it is not connected.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): the receiver is gone.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the receiver is connected to
    ///   another.
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): writing was shut down.
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.do_io(Interest::WRITABLE, |io| io.send(buf))
    }

    /// Takes the pending error, `SO_ERROR`, which is then cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Shuts down reading, writing or both, `shutdown(2)`.
    ///
    /// After the reading side a receive returns what is there, and then on Linux
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): that nothing will come, only the event tells.
    ///
    /// # Errors
    ///
    /// Without a connection [`NotConnected`](io::ErrorKind::NotConnected) on some systems; Linux
    /// does nothing then.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Runs an operation on the descriptor that the type does not have, such as `recvmsg(2)`.
    ///
    /// On selectors without edges of their own this is how they learn that it would block: its
    /// error is then [`WouldBlock`](io::ErrorKind::WouldBlock), and the next change is an
    /// event. So the operation has to be one of this very socket, and not of another. Its
    /// result is returned as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io;
    ///
    /// use mio::net::UnixDatagram;
    ///
    /// let (left, _right) = UnixDatagram::pair()?;
    /// let result = left.try_io(|| left.recv(&mut [0; 16]));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.try_io(f)
    }
}

impl_try_io_with! {
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io;
    ///
    /// use mio::Interest;
    /// use mio::net::UnixDatagram;
    ///
    /// let (left, _right) = UnixDatagram::pair()?;
    /// let result = left.try_io_with(Interest::READABLE, || left.recv(&mut [0; 16]));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    UnixDatagram
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
