//! [`SourceSocket`].

use std::io;
use std::os::windows::io::RawSocket;

use crate::event::Source;
use crate::selector::contract::Selector as _;
use crate::{Interest, Registry, Token};

/// Any socket as a source: one of the standard library or of another crate, a raw one, one of
/// another family. The twin of `unix::SourceFd`.
///
/// It borrows a socket and owns nothing: the socket has to be open while it is registered, and to
/// be deregistered before it is closed. It should be non-blocking. All calls may use a new
/// `SourceSocket`; only the number counts.
///
/// The system has no edges, and nobody tells the selector when the socket was drained; it looks
/// before each wait. What it finds still ready it may report a second time: after a millisecond,
/// then ever more rarely, at last once a second. With a [`level`](Interest::level) or
/// [`oneshot`](Interest::oneshot) trigger there is nothing to look for.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the socket is registered already.
/// - [`NotFound`](io::ErrorKind::NotFound): it is not, when registered anew or deregistered.
/// - What is no socket (`WSAENOTSOCK`).
///
/// # Examples
///
/// A socket of the standard library:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::net::TcpListener;
/// use std::os::windows::io::AsRawSocket;
///
/// use mio::windows::SourceSocket;
/// use mio::{Interest, Poll, Token};
///
/// let poll = Poll::new()?;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// listener.set_nonblocking(true)?;
///
/// let socket = listener.as_raw_socket();
/// poll.registry().register(&mut SourceSocket(&socket), Token(0), Interest::READABLE)?;
/// poll.registry().deregister(&mut SourceSocket(&socket))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SourceSocket<'a>(
    /// The socket.
    pub &'a RawSocket,
);

impl<'a> Source for SourceSocket<'a> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        registry.selector().register(*self.0, token, interests, None)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        registry.selector().reregister(*self.0, token, interests, None)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.selector().deregister(*self.0, None)
    }
}
