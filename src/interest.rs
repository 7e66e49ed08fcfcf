//! [`Interest`]: what a source is watched for.

use std::fmt;
use std::num::NonZeroU8;
use std::ops::{BitOr, BitOrAssign};

const READABLE: u8 = 0b0_0001;
const WRITABLE: u8 = 0b0_0010;
const AIO: u8 = 0b0_0100;
const LIO: u8 = 0b0_1000;
const PRIORITY: u8 = 0b1_0000;

/// What a source is watched for: readiness to read, to write, or both.
///
/// An interest is never empty: to stop watching, [deregister] the source. It takes one byte, and so
/// does `Option<Interest>`.
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

    /// Events when there is data of high priority, such as the out-of-band byte of TCP.
    ///
    /// Linux and Android only: `EPOLLPRI`. Such an event also answers `true` to
    /// [`Event::is_readable`](crate::event::Event::is_readable).
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Interest = Interest::of(PRIORITY);

    /// The interest with these bits, of which there is at least one.
    const fn of(bits: u8) -> Interest {
        match NonZeroU8::new(bits) {
            Some(bits) => Interest(bits),
            None => panic!("an interest is never empty"),
        }
    }

    /// Both interests together, like `self | other`, but usable in constants.
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

    /// What is left of this interest without `other`, or `None` if nothing is.
    ///
    /// # Examples
    ///
    /// ```
    /// use mio::Interest;
    ///
    /// let both = Interest::READABLE | Interest::WRITABLE;
    /// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
    /// assert_eq!(Interest::READABLE.remove(both), None);
    /// ```
    #[must_use = "what is left is returned, the operands stay as they are"]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        NonZeroU8::new(self.0.get() & !other.0.get()).map(Interest)
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

    const fn has(self, bit: u8) -> bool {
        self.0.get() & bit != 0
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

/// The names joined by ` | `, for example `READABLE | WRITABLE`.
impl fmt::Debug for Interest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (READABLE, "READABLE"),
            (WRITABLE, "WRITABLE"),
            (AIO, "AIO"),
            (LIO, "LIO"),
            (PRIORITY, "PRIORITY"),
        ];
        let mut separator = "";
        for (bit, name) in names {
            if self.has(bit) {
                write!(formatter, "{separator}{name}")?;
                separator = " | ";
            }
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
        let questions: [fn(Interest) -> bool; 5] = [
            Interest::is_readable,
            Interest::is_writable,
            Interest::is_aio,
            Interest::is_lio,
            Interest::is_priority,
        ];
        for (asked, question) in questions.iter().enumerate() {
            for (set, bit) in [READABLE, WRITABLE, AIO, LIO, PRIORITY].into_iter().enumerate() {
                assert_eq!(
                    question(Interest::of(bit)),
                    asked == set,
                    "question {asked}, bit {set}"
                );
            }
        }
    }

    #[test]
    fn removing_what_is_not_there_changes_nothing() {
        assert_eq!(Interest::READABLE.remove(Interest::WRITABLE), Some(Interest::READABLE));
    }

    #[test]
    fn debug_joins_the_names() {
        let mut interest = Interest::READABLE;
        assert_eq!(format!("{interest:?}"), "READABLE");
        interest |= Interest::WRITABLE;
        assert_eq!(format!("{interest:?}"), "READABLE | WRITABLE");
        assert_eq!(format!("{:?}", Interest::of(AIO | LIO | PRIORITY)), "AIO | LIO | PRIORITY");
    }
}
