//! The sources of one poll(2) selector: what each waits for, kept in the form that the system call
//! takes.
//!
//! No I/O but draining the wakers that are delivered. A registration is known by its serial number:
//! it tells a source from another that has the same descriptor later.

use std::collections::HashMap;
use std::collections::hash_map;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use libc::{c_int, pollfd};

use crate::os::WakeFd;
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::selector::rearm::{Armed, Operator};
use crate::{Interest, Token};

cfg_if! {
    if #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
    ))] {
        /// Told apart from reading what was sent before the end, where the system can.
        const POLLRDHUP: c_int = libc::POLLRDHUP as c_int;
    } else {
        const POLLRDHUP: c_int = 0;
    }
}

cfg_if! {
    if #[cfg(target_os = "wasi")] {
        /// Data of high priority, which WASI does not have.
        const POLLPRI: c_int = 0;
    } else {
        const POLLPRI: c_int = libc::POLLPRI as c_int;
    }
}

cfg_if! {
    if #[cfg(target_os = "espidf")] {
        /// A descriptor that is not open, which ESP-IDF does not tell of.
        pub(in crate::selector) const POLLNVAL: libc::c_short = 0;
    } else {
        pub(in crate::selector) use libc::POLLNVAL;
    }
}

/// A bit, unless it is that of another condition, which then is the one that is told: of priority
/// and reading on PlayStation Vita, of errors and writing on Nintendo's 3DS.
const fn own(bit: c_int, other: c_int) -> c_int {
    if bit == other { 0 } else { bit }
}

/// Conditions and their bits in poll(2), as one type: systems differ in how wide they declare them.
const BITS: [(Readiness, c_int); 6] = [
    (Readiness::READABLE, libc::POLLIN as c_int),
    (Readiness::WRITABLE, libc::POLLOUT as c_int),
    (Readiness::PRIORITY, own(POLLPRI, libc::POLLIN as c_int)),
    (Readiness::READ_CLOSED, POLLRDHUP),
    (Readiness::HANG_UP, libc::POLLHUP as c_int),
    (Readiness::ERROR, own(libc::POLLERR as c_int, libc::POLLOUT as c_int)),
];

const _: () = assert!(are_disjoint(), "a bit of poll(2) stands for two conditions");

const fn are_disjoint() -> bool {
    let (mut seen, mut at) = (0, 0);
    while at < BITS.len() {
        if seen & BITS[at].1 != 0 {
            return false;
        }
        seen |= BITS[at].1;
        at += 1;
    }
    true
}

/// The conditions that hold, from what poll(2) returned for this entry.
pub(in crate::selector) fn from_poll(entry: &pollfd) -> Readiness {
    let revents = entry.revents as c_int;
    let holding = BITS.iter().filter(|(_, bit)| revents & bit != 0);
    holding.fold(Readiness::NONE, |sum, (condition, _)| sum | *condition)
}

/// The entry that asks poll(2) for these conditions, or for nothing: it skips negative descriptors.
pub(in crate::selector) fn entry(fd: RawFd, awaited: Option<Readiness>) -> pollfd {
    let Some(awaited) = awaited else { return pollfd { fd: !fd, events: 0, revents: 0 } };
    let asked = BITS.iter().filter(|(condition, _)| awaited.intersects(*condition));
    // Every bit is one that the system declares to fit in there.
    pollfd { fd, events: asked.fold(0, |sum, (_, bit)| sum | bit) as _, revents: 0 }
}

/// What is registered.
#[derive(Debug)]
pub(super) enum Kind {
    Source(Operator),
    Waker(Arc<WakeFd>),
}

#[derive(Debug)]
struct Slot {
    fd: RawFd,
    serial: u64,
    token: Token,
    armed: Armed,
    waker: Option<Arc<WakeFd>>,
    /// Whether it stands in the list of sources to look at.
    is_listed: bool,
}

