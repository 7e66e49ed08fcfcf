//! Solaris: event ports, `port_create(3C)`.
//!
//! A port reports a descriptor once, as soon as one of the conditions it was associated with holds,
//! and forgets it then: a level, once. The edges are made in `rearm.rs`, and what is still awaited
//! is associated again before the next wait. The port takes changes from any thread during a wait.
//!
//! What a port refuses (`EBADFD`: files, some devices) is left to `poll(2)`, which then waits for
//! those descriptors and for the port itself. `table.rs` decides, a [`Port`] makes the calls.

#[cfg(test)]
mod model;
mod table;

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use libc::{c_short, pollfd};

use self::table::{Found, Order, Table};
use super::contract::{Registration, Selector, Wake, refuse_exclusive};
use super::deadline::Deadline;
use super::posix_poll::{self, table::entry};
use super::readiness::{Readiness, ReadinessEvent};
use super::rearm::Operator;
use crate::os::RawSource;
use crate::{Interest, Token};

cfg_if! {
    if #[cfg(target_os = "solaris")] {
        mod system;
        pub(crate) use self::system::SystemPort;
    }
}

/// A wait is cut to this, and then goes on: the system's clock cannot add up any two times.
const LONGEST: Duration = Duration::from_secs(1 << 24);

/// What a message to the waiting thread carries that is no wake: it is to look at the table again.
const LOOK_AGAIN: u64 = 0;

/// The calls on a port, which is readable to `poll(2)` while it has something to report.
pub(crate) trait Port: AsRawFd + fmt::Debug + Send + Sync + Sized {
    fn new() -> io::Result<Self>;

    /// Reports these conditions of `fd`, and errors and hang-ups, once. Replaces what was
    /// associated with it before.
    fn associate(&self, fd: RawFd, events: c_short, serial: u64) -> io::Result<()>;

    /// Takes back what was not reported yet.
    fn dissociate(&self, fd: RawFd) -> io::Result<()>;

    /// Reports a message.
    fn send(&self, serial: u64) -> io::Result<()>;

    /// Waits for at least one report and takes up to `room` of them, which is not zero.
    fn wait(
        &self,
        found: &mut Vec<Found>,
        room: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()>;
}

/// The end of a wait that took `count` reports, from the error it ended with. What was reported is
/// forgotten by the port, so that no error may hide it.
fn outcome(count: usize, error: Option<io::Error>) -> io::Result<()> {
    match error {
        Some(error) if count == 0 && error.raw_os_error() != Some(libc::ETIME) => Err(error),
        _ => Ok(()),
    }
}

/// A report as it is to be handed out: of levels, what holds now.
fn confirmed(table: &Table, found: Found) -> Found {
    let Found::Descriptor { fd, serial, .. } = found else { return found };
    let Some(mut entry) = table.to_confirm(found) else { return found };
    match posix_poll::wait(std::slice::from_mut(&mut entry), Some(Duration::ZERO)) {
        Ok(_) => Found::Descriptor { fd, events: entry.revents & !libc::POLLNVAL, serial },
        Err(_) => found,
    }
}

/// A port, and what it is to report.
#[derive(Debug)]
pub(crate) struct EventPorts<P> {
    port: P,
    state: Mutex<State>,
    /// What the waiting thread works with. It alone takes this lock.
    scratch: Mutex<Scratch>,
}

#[derive(Debug)]
struct State {
    table: Table,
    is_waiting: bool,
    /// The waiting thread was sent [`LOOK_AGAIN`].
    is_told: bool,
}

#[derive(Debug, Default)]
struct Scratch {
    found: Vec<Found>,
    doubtful: Vec<pollfd>,
    /// An entry for the port, then those of the descriptors that it refused.
    polled: Vec<pollfd>,
    /// The newest registration at the time those entries were made.
    newest: u64,
    /// Who hands out events first, so that with little capacity neither starves the other.
    polled_first: bool,
}

impl Scratch {
    /// Whether the port has reported descriptors.
    fn has_reports(&self) -> bool {
        self.found.iter().any(|found| matches!(found, Found::Descriptor { .. }))
    }
}

impl<P: Port> Selector for EventPorts<P> {
    type Event = ReadinessEvent;
    type Registration = Memory<P>;
    type Waker = PortWaker<P>;

    fn new() -> io::Result<Arc<EventPorts<P>>> {
        Ok(Arc::new(EventPorts {
            port: P::new()?,
            state: Mutex::new(State { table: Table::new(), is_waiting: false, is_told: false }),
            scratch: Mutex::default(),
        }))
    }

