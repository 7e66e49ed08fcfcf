//! Every Unix: `poll(2)`, which is told each time what to wait for and has neither memory nor
//! edges.
//!
//! The memory is a table behind a lock. A wait works on a copy of it, so that other threads can
//! change the table meanwhile; they then signal a descriptor that is part of each wait, and the
//! wait begins anew. What is delivered is decided by the table as it is after the wait. The edges
//! are made in `rearm.rs`.

pub(super) mod table;

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use libc::pollfd;

use self::table::{Kind, Snapshot, Table};
use super::contract::{Registration, Selector, refuse_exclusive};
use super::deadline::Deadline;
use super::readiness::ReadinessEvent;
use super::rearm::Operator;
use super::waker::DescriptorWaker;
use super::wakes::Wakes;
use crate::os::posix::call;
use crate::os::{RawSource, WakeFd};
use crate::{Interest, Token};

/// The sources, and the thread that waits for them.
#[derive(Debug)]
pub(crate) struct PosixPoll {
    state: Mutex<State>,
    /// Ends a wait whose copy of the table is out of date. Of its own, so that it never takes a
    /// user's wake. There is none without threads: then nobody changes the table during a wait.
    changed: Option<WakeFd>,
    /// What the waiting thread works with. It alone takes this lock.
    scratch: Mutex<Scratch>,
    wakes: Arc<Wakes>,
}

#[derive(Debug)]
struct State {
    table: Table,
    /// A wait works on a copy of the table.
    is_waiting: bool,
    /// That wait has been told to begin anew.
    is_told: bool,
}

#[derive(Debug, Default)]
struct Scratch {
    snapshot: Snapshot,
    doubtful: Vec<pollfd>,
}

impl Selector for PosixPoll {
    type Event = ReadinessEvent;
    type Registration = Memory;
    type Waker = DescriptorWaker<Memory>;

