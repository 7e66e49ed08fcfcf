//! One socket: what is to be asked of the driver next, and what of its answers is to be reported.
//!
//! Pure, and so compiled and tested everywhere. The selector tells a [`Socket`] what has happened,
//! then asks for the next [`Command`] and carries it out. At no time is more than one poll of a
//! socket under way: Windows mixes up the answers of two
//! (<https://github.com/piscisaureus/wepoll/issues/35>).

use std::fmt;
use std::ops::BitOr;
use std::time::Instant;

use crate::Interest;
use crate::selector::readiness::Readiness;
use crate::selector::rearm::{Offers, Trigger};

/// A set of the driver's poll events.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AfdEvents(pub(super) u32);

impl AfdEvents {
    pub(super) const RECEIVE: AfdEvents = AfdEvents(0x1);
    pub(super) const SEND: AfdEvents = AfdEvents(0x4);
    /// The peer has shut down its writing side.
    pub(super) const DISCONNECT: AfdEvents = AfdEvents(0x8);
    /// The connection was reset.
    pub(super) const ABORT: AfdEvents = AfdEvents(0x10);
    /// The socket was closed on this side while it was polled.
    pub(super) const LOCAL_CLOSE: AfdEvents = AfdEvents(0x20);
    pub(super) const ACCEPT: AfdEvents = AfdEvents(0x80);
    pub(super) const CONNECT_FAIL: AfdEvents = AfdEvents(0x100);

    /// What ends a connection, and is asked for with every poll. `CONNECT`, 0x40, never is: it
    /// stays up as long as a connection lasts, and says no more than `SEND` does.
    const ALWAYS: AfdEvents =
        AfdEvents(AfdEvents::ABORT.0 | AfdEvents::LOCAL_CLOSE.0 | AfdEvents::CONNECT_FAIL.0);

    /// What does not go away again.
    const LASTING: AfdEvents = AfdEvents(AfdEvents::ALWAYS.0 | AfdEvents::DISCONNECT.0);

    fn intersects(self, other: AfdEvents) -> bool {
        self.0 & other.0 != 0
    }

    fn contains(self, other: AfdEvents) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for AfdEvents {
    type Output = AfdEvents;

    fn bitor(self, other: AfdEvents) -> AfdEvents {
        AfdEvents(self.0 | other.0)
    }
}

impl fmt::Debug for AfdEvents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:#x}", self.0)
    }
}

/// What to ask for to learn of a condition. What ends a connection is asked for always.
const REQUESTS: [(Readiness, AfdEvents); 3] = [
    (Readiness::READABLE, AfdEvents(AfdEvents::RECEIVE.0 | AfdEvents::ACCEPT.0)),
    (Readiness::WRITABLE, AfdEvents::SEND),
    (Readiness::READ_CLOSED, AfdEvents::DISCONNECT),
];

const BOTH: Readiness = Readiness::READABLE.or(Readiness::WRITABLE);

/// What says that a connection has ended. Of edges it is the last that is reported.
const TERMINAL: Readiness = Readiness::HANG_UP.or(Readiness::ERROR);

/// What each event says.
const ANSWERS: [(AfdEvents, Readiness); 6] = [
    (AfdEvents::RECEIVE, Readiness::READABLE),
    (AfdEvents::ACCEPT, Readiness::READABLE),
    (AfdEvents::SEND, Readiness::WRITABLE),
    // A read returns zero bytes; what is written is still delivered.
    (AfdEvents::DISCONNECT, Readiness::READABLE.or(Readiness::READ_CLOSED)),
    // Reads and writes return the error, and so make progress.
    (AfdEvents::ABORT, BOTH.or(Readiness::HANG_UP)),
    (AfdEvents::CONNECT_FAIL, BOTH.or(Readiness::HANG_UP).or(Readiness::ERROR)),
];

/// All that is reported of a source with this interest.
fn conditions_of(interest: Interest) -> Readiness {
    let end = if interest.is_readable() { Readiness::READ_CLOSED } else { Readiness::NONE };
    Readiness::named_by(interest) | end | TERMINAL
}

