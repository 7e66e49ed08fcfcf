//! All triggers out of a level-triggered facility: which conditions of a source are still to be
//! reported. Pure.
//!
//! An edge is reported once, which disarms it. It is armed again when an operation found that it no
//! longer holds (`WouldBlock`, or a short transfer of a stream), or by registering anew. A level is
//! never disarmed, and a one-shot as a whole by its event.
//!
//! A user's own descriptor is read and written where we do not see it. So its reported edges are
//! looked at before each wait. What no longer holds is armed again. What holds may be the old one,
//! or have gone and come back since: it is offered again, first after a millisecond, then ever more
//! rarely. So no change is lost, and a descriptor left alone costs a wake-up a second.

use std::time::{Duration, Instant};

use super::readiness::Readiness;
use crate::Interest;

/// How soon a condition that still holds is offered again, the first time and at the most.
const FIRST_OFFER: Duration = Duration::from_millis(1);
const LAST_OFFER: Duration = Duration::from_secs(1);

/// What a level-triggered facility reports whether asked for or not, as long as it holds.
const UNASKED: Readiness = Readiness::HANG_UP.or(Readiness::ERROR);

/// Who operates on a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// This crate, which re-arms by the results of the operations.
    Crate,
    /// The user, unseen.
    User,
}

/// What an event leaves armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Trigger {
    /// What was not reported.
    Edge,
    /// Everything.
    Level,
    /// Nothing, and what is armed afterwards stays so.
    OneShot,
}

impl Trigger {
    pub(crate) fn of(interest: Interest) -> Trigger {
        if interest.is_oneshot() {
            Trigger::OneShot
        } else if interest.is_level() {
            Trigger::Level
        } else {
            Trigger::Edge
        }
    }
}

/// The state of one source.
#[derive(Debug)]
pub(crate) struct Armed {
    operator: Operator,
    trigger: Trigger,
    /// All that may be reported.
    interest: Readiness,
    /// What of it is still to be reported.
    armed: Readiness,
    /// A hang-up or an error that was reported and, for all we know, still holds. The facility
    /// would end each wait because of it, so that the source is left out; whether it is gone is
    /// looked at before each wait, and of an error, which another thread may take, during one.
    stuck: Readiness,
    offers: Offers,
}

/// When a condition that was reported and still holds is offered again.
#[derive(Debug)]
pub(crate) struct Offers {
    /// Set once a look has found that it does.
    next: Option<Instant>,
    after: Duration,
}

impl Offers {
    pub(crate) fn new() -> Offers {
        Offers { next: None, after: FIRST_OFFER }
    }

    /// An event was given.
    pub(crate) fn reported(&mut self) {
        self.next = None;
    }

    /// A change was seen, so that more are to be expected soon.
    pub(crate) fn changed(&mut self) {
        *self = Offers::new();
    }

    /// A look found that it still holds. Returns whether it is offered now, and when to look again
    /// at the latest.
    pub(crate) fn hold(&mut self, now: Instant) -> (bool, Instant) {
        let due = *self.next.get_or_insert(now + self.after);
        if due > now {
            return (false, due);
        }
        self.after = (self.after * 2).min(LAST_OFFER);
        (true, *self.next.insert(now + self.after))
    }
}

impl Armed {
    pub(crate) fn new(operator: Operator, interest: Interest) -> Armed {
        let mut conditions = Readiness::named_by(interest) | UNASKED;
        if interest.is_readable() {
            conditions = conditions | Readiness::READ_CLOSED;
        }
        Armed {
            operator,
            trigger: Trigger::of(interest),
            interest: conditions,
            armed: conditions,
            stuck: Readiness::NONE,
            offers: Offers::new(),
        }
    }

    pub(crate) fn operator(&self) -> Operator {
        self.operator
    }

    /// What to wait for: `None` to leave the source out, an empty set for what comes unasked.
    pub(crate) fn awaited(&self) -> Option<Readiness> {
        if self.armed == Readiness::NONE || self.stuck != Readiness::NONE {
            return None;
        }
        Some(self.armed & !UNASKED)
    }

