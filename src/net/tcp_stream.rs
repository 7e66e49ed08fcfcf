//! [`TcpStream`].

use std::fmt;
use std::io;
use std::net::{self, Shutdown, SocketAddr};

use crate::io_source::{IoSource, impl_try_io_with};
use crate::stream_io::{impl_read, impl_write};
use crate::{Interest, os};

/// A TCP connection.
///
/// Reading and writing is by [`Read`](io::Read) and [`Write`](io::Write), also of `&TcpStream`. A
/// write to a connection that the peer has closed returns an error. Rust programs ignore the signal
/// `SIGPIPE` that may come with it (with vectored writes). Dropping the stream closes it.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "os-poll")]
/// # fn main() -> std::io::Result<()> {
/// use std::io::{self, Write};
///
/// use mio::net::{TcpListener, TcpStream};
/// use mio::{Events, Interest, Poll, Token};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(128);
/// let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
///
/// let mut stream = TcpStream::connect(listener.local_addr()?)?;
/// poll.registry().register(
///     &mut stream,
///     Token(0),
///     Interest::READABLE | Interest::WRITABLE,
/// )?;
///
/// loop {
///     poll.poll(&mut events, None)?;
///     match stream.finish_connect() {
///         Ok(()) => break,
///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
///         Err(error) => return Err(error),
///     }
/// }
/// stream.write_all(b"hello")?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "os-poll"))]
/// # fn main() {}
/// ```
pub struct TcpStream {
    pub(super) inner: IoSource<net::TcpStream>,
}

impl TcpStream {
    /// Begins to connect, and returns at once. Two system calls, `socket(2)` and `connect(2)`.
    ///
    /// The connection may be made later, or never. To learn which, register the stream as
    /// [`WRITABLE`](Interest::WRITABLE), and after an event of it ask
    /// [`finish_connect`](TcpStream::finish_connect).
    ///
    /// # Errors
    ///
    /// What the system knows at once, for example that there is no route
    /// ([`NetworkUnreachable`](io::ErrorKind::NetworkUnreachable)). That a peer refuses is learned
    /// later, as described above.
    pub fn connect(addr: SocketAddr) -> io::Result<TcpStream> {
        os::tcp::begin_connect(&addr).map(TcpStream::from_std)
    }

    /// Asks whether the connection is made that [`connect`](TcpStream::connect) began. `Ok` says
    /// that it is.
    ///
    /// It can be asked at any time, with or without an event, and any number of times. A stream
    /// that is connected stays so in this sense when the peer shuts down or closes its side, as
    /// what it sent can still be read. An accepted stream is connected too.
    ///
    /// No operation waits; this is one system call, `getpeername(2)`, if the stream is connected,
    /// and else up to three more: `poll(2)` (`select` on Windows), `SO_ERROR`, and the first again.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the connect is under way. How it ends is an
    ///   event for who is registered as [`WRITABLE`](Interest::WRITABLE).
    /// - Why it failed, such as [`ConnectionRefused`](io::ErrorKind::ConnectionRefused),
    ///   [`TimedOut`](io::ErrorKind::TimedOut) or
    ///   [`HostUnreachable`](io::ErrorKind::HostUnreachable). This takes the pending error, as
    ///   [`take_error`](TcpStream::take_error) does. The stream can be dropped.
    /// - [`NotConnected`](io::ErrorKind::NotConnected): the connect failed, and its error was taken
    ///   already. Windows may give the same error again instead.
    /// - Of a connection that was made and has ended in both directions, the system's answer: why
    ///   it broke, such as [`ConnectionReset`](io::ErrorKind::ConnectionReset), `NotConnected`, or
    ///   `Ok` where the peer is still known (Windows).
    ///
    /// A socket that never began to connect is `NotConnected` on Linux, and cannot be told from one
    /// that is connecting on other systems.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "os-poll")]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io;
    /// use std::net::TcpListener;
    ///
    /// use mio::net::TcpStream;
    /// use mio::{Events, Interest, Poll, Token};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    ///
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// let mut stream = TcpStream::connect(listener.local_addr()?)?;
    /// poll.registry().register(&mut stream, Token(0), Interest::WRITABLE)?;
    /// loop {
    ///     poll.poll(&mut events, None)?;
    ///     match stream.finish_connect() {
    ///         Ok(()) => break,
    ///         Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
    ///         Err(error) => return Err(error),
    ///     }
    /// }
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "os-poll"))]
    /// # fn main() {}
    /// ```
    pub fn finish_connect(&self) -> io::Result<()> {
        self.inner.do_io(Interest::WRITABLE, os::tcp::finish_connect)
    }

    /// Makes one of the standard library's streams.
    ///
    /// It is taken as it is. Set it non-blocking before, or reads and writes will wait.
    pub fn from_std(stream: net::TcpStream) -> TcpStream {
        TcpStream { inner: IoSource::new(stream) }
    }

    /// The address of the peer.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) before the connection is made, and after it
    /// has failed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// The local address. On WASI there is none before the stream is connected:
    /// [`NotConnected`](io::ErrorKind::NotConnected).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        os::tcp::local_addr(&self.inner)
    }

    /// Shuts down reading, writing or both, `shutdown(2)`.
    ///
    /// After the writing side the peer reads the end of the stream; what it sends can still be
    /// read.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) without a connection. A second call is an
    /// error on some systems and does nothing on others, Linux among them.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    /// Sets `TCP_NODELAY`: small writes are sent at once, not gathered (Nagle's algorithm, RFC
    /// 896).
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.inner.set_nodelay(nodelay)
    }

    /// The value of `TCP_NODELAY`.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.inner.nodelay()
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

    /// Takes the pending error, `SO_ERROR`, which is then cleared: why a connect failed, or a
    /// connection broke.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Reads without consuming, `MSG_PEEK`: the next read returns the same bytes.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): there is nothing to read; new data is an event.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.do_io(Interest::READABLE, |io| io.peek(buf))
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
    /// ```no_run
    /// # use std::io::{self, Read};
    /// # fn example(stream: &mio::net::TcpStream) -> io::Result<usize> {
    /// let mut buffer = [0; 1024];
    /// stream.try_io(|| (&*stream).read(&mut buffer))
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
    /// ```no_run
    /// # use std::io::{self, Read};
    /// # fn example(stream: &mio::net::TcpStream) -> io::Result<usize> {
    /// use mio::Interest;
    ///
    /// let mut buffer = [0; 1024];
    /// stream.try_io_with(Interest::READABLE, || (&*stream).read(&mut buffer))
    /// # }
    /// ```
    TcpStream
}

impl_read!(TcpStream, os::receive);
impl_write!(TcpStream, os::send);

impl fmt::Debug for TcpStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
