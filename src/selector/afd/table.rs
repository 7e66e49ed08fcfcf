//! The sockets of one selector, and the polls that are under way for them.
//!
//! A socket stays in the table until the packet of its last poll has come, and its place is the
//! number that goes with the poll. So what the system writes to is never freed, and a packet never
//! taken for that of another socket.

use std::collections::VecDeque;
use std::io;
use std::os::windows::io::{AsHandle, RawSocket};
use std::time::Instant;

use super::device::{Device, Operation};
use super::groups::Groups;
use super::socket::{Command, Now, Outcome, Socket};
use crate::os::windows::port::Port;
use crate::os::windows::socket;
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::selector::rearm::{Offers, Operator};
use crate::{Interest, Token};

/// A place for a socket.
#[derive(Debug, Default)]
struct Place {
    slot: Option<Slot>,
    /// Stands in the list of those to look at before the next wait.
    is_listed: bool,
    /// Stands in the list of users' sockets to look at before each wait.
    is_doubtful: bool,
}

#[derive(Debug)]
struct Slot {
    token: Token,
    /// The socket as the driver knows it.
    base: RawSocket,
    group: usize,
    socket: Socket,
    operation: Operation,
    /// The wait during which the poll was begun, or after which.
    polled_in: u64,
    /// What is to be reported, though no packet will say so.
    unpacked: Readiness,
    /// Of a socket that a user operates on, unseen.
    offers: Option<Offers>,
}

/// A socket to be added.
#[derive(Debug)]
pub(super) struct Added {
    /// The socket as the driver knows it.
    pub(super) base: RawSocket,
    pub(super) token: Token,
    pub(super) interest: Interest,
    pub(super) operator: Operator,
}

#[derive(Debug)]
pub(super) struct Table {
    places: Vec<Place>,
    vacant: Vec<usize>,
    groups: Groups<Device>,
    /// Places where there may be something to do before the next wait.
    listed: Vec<usize>,
    /// Users' sockets of which something was reported, to look at before each wait.
    doubtful: Vec<usize>,
    /// Sockets with something to report that no packet says.
    unpacked: VecDeque<usize>,
    /// How many polls are under way.
    polls: usize,
    /// How many waits have begun.
    waits: u64,
}

