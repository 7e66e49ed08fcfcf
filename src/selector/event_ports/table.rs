//! The sources of one event port: what each awaits, and what the port was told of that.
//!
//! No I/O: what has to be done about a source is an [`Order`]. A registration is known by its
//! serial number, which comes back with each report: it tells a source from another that has the
//! same descriptor later.

use std::collections::HashMap;
use std::collections::hash_map;
use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use libc::{c_short, pollfd};

use crate::selector::posix_poll::table::{already_registered, entry, from_poll, not_registered};
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::selector::rearm::{Armed, Operator};
use crate::{Interest, Token};

/// What a port reports.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found {
    /// Conditions of a descriptor, which the port has forgotten now.
    Descriptor { fd: RawFd, events: c_short, serial: u64 },
    /// A message that was sent to it.
    Message(u64),
}

/// What is to be done about a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Order {
    Nothing,
    Associate {
        awaited: Readiness,
        serial: u64,
    },
    Dissociate,
    /// The port does not take it: the waiting thread has to ask poll(2) for something else.
    Poll,
}

/// Who awaits the conditions of a source.
#[derive(Debug)]
enum Watch {
    /// The port, which was told to await these.
    Port(Option<Readiness>),
    /// The waiting thread by poll(2).
    Poll(Option<Readiness>),
}

#[derive(Debug)]
struct Slot {
    serial: u64,
    token: Token,
    armed: Armed,
    is_level: bool,
    watch: Watch,
    /// Whether it stands in the list of sources to look at.
    is_listed: bool,
}

#[derive(Debug)]
struct WakerSlot {
    token: Token,
    is_sent: Arc<AtomicBool>,
}

/// The sources and wakers.
#[derive(Debug)]
pub(super) struct Table {
    slots: HashMap<RawFd, Slot>,
    wakers: HashMap<u64, WakerSlot>,
    serial: u64,
    /// Descriptors whose awaited conditions may differ from what the port was told.
    changed: Vec<RawFd>,
    /// Descriptors of the sources that [`Armed::doubtful`] wants looked at.
    doubtful: Vec<RawFd>,
    /// Descriptors that the port refused.
    refused: Vec<RawFd>,
    /// Which of the refused is the first to hand out its event.
    turn: usize,
}

impl Table {
    pub(super) fn new() -> Table {
        Table {
            slots: HashMap::new(),
            wakers: HashMap::new(),
            serial: 0,
            changed: Vec::new(),
            doubtful: Vec::new(),
            refused: Vec::new(),
            turn: 0,
        }
    }

    /// Adds a source, and returns its serial number.
    pub(super) fn insert(
        &mut self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        operator: Operator,
    ) -> io::Result<u64> {
        let hash_map::Entry::Vacant(vacant) = self.slots.entry(fd) else {
            return Err(already_registered());
        };
        self.serial += 1;
        vacant.insert(Slot {
            serial: self.serial,
            token,
            armed: Armed::new(operator, interest),
            is_level: interest.is_level(),
            watch: Watch::Port(None),
            is_listed: false,
        });
        Ok(self.serial)
    }

    /// Registers a source anew, and returns its new serial number.
    pub(super) fn replace(
        &mut self,
        fd: RawFd,
        token: Token,
        interest: Interest,
    ) -> io::Result<u64> {
        let slot = self.slots.get_mut(&fd).ok_or_else(not_registered)?;
        self.serial += 1;
        slot.serial = self.serial;
        slot.token = token;
        slot.armed = Armed::new(slot.armed.operator(), interest);
        slot.is_level = interest.is_level();
        // What the port was told has the old number.
        let (Watch::Port(told) | Watch::Poll(told)) = &mut slot.watch;
        *told = None;
        Ok(self.serial)
    }

    /// Takes a source out. Returns whether the port may know it.
    pub(super) fn remove(&mut self, fd: RawFd) -> io::Result<bool> {
        let slot = self.slots.remove(&fd).ok_or_else(not_registered)?;
        self.refused.retain(|refused| *refused != fd);
        Ok(matches!(slot.watch, Watch::Port(_)))
    }

    /// Takes out a source that is no more.
    pub(super) fn forget(&mut self, fd: RawFd) {
        let _ = self.remove(fd);
    }

    /// Whether this registration is still there.
    pub(super) fn has(&self, fd: RawFd, serial: u64) -> bool {
        self.slots.get(&fd).is_some_and(|slot| slot.serial == serial)
    }

    /// Whether the port was told of a source, and has not reported it.
    pub(super) fn is_associated(&self, fd: RawFd) -> bool {
        self.slots.get(&fd).is_some_and(|slot| matches!(slot.watch, Watch::Port(Some(_))))
    }

    /// The port has forgotten a source that it did not report: the next wait tells it again.
    pub(super) fn taken_back(&mut self, fd: RawFd) {
        if let Some(slot) = self.slots.get_mut(&fd) {
            slot.watch = Watch::Port(None);
            self.changed.push(fd);
        }
    }

    pub(super) fn insert_waker(&mut self, token: Token, is_sent: Arc<AtomicBool>) -> u64 {
        self.serial += 1;
        self.wakers.insert(self.serial, WakerSlot { token, is_sent });
        self.serial
    }

    pub(super) fn remove_waker(&mut self, serial: u64) {
        self.wakers.remove(&serial);
    }

