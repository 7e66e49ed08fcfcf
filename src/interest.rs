//! [`Interest`]: what a source is watched for, and how its events come.

use std::fmt;
use std::num::NonZeroU8;
use std::ops::{BitOr, BitOrAssign};

const READABLE: u8 = 1 << 0;
const WRITABLE: u8 = 1 << 1;
const AIO: u8 = 1 << 2;
const LIO: u8 = 1 << 3;
const PRIORITY: u8 = 1 << 4;
const LEVEL: u8 = 1 << 5;
const ONESHOT: u8 = 1 << 6;
const EXCLUSIVE: u8 = 1 << 7;

/// By the number of the bit.
const NAMES: [&str; 8] =
    ["READABLE", "WRITABLE", "AIO", "LIO", "PRIORITY", "LEVEL", "ONESHOT", "EXCLUSIVE"];

/// The bits that say how events come, and not of what.
const TRIGGERS: u8 = LEVEL | ONESHOT | EXCLUSIVE;

/// What a source is watched for: readiness to read, to write, or both. And how its events come.
///
/// An interest is never without a readiness: to stop watching, [deregister] the source. It takes
/// one byte, and so does `Option<Interest>`.
///
/// # Triggers
///
/// Events are edges: each tells of a change. [`level`](Interest::level) and
/// [`oneshot`](Interest::oneshot) make them come in another way. They concern all of a
/// registration, so that they are no readiness and have no constants: they are added to one.
///
/// | trigger | events |
/// |---|---|
/// | none | one for each change |
/// | `level` | one from every poll, as long as the source is ready |
/// | `oneshot` | one, then none until the source is registered anew |
/// | `exclusive` | as above; of several `Poll`s with one listener, not all wake (Linux, Android) |
///
/// [`add`](Interest::add) and `|` take the triggers of either side, and
/// [`remove`](Interest::remove) leaves them as they are. So `a | b` without `b` is `a`, where both
/// have the same.
///
/// # Examples
///
/// ```
/// use mio::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::WRITABLE), Some(Interest::READABLE));
/// assert_eq!(both.remove(both), None);
///
/// let level = both.level();
/// assert!(level.is_level() && !level.is_oneshot());
/// assert_eq!(level.remove(Interest::WRITABLE), Some(Interest::READABLE.level()));
/// assert_eq!(level.remove(both), None);
/// ```
///
/// [deregister]: crate::Registry::deregister
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interest(NonZeroU8);

impl Interest {
    /// Events when the source is ready to be read, or its reading side is closed.
    pub const READABLE: Interest = Interest::of(READABLE);

    /// Events when the source is ready to be written to, or its writing side is closed.
    pub const WRITABLE: Interest = Interest::of(WRITABLE);

    /// Events when an asynchronous I/O request, `aio(4)`, is complete.
    #[cfg(any(target_os = "dragonfly", target_os = "freebsd", target_vendor = "apple"))]
    pub const AIO: Interest = Interest::of(AIO);

    /// Events when a list of asynchronous I/O requests, `lio_listio(2)`, is complete.
    #[cfg(target_os = "freebsd")]
    pub const LIO: Interest = Interest::of(LIO);

    /// The interest with these bits, of which there is at least one.
    const fn of(bits: u8) -> Interest {
        match NonZeroU8::new(bits) {
            Some(bits) => Interest(bits),
            None => panic!("an interest is never empty"),
        }
    }

