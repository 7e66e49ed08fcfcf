//! Timeouts as the system calls take them: rounded up, in the finest unit that is to be had, for
//! any [`Duration`].

use std::ffi::c_int;
use std::time::Duration;

/// A timeout of whole milliseconds, as `epoll_wait(2)` and `poll(2)` take it: rounded up, with -1
/// for no timeout at all. What does not fit, above 24 days, is cut: the caller has to look whether
/// time is left.
pub(crate) fn milliseconds(timeout: Option<Duration>) -> c_int {
    let Some(timeout) = timeout else { return -1 };
    let part = u64::from(timeout.subsec_nanos().div_ceil(1_000_000));
    let rounded_up = timeout.as_secs().saturating_mul(1000).saturating_add(part);
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

/// What is left of a timeout after a wait of all these milliseconds.
pub(crate) fn after(timeout: Option<Duration>, milliseconds: c_int) -> Option<Duration> {
    let passed = Duration::from_millis(milliseconds.max(0) as u64);
    timeout.map(|timeout| timeout.saturating_sub(passed))
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
    fn nothing_is_left_but_of_what_was_cut() {
        let whole = [Duration::from_nanos(1), MILLISECOND, LONGEST, Duration::ZERO];
        for timeout in whole.map(Some) {
            assert_eq!(after(timeout, milliseconds(timeout)), Some(Duration::ZERO));
        }
        let cut = Some(LONGEST + MILLISECOND);
        assert_eq!(after(cut, milliseconds(cut)), Some(MILLISECOND));
        assert_eq!(after(None, milliseconds(None)), None);
    }
}
