//! When a wait ends that may take several calls of the system.

use std::time::{Duration, Instant};

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