    fn new() -> io::Result<Arc<PosixPoll>> {
        let changed = match WakeFd::new() {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
            result => Some(result?),
        };
        Ok(Arc::new(PosixPoll {
            state: Mutex::new(State { table: Table::new(), is_waiting: false, is_told: false }),
            changed,
            scratch: Mutex::default(),
            wakes: Arc::default(),
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
            let result = wait(&mut scratch.snapshot.entries, limit);
            self.end(&scratch.snapshot, result, events)?;
            if !events.is_empty() || deadline.remaining() == Some(Duration::ZERO) {
                return Ok(());
            }
        }
    }

    fn register(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        match memory {
            None => {
                check_open(source)?;
                let kind = Kind::Source(Operator::User);
                self.change(|table| table.insert(source, token, interest, kind)).map(drop)
            }
            Some(Memory(Some(registered))) if registered.is_alive() => {
                Err(table::already_registered())
            }
            Some(Memory(memory)) => {
                let kind = Kind::Source(Operator::Crate);
                *memory = Some(self.insert(source, token, interest, kind)?);
                Ok(())
            }
        }
    }

    fn reregister(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let serial = self.change(|table| table.replace(source, token, interest))?;
        if let Some(registered) = memory.and_then(|Memory(memory)| memory.as_mut()) {
            registered.serial = serial;
        }
        Ok(())
    }

    fn deregister(
        self: &Arc<Self>,
        source: RawSource,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        self.change(|table| table.remove(source))?;
        if let Some(Memory(memory)) = memory {
            *memory = None;
        }
        Ok(())
    }

    fn waker(self: &Arc<Self>, token: Token) -> io::Result<Self::Waker> {
        let fd = Arc::new(WakeFd::new()?);
        let kind = Kind::Waker(Arc::clone(&fd));
        let registered = self.insert(fd.as_raw_fd(), token, Interest::READABLE, kind)?;
        Ok(DescriptorWaker::new(Memory(Some(registered)), self.wakes.join(), fd))
    }
}

impl PosixPoll {
    fn insert(
        self: &Arc<Self>,
        fd: RawFd,
        token: Token,
        interest: Interest,
        kind: Kind,
    ) -> io::Result<Registered> {
        let serial = self.change(|table| table.insert(fd, token, interest, kind))?;
        Ok(Registered { selector: Arc::downgrade(self), fd, serial })
    }

    /// Looks at what is doubtful, then copies the table. Returns when to look again at the latest.
    fn begin(&self, scratch: &mut Scratch) -> io::Result<Option<Instant>> {
        let mut state = self.state();
        let mut look_again = None;
        state.table.doubtful(&mut scratch.doubtful);
        if !scratch.doubtful.is_empty() {
            wait(&mut scratch.doubtful, Some(Duration::ZERO))?;
            look_again = state.table.observe(&scratch.doubtful);
        }
        state.table.copy_to(&mut scratch.snapshot, self.changed.as_ref());
        state.is_waiting = true;
        Ok(look_again)
    }

    /// Takes over what a wait found.
    fn end(
        &self,
        snapshot: &Snapshot,
        found: io::Result<usize>,
        events: &mut Vec<ReadinessEvent>,
    ) -> io::Result<()> {
        let mut state = self.state();
        state.is_waiting = false;
        if let Some(changed) = self.changed.as_ref().filter(|_| state.is_told) {
            state.is_told = false;
            changed.drain();
        }
        state.table.deliver(snapshot, found?, events);
        // After the wakers were drained: a signal sent in between has its wake delivered with this
        // wait.
        self.wakes.cover();
        Ok(())
    }

    /// Changes the table, and makes a wait that is under way begin anew.
    fn change<T>(&self, change: impl FnOnce(&mut Table) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        let result = change(&mut state.table)?;
        self.tell(&mut state);
        Ok(result)
    }

    fn tell(&self, state: &mut State) {
        if state.is_waiting && !state.is_told {
            // The descriptor is ours alone and has room, as each wait drains it: this cannot fail.
            // Were it to, the change would take effect with the next wait.
            state.is_told = self.changed.as_ref().is_some_and(|fd| fd.signal().is_ok());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a source remembers: its registration, if it has one.
#[derive(Debug, Default)]
pub(crate) struct Memory(Option<Registered>);

impl Registration for Memory {
    const REARMS: bool = true;

    fn rearm(&self, directions: Interest) {
        let Memory(Some(registered)) = self else { return };
        let Some(selector) = registered.selector.upgrade() else { return };
        let mut state = selector.state();
        if state.table.rearm(registered.fd, registered.serial, directions) {
            selector.tell(&mut state);
        }
    }
}

/// A registration, which ends when this is dropped, or the selector is.
#[derive(Debug)]
struct Registered {
    selector: Weak<PosixPoll>,
    fd: RawFd,
    serial: u64,
}

impl Registered {
    fn is_alive(&self) -> bool {
        self.selector.strong_count() > 0
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let Some(selector) = self.selector.upgrade() else { return };
        let mut state = selector.state();
        if state.table.has(self.fd, self.serial) && state.table.remove(self.fd).is_ok() {
            selector.tell(&mut state);
        }
    }
}

/// poll(2) would report a descriptor that is not open; registering it is the better time to say so.
#[allow(unsafe_code)]
pub(super) fn check_open(fd: RawFd) -> io::Result<()> {
    // SAFETY: takes no pointers, and only reads flags of whatever the number is.
    match call::check(unsafe { libc::fcntl(fd, libc::F_GETFD, 0) }) {
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Err(error),
        // Else it is open, though not every system has these flags.
        _ => Ok(()),
    }
}

cfg_if! {
    if #[cfg(target_env = "p1")] {
        pub(super) use super::poll_oneoff::wait;
    } else {
        mod system;
        pub(super) use self::system::wait;
    }
}

#[cfg(all(test, feature = "net", any(unix, target_env = "p2")))]
crate::selector::conformance::suite!(PosixPoll);