    fn select(
        &self,
        events: &mut Vec<ReadinessEvent>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.clear();
        if events.capacity() == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a poll needs room for at least one event",
            ));
        }
        let deadline = Deadline::after(timeout);
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let look_again = self.begin(&mut scratch)?;
            let look_again = look_again.map(|at| at.saturating_duration_since(Instant::now()));
            let limit = [deadline.remaining(), look_again].into_iter().flatten().min();
            let result = self.wait(&mut scratch, events, limit.map(|limit| limit.min(LONGEST)));
            self.state().is_waiting = false;
            result?;
            // Reports of which nothing was left may have taken the place of others.
            let is_over = deadline.remaining() == Some(Duration::ZERO) && !scratch.has_reports();
            if !events.is_empty() || is_over {
                return Ok(());
            }
        }
    }

    fn register(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory<P>>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        match memory {
            None => {
                posix_poll::check_open(source)?;
                self.insert(source, token, interest, Operator::User).map(drop)
            }
            Some(Memory(Some(registered))) if registered.selector.strong_count() > 0 => {
                Err(posix_poll::table::already_registered())
            }
            Some(Memory(memory)) => {
                let serial = self.insert(source, token, interest, Operator::Crate)?;
                let selector = Arc::downgrade(self);
                *memory = Some(Registered { selector, fd: source, serial });
                Ok(())
            }
        }
    }

    fn reregister(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory<P>>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let mut state = self.state();
        let serial = state.table.replace(source, token, interest)?;
        if let Some(registered) = memory.and_then(|Memory(memory)| memory.as_mut()) {
            registered.serial = serial;
        }
        self.obey(&mut state, source)
    }

    fn deregister(
        self: &Arc<Self>,
        source: RawSource,
        memory: Option<&mut Memory<P>>,
    ) -> io::Result<()> {
        self.remove(&mut self.state(), source)?;
        if let Some(Memory(memory)) = memory {
            *memory = None;
        }
        Ok(())
    }

    fn waker(self: &Arc<Self>, token: Token) -> io::Result<PortWaker<P>> {
        let is_sent = Arc::new(AtomicBool::new(false));
        let serial = self.state().table.insert_waker(token, Arc::clone(&is_sent));
        Ok(PortWaker { selector: Arc::clone(self), serial, is_sent })
    }
}

impl<P: Port> EventPorts<P> {
    fn insert(
        &self,
        fd: RawFd,
        token: Token,
        interest: Interest,
        operator: Operator,
    ) -> io::Result<u64> {
        let mut state = self.state();
        self.forget_if_closed(&mut state, fd);
        let serial = state.table.insert(fd, token, interest, operator)?;
        self.obey(&mut state, fd).inspect_err(|_| state.table.forget(fd))?;
        Ok(serial)
    }

    fn remove(&self, state: &mut State, fd: RawFd) -> io::Result<()> {
        if state.table.remove(fd)? {
            // It may be closed, or its report under way; either way there is nothing to take back.
            let _ = self.port.dissociate(fd);
        }
        Ok(())
    }

