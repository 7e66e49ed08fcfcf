//! [`Event`]: what became of one source.

use std::fmt;

use crate::Token;
use crate::selector;
use crate::selector::contract::RawEvent;

/// What became of one source since it was last reported.
///
/// An event is a hint, taken when the poll looked: by the time it is handled another thread may
/// have read the data. So try the operation, and treat [`WouldBlock`] as "not ready after all". One
/// event may carry several answers at once, for example readable and read closed.
///
/// The closed and error answers may come without having been asked for, as the systems report them
/// with any interest. They are hints of another kind: `true` is always right, while `false` only
/// says that this event does not tell; the operations themselves always do, by reading zero bytes
/// or failing.
///
/// # What the answers come from
///
/// | answer | epoll | poll(2) |
/// |---|---|---|
/// | [`is_readable`] | `EPOLLIN` or `EPOLLPRI` | `POLLIN` or `POLLPRI` |
/// | [`is_writable`] | `EPOLLOUT` | `POLLOUT` |
/// | [`is_error`] | `EPOLLERR` | `POLLERR` |
/// | [`is_read_closed`] | `EPOLLHUP`, or `EPOLLIN` with `EPOLLRDHUP` | `POLLHUP` or `POLLRDHUP` |
/// | [`is_write_closed`] | `EPOLLHUP`, `EPOLLOUT` and `EPOLLERR`, or `EPOLLERR` alone | the same |
/// | [`is_priority`] | `EPOLLPRI` | `POLLPRI` |
///
/// kqueue watches each direction on its own, so that one event answers for one:
///
/// | answer | kqueue |
/// |---|---|
/// | [`is_readable`], [`is_writable`] | `EVFILT_READ`, `EVFILT_WRITE` |
/// | [`is_read_closed`], [`is_write_closed`] | the same with `EV_EOF` |
/// | [`is_error`] | `EV_EOF` with an error in `fflags` |
/// | [`is_aio`], [`is_lio`] | `EVFILT_AIO`, `EVFILT_LIO` |
///
/// Event ports (Solaris) report the bits of poll(2).
///
/// # Examples
///
/// ```
/// use mio::event::Event;
///
/// fn describe(event: &Event) -> &'static str {
///     if event.is_readable() || event.is_read_closed() {
///         "reading makes progress: data, the end, or the error"
///     } else if event.is_writable() || event.is_write_closed() {
///         "writing makes progress: room, or the error"
///     } else {
///         "an error: ask take_error()"
///     }
/// }
/// ```
///
/// [`WouldBlock`]: std::io::ErrorKind::WouldBlock
/// [`is_readable`]: Event::is_readable
/// [`is_writable`]: Event::is_writable
/// [`is_error`]: Event::is_error
/// [`is_read_closed`]: Event::is_read_closed
/// [`is_write_closed`]: Event::is_write_closed
/// [`is_priority`]: Event::is_priority
/// [`is_aio`]: Event::is_aio
/// [`is_lio`]: Event::is_lio
#[repr(transparent)]
#[derive(Clone)]
pub struct Event {
    raw: selector::Event,
}

impl Event {
    /// The token that the source was registered with.
    pub fn token(&self) -> Token {
        self.raw.token()
    }

    /// Whether a read is likely to make progress: data, a connection to accept, or the end of the
    /// stream.
    pub fn is_readable(&self) -> bool {
        self.raw.is_readable()
    }

    /// Whether a write is likely to make progress, or a connect has come to an end.
    pub fn is_writable(&self) -> bool {
        self.raw.is_writable()
    }

    /// Whether the source has an error pending. `take_error()` of the socket types tells which.
    pub fn is_error(&self) -> bool {
        self.raw.is_error()
    }

    /// Whether no more data will arrive: the peer has shut down its writing side or closed, or the
    /// local reading side was shut down.
    ///
    /// What arrived before is still there to be read.
    pub fn is_read_closed(&self) -> bool {
        self.raw.is_read_closed()
    }

    /// Whether no more data can be sent: both sides are shut down, the peer is gone, or the reader
    /// of a pipe is.
    ///
    /// An error of a datagram socket, such as that of a datagram which nobody received, answers the
    /// same though it ends nothing.
    pub fn is_write_closed(&self) -> bool {
        self.raw.is_write_closed()
    }

    /// Whether there is data of high priority. Linux and Android only; elsewhere `false`.
    pub fn is_priority(&self) -> bool {
        self.raw.is_priority()
    }

    /// Whether an asynchronous I/O request is complete. Only systems with [`Interest::is_aio`]
    /// interests; elsewhere `false`.
    ///
    /// [`Interest::is_aio`]: crate::Interest::is_aio
    pub fn is_aio(&self) -> bool {
        self.raw.is_aio()
    }

    /// Whether a list of asynchronous I/O requests is complete. Only systems with
    /// [`Interest::is_lio`] interests; elsewhere `false`.
    ///
    /// [`Interest::is_lio`]: crate::Interest::is_lio
    pub fn is_lio(&self) -> bool {
        self.raw.is_lio()
    }

    /// The same event under its public name.
    #[allow(unsafe_code)]
    pub(super) fn from_raw(raw: &selector::Event) -> &Event {
        // SAFETY: `Event` is a transparent wrapper of exactly this type, so that both have one
        // layout, and the reference keeps its lifetime.
        unsafe { &*std::ptr::from_ref(raw).cast::<Event>() }
    }
}

/// The token and each answer; with `{:#?}` also what the system itself reported.
impl fmt::Debug for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alternate = formatter.alternate();
        let mut output = formatter.debug_struct("Event");
        output
            .field("token", &self.token())
            .field("readable", &self.is_readable())
            .field("writable", &self.is_writable())
            .field("error", &self.is_error())
            .field("read_closed", &self.is_read_closed())
            .field("write_closed", &self.is_write_closed())
            .field("priority", &self.is_priority())
            .field("aio", &self.is_aio())
            .field("lio", &self.is_lio());
        if alternate {
            output.field("system", &self.raw);
        }
        output.finish()
    }
}
