//! [`Poll`], which waits, and [`Registry`], which knows what for.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::event::{Events, Source};
use crate::selector::Selected;
use crate::selector::contract::Selector;
use crate::{Interest, Token, log};

/// Waits for many sources at once.
///
/// A `Poll` belongs to one thread at a time: [`poll`] takes it by exclusive reference. Its
/// [`Registry`] can be shared, and a [`Waker`] ends a wait from elsewhere.
///
/// # Edges
///
/// Events are edge-triggered: one for each change, not one for as long as something is ready. So
/// after an event, repeat the operation until it returns [`WouldBlock`]; stopping before that may
/// mean waiting for an event that never comes, as there is nothing new to report. For streams on
/// Unix a short read or write, of fewer bytes than asked for, says the same; but after an event
/// that is [read closed] only the read of zero bytes does.
///
/// What is already ready at registration is reported by the next poll.
///
/// An interest can have another trigger: with [`Interest::level`] every poll has an event as long
/// as the source is ready, with [`Interest::oneshot`] a registration has one event.
///
/// # What one event means
///
/// - An event is a hint: an operation may still return [`WouldBlock`]. Spurious events are rare,
///   and allowed.
/// - Several changes of a source before a poll are one event.
/// - Events never cover what is outside the [`Interest`], closed and error answers excepted.
/// - After [`deregister`] or the drop of a source, no later poll returns its token. Events that a
///   poll returned before stay in their [`Events`]: a handler that removes other sources has to
///   expect their tokens until the next poll.
///
/// # Cost
///
/// On epoll, a poll is one system call and no allocation, takes no lock, and costs the same with
/// one registered source as with a million. The selector of poll(2) passes all its sources to the
/// kernel each time, and so costs more the more there are.
///
/// # Examples
///
/// A connection through the loopback interface:
///
/// ```
/// # #[cfg(all(feature = "os-poll", feature = "net"))]
/// # fn main() -> std::io::Result<()> {
/// use std::io;
///
/// use mio::net::{TcpListener, TcpStream};
/// use mio::{Events, Interest, Poll, Token};
///
/// const LISTENER: Token = Token(0);
/// const CLIENT: Token = Token(1);
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(128);
///
/// let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
/// poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
///
/// let mut client = TcpStream::connect(listener.local_addr()?)?;
/// poll.registry().register(&mut client, CLIENT, Interest::WRITABLE)?;
///
/// let (mut accepted, mut connected) = (false, false);
/// while !(accepted && connected) {
///     poll.poll(&mut events, None)?;
///     for event in &events {
///         match event.token() {
///             LISTENER => {
///                 let (_stream, peer) = listener.accept()?;
///                 println!("{peer} is here");
///                 accepted = true;
///             }
///             CLIENT => {
///                 match client.finish_connect() {
///                     Ok(()) => connected = true,
///                     Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
///                     Err(error) => return Err(error),
///                 }
///             }
///             _ => unreachable!("no other source is registered"),
///         }
///     }
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "os-poll", feature = "net")))]
/// # fn main() {}
/// ```
///
/// [`poll`]: Poll::poll
/// [read closed]: crate::event::Event::is_read_closed
/// [`deregister`]: Registry::deregister
/// [`Waker`]: crate::Waker
/// [`WouldBlock`]: io::ErrorKind::WouldBlock
pub struct Poll {
    registry: Registry,
}

impl Poll {
    /// Opens the system's facility: `epoll_create1(2)` on Linux, Android and illumos, `kqueue(2)`
    /// on Apple systems and the BSDs, `port_create(3C)` on Solaris, `CreateIoCompletionPort` on
    /// Windows. For `poll(2)` that is the descriptor by which other threads end a wait under way.
    ///
    /// # Errors
    ///
    /// What the system returns, as when the process has no descriptors left; [`Unsupported`] in a
    /// build without the feature `os-poll`.
    ///
    /// [`Unsupported`]: io::ErrorKind::Unsupported
    pub fn new() -> io::Result<Poll> {
        Ok(Poll { registry: Registry { selector: Selected::new()? } })
    }

    /// The registry, to register sources with.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Waits until a source is ready, the waker wakes, or `timeout` has passed; then `events` has
    /// what became of them. What it had before is gone, whatever the result.
    ///
    /// A timeout of zero never waits: the poll returns what is ready. `None` waits without an end,
    /// and then `events` is never empty. Anything in between is rounded up to the finest unit
    /// of the system, and any value will do, [`Duration::MAX`] included. A return before the
    /// time without an event does not happen.
    ///
    /// | selector | system call | unit |
    /// |---|---|---|
    /// | epoll, Linux 5.11 and later | `epoll_wait(2)`, `epoll_pwait2(2)` | nanosecond |
    /// | epoll, older and Android | `epoll_wait(2)` | millisecond |
    /// | kqueue | `kevent(2)` | nanosecond |
    /// | event ports, Solaris | `port_getn(3C)` | nanosecond |
    /// | AFD, Windows | `GetQueuedCompletionStatusEx` | millisecond |
    /// | poll(2), WASI preview 1 | `poll_oneoff` | nanosecond |
    /// | poll(2) | `ppoll(2)`, else `poll(2)` | nanosecond, else millisecond |
    ///
    /// How soon a thread runs again after that is the scheduler's affair; Linux by default adds up
    /// to 50 microseconds of slack (`PR_SET_TIMERSLACK`, `prctl(2)`).
    ///
    /// # Errors
    ///
    /// - [`Interrupted`]: a signal handler ran. `events` is empty; most programs poll again.
    /// - [`InvalidInput`]: `events` has a capacity of zero.
    ///
    /// # Examples
    ///
    /// A loop that lives through signals:
    ///
    /// ```
    /// # #[cfg(feature = "os-poll")]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io;
    /// use std::time::Duration;
    ///
    /// use mio::{Events, Poll};
    ///
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(128);
    ///
    /// for _ in 0..3 {
    ///     match poll.poll(&mut events, Some(Duration::from_micros(200))) {
    ///         Ok(()) => {}
    ///         Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
    ///         Err(error) => return Err(error),
    ///     }
    ///     for event in &events {
    ///         println!("{event:?}");
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "os-poll"))]
    /// # fn main() {}
    /// ```
    ///
    /// [`Interrupted`]: io::ErrorKind::Interrupted
    /// [`InvalidInput`]: io::ErrorKind::InvalidInput
    #[inline]
    pub fn poll(&mut self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        self.registry.selector.select(events.list(), timeout)
    }
}