/// The sources, and what belongs to the wait that is under way.
#[derive(Debug)]
pub(super) struct Table {
    places: HashMap<RawFd, usize>,
    slots: Vec<Slot>,
    /// An entry for each slot, in the same order.
    entries: Vec<pollfd>,
    serial: u64,
    /// Descriptors of the sources that [`Armed::doubtful`] wants looked at.
    doubtful: Vec<RawFd>,
    /// Where to begin handing out events, so that with little capacity all sources have their
    /// turn.
    turn: usize,
}

/// The table as it was when a wait began.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub(super) entries: Vec<pollfd>,
    serial: u64,
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            places: HashMap::new(),
            slots: Vec::new(),
            entries: Vec::new(),
            serial: 0,
            doubtful: Vec::new(),
            turn: 0,
        }
    }

    /// Adds a source, and returns its serial number.
    pub(super) fn insert(
        &mut self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        kind: Kind,
    ) -> io::Result<u64> {
        let hash_map::Entry::Vacant(vacant) = self.places.entry(fd) else {
            return Err(already_registered());
        };
        vacant.insert(self.slots.len());
        self.serial += 1;
        let (operator, waker) = match kind {
            Kind::Source(operator) => (operator, None),
            Kind::Waker(waker) => (Operator::Crate, Some(waker)),
        };
        let armed = Armed::new(operator, interest);
        self.entries.push(entry(fd, armed.awaited()));
        self.slots.push(Slot { fd, serial: self.serial, token, armed, waker, is_listed: false });
        Ok(self.serial)
    }

    /// Registers a source anew, and returns its new serial number.
    pub(super) fn replace(
        &mut self,
        fd: RawFd,
        token: Token,
        interest: Interest,
    ) -> io::Result<u64> {
        let place = self.place(fd)?;
        self.serial += 1;
        let slot = &mut self.slots[place];
        slot.serial = self.serial;
        slot.token = token;
        slot.armed = Armed::new(slot.armed.operator(), interest);
        self.entries[place] = entry(fd, slot.armed.awaited());
        Ok(self.serial)
    }

    /// Takes a source out.
    pub(super) fn remove(&mut self, fd: RawFd) -> io::Result<()> {
        let place = self.place(fd)?;
        self.places.remove(&fd);
        self.slots.swap_remove(place);
        self.entries.swap_remove(place);
        if let Some(moved) = self.slots.get(place) {
            self.places.insert(moved.fd, place);
        }
        Ok(())
    }

    /// Whether this registration is still there.
    pub(super) fn has(&self, fd: RawFd, serial: u64) -> bool {
        self.places.get(&fd).is_some_and(|place| self.slots[*place].serial == serial)
    }

    /// See [`Armed::rearm`]. Returns whether anything changed.
    pub(super) fn rearm(&mut self, fd: RawFd, serial: u64, directions: Interest) -> bool {
        if !self.has(fd, serial) {
            return false;
        }
        let place = self.places[&fd];
        self.slots[place].armed.rearm(directions);
        let before = self.entries[place];
        self.entries[place] = entry(fd, self.slots[place].armed.awaited());
        (before.fd, before.events) != (self.entries[place].fd, self.entries[place].events)
    }

    fn place(&self, fd: RawFd) -> io::Result<usize> {
        self.places.get(&fd).copied().ok_or_else(not_registered)
    }

    /// Copies what a wait needs, behind an entry of the selector's own, if it has a descriptor.
    pub(super) fn copy_to(&self, snapshot: &mut Snapshot, own: Option<&impl AsRawFd>) {
        snapshot.entries.clear();
        let own = own.map_or(-1, AsRawFd::as_raw_fd);
        snapshot.entries.push(entry(own, Some(Readiness::READABLE)));
        snapshot.entries.extend_from_slice(&self.entries);
        snapshot.serial = self.serial;
    }

    /// The sources to look at before the next wait, each with what to look for.
    pub(super) fn doubtful(&mut self, entries: &mut Vec<pollfd>) {
        entries.clear();
        self.doubtful.retain(|fd| {
            let Some(place) = self.places.get(fd) else { return false };
            let slot = &mut self.slots[*place];
            let doubtful = slot.armed.doubtful();
            slot.is_listed = doubtful.is_some();
            if doubtful.is_some() {
                entries.push(entry(*fd, doubtful));
            }
            slot.is_listed
        });
    }

    /// Takes note of what a look found. Returns when to look again at the latest, if that matters.
    pub(super) fn observe(&mut self, entries: &[pollfd]) -> Option<Instant> {
        let now = Instant::now();
        let mut next = None;
        for seen in entries {
            let Some(place) = self.places.get(&seen.fd) else { continue };
            let armed = &mut self.slots[*place].armed;
            let due = armed.observe(from_poll(seen), now);
            self.entries[*place] = entry(seen.fd, armed.awaited());
            next = [next, due].into_iter().flatten().min();
        }
        next
    }

    /// Hands out the events of a wait that found `ready` entries, as many as fit.
    pub(super) fn deliver(
        &mut self,
        snapshot: &Snapshot,
        mut ready: usize,
        events: &mut Vec<ReadinessEvent>,
    ) {
        // The first entry is the selector's own, and none of the sources'.
        ready -= usize::from(snapshot.entries[0].revents != 0);
        let sources = &snapshot.entries[1..];
        let begin = if self.turn < sources.len() { self.turn } else { 0 };
        let (last, first) = sources.split_at(begin);
        let in_turn = first.iter().zip(begin..).chain(last.iter().zip(0..));
        for (seen, place) in in_turn {
            if ready == 0 || events.len() == events.capacity() {
                break;
            }
            if seen.revents != 0 {
                ready -= 1;
                self.turn = place + 1;
                self.deliver_one(seen, place, snapshot.serial, events);
            }
        }
    }

    fn deliver_one(
        &mut self,
        seen: &pollfd,
        place: usize,
        newest: u64,
        events: &mut Vec<ReadinessEvent>,
    ) {
        // The table may have changed since: then the place is another, or the source is gone or a
        // new one.
        let here = self.slots.get(place).is_some_and(|slot| slot.fd == seen.fd);
        let place = if here { Some(place) } else { self.places.get(&seen.fd).copied() };
        let Some(place) = place.filter(|place| self.slots[*place].serial <= newest) else { return };
        if seen.revents & POLLNVAL != 0 {
            // Closed without having been deregistered. Closing ends a registration.
            let _ = self.remove(seen.fd);
            return;
        }
        let slot = &mut self.slots[place];
        if let Some(waker) = &slot.waker {
            waker.drain();
            events.push(ReadinessEvent { token: slot.token, readiness: Readiness::READABLE });
            return;
        }
        let readiness = slot.armed.report(from_poll(seen));
        if readiness != Readiness::NONE {
            events.push(ReadinessEvent { token: slot.token, readiness });
        }
        if !slot.is_listed && slot.armed.doubtful().is_some() {
            slot.is_listed = true;
            self.doubtful.push(slot.fd);
        }
        self.entries[place] = entry(slot.fd, slot.armed.awaited());
    }
}

