//! [`TcpListener`].

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};

use super::TcpStream;
use crate::io_source::{IoSource, impl_try_io_with};
use crate::{Interest, os};

/// A TCP socket that listens for connections.
///
/// Register it as [`READABLE`], and after an event [`accept`] until that returns [`WouldBlock`]:
/// one event may stand for many connections.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "os-poll")]
/// # fn main() -> std::io::Result<()> {
/// use std::io;
///
/// use mio::net::{TcpListener, TcpStream};
/// use mio::{Events, Interest, Poll, Token};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(128);
/// let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
///
/// let _client = TcpStream::connect(listener.local_addr()?)?;
///
/// poll.poll(&mut events, None)?;
/// loop {
///     match listener.accept() {
///         Ok((_stream, peer)) => println!("{peer} is here"),
///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
///         Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "os-poll"))]
/// # fn main() {}
/// ```
///
/// [`READABLE`]: Interest::READABLE
/// [`accept`]: TcpListener::accept
/// [`WouldBlock`]: io::ErrorKind::WouldBlock
pub struct TcpListener {
    pub(super) inner: IoSource<net::TcpListener>,
}

impl TcpListener {
    /// Listens on a local address. Port 0 lets the system choose;
    /// [`local_addr`](TcpListener::local_addr) tells which.
    ///
    /// This is `socket(2)`, `SO_REUSEADDR` on Unix, `bind(2)` and `listen(2)` with the queue length
    /// of the standard library. For other options, set them on a socket made otherwise and use
    /// [`TcpListener::from_std`].
    ///
    /// # Errors
    ///
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): another socket listens there.
    /// - [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable): this machine does not have the
    ///   address.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the port is reserved.
    pub fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
        let listener = net::TcpListener::bind(addr)?;
        listener.set_nonblocking(true)?;
        Ok(TcpListener::from_std(listener))
    }

    /// Makes one of the standard library's listeners.
    ///
    /// It is taken as it is. Set it non-blocking before, or `accept` will wait.
    pub fn from_std(listener: net::TcpListener) -> TcpListener {
        TcpListener { inner: IoSource::new(listener) }
    }

    /// Accepts a connection: the stream, which does not block, and the address of its peer.
    ///
    /// One system call, `accept4(2)`, where the system has it.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): no connection waits; the next one is an event.
    /// - [`ConnectionAborted`](io::ErrorKind::ConnectionAborted): one was closed before it was
    ///   accepted. Go on.
    /// - The process or system has no descriptors left (`EMFILE`, `ENFILE`). The connection stays
    ///   in the queue without a new event, so try again once descriptors were closed.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.inner.do_io(Interest::READABLE, os::tcp::accept)?;
        Ok((TcpStream::from_std(stream), peer))
    }

    /// The address that it listens on.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Sets `IP_TTL`: how many hops packets may take, 1 to 255.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): out of that range.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.inner.set_ttl(ttl)
    }

    /// The value of `IP_TTL`: how many hops packets may take.
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.ttl()
    }

    /// Takes the pending error, `SO_ERROR`, which is then cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

impl_try_io_with! {
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io;
    ///
    /// use mio::Interest;
    /// use mio::net::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    /// let result = listener.try_io_with(Interest::READABLE, || listener.accept());
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    TcpListener
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
