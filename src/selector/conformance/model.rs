//! The promises of `contract.rs` about the events of one source, as a model: what the source is
//! ready for, what it is owed, and what may be reported of it. Pure; it knows no selector and no
//! system.
//!
//! A direction is *awaited* from the registration on, and again once an operation in it would have
//! blocked or was cut short. Awaited and ready, it is owed an event, which ends the waiting. And no
//! event comes without a reason that is newer than the event before: a change, or what is owed.
//!
//! A level is owed an event of each wait for as long as it is ready, and a one-shot its only one.

use crate::Interest;

/// Reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

use Direction::{Read, Write};

const DIRECTIONS: [Direction; 2] = [Read, Write];

impl Direction {
    fn is_in(self, interest: Interest) -> bool {
        match self {
            Read => interest.is_readable(),
            Write => interest.is_writable(),
        }
    }
}

/// Whether there is room to write. How much there is, is the system's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Yes,
    No,
    Unknown,
}

/// How much of a connection there still is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Peer {
    Open,
    /// It sends no more.
    HalfClosed,
    /// It neither sends nor receives.
    Gone,
}

/// What an event answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answers {
    pub(super) token: usize,
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) read_closed: bool,
    pub(super) write_closed: bool,
    pub(super) error: bool,
}

/// What the contract leaves to the selector.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Freedom {
    /// It makes the edges itself, so that an event says nothing that was said before.
    pub(crate) makes_edges: bool,
    /// An event may say what was true when the facility found it.
    pub(crate) may_be_late: bool,
    /// The end is known only once what came before it was read, and no longer once an operation has
    /// returned the error that it was.
    pub(crate) finds_ends_late: bool,
}

/// One direction of a registration.
#[derive(Debug, Clone, Copy, Default)]
struct Promise {
    /// The next time that it is ready, now included, is an event.
    awaited: bool,
    /// A selector that makes edges may report it.
    armed: bool,
    /// Something changed since it was last reported.
    changed: bool,
}

/// What was told of a level.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    readable: bool,
    writable: bool,
    read_closed: bool,
    write_closed: bool,
}

#[derive(Debug, Clone)]
struct Registration {
    token: usize,
    interest: Interest,
    /// A one-shot that had its event.
    has_fired: bool,
    /// A level that had an event since the model was last asked for what is owed.
    was_told: bool,
    /// By the wait that is under way.
    told: Told,
    /// An end has come since the last wait.
    has_new_end: bool,
    read: Promise,
    write: Promise,
    /// The end of reading was told, and that of writing.
    read_end_told: bool,
    write_end_told: bool,
}

impl Told {
    /// Adds an event of the same wait, which is of the other direction.
    fn add(&mut self, answers: Answers) -> Result<(), &'static str> {
        if self.readable && answers.readable || self.writable && answers.writable {
            return Err("one wait tells a level twice");
        }
        self.readable |= answers.readable;
        self.writable |= answers.writable;
        self.read_closed |= answers.read_closed;
        self.write_closed |= answers.write_closed;
        Ok(())
    }
}

impl Registration {
    /// One-shots may be levels as well, and have one event all the same.
    fn is_level(&self) -> bool {
        self.interest.is_level() && !self.interest.is_oneshot()
    }

    fn promise(&mut self, direction: Direction) -> &mut Promise {
        match direction {
            Read => &mut self.read,
            Write => &mut self.write,
        }
    }
}

/// What is known of one source.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Bytes, or connections, that wait to be taken.
    pub(super) waiting: usize,
    pub(super) room: Room,
    pub(super) peer: Peer,
    /// An operation has returned the error that ended the connection.
    pub(super) is_end_found: bool,
    registration: Option<Registration>,
}

impl Source {
    pub(super) fn new(room: Room) -> Source {
        Source { waiting: 0, room, peer: Peer::Open, is_end_found: false, registration: None }
    }

    pub(super) fn is_registered(&self) -> bool {
        self.registration.is_some()
    }

    pub(super) fn token(&self) -> Option<usize> {
        self.registration.as_ref().map(|registration| registration.token)
    }

    /// It is registered, or registered anew: both directions of the interest are awaited, and what
    /// was told before counts no more.
    pub(super) fn registered(&mut self, token: usize, interest: Interest) {
        let of = |direction: Direction| {
            let is_in = direction.is_in(interest);
            Promise { awaited: is_in, armed: is_in, changed: true }
        };
        self.registration = Some(Registration {
            token,
            interest,
            has_fired: false,
            was_told: false,
            told: Told::default(),
            has_new_end: false,
            read: of(Read),
            write: of(Write),
            read_end_told: false,
            write_end_told: false,
        });
    }