    /// See [`Armed::rearm`]. Returns whether anything is to be done about it.
    pub(super) fn rearm(&mut self, fd: RawFd, serial: u64, directions: Interest) -> bool {
        let Some(slot) = self.slots.get_mut(&fd).filter(|slot| slot.serial == serial) else {
            return false;
        };
        let before = slot.armed.awaited();
        slot.armed.rearm(directions);
        let is_changed = slot.armed.awaited() != before;
        if is_changed {
            self.changed.push(fd);
        }
        is_changed
    }

    /// What is to be done about a source, which is taken to be done.
    pub(super) fn order(&mut self, fd: RawFd) -> Order {
        let Some(slot) = self.slots.get_mut(&fd) else { return Order::Nothing };
        let awaited = slot.armed.awaited();
        let (Watch::Port(told) | Watch::Poll(told)) = &mut slot.watch;
        if std::mem::replace(told, awaited) == awaited {
            return Order::Nothing;
        }
        match (&slot.watch, awaited) {
            (Watch::Poll(_), _) => Order::Poll,
            (Watch::Port(_), Some(awaited)) => Order::Associate { awaited, serial: slot.serial },
            (Watch::Port(_), None) => Order::Dissociate,
        }
    }

    /// The port does not take this source: from now on the waiting thread asks poll(2).
    pub(super) fn refuse(&mut self, fd: RawFd) {
        if let Some(slot) = self.slots.get_mut(&fd) {
            slot.watch = Watch::Poll(slot.armed.awaited());
            self.refused.push(fd);
        }
    }

    /// The next source that the port may have to be told of.
    pub(super) fn next_changed(&mut self) -> Option<RawFd> {
        self.changed.pop()
    }

    /// Adds an entry for each refused source that awaits something. Returns the newest serial
    /// number.
    pub(super) fn list_refused(&self, entries: &mut Vec<pollfd>) -> u64 {
        for fd in &self.refused {
            if let Some(awaited) = self.slots[fd].armed.awaited() {
                entries.push(entry(*fd, Some(awaited)));
            }
        }
        self.serial
    }

    /// The sources to look at before the next wait, each with what to look for.
    pub(super) fn doubtful(&mut self, entries: &mut Vec<pollfd>) {
        entries.clear();
        self.doubtful.retain(|fd| {
            let Some(slot) = self.slots.get_mut(fd) else { return false };
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
            let Some(slot) = self.slots.get_mut(&seen.fd) else { continue };
            let due = slot.armed.observe(from_poll(seen), now);
            self.changed.push(seen.fd);
            next = [next, due].into_iter().flatten().min();
        }
        next
    }

    /// What to ask poll(2) about a report before it is handed out. The port may have made it before
    /// this wait began, and levels are to hold.
    pub(super) fn to_confirm(&self, found: Found) -> Option<pollfd> {
        let Found::Descriptor { fd, serial, .. } = found else { return None };
        let slot = self.slots.get(&fd).filter(|slot| slot.serial == serial && slot.is_level)?;
        slot.armed.awaited().map(|awaited| entry(fd, Some(awaited)))
    }

    /// Hands out the event of one report, if it is one.
    pub(super) fn deliver(&mut self, found: Found, events: &mut Vec<ReadinessEvent>) {
        match found {
            Found::Message(serial) => {
                if let Some(waker) = self.wakers.get(&serial) {
                    waker.is_sent.swap(false, Ordering::AcqRel);
                    events.push(ReadinessEvent {
                        token: waker.token,
                        readiness: Readiness::READABLE,
                    });
                }
            }
            Found::Descriptor { fd, events: holding, serial } => {
                // It may have been registered anew since, or be another descriptor by now.
                if self.has(fd, serial) {
                    self.report(fd, holding, events);
                }
            }
        }
    }

    /// Hands out the events of refused sources, as many as fit, each in its turn.
    pub(super) fn deliver_polled(
        &mut self,
        entries: &[pollfd],
        newest: u64,
        events: &mut Vec<ReadinessEvent>,
    ) {
        let begin = if self.turn < entries.len() { self.turn } else { 0 };
        for place in (begin..entries.len()).chain(0..begin) {
            if events.len() == events.capacity() {
                break;
            }
            let seen = entries[place];
            let is_same = self.slots.get(&seen.fd).is_some_and(|slot| slot.serial <= newest);
            if seen.revents == 0 || !is_same {
                continue;
            }
            self.turn = place + 1;
            if seen.revents & libc::POLLNVAL != 0 {
                // Closed without having been deregistered. Closing ends a registration.
                self.forget(seen.fd);
            } else {
                self.report(seen.fd, seen.revents, events);
            }
        }
    }

    fn report(&mut self, fd: RawFd, holding: c_short, events: &mut Vec<ReadinessEvent>) {
        let Some(slot) = self.slots.get_mut(&fd) else { return };
        let entry = pollfd { fd, events: 0, revents: holding };
        let readiness = slot.armed.report(from_poll(&entry));
        if readiness != Readiness::NONE {
            events.push(ReadinessEvent { token: slot.token, readiness });
        }
        // Having reported it, the port has forgotten it; and poll(2) has no memory.
        let (Watch::Port(told) | Watch::Poll(told)) = &mut slot.watch;
        *told = None;
        self.changed.push(fd);
        if !slot.is_listed && slot.armed.doubtful().is_some() {
            slot.is_listed = true;
            self.doubtful.push(fd);
        }
    }
}
