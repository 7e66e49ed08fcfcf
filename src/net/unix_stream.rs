//! [`UnixStream`].

use std::fmt;
use std::io;
use std::net::Shutdown;
#[cfg(unix)]
use std::os::unix::net;
use std::path::Path;

use crate::io_source::{IoSource, impl_try_io_with};
use crate::os::uds::{self, SocketAddr};
use crate::stream_io::{impl_read, impl_write};
use crate::{Interest, os};

/// A connection between Unix sockets, `SOCK_STREAM`.
///
/// Reading and writing is by [`Read`](io::Read) and [`Write`](io::Write), also of `&UnixStream`. A
/// write to a connection that the peer has closed returns an error. Rust programs ignore the signal
/// `SIGPIPE` that may come with it.
///
/// On Windows since 10.0.17063; earlier systems refuse the address family (`WSAEAFNOSUPPORT`). The
/// standard library has no such type there: conversions are to and from `OwnedSocket` and
/// `RawSocket` only, and there is no `pair`, as the system has no such call.
///
/// # Examples
///
/// ```
/// # #[cfg(windows)]
/// # fn main() {}
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use std::io::{self, Read, Write};
///
/// use mio::net::UnixStream;
///
/// let (mut left, mut right) = UnixStream::pair()?;
/// let mut buffer = [0; 16];
/// assert_eq!(right.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
///
/// left.write_all(b"hello")?;
/// assert_eq!(right.read(&mut buffer)?, 5);
/// # Ok(())
/// # }
/// ```
pub struct UnixStream {
    pub(super) inner: IoSource<uds::Stream>,
}

impl UnixStream {
    /// Connects to a path. Two system calls, `socket(2)` and `connect(2)`.
    ///
    /// Linux connects at once or not at all; other systems may go on afterwards:
    /// [`finish_connect`](UnixStream::finish_connect) tells.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): there is no such path.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): nobody listens there.
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the listener's queue is full. There is no
    ///   stream then and no event to wait for; try again later.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is longer than the system's limit
    ///   (107 bytes on Linux and Windows), has a zero byte, or is empty; on Windows, that it is not
    ///   Unicode. Abstract names go through [`connect_addr`](UnixStream::connect_addr).
    /// - A socket of another type listens there (`EPROTOTYPE`).
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        UnixStream::connect_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Connects to an address, which is a [`UnixSocketAddr`](super::UnixSocketAddr): a path, or on
    /// Linux and Android an abstract name.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](UnixStream::connect).
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        uds::begin_connect(address).map(UnixStream::from_stream)
    }

    /// Asks whether the connection is made that [`connect`](UnixStream::connect) began. `Ok` says
    /// that it is.
    ///
    /// It can be asked at any time, with or without an event, and any number of times. On Linux a
    /// stream that `connect` has returned is connected already; a program that asks all the same
    /// is right on systems where connecting goes on afterwards.
    ///
    /// One system call, `getpeername(2)`, if the stream is connected, and else up to three more:
    /// `poll(2)` (`select` on Windows), `SO_ERROR`, and the first again.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the connect is under way. How it ends is an
    ///   event for who is registered as [`WRITABLE`](Interest::WRITABLE).
    /// - Why it failed, such as [`ConnectionRefused`](io::ErrorKind::ConnectionRefused). This takes
    ///   the pending error, as [`take_error`](UnixStream::take_error) does.
    /// - [`NotConnected`](io::ErrorKind::NotConnected): the connect failed, and its error was taken
    ///   already; or it never began. Windows may give the same error again instead.
    /// - Of a connection that was made and has ended in both directions, the system's answer: why
    ///   it broke, `NotConnected`, or `Ok` where the peer is still known, as on Linux and Windows.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(windows)]
    /// # fn main() {}
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use mio::net::UnixStream;
    ///
    /// let (left, _right) = UnixStream::pair()?;
    /// left.finish_connect()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn finish_connect(&self) -> io::Result<()> {
        self.inner.do_io(Interest::WRITABLE, uds::finish_connect)
    }

    /// Makes one of the standard library's streams.
    ///
    /// It is taken as it is. Set it non-blocking before, or reads and writes will wait.
    #[cfg(unix)]
    pub fn from_std(stream: net::UnixStream) -> UnixStream {
        UnixStream::from_stream(stream)
    }

    pub(super) fn from_stream(stream: uds::Stream) -> UnixStream {
        UnixStream { inner: IoSource::new(stream) }
    }

    /// Two streams connected to each other, `socketpair(2)`. Not on Windows.
    #[cfg(unix)]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (left, right) = net::UnixStream::pair()?;
        left.set_nonblocking(true)?;
        right.set_nonblocking(true)?;
        Ok((UnixStream::from_std(left), UnixStream::from_std(right)))
    }

    /// The local address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) without a connection.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Takes the pending error, `SO_ERROR`, which is then cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Shuts down reading, writing or both, `shutdown(2)`.
    ///
    /// After the writing side the peer reads the end of the stream; what it sends can still be
    /// read.
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
    /// # #[cfg(windows)]
    /// # fn main() {}
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{self, Read};
    ///
    /// use mio::net::UnixStream;
    ///
    /// let (left, _right) = UnixStream::pair()?;
    /// let result = left.try_io(|| (&left).read(&mut [0; 16]));
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
    /// # #[cfg(windows)]
    /// # fn main() {}
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{self, Read};
    ///
    /// use mio::Interest;
    /// use mio::net::UnixStream;
    ///
    /// let (left, _right) = UnixStream::pair()?;
    /// let result = left.try_io_with(Interest::READABLE, || (&left).read(&mut [0; 16]));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    UnixStream
}

impl_read!(UnixStream, os::receive);
impl_write!(UnixStream, os::send);

impl fmt::Debug for UnixStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
