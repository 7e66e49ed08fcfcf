//! [`UnixListener`].

use std::fmt;
use std::io;
#[cfg(unix)]
use std::os::unix::net;
use std::path::Path;

use super::UnixStream;
use crate::Interest;
use crate::io_source::{IoSource, impl_try_io_with};
use crate::os::uds::{self, SocketAddr};

/// A Unix socket that listens for connections.
///
/// Register it as [`READABLE`](Interest::READABLE), and after an event
/// [`accept`](UnixListener::accept) until that returns [`WouldBlock`](io::ErrorKind::WouldBlock).
/// The file of the socket stays when the listener is dropped; who made it removes it.
///
/// On Windows since 10.0.17063; earlier systems refuse the address family (`WSAEAFNOSUPPORT`).
///
/// # Examples
///
/// ```
/// # #[cfg(windows)]
/// # fn main() {}
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use mio::net::{UnixListener, UnixStream};
///
/// let path =
///     std::env::temp_dir().join(format!("mio-unix-listener-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let _client = UnixStream::connect(&path)?;
/// std::fs::remove_file(&path)?;
///
/// let (_stream, peer) = listener.accept()?;
/// assert!(peer.is_unnamed());
/// # Ok(())
/// # }
/// ```
pub struct UnixListener {
    pub(super) inner: IoSource<uds::Listener>,
}

impl UnixListener {
    /// Listens on a path, which must not exist yet. An empty path asks Linux for an abstract name
    /// (autobind, `unix(7)`).
    ///
    /// # Errors
    ///
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): the path exists.
    /// - [`NotFound`](io::ErrorKind::NotFound): its directory does not.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is longer than the system's limit
    ///   (107 bytes on Linux and Windows), or has a zero byte; on Windows, that it is empty or not
    ///   Unicode. Abstract names go through [`bind_addr`](UnixListener::bind_addr).
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        UnixListener::bind_addr(&SocketAddr::from_pathname(path)?)
    }

    /// Listens on an address, which is a [`UnixSocketAddr`](super::UnixSocketAddr): a path, or on
    /// Linux and Android an abstract name.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): the path exists, or another socket has the name.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        Ok(UnixListener { inner: IoSource::new(uds::bind(address)?) })
    }

    /// Makes one of the standard library's listeners.
    ///
    /// It is taken as it is. Set it non-blocking before, or `accept` will wait.
    #[cfg(unix)]
    pub fn from_std(listener: net::UnixListener) -> UnixListener {
        UnixListener { inner: IoSource::new(listener) }
    }

    /// Accepts a connection: the stream, which does not block, and the address of its peer, most
    /// often unnamed.
    ///
    /// One system call, `accept4(2)`, where the system has it.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): no connection waits; the next one is an event.
    /// - The process or system has no descriptors left (`EMFILE`, `ENFILE`). The connection stays
    ///   in the queue without a new event, so try again once descriptors were closed.
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = self.inner.do_io(Interest::READABLE, uds::accept)?;
        Ok((UnixStream::from_stream(stream), peer))
    }

    /// The address that it listens on.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Takes the pending error, `SO_ERROR`, which is then cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }
}

impl_try_io_with! {
    /// ```no_run
    /// # use std::io;
    /// # use mio::net::{UnixListener, UnixSocketAddr, UnixStream};
    /// # fn example(listener: &UnixListener) -> io::Result<(UnixStream, UnixSocketAddr)> {
    /// use mio::Interest;
    ///
    /// listener.try_io_with(Interest::READABLE, || listener.accept())
    /// # }
    /// ```
    UnixListener
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
