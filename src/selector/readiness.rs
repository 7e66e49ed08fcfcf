//! [`Readiness`]: conditions of a source in our own bits, for the facilities that have no edges of
//! their own, and the event that carries them.

use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

use super::contract::RawEvent;
use crate::{Interest, Token};

/// A set of conditions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Readiness(u8);

impl Readiness {
    pub(crate) const NONE: Readiness = Readiness(0);
    pub(crate) const READABLE: Readiness = Readiness(1 << 0);
    pub(crate) const WRITABLE: Readiness = Readiness(1 << 1);
    pub(crate) const PRIORITY: Readiness = Readiness(1 << 2);
    /// The peer will send no more, though what it sent may still be there to read.
    pub(crate) const READ_CLOSED: Readiness = Readiness(1 << 3);
    /// Both directions have come to their end.
    pub(crate) const HANG_UP: Readiness = Readiness(1 << 4);
    pub(crate) const ERROR: Readiness = Readiness(1 << 5);

    const NAMES: [(Readiness, &'static str); 6] = [
        (Readiness::READABLE, "READABLE"),
        (Readiness::WRITABLE, "WRITABLE"),
        (Readiness::PRIORITY, "PRIORITY"),
        (Readiness::READ_CLOSED, "READ_CLOSED"),
        (Readiness::HANG_UP, "HANG_UP"),
        (Readiness::ERROR, "ERROR"),
    ];

    /// The conditions that an interest asks for by name.
    pub(crate) fn named_by(interest: Interest) -> Readiness {
        let choices = [
            (interest.is_readable(), Readiness::READABLE),
            (interest.is_writable(), Readiness::WRITABLE),
            (interest.is_priority(), Readiness::PRIORITY),
        ];
        choices
            .into_iter()
            .filter(|(chosen, _)| *chosen)
            .fold(Readiness::NONE, |sum, (_, bit)| sum | bit)
    }

    /// Like `self | other`, but usable in constants.
    pub(crate) const fn or(self, other: Readiness) -> Readiness {
        Readiness(self.0 | other.0)
    }

    /// Whether any condition is in both sets.
    pub(crate) fn intersects(self, other: Readiness) -> bool {
        self & other != Readiness::NONE
    }
}

impl BitOr for Readiness {
    type Output = Readiness;

    fn bitor(self, other: Readiness) -> Readiness {
        self.or(other)
    }
}

impl BitAnd for Readiness {
    type Output = Readiness;

    fn bitand(self, other: Readiness) -> Readiness {
        Readiness(self.0 & other.0)
    }
}

impl Not for Readiness {
    type Output = Readiness;

    fn not(self) -> Readiness {
        Readiness(!self.0)
    }
}

/// The names as a list.
impl fmt::Debug for Readiness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = Readiness::NAMES.iter().filter(|(bit, _)| self.intersects(*bit));
        formatter.debug_list().entries(set.map(|(_, name)| name)).finish()
    }
}

/// What became of one source.
#[derive(Clone, Debug)]
pub(crate) struct ReadinessEvent {
    pub(crate) token: Token,
    pub(crate) readiness: Readiness,
}

impl ReadinessEvent {
    fn has(&self, condition: Readiness) -> bool {
        self.readiness.intersects(condition)
    }
}

impl RawEvent for ReadinessEvent {
    fn token(&self) -> Token {
        self.token
    }

    fn is_readable(&self) -> bool {
        self.has(Readiness::READABLE | Readiness::PRIORITY)
    }

    fn is_writable(&self) -> bool {
        self.has(Readiness::WRITABLE)
    }

    fn is_error(&self) -> bool {
        self.has(Readiness::ERROR)
    }

    fn is_read_closed(&self) -> bool {
        self.has(Readiness::READ_CLOSED | Readiness::HANG_UP)
    }

    fn is_write_closed(&self) -> bool {
        // An error alone is how a pipe tells its writer that the reader is gone.
        self.has(Readiness::HANG_UP)
            || self.has(Readiness::WRITABLE) && self.has(Readiness::ERROR)
            || self.readiness == Readiness::ERROR
    }

    fn is_priority(&self) -> bool {
        self.has(Readiness::PRIORITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interest_names_its_conditions() {
        let both = Interest::READABLE | Interest::WRITABLE;
        assert_eq!(Readiness::named_by(both), Readiness::READABLE | Readiness::WRITABLE);
        assert_eq!(Readiness::named_by(Interest::READABLE), Readiness::READABLE);
    }

    #[test]
    fn answers_follow_the_conditions() {
        for bits in 0..1 << Readiness::NAMES.len() {
            let event = ReadinessEvent { token: Token(7), readiness: Readiness(bits) };
            let [readable, writable, priority, read_closed, hang_up, error] =
                std::array::from_fn(|place| bits & (1 << place) != 0);
            assert_eq!(event.is_readable(), readable || priority);
            assert_eq!(event.is_writable(), writable);
            assert_eq!(event.is_priority(), priority);
            assert_eq!(event.is_error(), error);
            assert_eq!(event.is_read_closed(), read_closed || hang_up);
            let only_error = bits == Readiness::ERROR.0;
            assert_eq!(event.is_write_closed(), hang_up || (writable && error) || only_error);
        }
    }

    #[test]
    fn debug_names_the_conditions() {
        let readiness = Readiness::READABLE | Readiness::HANG_UP;
        assert_eq!(format!("{readiness:?}"), r#"["READABLE", "HANG_UP"]"#);
    }
}