fn request(awaited: Readiness) -> AfdEvents {
    let asked = REQUESTS.iter().filter(|(condition, _)| awaited.intersects(*condition));
    asked.fold(AfdEvents::ALWAYS, |sum, (_, events)| sum | *events)
}

fn conditions(events: AfdEvents) -> Readiness {
    let holding = ANSWERS.iter().filter(|(event, _)| events.intersects(*event));
    holding.fold(Readiness::NONE, |sum, (_, conditions)| sum | *conditions)
}

/// How a poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Ready(AfdEvents),
    /// By us, or by the system.
    Cancelled,
    Failed,
}

/// What is true of a socket at the moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) can_be_read: bool,
    pub(super) can_be_written: bool,
    /// A direction, or the connection, has come to its end.
    pub(super) has_ended: bool,
}

impl Now {
    fn directions(self) -> Readiness {
        let choices =
            [(self.can_be_read, Readiness::READABLE), (self.can_be_written, Readiness::WRITABLE)];
        let holding = choices.into_iter().filter(|(holds, _)| *holds);
        holding.fold(Readiness::NONE, |sum, (_, direction)| sum | direction)
    }
}

/// What to do for a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Nothing,
    /// Begin a poll for these events.
    Submit(AfdEvents),
    /// Cancel the poll that is under way. Its packet comes all the same.
    Cancel,
    /// Forget the socket: nothing of it is left to come.
    Free,
}

/// The poll of a socket. Once begun, it is over when its packet has come, and not before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Poll {
    None,
    UnderWay(AfdEvents),
    Cancelled,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Socket {
    /// All that may be reported.
    interest: Readiness,
    /// What of it is still to be reported.
    armed: Readiness,
    trigger: Trigger,
    /// What is reported has to hold still. A one-shot can be that too.
    is_level: bool,
    /// Since the last report an answer was worthless.
    was_asked_again: bool,
    poll: Poll,
    /// The registration is over.
    is_ended: bool,
    /// The socket was closed, though its registration is not over.
    is_closed: bool,
}

impl Socket {
    /// A socket whose registration begins.
    pub(super) fn new(interest: Interest) -> Socket {
        let conditions = conditions_of(interest);
        Socket {
            interest: conditions,
            armed: conditions,
            trigger: Trigger::of(interest),
            is_level: interest.is_level(),
            was_asked_again: false,
            poll: Poll::None,
            is_ended: false,
            is_closed: false,
        }
    }

    /// It is registered anew: what is ready is reported again.
    pub(super) fn reregistered(&mut self, interest: Interest) {
        self.interest = conditions_of(interest);
        self.armed = self.interest;
        self.trigger = Trigger::of(interest);
        self.is_level = interest.is_level();
    }

    /// An operation found that these directions are not ready.
    pub(super) fn rearmed(&mut self, directions: Interest) {
        if self.trigger != Trigger::Edge {
            return;
        }
        self.arm(Readiness::named_by(directions));
    }

    fn arm(&mut self, directions: Readiness) {
        // The end of the stream is not armed again: having come, it stays.
        self.armed = self.armed | ((directions | TERMINAL) & self.interest);
    }

    /// The directions that were reported, and of which nobody says when they are not ready any
    /// more if a user operates on the socket.
    pub(super) fn doubtful(&self) -> Readiness {
        // After the end of a connection there is nothing to come.
        let is_over = self.is_ended || self.is_closed || !self.armed.intersects(TERMINAL);
        if self.trigger != Trigger::Edge || is_over {
            return Readiness::NONE;
        }
        BOTH & self.interest & !self.armed
    }

    /// A look at a user's socket found this. What is gone is armed again, and of what still holds
    /// it is said whether to offer it. Returns when to look again at the latest, if that matters.
    pub(super) fn observed(
        &mut self,
        seen: Now,
        offers: &mut Offers,
        now: Instant,
    ) -> Option<Instant> {
        let mut doubtful = self.doubtful();
        if seen.has_ended {
            // The end of the stream is told to who reads, once.
            if self.armed.intersects(Readiness::READ_CLOSED) {
                self.arm(Readiness::READABLE);
            }
            doubtful = doubtful & !Readiness::READABLE;
        }
        let gone = doubtful & !seen.directions();
        if gone != Readiness::NONE {
            offers.changed();
            self.arm(gone);
        }
        let repeated = doubtful & seen.directions();
        if repeated == Readiness::NONE {
            return None;
        }
        let (is_offered, look_again) = offers.hold(now);
        if is_offered {
            self.arm(repeated);
        }
        Some(look_again)
    }