/// The number that goes with the polls of a place. Zero would mean that no packet is wanted.
fn which(place: usize) -> usize {
    place + 1
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            places: Vec::new(),
            vacant: Vec::new(),
            groups: Groups::new(),
            listed: Vec::new(),
            doubtful: Vec::new(),
            unpacked: VecDeque::new(),
            polls: 0,
            waits: 0,
        }
    }

    /// Adds a socket, and returns its place. Packets of its polls will have this key.
    pub(super) fn insert(&mut self, port: &Port, key: usize, added: Added) -> io::Result<usize> {
        let Added { base, token, interest, operator } = added;
        let group = self.groups.join(base as usize, || {
            let device = Device::open()?;
            port.associate(device.as_handle(), key)?;
            Ok(device)
        })?;
        let slot = Slot {
            token,
            base,
            group,
            socket: Socket::new(interest),
            operation: Operation::new(),
            polled_in: 0,
            unpacked: Readiness::NONE,
            offers: (operator == Operator::User).then(Offers::new),
        };
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() - 1
        });
        self.places[place].slot = Some(slot);
        Ok(place)
    }

    /// Registers a socket anew.
    pub(super) fn replace(&mut self, place: usize, token: Token, interest: Interest) {
        let slot = self.slot(place);
        slot.token = token;
        slot.unpacked = Readiness::NONE;
        slot.socket.reregistered(interest);
    }

    pub(super) fn rearm(&mut self, place: usize, directions: Interest) {
        self.slot(place).socket.rearmed(directions);
    }

    /// Ends a registration.
    pub(super) fn end(&mut self, place: usize) {
        let slot = self.slot(place);
        slot.unpacked = Readiness::NONE;
        slot.socket.ended();
        self.carry_out(place);
    }

    /// Ends all registrations.
    pub(super) fn end_all(&mut self) {
        for place in 0..self.places.len() {
            if self.places[place].slot.is_some() {
                self.end(place);
            }
        }
    }

    /// Looks at a socket before the next wait.
    pub(super) fn list(&mut self, place: usize) {
        if !std::mem::replace(&mut self.places[place].is_listed, true) {
            self.listed.push(place);
        }
    }

    /// A wait begins: does what is to be done before. Returns when it has to end at the latest, so
    /// that a user's socket can be looked at again.
    pub(super) fn begin_wait(&mut self) -> Option<Instant> {
        self.waits += 1;
        let look_again = self.look_at_doubtful();
        while let Some(place) = self.listed.pop() {
            self.places[place].is_listed = false;
            if self.places[place].slot.is_some() {
                self.carry_out(place);
            }
        }
        look_again
    }

    fn look_at_doubtful(&mut self) -> Option<Instant> {
        if self.doubtful.is_empty() {
            return None;
        }
        let now = Instant::now();
        let mut look_again: Option<Instant> = None;
        for place in std::mem::take(&mut self.doubtful) {
            self.places[place].is_doubtful = false;
            let Some(slot) = &mut self.places[place].slot else { continue };
            let Some(offers) = &mut slot.offers else { continue };
            if slot.socket.doubtful() == Readiness::NONE {
                continue;
            }
            if let Some(seen) = look(slot.base) {
                let due = slot.socket.observed(seen, offers, now);
                look_again = [look_again, due].into_iter().flatten().min();
            }
            self.places[place].is_doubtful = true;
            self.doubtful.push(place);
            self.list(place);
        }
        look_again
    }

    /// Does what is to be done for a socket.
    pub(super) fn carry_out(&mut self, place: usize) {
        let slot = self.places[place].slot.as_mut().expect("a registered socket has its place");
        let device = self.groups.device(slot.group);
        match slot.socket.next() {
            Command::Nothing => {}
            Command::Submit(events) => {
                slot.polled_in = self.waits;
                match slot.operation.submit(device, which(place), slot.base, events) {
                    Ok(()) => self.polls += 1,
                    Err(_) => {
                        slot.unpacked = slot.socket.completed(Outcome::Failed);
                        self.unpacked.push_back(place);
                    }
                }
            }
            Command::Cancel => slot.operation.cancel(device),
            Command::Free => {
                self.groups.leave(slot.group, slot.base as usize);
                self.places[place].slot = None;
                self.vacant.push(place);
            }
        }
    }

    /// Whether there is something to report that no packet will say.
    pub(super) fn has_unpacked(&self) -> bool {
        !self.unpacked.is_empty()
    }

    /// Reports what no packet says, as much as fits.
    pub(super) fn deliver_unpacked(&mut self, events: &mut Vec<ReadinessEvent>) {
        while events.len() < events.capacity() {
            let Some(place) = self.unpacked.pop_front() else { return };
            if let Some(slot) = &mut self.places[place].slot {
                let readiness = std::mem::replace(&mut slot.unpacked, Readiness::NONE);
                push(events, slot.token, readiness);
                // A level is polled again.
                self.list(place);
                self.doubt(place);
            }
        }
    }

    /// A packet of this number has come. If it says nothing to report the socket is polled once
    /// more, to know what is ready. Returns whether it is.
    pub(super) fn deliver(&mut self, number: usize, events: &mut Vec<ReadinessEvent>) -> bool {
        let place = number - which(0);
        let waits = self.waits;
        let slot = self.slot(place);
        let is_fresh = slot.polled_in == waits;
        let mut outcome = slot.operation.finish();
        if !is_fresh && slot.socket.is_level() {
            outcome = slot.socket.confirmed(outcome, || look(slot.base));
        }
        let readiness = slot.socket.completed(outcome);
        push(events, slot.token, readiness);
        self.polls -= 1;
        if readiness != Readiness::NONE {
            self.doubt(place);
            self.list(place);
            return false;
        }
        // One whose registration is over is freed here.
        self.carry_out(place);
        self.places[place].slot.is_some()
    }

    /// An event was given of a socket. If a user operates on it, it is looked at from now on.
    fn doubt(&mut self, place: usize) {
        let slot = self.slot(place);
        if let Some(offers) = &mut slot.offers {
            offers.reported();
            if !std::mem::replace(&mut self.places[place].is_doubtful, true) {
                self.doubtful.push(place);
            }
        }
    }

    /// How many packets are still to come.
    pub(super) fn polls(&self) -> usize {
        self.polls
    }

    fn slot(&mut self, place: usize) -> &mut Slot {
        let slot = self.places[place].slot.as_mut();
        slot.expect("a socket has its place until its last packet has come")
    }
}

fn look(base: RawSocket) -> Option<Now> {
    let seen = socket::readiness(base).ok()?;
    Some(Now {
        can_be_read: seen.can_be_read,
        can_be_written: seen.can_be_written,
        has_ended: seen.has_ended,
    })
}

fn push(events: &mut Vec<ReadinessEvent>, token: Token, readiness: Readiness) {
    if readiness != Readiness::NONE {
        events.push(ReadinessEvent { token, readiness });
    }
}