    pub(super) fn deregistered(&mut self) {
        self.registration = None;
    }

    /// An operation in this direction would have blocked, or moved less than it was asked to.
    pub(super) fn blocked(&mut self, direction: Direction) {
        self.armed(direction);
        if let Some(registration) = &mut self.registration {
            let is_in = direction.is_in(registration.interest);
            registration.promise(direction).awaited |= is_in;
        }
    }

    /// An operation that named this direction would have blocked, but not because of it.
    pub(super) fn armed(&mut self, direction: Direction) {
        if let Some(registration) = &mut self.registration {
            let is_in = direction.is_in(registration.interest);
            registration.promise(direction).armed |= is_in;
        }
    }

    /// The peer, or the system, did something about this direction.
    pub(super) fn changed(&mut self, direction: Direction) {
        if let Some(registration) = &mut self.registration {
            registration.promise(direction).changed = true;
        }
    }

    pub(super) fn ended(&mut self, peer: Peer) {
        self.peer = peer;
        if let Some(registration) = &mut self.registration {
            registration.has_new_end = true;
        }
        // Some systems say it of one direction only, others of the source.
        DIRECTIONS.into_iter().for_each(|direction| self.changed(direction));
    }

    fn is_ready(&self, direction: Direction) -> Option<bool> {
        match direction {
            Read => Some(self.waiting > 0 || self.peer > Peer::Open),
            Write if self.peer == Peer::Gone => Some(true),
            Write => match self.room {
                Room::Yes => Some(true),
                Room::No => Some(false),
                Room::Unknown => None,
            },
        }
    }

    pub(super) fn is_level(&self) -> bool {
        self.registration.as_ref().is_some_and(Registration::is_level)
    }

    /// From here on counts what is told.
    pub(super) fn round_begins(&mut self) {
        if let Some(registration) = &mut self.registration {
            registration.was_told = false;
        }
    }

    pub(super) fn wait_begins(&mut self) {
        if let Some(registration) = &mut self.registration {
            registration.told = Told::default();
        }
    }

    pub(super) fn wait_ends(&mut self) {
        if let Some(registration) = &mut self.registration {
            registration.has_new_end = false;
        }
    }

