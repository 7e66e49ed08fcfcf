//! Timeouts as the system calls take them: rounded up, in the finest unit that is to be had, for
//! any [`Duration`].

use std::ffi::c_int;
use std::time::{Duration, Instant};

/// A timeout of whole milliseconds, as `epoll_wait(2)` and `poll(2)` take it: rounded up, with -1
/// for no timeout at all. What does not fit, above 24 days, is cut: the caller has to look whether
/// time is left.
pub(crate) fn milliseconds(timeout: Option<Duration>) -> c_int {
    let Some(timeout) = timeout else { return -1 };
    let rounded_up = timeout.as_nanos().div_ceil(1_000_000);
    c_int::try_from(rounded_up).unwrap_or(c_int::MAX)
}

/// What [`milliseconds`] says, if that is exactly this timeout, neither rounded nor cut. Made to be
/// cheap: all polls ask it, and most have an exact one.
#[inline]
pub(crate) fn exact_milliseconds(timeout: Option<Duration>) -> Option<c_int> {
    let Some(timeout) = timeout else { return Some(-1) };
    let nanoseconds = timeout.subsec_nanos();
    if nanoseconds % 1_000_000 != 0 {
        return None;
    }
    let whole_seconds = timeout.as_secs().checked_mul(1000)?;
    let milliseconds = whole_seconds.checked_add(u64::from(nanoseconds / 1_000_000))?;
    c_int::try_from(milliseconds).ok()
}

/// When a wait ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deadline {
    /// Without waiting.
    Now,
    /// At this time.
    At(Instant),
    /// Not by the clock: there is no timeout, or one beyond what the clock can express.
    Never,
}

impl Deadline {
    /// The end of a wait that begins now.
    pub(crate) fn after(timeout: Option<Duration>) -> Deadline {
        match timeout {
            None => Deadline::Never,
            Some(Duration::ZERO) => Deadline::Now,
            Some(timeout) => match Instant::now().checked_add(timeout) {
                Some(end) => Deadline::At(end),
                None => Deadline::Never,
            },
        }
    }

    /// How much of the wait is left, `None` being no end.
    pub(crate) fn remaining(self) -> Option<Duration> {
        match self {
            Deadline::Now => Some(Duration::ZERO),
            Deadline::At(end) => Some(end.saturating_duration_since(Instant::now())),
            Deadline::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);
    const LONGEST: Duration = Duration::from_millis(c_int::MAX as u64);

    #[test]
    fn milliseconds_round_up_and_never_overflow() {
        let nanosecond = Duration::from_nanos(1);
        let cases = [
            (None, -1),
            (Some(Duration::ZERO), 0),
            (Some(nanosecond), 1),
            (Some(Duration::from_micros(999)), 1),
            (Some(MILLISECOND), 1),
            (Some(MILLISECOND + nanosecond), 2),
            (Some(Duration::from_secs(25 * 24 * 60 * 60)), c_int::MAX),
            (Some(LONGEST - nanosecond), c_int::MAX),
            (Some(LONGEST), c_int::MAX),
            (Some(LONGEST + nanosecond), c_int::MAX),
            (Some(Duration::from_millis(u64::from(u32::MAX))), c_int::MAX),
            (Some(Duration::MAX), c_int::MAX),
        ];
        for (timeout, expected) in cases {
            assert_eq!(milliseconds(timeout), expected, "{timeout:?}");
        }
    }

    #[test]
    fn only_whole_milliseconds_that_fit_are_exact() {
        let longest_seconds = Duration::from_secs(u64::MAX / 1000);
        let cases = [
            (None, true),
            (Some(Duration::ZERO), true),
            (Some(MILLISECOND), true),
            (Some(longest_seconds), false),
            (Some(longest_seconds + Duration::from_millis(999)), false),
            (Some(Duration::from_secs(u64::MAX)), false),
            (Some(Duration::from_micros(1_500)), false),
            (Some(Duration::from_nanos(1)), false),
            (Some(LONGEST), true),
            (Some(LONGEST + MILLISECOND), false),
            (Some(Duration::MAX), false),
        ];
        for (timeout, expected) in cases {
            let exact = exact_milliseconds(timeout);
            assert_eq!(exact, expected.then(|| milliseconds(timeout)), "{timeout:?}");
        }
    }

    #[test]
    fn a_deadline_beyond_the_clock_is_never() {
        assert_eq!(Deadline::after(Some(Duration::MAX)).remaining(), None);
        assert_eq!(Deadline::after(None).remaining(), None);
    }

    #[test]
    fn a_deadline_keeps_what_is_left() {
        assert_eq!(Deadline::after(Some(Duration::ZERO)).remaining(), Some(Duration::ZERO));
        let hour = Duration::from_secs(3600);
        let left = Deadline::after(Some(hour)).remaining().unwrap();
        assert!(left <= hour && left > hour / 2);
        assert_eq!(Deadline::At(Instant::now()).remaining(), Some(Duration::ZERO));
    }
}
