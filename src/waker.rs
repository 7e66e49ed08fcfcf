//! [`Waker`]: ends a wait from another thread.

use std::io;

use crate::selector;
use crate::selector::contract::{Selector as _, Wake as _};
use crate::{Registry, Token};

/// Ends a [`Poll::poll`] from another thread.
///
/// Each wake makes the poll that is under way, or else the next one, return with an event that has
/// the waker's token and is readable. Wakes that come before that poll returns are one event; so a
/// waker tells *that* something is to be done, and a channel or a flag tells *what*. Whatever a
/// thread did before its wake is visible to the thread that receives the event.
///
/// The first wake costs one system call. A wake while one is pending costs one atomic operation; up
/// to as many wakers of a `Poll` as a `usize` has bits.
///
/// A waker is shared by reference, commonly in an [`Arc`](std::sync::Arc). It works as long as it
/// lives: when it is dropped, a wake that was not received yet is lost. A `Poll` can have several,
/// each with its own token.
///
/// # How it works
///
/// An `eventfd(2)` on Linux, Android and Hermit, a pipe on other Unix systems, registered like any
/// source. On Solaris a message in the event port. On WASI, which has no threads, there is none.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "os-poll")]
/// # fn main() -> std::io::Result<()> {
/// use std::sync::Arc;
/// use std::thread;
///
/// use mio::{Events, Poll, Token, Waker};
///
/// const WAKE: Token = Token(10);
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(2);
/// let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
///
/// let other = thread::spawn({
///     let waker = Arc::clone(&waker);
///     move || waker.wake()
/// });
///
/// poll.poll(&mut events, None)?;
/// assert!(events.iter().any(|event| event.token() == WAKE));
/// other.join().unwrap()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "os-poll"))]
/// # fn main() {}
/// ```
///
/// [`Poll::poll`]: crate::Poll::poll
#[derive(Debug)]
pub struct Waker {
    inner: selector::Waker,
}

impl Waker {
    /// A waker of the [`Poll`](crate::Poll) that `registry` belongs to.
    ///
    /// # Errors
    ///
    /// What the system returns, as when the process has no descriptors left;
    /// [`Unsupported`](io::ErrorKind::Unsupported) on WASI.
    pub fn new(registry: &Registry, token: Token) -> io::Result<Waker> {
        registry.selector().waker(token).map(|inner| Waker { inner })
    }

    /// Makes the poll that is under way, or else the next one, return with this waker's event.
    ///
    /// # Errors
    ///
    /// What the system returns. None is known to happen: a counter or pipe that is full is emptied.
    pub fn wake(&self) -> io::Result<()> {
        self.inner.wake()
    }
}