    /// What holds of the interest, and was not told yet.
    fn untold(&self, told: Told, freedom: Freedom) -> Option<&'static str> {
        let registration = self.registration.as_ref()?;
        let interest = registration.interest;
        let is_end_known = !freedom.finds_ends_late || self.waiting == 0;
        let is_half_over = self.peer > Peer::Open && is_end_known;
        let rules = [
            (Read, self.is_ready(Read) == Some(true) && !told.readable, "readable"),
            (Read, is_half_over && !told.read_closed, "the end of reading"),
            (Write, self.is_ready(Write) == Some(true) && !told.writable, "writable"),
            (Write, self.peer == Peer::Gone && !told.write_closed, "the end of writing"),
        ];
        let untold =
            rules.into_iter().find(|(direction, is_so, _)| *is_so && direction.is_in(interest));
        untold.map(|(_, _, what)| what)
    }

    /// A level has an event of each wait with all that holds, as long as there is room: what was
    /// missing.
    pub(super) fn missed(&self, freedom: Freedom) -> Option<&'static str> {
        let registration = self.registration.as_ref().filter(|found| found.is_level())?;
        // What waited to be taken when the end came knows nothing of it; the next wait does.
        let is_end_unknown = freedom.may_be_late && registration.has_new_end;
        if is_end_unknown || freedom.finds_ends_late && self.is_end_found {
            return None;
        }
        self.untold(registration.told, freedom)
    }

    /// Something is to be reported of the source: what it is.
    pub(super) fn owed(&self, freedom: Freedom) -> Option<&'static str> {
        let registration = self.registration.as_ref()?;
        if freedom.finds_ends_late && self.is_end_found {
            return None;
        }
        if registration.interest.is_oneshot() || registration.is_level() {
            let was_told = registration.has_fired || registration.was_told;
            return self.untold(Told::default(), freedom).filter(|_| !was_told);
        }
        let is_end_known = !freedom.finds_ends_late || self.waiting == 0;
        let (reads, writes) =
            (registration.interest.is_readable(), registration.interest.is_writable());
        if reads && self.peer > Peer::Open && is_end_known && !registration.read_end_told {
            return Some("the end of reading");
        }
        if writes && self.peer == Peer::Gone && !registration.write_end_told {
            return Some("the end of writing");
        }
        // Who was told of the end is not told again that there is something to read, be it that.
        let is_news = !registration.read_end_told;
        if registration.read.awaited && self.is_ready(Read) == Some(true) && is_news {
            return Some("readable");
        }
        if registration.write.awaited
            && self.is_ready(Write) == Some(true)
            && !registration.write_end_told
        {
            return Some("writable");
        }
        None
    }

    /// An event of this source came. An error says why that is wrong.
    pub(super) fn reported(
        &mut self,
        answers: Answers,
        freedom: Freedom,
    ) -> Result<(), &'static str> {
        self.check_truth(answers, freedom)?;
        let ready = DIRECTIONS.map(|direction| self.is_ready(direction));
        let is_over = self.peer == Peer::Gone;
        let Some(registration) = &mut self.registration else {
            return Err("the source is not registered");
        };
        if registration.interest.is_oneshot() {
            let is_second = std::mem::replace(&mut registration.has_fired, true);
            return if is_second { Err("it is a one-shot, and has fired") } else { Ok(()) };
        }
        if registration.is_level() {
            registration.was_told = true;
            return registration.told.add(answers);
        }
        let answered = [(Read, answers.readable), (Write, answers.writable)];
        let is_new_end = answers.read_closed && !registration.read_end_told
            || answers.write_closed && !registration.write_end_told;
        // A change may have been undone before the wait. The event it makes all the same says what
        // is ready besides.
        let is_changed = DIRECTIONS.iter().any(|direction| {
            direction.is_in(registration.interest) && registration.promise(*direction).changed
        });
        let is_armed = answered
            .iter()
            .any(|(direction, is_answered)| *is_answered && registration.promise(*direction).armed);
        if !is_new_end && !is_changed && !is_armed {
            return Err("nothing has changed since the last event");
        }
        for (direction, is_answered) in answered {
            if freedom.makes_edges && is_answered && !registration.promise(direction).armed {
                return Err("a direction that is not awaited is reported");
            }
        }
        let says_closed = answers.read_closed || answers.write_closed;
        if freedom.makes_edges && says_closed && !is_new_end {
            return Err("an end is told again");
        }
        registration.read_end_told |= answers.read_closed;
        registration.write_end_told |= answers.write_closed && is_over;
        for (index, (direction, is_answered)) in answered.into_iter().enumerate() {
            let promise = registration.promise(direction);
            if is_answered {
                *promise = Promise::default();
            } else if ready[index] == Some(false) {
                promise.changed = false;
            }
        }
        Ok(())
    }

    /// What an event answers has to be asked for, and true.
    fn check_truth(&self, answers: Answers, freedom: Freedom) -> Result<(), &'static str> {
        let Some(registration) = &self.registration else {
            return Err("the source is not registered");
        };
        let says_nothing = !answers.readable
            && !answers.writable
            && !answers.read_closed
            && !answers.write_closed
            && !answers.error;
        // A level is told as it is.
        let may_be_late = freedom.may_be_late && !registration.interest.is_level();
        let is_ready = |direction| may_be_late || self.is_ready(direction) != Some(false);
        let rules = [
            (says_nothing, "the event says nothing"),
            (
                answers.readable && !registration.interest.is_readable(),
                "readable is outside the interest",
            ),
            (
                answers.writable && !registration.interest.is_writable(),
                "writable is outside the interest",
            ),
            (answers.readable && !is_ready(Read), "there is nothing to read"),
            (answers.writable && !is_ready(Write), "there is no room to write"),
            (answers.read_closed && self.peer == Peer::Open, "the peer goes on sending"),
            (answers.write_closed && self.peer < Peer::Gone, "the peer goes on receiving"),
            (answers.error && self.peer < Peer::Gone, "there is no error"),
        ];
        let broken = rules.into_iter().find(|(is_broken, _)| *is_broken);
        broken.map_or(Ok(()), |(_, why)| Err(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

    fn freedom(makes_edges: bool) -> Freedom {
        Freedom { makes_edges, may_be_late: false, finds_ends_late: false }
    }

    fn answers(readable: bool, writable: bool) -> Answers {
        let (read_closed, write_closed, error) = (false, false, false);
        Answers { token: 1, readable, writable, read_closed, write_closed, error }
    }

    fn source(interest: Interest) -> Source {
        let mut source = Source::new(Room::Yes);
        source.registered(1, interest);
        source
    }

    #[test]
    fn what_is_ready_at_registration_is_owed_and_told_once() {
        for freedom in [true, false].map(freedom) {
            let mut source = source(BOTH);
            assert_eq!(source.owed(freedom), Some("writable"));
            source.reported(answers(false, true), freedom).unwrap();
            assert_eq!(source.owed(freedom), None);
            source.reported(answers(false, true), freedom).unwrap_err();
        }
    }

    #[test]
    fn a_read_that_blocks_is_no_reason_for_an_event_of_writing() {
        for freedom in [true, false].map(freedom) {
            let mut source = source(BOTH);
            source.reported(answers(false, true), freedom).unwrap();
            source.blocked(Read);
            assert_eq!(source.owed(freedom), None);
            source.clone().reported(answers(false, true), freedom).unwrap_err();
            source.armed(Write);
            let told_again = source.reported(answers(false, true), freedom);
            assert!(told_again.is_ok(), "{freedom:?}");
        }
    }

    #[test]
    fn a_change_is_owed_to_who_awaits_it_and_told_to_others_by_systems_that_have_edges() {
        for (is_awaited, makes_edges) in
            [(true, true), (true, false), (false, true), (false, false)]
        {
            let mut source = source(Interest::READABLE);
            source.waiting = 1;
            source.reported(answers(true, false), freedom(makes_edges)).unwrap();
            if is_awaited {
                source.waiting = 0;
                source.blocked(Read);
            }
            source.waiting += 1;
            source.changed(Read);
            assert_eq!(source.owed(freedom(makes_edges)).is_some(), is_awaited);
            let result = source.reported(answers(true, false), freedom(makes_edges));
            assert_eq!(result.is_ok(), is_awaited || !makes_edges);
        }
    }

    #[test]
    fn an_event_that_is_not_true_or_not_asked_for_is_wrong() {
        let mut source = source(Interest::READABLE);
        source.changed(Read);
        let closed = Answers { read_closed: true, ..answers(false, false) };
        let failed = Answers { error: true, ..answers(false, false) };
        let wrong =
            [answers(false, false), answers(true, false), answers(false, true), closed, failed];
        for answers in wrong {
            source.clone().reported(answers, freedom(false)).unwrap_err();
        }
        let late = Freedom { may_be_late: true, ..freedom(true) };
        source.clone().reported(answers(true, false), late).unwrap();
        source.deregistered();
        source.reported(answers(true, false), late).unwrap_err();
    }

    #[test]
    fn an_end_is_owed_though_nothing_is_awaited_and_nothing_is_after_it() {
        for freedom in [true, false].map(freedom) {
            let mut source = source(BOTH);
            source.waiting = 5;
            source.reported(answers(true, true), freedom).unwrap();
            source.ended(Peer::HalfClosed);
            assert_eq!(source.owed(freedom), Some("the end of reading"));
            let end = Answers { read_closed: true, ..answers(false, false) };
            source.reported(end, freedom).unwrap();
            source.waiting = 0;
            source.blocked(Read);
            assert_eq!(source.owed(freedom), None);
            source.ended(Peer::Gone);
            assert_eq!(source.owed(freedom), Some("the end of writing"));
        }
    }

    #[test]
    fn a_level_is_missed_by_each_wait_that_does_not_tell_it_or_tells_it_twice() {
        let mut source = source(BOTH.level());
        for _ in 0..3 {
            source.wait_begins();
            assert_eq!(source.missed(freedom(true)), Some("writable"));
            source.reported(answers(false, true), freedom(true)).unwrap();
            assert_eq!(source.missed(freedom(true)), None);
            source.clone().reported(answers(false, true), freedom(true)).unwrap_err();
        }
        source.waiting = 1;
        assert_eq!(source.missed(freedom(true)), Some("readable"));
        let late = Freedom { may_be_late: true, ..freedom(true) };
        source.room = Room::No;
        source.wait_begins();
        source.reported(answers(false, true), late).unwrap_err();
    }

    #[test]
    fn a_one_shot_has_one_event_until_it_is_registered_anew() {
        let mut source = source(BOTH.oneshot());
        for token in 2..4 {
            assert_eq!(source.owed(freedom(true)), Some("writable"));
            source.reported(answers(false, true), freedom(true)).unwrap();
            source.blocked(Write);
            source.ended(Peer::Gone);
            assert_eq!(source.owed(freedom(true)), None);
            source.reported(answers(true, true), freedom(true)).unwrap_err();
            source.peer = Peer::Open;
            source.registered(token, BOTH.oneshot());
        }
    }
}
