//! Objects that users registered by their handles, such as events and processes.
//!
//! An object is looked at before a wait, and then waited for by an [`ObjectWait`], whose packet
//! says that it is signalled. What is to be reported is decided by [`Armed`], as of descriptors
//! that users operate on. Some objects stay signalled, others are reset by whoever sees that they
//! are. Nothing tells one kind from the other but to look twice.

use std::collections::HashMap;
use std::io;
use std::os::windows::io::RawHandle;
use std::sync::Arc;
use std::time::Instant;

use super::key;
use crate::os::windows::port::Port;
use crate::os::windows::wait::{ObjectWait, is_signalled};
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::selector::rearm::{Armed, Operator};
use crate::{Interest, Token};

#[derive(Debug, Default)]
pub(super) struct Handles {
    /// By a number that no other registration has had, so that a late packet means nothing.
    watched: HashMap<usize, Watched>,
    numbers: HashMap<usize, usize>,
    last_number: usize,
    /// Those to look at before the next wait.
    listed: Vec<usize>,
}

#[derive(Debug)]
struct Watched {
    handle: usize,
    token: Token,
    armed: Armed,
    wait: ObjectWait,
    /// Its packet is still to come.
    is_under_way: bool,
    /// Was found signalled when it was registered, which may have reset it.
    is_signalled: bool,
}

/// What looking at an object found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    NotSignalled,
    /// A signal that is gone now that it was seen.
    Signal,
    /// A signal that stays.
    Signalled,
}

impl Handles {
    /// Registers an object. Returns its number.
    ///
    /// # Errors
    ///
    /// It is registered already, or is nothing that can be waited for.
    pub(super) fn insert(
        &mut self,
        port: &Arc<Port>,
        handle: RawHandle,
        token: Token,
        interest: Interest,
    ) -> io::Result<usize> {
        if self.numbers.contains_key(&handle.addr()) {
            return Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "the handle is registered already",
            ));
        }
        let watched = Watched {
            handle: handle.addr(),
            token,
            armed: Armed::new(Operator::User, interest),
            wait: ObjectWait::new(port)?,
            is_under_way: false,
            is_signalled: is_signalled(handle)?,
        };
        self.last_number += 1;
        let number = self.last_number;
        self.numbers.insert(watched.handle, number);
        self.watched.insert(number, watched);
        Ok(number)
    }

    /// Registers an object anew. Returns its number. A wait that is under way goes on: it may have
    /// seen a signal that nothing else will see.
    pub(super) fn replace(
        &mut self,
        handle: RawHandle,
        token: Token,
        interest: Interest,
    ) -> io::Result<usize> {
        let number = *self.numbers.get(&handle.addr()).ok_or_else(unknown)?;
        let watched = self.watched.get_mut(&number).ok_or_else(unknown)?;
        watched.token = token;
        watched.armed = Armed::new(Operator::User, interest);
        Ok(number)
    }

    pub(super) fn remove(&mut self, handle: RawHandle) -> io::Result<()> {
        let number = self.numbers.remove(&handle.addr()).ok_or_else(unknown)?;
        self.watched.remove(&number);
        Ok(())
    }

    /// Leaves an object to the next wait.
    pub(super) fn list(&mut self, number: usize) {
        self.listed.push(number);
    }

    /// Begins to wait for an object though a wait is under way. Returns whether that has to look
    /// once more instead.
    pub(super) fn join_wait(&mut self, number: usize) -> bool {
        let Some(watched) = self.watched.get_mut(&number) else { return false };
        if watched.is_under_way {
            return false;
        }
        let has_to_look = watched.is_signalled || watched.begin(number).is_err();
        if has_to_look {
            self.listed.push(number);
        }
        has_to_look
    }

    /// A wait begins: looks at what was listed, reports what it finds as far as there is room, and
    /// waits for the others. Returns when to look again at the latest.
    pub(super) fn begin_wait(&mut self, events: &mut Vec<ReadinessEvent>) -> Option<Instant> {
        if self.listed.is_empty() {
            return None;
        }
        let now = Instant::now();
        let mut earliest: Option<Instant> = None;
        for number in std::mem::take(&mut self.listed) {
            let Some(watched) = self.watched.get_mut(&number) else { continue };
            if events.len() == events.capacity() {
                self.listed.push(number);
                continue;
            }
            let next = watched.look(number, now, events);
            if let Next::LookAgain(due) = next {
                self.listed.push(number);
                earliest = [earliest, due].into_iter().flatten().min();
            }
        }
        earliest
    }

    /// The packet of this number has come.
    pub(super) fn deliver(&mut self, number: usize, events: &mut Vec<ReadinessEvent>) {
        // It may have been deregistered since.
        let Some(watched) = self.watched.get_mut(&number) else { return };
        watched.is_under_way = false;
        watched.is_signalled = false;
        watched.report(Readiness::READABLE, events);
        self.listed.push(number);
    }
}

/// What is to be done about an object after a look.
enum Next {
    /// Nothing: it is waited for, or needs no waiting.
    Rest,
    /// To look before the next wait, which has to end by then if that says when.
    LookAgain(Option<Instant>),
}

impl Watched {
    fn object(&self) -> RawHandle {
        std::ptr::without_provenance_mut(self.handle)
    }

    fn begin(&mut self, number: usize) -> io::Result<()> {
        self.wait.begin(self.object(), key::HANDLE, number)?;
        self.is_under_way = true;
        Ok(())
    }

    fn look(&mut self, number: usize, now: Instant, events: &mut Vec<ReadinessEvent>) -> Next {
        let is_doubtful = self.armed.doubtful().is_some();
        if self.is_under_way || !is_doubtful && self.armed.awaited().is_none() {
            return Next::Rest;
        }
        let sight = match self.sight(is_doubtful) {
            Ok(sight) => sight,
            Err(_) => return self.fail(events),
        };
        let holding = match sight {
            Sight::Signalled => Readiness::READABLE,
            Sight::NotSignalled | Sight::Signal => Readiness::NONE,
        };
        let due = self.armed.observe(holding, now);
        let is_awaited = |armed: &Armed| {
            armed.awaited().is_some_and(|awaited| awaited.intersects(Readiness::READABLE))
        };
        if !is_awaited(&self.armed) {
            return Next::LookAgain(due);
        }
        if sight != Sight::NotSignalled {
            self.report(Readiness::READABLE, events);
            return Next::LookAgain(None);
        }
        match self.begin(number) {
            Ok(()) => Next::Rest,
            Err(_) => self.fail(events),
        }
    }

    fn sight(&mut self, is_doubtful: bool) -> io::Result<Sight> {
        let is_first = std::mem::replace(&mut self.is_signalled, false);
        if !is_first && !is_signalled(self.object())? {
            return Ok(Sight::NotSignalled);
        }
        let stays = !is_doubtful || is_signalled(self.object())?;
        Ok(if stays { Sight::Signalled } else { Sight::Signal })
    }

    /// It cannot be waited for any more, as its handle was closed, say. Reported once.
    fn fail(&mut self, events: &mut Vec<ReadinessEvent>) -> Next {
        self.report(Readiness::READABLE | Readiness::ERROR, events);
        Next::Rest
    }

    fn report(&mut self, holding: Readiness, events: &mut Vec<ReadinessEvent>) {
        let readiness = self.armed.report(holding);
        if readiness != Readiness::NONE {
            events.push(ReadinessEvent { token: self.token, readiness });
        }
    }
}

fn unknown() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the handle is not registered")
}