    /// A descriptor that was closed without having been deregistered must not stand in the way of
    /// another that has its number now. Closing it took it out of the port.
    fn forget_if_closed(&self, state: &mut State, fd: RawFd) {
        // During a wait its report may be under way, which looks the same.
        if state.is_waiting || !state.table.is_associated(fd) {
            return;
        }
        match self.port.dissociate(fd) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => state.table.forget(fd),
            _ => state.table.taken_back(fd),
        }
    }

    /// Makes port, or waiting thread, await what the table says of `fd`.
    fn obey(&self, state: &mut State, fd: RawFd) -> io::Result<()> {
        match state.table.order(fd) {
            Order::Nothing => Ok(()),
            Order::Associate { awaited, serial } => {
                let events = entry(fd, Some(awaited)).events;
                match self.port.associate(fd, events, serial) {
                    Err(error) if error.raw_os_error() == Some(libc::EBADFD) => {
                        // Which also says that there is no such descriptor.
                        posix_poll::check_open(fd)?;
                        state.table.refuse(fd);
                        self.tell(state);
                        Ok(())
                    }
                    result => result,
                }
            }
            Order::Dissociate => {
                // Its report may be under way.
                let _ = self.port.dissociate(fd);
                Ok(())
            }
            Order::Poll => {
                self.tell(state);
                Ok(())
            }
        }
    }

    fn tell(&self, state: &mut State) {
        if state.is_waiting && !state.is_told {
            // Fails only while the port is full, which ends the wait by itself.
            state.is_told = self.port.send(LOOK_AGAIN).is_ok();
        }
    }

    /// Looks at what is doubtful, associates what is awaited again, and lists what the port does
    /// not take. Returns when to look again at the latest.
    fn begin(&self, scratch: &mut Scratch) -> io::Result<Option<Instant>> {
        let mut guard = self.state();
        let state = &mut *guard;
        let mut look_again = None;
        state.table.doubtful(&mut scratch.doubtful);
        if !scratch.doubtful.is_empty() {
            posix_poll::wait(&mut scratch.doubtful, Some(Duration::ZERO))?;
            look_again = state.table.observe(&scratch.doubtful);
        }
        while let Some(fd) = state.table.next_changed() {
            if self.obey(state, fd).is_err() {
                // Closed without having been deregistered. Closing ends a registration.
                state.table.forget(fd);
            }
        }
        scratch.polled.clear();
        scratch.polled.push(entry(self.port.as_raw_fd(), Some(Readiness::READABLE)));
        scratch.newest = state.table.list_refused(&mut scratch.polled);
        state.is_waiting = true;
        Ok(look_again)
    }

    /// Waits, and hands out what was found.
    fn wait(
        &self,
        scratch: &mut Scratch,
        events: &mut Vec<ReadinessEvent>,
        mut limit: Option<Duration>,
    ) -> io::Result<()> {
        scratch.polled_first = !scratch.polled_first;
        let has_refused = scratch.polled.len() > 1;
        if has_refused {
            posix_poll::wait(&mut scratch.polled, limit)?;
            limit = Some(Duration::ZERO);
        }
        if has_refused && scratch.polled_first {
            self.state().table.deliver_polled(&scratch.polled[1..], scratch.newest, events);
        }
        let room = events.capacity() - events.len();
        let mut result = Ok(());
        if room > 0 {
            scratch.found.clear();
            result = self.port.wait(&mut scratch.found, room, limit);
            let mut state = self.state();
            for found in &scratch.found {
                if matches!(found, Found::Message(LOOK_AGAIN)) {
                    state.is_told = false;
                }
                let found = confirmed(&state.table, *found);
                state.table.deliver(found, events);
            }
        }
        if has_refused && !scratch.polled_first {
            self.state().table.deliver_polled(&scratch.polled[1..], scratch.newest, events);
        }
        // What was handed out would be lost with an error.
        if events.is_empty() { result } else { Ok(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a source remembers: its registration, if it has one.
#[derive(Debug)]
pub(crate) struct Memory<P: Port>(Option<Registered<P>>);

impl<P: Port> Default for Memory<P> {
    fn default() -> Memory<P> {
        Memory(None)
    }
}

impl<P: Port> Registration for Memory<P> {
    const REARMS: bool = true;

    fn rearm(&self, directions: Interest) {
        let Memory(Some(registered)) = self else { return };
        let Some(selector) = registered.selector.upgrade() else { return };
        let mut state = selector.state();
        let is_changed = state.table.rearm(registered.fd, registered.serial, directions);
        // Between two waits it can stay with the table: the next wait begins with what changed.
        if is_changed && state.is_waiting {
            // What fails here, the next wait finds too.
            let _ = selector.obey(&mut state, registered.fd);
        }
    }
}

/// A registration, which ends when this is dropped, or the selector is.
#[derive(Debug)]
struct Registered<P: Port> {
    selector: Weak<EventPorts<P>>,
    fd: RawFd,
    serial: u64,
}

impl<P: Port> Drop for Registered<P> {
    fn drop(&mut self) {
        let Some(selector) = self.selector.upgrade() else { return };
        let mut state = selector.state();
        if state.table.has(self.fd, self.serial) {
            let _ = selector.remove(&mut state, self.fd);
        }
    }
}

/// Wakes by a message in the port, at most one at a time.
#[derive(Debug)]
pub(crate) struct PortWaker<P: Port> {
    selector: Arc<EventPorts<P>>,
    serial: u64,
    /// From the wake that sends a message to its delivery, which makes what the wakers did before
    /// visible to the waiting thread.
    is_sent: Arc<AtomicBool>,
}

impl<P: Port> Wake for PortWaker<P> {
    fn wake(&self) -> io::Result<()> {
        if !self.is_sent.swap(true, Ordering::AcqRel) {
            let sent = self.selector.port.send(self.serial);
            sent.inspect_err(|_| self.is_sent.store(false, Ordering::Release))?;
        }
        Ok(())
    }
}

impl<P: Port> Drop for PortWaker<P> {
    fn drop(&mut self) {
        self.selector.state().table.remove_waker(self.serial);
    }
}

#[cfg(test)]
mod tests;