    /// Of the conditions that hold, those to report. They are disarmed.
    pub(crate) fn report(&mut self, holding: Readiness) -> Readiness {
        let report = holding & self.armed;
        match self.trigger {
            Trigger::Edge => {
                self.armed = self.armed & !report;
                self.stuck = holding & UNASKED;
                self.offers.reported();
            }
            Trigger::Level => {}
            Trigger::OneShot => {
                if report != Readiness::NONE {
                    self.armed = Readiness::NONE;
                }
            }
        }
        report
    }

    /// An operation found that these directions are not ready: their next change is to be reported.
    ///
    /// The end of the stream is not armed again: having come, it stays.
    pub(crate) fn rearm(&mut self, directions: Interest) {
        if self.trigger != Trigger::Edge {
            return;
        }
        let mut conditions = Readiness::named_by(directions);
        if directions.is_readable() {
            // Data of high priority is passed by reading on.
            conditions = conditions | Readiness::PRIORITY;
        }
        if !self.stuck.intersects(Readiness::HANG_UP) {
            self.stuck = Readiness::NONE;
            conditions = conditions | UNASKED;
        }
        self.armed = self.armed | (conditions & self.interest);
    }

    /// What to look at before the next wait: `None` if there is no need.
    pub(crate) fn doubtful(&self) -> Option<Readiness> {
        if self.trigger != Trigger::Edge {
            return None;
        }
        let unseen = match self.operator {
            Operator::Crate => Readiness::NONE,
            Operator::User => self.interest & !self.armed,
        };
        (unseen | self.stuck != Readiness::NONE).then_some(unseen & !UNASKED)
    }

    /// Takes note of what a look found. Returns when to look again at the latest, if that matters.
    pub(crate) fn observe(&mut self, holding: Readiness, now: Instant) -> Option<Instant> {
        let mut gone = self.stuck & !holding;
        self.stuck = self.stuck & holding;
        if self.operator == Operator::User {
            gone = gone | (self.interest & !self.armed & !holding);
        }
        if gone != Readiness::NONE {
            self.armed = self.armed | gone;
            self.offers.changed();
        }
        let repeated = self.repeated(holding);
        if repeated == Readiness::NONE && self.stuck != Readiness::ERROR {
            return None;
        }
        let (is_offered, look_again) = self.offers.hold(now);
        if is_offered {
            self.armed = self.armed | repeated;
        }
        Some(look_again)
    }