    /// The same interest, level-triggered: an event from every poll for as long as the source is
    /// ready, whatever was reported or read before. What has closed or failed is reported by every
    /// poll too.
    ///
    /// It suits code that does not read until it would block, and descriptors that block, such as
    /// a terminal: one read after each event never waits. Mind that a source which is registered
    /// as writable and has nothing to write makes every poll return at once.
    ///
    /// `EPOLLET` left out on epoll, `EV_CLEAR` on kqueue; elsewhere the system has levels.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(all(unix, feature = "os-poll", feature = "os-ext"))]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    ///
    /// use mio::unix::pipe;
    /// use mio::{Events, Interest, Poll, Token};
    ///
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// let (mut sender, mut receiver) = pipe::new()?;
    /// poll.registry().register(&mut receiver, Token(0), Interest::READABLE.level())?;
    ///
    /// sender.write_all(b"three")?;
    /// for _ in 0..5 {
    ///     poll.poll(&mut events, None)?;
    ///     assert!(events.iter().any(|event| event.is_readable()));
    ///     receiver.read_exact(&mut [0])?;
    /// }
    /// poll.poll(&mut events, Some(std::time::Duration::ZERO))?;
    /// assert!(events.is_empty());
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(unix, feature = "os-poll", feature = "os-ext")))]
    /// # fn main() {}
    /// ```
    #[must_use = "the level-triggered interest is returned, this one stays as it is"]
    pub const fn level(self) -> Interest {
        Interest::of(self.0.get() | LEVEL)
    }

    /// The same interest for one event: after it there is none, of either direction, nor of an end
    /// or an error, until the source is registered anew by [`Registry::reregister`]. That reports
    /// what is ready at the time.
    ///
    /// The event may tell of one direction where both are ready. An operation that would block
    /// does not bring the source back. It stays registered all the same, so that it is to be
    /// deregistered, and cannot be registered a second time.
    ///
    /// It suits several threads that share the work of one `Poll`: whoever has the event has the
    /// source, until it is registered anew.
    ///
    /// `EPOLLONESHOT` on epoll, `EV_DISPATCH` on kqueue; elsewhere made by this crate.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(all(unix, feature = "os-poll", feature = "os-ext"))]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    ///
    /// use mio::unix::pipe;
    /// use mio::{Events, Interest, Poll, Token};
    ///
    /// let mut poll = Poll::new()?;
    /// let mut events = Events::with_capacity(8);
    /// let (mut sender, mut receiver) = pipe::new()?;
    /// let once = Interest::READABLE.oneshot();
    /// poll.registry().register(&mut receiver, Token(0), once)?;
    ///
    /// sender.write_all(b"one")?;
    /// poll.poll(&mut events, None)?;
    /// assert_eq!(events.iter().count(), 1);
    /// sender.write_all(b"two")?;
    /// poll.poll(&mut events, Some(std::time::Duration::ZERO))?;
    /// assert!(events.is_empty());
    ///
    /// poll.registry().reregister(&mut receiver, Token(0), once)?;
    /// poll.poll(&mut events, None)?;
    /// assert_eq!(events.iter().count(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(unix, feature = "os-poll", feature = "os-ext")))]
    /// # fn main() {}
    /// ```
    ///
    /// [`Registry::reregister`]: crate::Registry::reregister
    #[must_use = "the one-shot interest is returned, this one stays as it is"]
    pub const fn oneshot(self) -> Interest {
        Interest::of(self.0.get() | ONESHOT)
    }

    /// Both interests together, like `self | other`, but usable in constants. It has the triggers
    /// of both.
    ///
    /// # Examples
    ///
    /// ```
    /// use mio::Interest;
    ///
    /// const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    /// assert_eq!(BOTH, Interest::READABLE | Interest::WRITABLE);
    /// ```
    #[allow(clippy::should_implement_trait)]
    #[must_use = "the sum is returned, the operands stay as they are"]
    pub const fn add(self, other: Interest) -> Interest {
        Interest::of(self.0.get() | other.0.get())
    }

    /// What is left of this interest without the readiness that `other` names, or `None` if no
    /// readiness is. The triggers stay those of this interest, whatever `other` has.
    ///
    /// # Examples
    ///
    /// ```
    /// use mio::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
    /// assert_eq!(Interest::READABLE.remove(both), None);
    ///
    /// let level = both.level();
    /// assert_eq!(level.remove(Interest::READABLE.level()), Some(Interest::WRITABLE.level()));
    /// ```
    #[must_use = "what is left is returned, the operands stay as they are"]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        let left = self.0.get() & (!other.0.get() | TRIGGERS);
        (left & !TRIGGERS != 0).then(|| Interest::of(left))
    }

    /// Whether this interest includes readiness to read.
    pub const fn is_readable(self) -> bool {
        self.has(READABLE)
    }

    /// Whether this interest includes readiness to write.
    pub const fn is_writable(self) -> bool {
        self.has(WRITABLE)
    }

    /// Whether this interest includes completion of asynchronous I/O. Always `false` on systems
    /// without it.
    pub const fn is_aio(self) -> bool {
        self.has(AIO)
    }

    /// Whether this interest includes completion of lists of asynchronous I/O. Always `false` on
    /// systems without it.
    pub const fn is_lio(self) -> bool {
        self.has(LIO)
    }

    /// Whether this interest includes data of high priority. Always `false` on systems without it.
    pub const fn is_priority(self) -> bool {
        self.has(PRIORITY)
    }

    /// Whether events are [level-triggered](Interest::level).
    pub const fn is_level(self) -> bool {
        self.has(LEVEL)
    }

    /// Whether there is [one event](Interest::oneshot) for each registration.
    pub const fn is_oneshot(self) -> bool {
        self.has(ONESHOT)
    }

    /// Whether, of several `Poll`s that watch one source, not all wake. Always `false` on systems
    /// without that.
    pub const fn is_exclusive(self) -> bool {
        self.has(EXCLUSIVE)
    }

    /// The same interest, exclusive: for tests of the systems that refuse it.
    #[cfg(test)]
    #[allow(dead_code)]
    pub(crate) const fn exclusive_everywhere(self) -> Interest {
        Interest::of(self.0.get() | EXCLUSIVE)
    }

    const fn has(self, bit: u8) -> bool {
        self.0.get() & bit != 0
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
impl Interest {
    /// Events when there is data of high priority, such as the out-of-band byte of TCP.
    ///
    /// Linux and Android only: `EPOLLPRI`. Such an event also answers `true` to
    /// [`Event::is_readable`](crate::event::Event::is_readable).
    pub const PRIORITY: Interest = Interest::of(PRIORITY);

    /// The same interest, exclusive: where several `Poll`s watch one source, such as a listener
    /// that each thread accepts from, an event wakes at least one of them and not all.
    ///
    /// Linux and Android only: `EPOLLEXCLUSIVE`, of Linux 4.5. All registrations of the source that
    /// are to share its events have to be exclusive; those that are not have each event besides. It
    /// goes with edges and with [`level`](Interest::level), and is meant for listeners: that a peer
    /// has shut down its writing side is not told by `is_read_closed`, as the kernel does not allow
    /// `EPOLLRDHUP` here.
    ///
    /// # Errors
    ///
    /// To register so is [`InvalidInput`] together with [`oneshot`](Interest::oneshot) or
    /// [`PRIORITY`](Interest::PRIORITY), or of a source that is an epoll descriptor itself, and
    /// [`Unsupported`] on a kernel older than that and with another selector than epoll.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(all(feature = "os-poll", feature = "net"))]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io;
    ///
    /// use mio::net::TcpListener;
    /// use mio::{Interest, Poll, Token};
    ///
    /// let first = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// first.set_nonblocking(true)?;
    /// // For another thread, with a poll of its own.
    /// let second = first.try_clone()?;
    /// for listener in [first, second] {
    ///     let poll = Poll::new()?;
    ///     let mut listener = TcpListener::from_std(listener);
    ///     let interest = Interest::READABLE.exclusive();
    ///     match poll.registry().register(&mut listener, Token(0), interest) {
    ///         Err(error) if error.kind() == io::ErrorKind::Unsupported => {
    ///             poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
    ///         }
    ///         result => result?,
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "os-poll", feature = "net")))]
    /// # fn main() {}
    /// ```
    ///
    /// [`InvalidInput`]: std::io::ErrorKind::InvalidInput
    /// [`Unsupported`]: std::io::ErrorKind::Unsupported
    #[must_use = "the exclusive interest is returned, this one stays as it is"]
    pub const fn exclusive(self) -> Interest {
        Interest::of(self.0.get() | EXCLUSIVE)
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.add(other);
    }
}

