//! [`Source`]: what can be registered with a [`Registry`](crate::Registry).

use std::io;

use crate::{Interest, Registry, Token};

/// What can be registered with a [`Registry`].
///
/// All socket and pipe types of this crate are sources; on Unix, `SourceFd` makes one of any file
/// descriptor. A type that wraps a source becomes one by passing the three calls on.
///
/// Callers use [`Registry::register`], [`Registry::reregister`] and [`Registry::deregister`], not
/// these methods.
///
/// # Life of a registration
///
/// A source belongs to one [`Poll`] from [`register`] to [`deregister`]. In between, [`reregister`]
/// replaces its token and interest. Dropping a source of this crate ends its registration; still,
/// deregistering first is the better habit: where a descriptor has duplicates (`dup(2)`,
/// `try_clone`, a forked child), the system keeps reporting events until the last of them is
/// closed.
///
/// # Errors
///
/// The implementations of this crate return [`AlreadyExists`] for a source that is registered
/// already and [`NotFound`] for one that is not; others pass on what the system says.
///
/// # Examples
///
/// A source that wraps another:
///
/// ```
/// # #[cfg(all(feature = "os-poll", feature = "net"))]
/// # fn main() {
/// use std::io;
///
/// use mio::event::Source;
/// use mio::net::TcpStream;
/// use mio::{Interest, Registry, Token};
///
/// struct Connection {
///     stream: TcpStream,
///     received: Vec<u8>,
/// }
///
/// impl Source for Connection {
///     fn register(
///         &mut self,
///         registry: &Registry,
///         token: Token,
///         interests: Interest,
///     ) -> io::Result<()> {
///         self.stream.register(registry, token, interests)
///     }
///
///     fn reregister(
///         &mut self,
///         registry: &Registry,
///         token: Token,
///         interests: Interest,
///     ) -> io::Result<()> {
///         self.stream.reregister(registry, token, interests)
///     }
///
///     fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
///         self.stream.deregister(registry)
///     }
/// }
/// # }
/// # #[cfg(not(all(feature = "os-poll", feature = "net")))]
/// # fn main() {}
/// ```
///
/// [`Poll`]: crate::Poll
/// [`register`]: Source::register
/// [`reregister`]: Source::reregister
/// [`deregister`]: Source::deregister
/// [`AlreadyExists`]: io::ErrorKind::AlreadyExists
/// [`NotFound`]: io::ErrorKind::NotFound
pub trait Source {
    /// Starts watching `self`, under `token`, for `interests`.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if it is registered already.
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()>;

    /// Replaces token and interest of a registered source. Whatever is ready at the time is
    /// reported anew.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if it is not registered.
    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()>;

    /// Stops watching `self`.
    ///
    /// # Errors
    ///
    /// [`NotFound`](io::ErrorKind::NotFound) if it is not registered.
    fn deregister(&mut self, registry: &Registry) -> io::Result<()>;
}

impl<T> Source for Box<T>
where
    T: Source + ?Sized,
{
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        (**self).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        (**self).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        (**self).deregister(registry)
    }
}