    /// Conditions that were reported and hold, and may have been gone in between.
    fn repeated(&self, holding: Readiness) -> Readiness {
        if self.operator == Operator::Crate || self.stuck != Readiness::NONE {
            return Readiness::NONE;
        }
        self.interest & !self.armed & holding & !UNASKED & !Readiness::READ_CLOSED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Readiness = Readiness::READABLE;
    const WRITE: Readiness = Readiness::WRITABLE;
    const READ_CLOSED: Readiness = Readiness::READ_CLOSED;
    const HANG_UP: Readiness = Readiness::HANG_UP;
    const ERROR: Readiness = Readiness::ERROR;
    const NONE: Readiness = Readiness::NONE;

    fn both(operator: Operator) -> Armed {
        Armed::new(operator, Interest::READABLE | Interest::WRITABLE)
    }

    #[test]
    fn a_condition_is_reported_once() {
        let mut armed = both(Operator::Crate);
        assert_eq!(armed.awaited(), Some(READ | WRITE | READ_CLOSED));
        assert_eq!(armed.report(READ | WRITE), READ | WRITE);
        assert_eq!(armed.awaited(), Some(READ_CLOSED));
        assert_eq!(armed.report(READ | WRITE), NONE);
    }

    #[test]
    fn nothing_outside_the_interest_is_reported_or_armed() {
        let mut armed = Armed::new(Operator::Crate, Interest::WRITABLE);
        assert_eq!(armed.report(READ | READ_CLOSED | WRITE), WRITE);
        armed.rearm(Interest::READABLE);
        assert_eq!(armed.awaited(), Some(NONE));
    }

    #[test]
    fn a_blocked_direction_arms_itself_only_and_adds_to_what_is_armed() {
        let mut armed = both(Operator::Crate);
        armed.report(READ | WRITE);
        armed.rearm(Interest::READABLE);
        assert_eq!(armed.awaited(), Some(READ | READ_CLOSED));
        assert_eq!(armed.report(WRITE), NONE);
        armed.rearm(Interest::WRITABLE);
        assert_eq!(armed.awaited(), Some(READ | WRITE | READ_CLOSED));
    }

    #[test]
    fn a_hang_up_is_reported_once_and_leaves_the_source_out() {
        let mut armed = both(Operator::Crate);
        assert_eq!(armed.report(HANG_UP), HANG_UP);
        assert_eq!(armed.awaited(), None);
        armed.rearm(Interest::READABLE);
        assert_eq!(armed.awaited(), None, "what was sent before may still be read");
        armed.observe(HANG_UP, Instant::now());
        assert_eq!(armed.awaited(), None);
    }

    /// A socket hangs up also before it is connected.
    #[test]
    fn a_hang_up_that_is_seen_gone_lets_the_source_in_again() {
        let mut armed = both(Operator::Crate);
        armed.report(HANG_UP | WRITE);
        assert_eq!(armed.doubtful(), Some(NONE));
        armed.observe(NONE, Instant::now());
        assert_eq!(armed.awaited(), Some(READ | READ_CLOSED));
        armed.rearm(Interest::WRITABLE);
        assert_eq!(armed.report(WRITE | HANG_UP), WRITE | HANG_UP);
    }

    #[test]
    fn a_hang_up_is_reported_though_all_directions_were() {
        let mut armed = Armed::new(Operator::Crate, Interest::WRITABLE);
        armed.report(WRITE);
        assert_eq!(armed.awaited(), Some(NONE));
        assert_eq!(armed.report(HANG_UP | WRITE), HANG_UP);
    }

    #[test]
    fn an_error_that_holds_leaves_the_source_out_until_it_is_seen_gone() {
        let mut armed = Armed::new(Operator::Crate, Interest::READABLE);
        assert_eq!(armed.report(ERROR), ERROR);
        assert_eq!(armed.awaited(), None);
        assert_eq!(armed.doubtful(), Some(NONE));
        let now = Instant::now();
        assert_eq!(
            armed.observe(ERROR, now),
            Some(now + FIRST_OFFER),
            "another thread may take it"
        );
        assert_eq!(armed.observe(ERROR, now + FIRST_OFFER), Some(now + 3 * FIRST_OFFER));
        assert_eq!(armed.awaited(), None);
        assert_eq!(armed.observe(NONE, now), None);
        assert_eq!(armed.awaited(), Some(READ | READ_CLOSED));
        assert_eq!(armed.report(ERROR), ERROR, "the next error is an event of its own");
    }

    #[test]
    fn a_blocked_operation_ends_what_was_stuck() {
        let mut armed = Armed::new(Operator::Crate, Interest::READABLE);
        armed.report(ERROR | READ);
        armed.rearm(Interest::READABLE);
        assert_eq!(armed.awaited(), Some(READ | READ_CLOSED));
    }

    #[test]
    fn a_blocked_read_has_passed_what_was_of_priority() {
        let mut armed = Armed::new(Operator::Crate, Interest::READABLE);
        // Not all systems have a name for this interest.
        armed.interest = armed.interest | Readiness::PRIORITY;
        armed.armed = armed.interest;
        assert_eq!(armed.report(READ | Readiness::PRIORITY), READ | Readiness::PRIORITY);
        armed.rearm(Interest::READABLE);
        assert_eq!(armed.report(Readiness::PRIORITY), Readiness::PRIORITY);
    }

    #[test]
    fn the_end_of_a_stream_is_reported_once() {
        let mut armed = Armed::new(Operator::Crate, Interest::READABLE);
        assert_eq!(armed.report(READ | READ_CLOSED), READ | READ_CLOSED);
        armed.rearm(Interest::READABLE);
        assert_eq!(armed.report(READ | READ_CLOSED), READ);
    }

    #[test]
    fn what_the_crate_operates_on_needs_no_look() {
        let mut armed = both(Operator::Crate);
        armed.report(READ | WRITE);
        assert_eq!(armed.doubtful(), None);
    }

    #[test]
    fn what_the_user_drained_is_armed_by_a_look() {
        let mut armed = both(Operator::User);
        assert_eq!(armed.doubtful(), None, "all is armed");
        armed.report(READ | WRITE);
        assert_eq!(armed.doubtful(), Some(READ | WRITE));
        armed.observe(WRITE, Instant::now());
        assert_eq!(armed.awaited(), Some(READ | READ_CLOSED));
        assert_eq!(armed.doubtful(), Some(WRITE));
    }

    #[test]
    fn what_still_holds_is_offered_again_ever_more_rarely() {
        let mut armed = Armed::new(Operator::User, Interest::WRITABLE);
        let mut now = Instant::now();
        let mut expected = FIRST_OFFER;
        for _ in 0..16 {
            assert_eq!(armed.report(WRITE), WRITE);
            assert_eq!(armed.observe(WRITE, now), Some(now + expected));
            assert_eq!(armed.awaited(), Some(NONE), "not before its time");
            now += expected;
            expected = (expected * 2).min(LAST_OFFER);
            assert_eq!(armed.observe(WRITE, now), Some(now + expected));
            assert_eq!(armed.awaited(), Some(WRITE));
        }
        assert_eq!(expected, LAST_OFFER);
    }

    #[test]
    fn a_change_that_was_seen_makes_offers_frequent_again() {
        let mut armed = Armed::new(Operator::User, Interest::WRITABLE);
        let now = Instant::now();
        armed.report(WRITE);
        armed.observe(WRITE, now);
        armed.observe(WRITE, now + FIRST_OFFER);
        armed.report(WRITE);
        armed.observe(NONE, now);
        armed.report(WRITE);
        assert_eq!(armed.observe(WRITE, now), Some(now + FIRST_OFFER));
    }

    #[test]
    fn a_level_is_reported_whenever_it_holds() {
        for operator in [Operator::Crate, Operator::User] {
            let interest = Interest::READABLE | Interest::WRITABLE;
            let mut armed = Armed::new(operator, interest.level());
            for holding in [READ, READ | WRITE, READ | READ_CLOSED | HANG_UP, ERROR, WRITE, NONE] {
                assert_eq!(armed.awaited(), Some(READ | WRITE | READ_CLOSED));
                assert_eq!(armed.report(holding), holding);
                assert_eq!(armed.doubtful(), None, "the facility says it again by itself");
                armed.rearm(interest);
            }
        }
    }

    #[test]
    fn a_level_has_nothing_outside_its_interest() {
        let mut armed = Armed::new(Operator::Crate, Interest::WRITABLE.level());
        for _ in 0..3 {
            assert_eq!(armed.report(READ | READ_CLOSED | WRITE), WRITE);
            armed.rearm(Interest::READABLE);
            assert_eq!(armed.awaited(), Some(WRITE));
        }
    }

    #[test]
    fn a_one_shot_reports_once_and_nothing_brings_it_back() {
        let both = Interest::READABLE | Interest::WRITABLE;
        let shots = [READ, WRITE, READ | WRITE, READ | READ_CLOSED, HANG_UP, ERROR | WRITE];
        for operator in [Operator::Crate, Operator::User] {
            for (interest, shot) in
                [both.oneshot(), both.level().oneshot()].map(|i| shots.map(|s| (i, s))).concat()
            {
                let mut armed = Armed::new(operator, interest);
                assert_eq!(armed.report(NONE), NONE);
                armed.rearm(both);
                assert_eq!(armed.awaited(), Some(READ | WRITE | READ_CLOSED));
                assert_eq!(armed.report(shot), shot);
                armed.rearm(both);
                assert_eq!((armed.awaited(), armed.doubtful()), (None, None));
                assert_eq!(armed.report(READ | WRITE | HANG_UP | ERROR), NONE);
            }
        }
    }

    #[test]
    fn nothing_is_offered_again_after_a_hang_up() {
        let mut armed = both(Operator::User);
        armed.report(READ | WRITE | HANG_UP);
        let now = Instant::now();
        assert_eq!(armed.observe(READ | WRITE | HANG_UP, now), None);
        assert_eq!(armed.observe(READ | WRITE | HANG_UP, now + 2 * LAST_OFFER), None);
        assert_eq!(armed.awaited(), None);
    }
}