impl fmt::Debug for Poll {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Poll").finish_non_exhaustive()
    }
}

/// Registers sources with a [`Poll`].
///
/// Obtained from [`Poll::registry`]. [`try_clone`] makes one that other threads can own. Changes
/// take effect at once, in a poll that is under way on another thread too.
///
/// # Examples
///
/// ```
/// # #[cfg(all(feature = "os-poll", feature = "net"))]
/// # fn main() -> std::io::Result<()> {
/// use mio::net::UdpSocket;
/// use mio::{Interest, Poll, Token};
///
/// let poll = Poll::new()?;
/// let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
///
/// poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
/// poll.registry().reregister(
///     &mut socket,
///     Token(7),
///     Interest::READABLE | Interest::WRITABLE,
/// )?;
/// poll.registry().deregister(&mut socket)?;
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "os-poll", feature = "net")))]
/// # fn main() {}
/// ```
///
/// [`try_clone`]: Registry::try_clone
pub struct Registry {
    selector: Arc<Selected>,
}

impl Registry {
    /// Starts watching `source`: from now on events under `token` tell when it is ready for
    /// `interests`. What is ready already is reported by the next poll.
    ///
    /// The interest also says how events come. By itself it is edge-triggered: one event for each
    /// change. [`Interest::level`] asks for an event from every poll as long as the source is
    /// ready, [`Interest::oneshot`] for one event until [`reregister`], and `Interest::exclusive`,
    /// on Linux and Android, that of several polls which watch one listener not all wake.
    ///
    /// # Errors
    ///
    /// - [`AlreadyExists`]: it is registered with this [`Poll`] already; its registration stays as
    ///   it is. With another `Poll`, the selector of poll(2) refuses a second registration
    ///   likewise, epoll does not.
    /// - What the system says of a descriptor that cannot be watched: of one that is not open
    ///   (`EBADF`), or, on epoll, of a regular file ([`PermissionDenied`]). Nothing is registered
    ///   then.
    /// - [`Unsupported`]: the selector cannot do what the interest asks for, such as an exclusive
    ///   registration anywhere but with epoll. [`InvalidInput`]: an exclusive interest that is also
    ///   one-shot or in priority data.
    ///
    /// [`reregister`]: Registry::reregister
    /// [`AlreadyExists`]: io::ErrorKind::AlreadyExists
    /// [`PermissionDenied`]: io::ErrorKind::PermissionDenied
    /// [`Unsupported`]: io::ErrorKind::Unsupported
    /// [`InvalidInput`]: io::ErrorKind::InvalidInput
    pub fn register<S>(&self, source: &mut S, token: Token, interests: Interest) -> io::Result<()>
    where
        S: Source + ?Sized,
    {
        log::trace!("registering a source: {token:?}, {interests:?}");
        source.register(self, token, interests)
    }

    /// Replaces token and interest of a registered source, its trigger included. What is ready at
    /// the time is reported by the next poll, also if it was reported before. This is what brings
    /// back a [one-shot](Interest::oneshot) that has had its event.
    ///
    /// # Errors
    ///
    /// - [`NotFound`]: it is not registered here.
    /// - [`Unsupported`], [`InvalidInput`]: as for [`register`]. The registration stays as it was.
    /// - On epoll, if the interest is or was exclusive: the kernel has no memory left. Then the
    ///   source is not registered any more.
    ///
    /// [`register`]: Registry::register
    /// [`NotFound`]: io::ErrorKind::NotFound
    /// [`Unsupported`]: io::ErrorKind::Unsupported
    /// [`InvalidInput`]: io::ErrorKind::InvalidInput
    pub fn reregister<S>(&self, source: &mut S, token: Token, interests: Interest) -> io::Result<()>
    where
        S: Source + ?Sized,
    {
        log::trace!("re-registering a source: {token:?}, {interests:?}");
        source.reregister(self, token, interests)
    }

    /// Stops watching `source`. No later poll returns its token; it can be registered again, here
    /// or elsewhere.
    ///
    /// # Errors
    ///
    /// - [`NotFound`]: it is not registered here.
    ///
    /// [`NotFound`]: io::ErrorKind::NotFound
    pub fn deregister<S>(&self, source: &mut S) -> io::Result<()>
    where
        S: Source + ?Sized,
    {
        log::trace!("deregistering a source");
        source.deregister(self)
    }

    /// Another handle to the same registry. It costs no system call and no descriptor, and may
    /// outlive the [`Poll`].
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn try_clone(&self) -> io::Result<Registry> {
        Ok(Registry { selector: Arc::clone(&self.selector) })
    }

    pub(crate) fn selector(&self) -> &Arc<Selected> {
        &self.selector
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registry").finish_non_exhaustive()
    }
}