    /// The registration is over.
    pub(super) fn ended(&mut self) {
        self.is_ended = true;
    }

    /// What to do next. The answer is taken to be carried out.
    pub(super) fn next(&mut self) -> Command {
        let is_wanted = self.armed != Readiness::NONE && !self.is_ended && !self.is_closed;
        let wanted = is_wanted.then(|| request(self.armed));
        match (self.poll, wanted) {
            (Poll::None, Some(events)) => {
                self.poll = Poll::UnderWay(events);
                Command::Submit(events)
            }
            (Poll::None, None) if self.is_ended => Command::Free,
            (Poll::UnderWay(asked), Some(events)) if !asked.contains(events) => self.cancel(),
            (Poll::UnderWay(_), None) if self.is_ended => self.cancel(),
            // What is asked for beyond what is wanted costs one poll that says nothing new.
            _ => Command::Nothing,
        }
    }

    fn cancel(&mut self) -> Command {
        self.poll = Poll::Cancelled;
        Command::Cancel
    }

    /// Whether what it reports has to hold still, so that an answer from before the wait is to be
    /// [confirmed](Socket::confirmed).
    pub(super) fn is_level(&self) -> bool {
        self.is_level
    }

    /// What is left of an answer that may be old. What ends a connection lasts. An end of which the
    /// answer does not know yet makes it worthless: it is asked for again, once before the next
    /// report, as doing so puts the socket behind all others.
    pub(super) fn confirmed(
        &mut self,
        outcome: Outcome,
        now: impl FnOnce() -> Option<Now>,
    ) -> Outcome {
        let Outcome::Ready(events) = outcome else { return outcome };
        let Some(now) = now() else { return outcome };
        let mut confirmed = AfdEvents(events.0 & AfdEvents::LASTING.0);
        let is_worthless = now.has_ended && confirmed == AfdEvents(0);
        if is_worthless && !std::mem::replace(&mut self.was_asked_again, true) {
            return Outcome::Ready(confirmed);
        }
        let directions =
            [(now.can_be_read, AfdEvents::RECEIVE), (now.can_be_written, AfdEvents::SEND)];
        for (is_so, event) in directions {
            if is_so {
                confirmed = confirmed | event;
            }
        }
        Outcome::Ready(confirmed)
    }

    /// The packet of the poll has come, or the poll could not be begun. Returns what to report.
    pub(super) fn completed(&mut self, outcome: Outcome) -> Readiness {
        self.poll = Poll::None;
        let holding = match outcome {
            Outcome::Ready(events) if events.intersects(AfdEvents::LOCAL_CLOSE) => {
                self.is_closed = true;
                Readiness::NONE
            }
            Outcome::Ready(events) => conditions(events),
            Outcome::Cancelled => return Readiness::NONE,
            // Whoever waits for the socket is to find out by using it. Reported once.
            Outcome::Failed => BOTH | Readiness::HANG_UP | Readiness::ERROR,
        };
        if self.is_ended { Readiness::NONE } else { self.report(holding) }
    }

    /// Of the conditions that hold, those to report. What the trigger says is disarmed.
    fn report(&mut self, holding: Readiness) -> Readiness {
        let report = holding & self.armed;
        self.was_asked_again &= report == Readiness::NONE;
        let is_over = report.intersects(TERMINAL);
        match self.trigger {
            Trigger::Level => {}
            Trigger::OneShot if report != Readiness::NONE => self.armed = Readiness::NONE,
            Trigger::Edge if is_over => self.armed = Readiness::NONE,
            _ => self.armed = self.armed & !report,
        }
        report
    }
}

#[cfg(test)]
mod tests;
