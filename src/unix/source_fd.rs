//! [`SourceFd`].

use std::io;
use std::os::fd::RawFd;

use crate::event::Source;
use crate::selector::contract::Selector as _;
use crate::{Interest, Registry, Token};

/// Any file descriptor as a source: an eventfd, a terminal, a socket of another crate.
///
/// It borrows the number of a descriptor and owns nothing: the descriptor has to be open while it
/// is registered, and to be deregistered before it is closed. It should be non-blocking, or
/// registered [level-triggered](Interest::level) and read once for each event. All calls may use a
/// new `SourceFd`; only the number counts.
///
/// # Platform differences
///
/// - epoll refuses descriptors that are always ready, such as those of regular files and
///   directories, in each call with [`PermissionDenied`](io::ErrorKind::PermissionDenied). poll(2)
///   takes them.
/// - Of a descriptor that is not open, all calls say so on epoll (`EBADF`). On poll(2) only
///   registering does; the others find that it is not registered.
/// - poll(2) has no edges, and nobody tells the selector when the descriptor was drained; it looks
///   before each wait. What it finds still ready it may report a second time: after a millisecond,
///   then ever more rarely, at last once a second. Not so with a level or a one-shot, which are
///   exact.
///
/// # Examples
///
/// A socket of the standard library:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::net::TcpListener;
/// use std::os::fd::AsRawFd;
///
/// use mio::unix::SourceFd;
/// use mio::{Interest, Poll, Token};
///
/// let poll = Poll::new()?;
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// listener.set_nonblocking(true)?;
///
/// poll.registry().register(
///     &mut SourceFd(&listener.as_raw_fd()),
///     Token(0),
///     Interest::READABLE,
/// )?;
/// poll.registry().deregister(&mut SourceFd(&listener.as_raw_fd()))?;
/// # Ok(())
/// # }
/// ```
///
/// A type of one's own that owns its descriptor passes the calls on:
///
/// ```
/// use std::io;
/// use std::os::fd::{AsRawFd, OwnedFd};
///
/// use mio::event::Source;
/// use mio::unix::SourceFd;
/// use mio::{Interest, Registry, Token};
///
/// struct Device(OwnedFd);
///
/// impl Source for Device {
///     fn register(
///         &mut self,
///         registry: &Registry,
///         token: Token,
///         interests: Interest,
///     ) -> io::Result<()> {
///         SourceFd(&self.0.as_raw_fd()).register(registry, token, interests)
///     }
///
///     fn reregister(
///         &mut self,
///         registry: &Registry,
///         token: Token,
///         interests: Interest,
///     ) -> io::Result<()> {
///         SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interests)
///     }
///
///     fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
///         SourceFd(&self.0.as_raw_fd()).deregister(registry)
///     }
/// }
/// ```
#[derive(Debug)]
pub struct SourceFd<'a>(
    /// The descriptor.
    pub &'a RawFd,
);

impl<'a> Source for SourceFd<'a> {
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