pub(in crate::selector) fn already_registered() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "the source is registered already")
}

pub(in crate::selector) fn not_registered() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the source is not registered")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CRATE: fn() -> Kind = || Kind::Source(Operator::Crate);

    fn table(fds: &[RawFd]) -> Table {
        let mut table = Table::new();
        for fd in fds {
            table.insert(*fd, Token(*fd as usize), Interest::READABLE, CRATE()).unwrap();
        }
        table
    }

    fn snapshot(table: &Table) -> Snapshot {
        let mut snapshot = Snapshot::default();
        table.copy_to(&mut snapshot, Some(&std::io::stdin()));
        snapshot
    }

    /// The tokens delivered if these descriptors had something to say in that wait.
    fn deliver(
        table: &mut Table,
        snapshot: &mut Snapshot,
        found: &[(RawFd, libc::c_short)],
    ) -> Vec<usize> {
        for (fd, revents) in found {
            let entry = snapshot.entries.iter_mut().find(|entry| entry.fd == *fd);
            entry.expect("waited for").revents = *revents;
        }
        let mut events = Vec::with_capacity(8);
        table.deliver(snapshot, found.len(), &mut events);
        events.iter().map(|event| event.token.0).collect()
    }

    #[test]
    fn a_wait_begun_before_a_registration_says_nothing_about_it() {
        let mut table = table(&[5, 6]);
        let mut before = snapshot(&table);
        table.replace(5, Token(50), Interest::READABLE).unwrap();
        table.remove(6).unwrap();
        table.insert(6, Token(60), Interest::READABLE, CRATE()).unwrap();
        let found = [(5, libc::POLLIN), (6, libc::POLLIN)];
        assert!(deliver(&mut table, &mut before, &found).is_empty());
        let mut after = snapshot(&table);
        assert_eq!(deliver(&mut table, &mut after, &found), [50, 60]);
    }

    #[test]
    fn a_source_that_moved_during_a_wait_is_delivered() {
        let mut table = table(&[5, 6, 7]);
        let mut before = snapshot(&table);
        table.remove(5).unwrap();
        let found = [(5, libc::POLLIN), (6, libc::POLLIN), (7, libc::POLLIN)];
        assert_eq!(deliver(&mut table, &mut before, &found), [6, 7]);
    }

    #[test]
    fn removing_moves_no_source_out_of_reach() {
        let mut table = table(&[5, 6, 7]);
        table.remove(5).unwrap();
        for fd in [7, 6] {
            table.replace(fd, Token(1), Interest::WRITABLE).unwrap();
            assert_eq!(table.entries[table.places[&fd]].fd, fd);
            assert_eq!(table.entries[table.places[&fd]].events, libc::POLLOUT);
            table.remove(fd).unwrap();
        }
        assert!(table.slots.is_empty() && table.entries.is_empty() && table.places.is_empty());
    }

    #[test]
    fn a_closed_descriptor_is_taken_out() {
        let mut table = table(&[5, 6]);
        let mut wait = snapshot(&table);
        assert!(deliver(&mut table, &mut wait, &[(5, libc::POLLNVAL)]).is_empty());
        assert_eq!(table.remove(5).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(snapshot(&table).entries.len(), 2);
    }

    #[test]
    fn a_reported_source_is_left_out_until_it_is_armed() {
        let mut table = Table::new();
        let serial = table.insert(5, Token(5), Interest::READABLE, CRATE()).unwrap();
        let mut wait = snapshot(&table);
        assert_eq!(deliver(&mut table, &mut wait, &[(5, libc::POLLIN)]), [5]);
        assert_eq!(snapshot(&table).entries[1].events & libc::POLLIN, 0);
        assert!(table.rearm(5, serial, Interest::READABLE));
        assert!(!table.rearm(5, serial, Interest::READABLE), "nothing changed");
        assert!(!table.rearm(5, serial + 1, Interest::READABLE), "another registration");
        assert_ne!(snapshot(&table).entries[1].events & libc::POLLIN, 0);
    }

    #[test]
    fn conditions_survive_the_way_to_poll_and_back() {
        for (condition, bit) in BITS {
            if bit != 0 {
                let mut asked = entry(3, Some(condition));
                assert_eq!(c_int::from(asked.events), bit);
                asked.revents = asked.events;
                assert_eq!(from_poll(&asked), condition);
            }
        }
        let closed = pollfd { fd: 3, events: 0, revents: libc::POLLNVAL };
        assert_eq!(from_poll(&closed), Readiness::NONE);
        assert!(entry(3, None).fd < 0);
    }
}