/// The names joined by ` | `, for example `READABLE | WRITABLE | LEVEL`.
impl fmt::Debug for Interest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bits = self.0.get();
        let mut separator = "";
        // From bit to bit, as a loop over all of them would be laid out eight times.
        while bits != 0 {
            formatter.write_str(separator)?;
            formatter.write_str(NAMES[bits.trailing_zeros() as usize])?;
            separator = " | ";
            bits &= bits - 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interest_and_an_optional_interest_take_one_byte() {
        assert_eq!(size_of::<Interest>(), 1);
        assert_eq!(size_of::<Option<Interest>>(), 1);
    }

    #[test]
    fn each_bit_answers_its_own_question_only() {
        let questions: [fn(Interest) -> bool; 8] = [
            Interest::is_readable,
            Interest::is_writable,
            Interest::is_aio,
            Interest::is_lio,
            Interest::is_priority,
            Interest::is_level,
            Interest::is_oneshot,
            Interest::is_exclusive,
        ];
        for (asked, question) in questions.iter().enumerate() {
            for set in 0..8 {
                let answer = question(Interest::of(1 << set));
                assert_eq!(answer, asked == set, "question {asked}, bit {set}");
            }
        }
    }

    #[test]
    fn removing_what_is_not_there_changes_nothing() {
        assert_eq!(Interest::READABLE.remove(Interest::WRITABLE), Some(Interest::READABLE));
    }

    #[test]
    fn no_trigger_is_left_without_a_readiness() {
        let interests = || (1..=u8::MAX).filter(|bits| bits & !TRIGGERS != 0).map(Interest::of);
        for (from, other) in interests().flat_map(|from| interests().map(move |o| (from, o))) {
            let left = from.remove(other);
            let readiness = from.0.get() & !TRIGGERS & !other.0.get();
            match left {
                None => assert_eq!(readiness, 0, "{from:?} without {other:?}"),
                Some(left) => {
                    assert_eq!(left.0.get() & !TRIGGERS, readiness, "{from:?} without {other:?}");
                    assert_eq!(left.0.get() & TRIGGERS, from.0.get() & TRIGGERS);
                }
            }
        }
    }

    #[test]
    fn a_sum_has_the_triggers_of_both() {
        const SUM: Interest = Interest::READABLE.level().add(Interest::WRITABLE.oneshot());
        assert_eq!(SUM, (Interest::READABLE | Interest::WRITABLE).oneshot().level());
        assert_eq!(SUM.level(), SUM);
    }

    #[test]
    fn debug_joins_the_names() {
        let mut interest = Interest::READABLE;
        assert_eq!(format!("{interest:?}"), "READABLE");
        interest |= Interest::WRITABLE;
        assert_eq!(format!("{interest:?}"), "READABLE | WRITABLE");
        assert_eq!(format!("{:?}", Interest::of(AIO | LIO | PRIORITY)), "AIO | LIO | PRIORITY");
        let triggers = format!("{:?}", Interest::of(WRITABLE | TRIGGERS));
        assert_eq!(triggers, "WRITABLE | LEVEL | ONESHOT | EXCLUSIVE");
    }
}
