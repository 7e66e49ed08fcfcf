//! Apple systems and the BSDs: `kqueue(2)`, edge-triggered by `EV_CLEAR` unless asked otherwise.
//!
//! The kernel keeps the registrations and the edges, and its events are handed out as they are. It
//! watches each direction on its own, by a filter, so that readable and writable are two events.
//! Closing a descriptor takes it out, though it may have duplicates.
//!
//! Which changes a call means is decided in `changes`, what an event says in `event`, and which is
//! the one of a one-shot in `oneshots`; `sys` has the foreign calls. Builds for tests on Linux have
//! a model of kqueue in its place, or `libkqueue`.

mod changes;
mod event;
mod memory;
mod oneshots;
// Compiled where a pipe wakes, too.
#[allow(dead_code)]
mod user_event;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use libc::{c_int, timespec};

use self::changes::{Answer, Change, Trigger};
use self::event::KqueueEvent;
use self::memory::{Id, Memory};
use self::oneshots::OneShots;
use super::contract::{Selector, Wake, refuse_exclusive};
use super::deadline::Deadline;
use super::waker::DescriptorWaker;
use super::wakes::Wakes;
use crate::os::{RawSource, WakeFd};
use crate::{Interest, Token};

cfg_if! {
    if #[cfg(not(target_os = "linux"))] {
        mod sys;
        use libc as abi;
        use self::sys::Queue;
    } else if #[cfg(mio_unsupported_force_libkqueue)] {
        mod linux;
        mod sys;
        use self::linux as abi;
        use self::sys::Queue;
    } else {
        mod linux;
        mod model;
        #[cfg(all(test, feature = "net"))]
        mod tests;
        use self::linux as abi;
        use self::model::Queue;
    }
}

cfg_if! {
    if #[cfg(target_os = "netbsd")] {
        type Filter = u32;
        type Flags = u32;
    } else {
        type Filter = i16;
        type Flags = u16;
    }
}

cfg_if! {
    // NetBSD has EVFILT_USER since 10 (kqueue(2) there), and older ones are in use; the kqueue(2)
    // of OpenBSD 7.7 does not have it.
    if #[cfg(any(
        target_os = "netbsd",
        target_os = "openbsd",
        mio_unsupported_force_waker_pipe,
    ))] {
        type KqueueWaker = DescriptorWaker<Memory>;
    } else {
        type KqueueWaker = user_event::UserEvent;
    }
}

/// The longest wait that is asked for in one call; beyond it the wait is repeated. Some kernels
/// refuse a timeout above 100,000,000 seconds as invalid.
const LONGEST: Duration = Duration::from_secs(10_000_000);

/// A kqueue.
#[derive(Debug)]
pub(crate) struct Kqueue {
    queue: Queue,
    /// By which sources know the selector that watches them.
    id: Id,
    wakes: Arc<Wakes>,
    user_events: user_event::Numbers,
    oneshots: OneShots,
}

impl Selector for Kqueue {
    type Event = KqueueEvent;
    type Registration = Memory;
    type Waker = KqueueWaker;

    fn new() -> io::Result<Arc<Kqueue>> {
        Queue::new().map(Kqueue::with)
    }

    fn select(&self, events: &mut Vec<KqueueEvent>, timeout: Option<Duration>) -> io::Result<()> {
        events.clear();
        if events.capacity() == 0 {
            // The system would take this for a call that changes something.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no room for events"));
        }
        self.wait(events, timeout)?;
        self.wakes.cover();
        Ok(())
    }

    fn register(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        if self.is_in(&memory) {
            let reason = "the source is registered already";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
        }
        if self.oneshots.are_triggers_used() || Trigger::of(interest) != Trigger::EDGE {
            // A user's descriptor may be registered, with another trigger. What fails here is that
            // it is not.
            let _ = self.clear(source);
        }
        self.add(source, token, interest)?;
        self.enter(memory, interest);
        Ok(())
    }

    fn reregister(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let trigger = Trigger::of(interest);
        let is_in = self.is_in(&memory);
        if is_in && memory.as_ref().is_some_and(|memory| memory.trigger().can_become(trigger)) {
            return self.apply(source, token, trigger, changes::replacing(interest)).map(drop);
        }
        // Adding does not tell whether there was something before, nor does it change a trigger;
        // deleting does. What was still to be reported is found again by adding.
        if self.clear(source)? == Answer::Missing && !is_in {
            return Err(not_registered());
        }
        self.add(source, token, interest)?;
        self.enter(memory, interest);
        Ok(())
    }

    fn deregister(
        self: &Arc<Self>,
        source: RawSource,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        let is_in = self.is_in(&memory);
        if self.clear(source)? == Answer::Missing && !is_in {
            return Err(not_registered());
        }
        if let Some(memory) = memory.filter(|_| is_in) {
            *memory = Memory::default();
        }
        Ok(())
    }

    fn waker(self: &Arc<Self>, token: Token) -> io::Result<KqueueWaker> {
        KqueueWaker::of(self, token)
    }
}

impl Kqueue {
    fn with(queue: Queue) -> Arc<Kqueue> {
        Arc::new(Kqueue {
            queue,
            id: Id::new(),
            wakes: Arc::default(),
            user_events: user_event::Numbers::default(),
            oneshots: OneShots::default(),
        })
    }

    fn is_in(&self, memory: &Option<&mut Memory>) -> bool {
        memory.as_ref().is_some_and(|memory| memory.is_of(self.id))
    }

    fn enter(&self, memory: Option<&mut Memory>, interest: Interest) {
        if let Some(memory) = memory {
            *memory = Memory::of(self.id, Trigger::of(interest));
        }
    }

    /// Adds the filters of a source that has none.
    fn add(&self, source: RawSource, token: Token, interest: Interest) -> io::Result<()> {
        let mut oneshots = self.oneshots.hold_for(interest);
        let token = match &mut oneshots {
            Some(oneshots) => oneshots.enter(source, token, interest),
            None => token,
        };
        let trigger = Trigger::of(interest);
        if let Err(error) = self.apply(source, token, trigger, changes::adding(interest)) {
            // One filter may be there though the other was refused. What fails here is that it is
            // not.
            let _ = self.apply(source, token, trigger, &changes::DELETING);
            if let Some(oneshots) = &mut oneshots {
                oneshots.forget(source);
            }
            return Err(error);
        }
        Ok(())
    }

    /// Takes out the filters of a source, and tells whether there were any.
    fn clear(&self, source: RawSource) -> io::Result<Answer> {
        let mut oneshots = self.oneshots.hold();
        if let Some(oneshots) = &mut oneshots {
            oneshots.forget(source);
        }
        self.apply(source, Token(0), Trigger::EDGE, &changes::DELETING)
    }

    /// Makes the changes, and tells what became of them together.
    fn apply(
        &self,
        source: RawSource,
        token: Token,
        trigger: Trigger,
        changes: &[Change],
    ) -> io::Result<Answer> {
        let mut errors = [0; changes::MOST];
        let mut list = changes::DELETING.map(|change| change.raw(source, token, trigger));
        for (entry, change) in list.iter_mut().zip(changes) {
            *entry = change.raw(source, token, trigger);
        }
        let list = &mut list[..changes.len()];
        if self.queue.has_receipts() {
            self.change_together(list, &mut errors)?;
        } else {
            self.change_each(list, &mut errors);
        }
        changes::together(changes.iter().copied().zip(errors))
    }

    /// One call, which answers each change by a receipt and so returns no event.
    fn change_together(&self, list: &mut [abi::kevent], errors: &mut [c_int]) -> io::Result<()> {
        for entry in list.iter_mut() {
            entry.flags |= abi::EV_RECEIPT;
        }
        match self.queue.change(list) {
            // All changes have been made all the same: kqueue(2) of FreeBSD.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(error),
            Ok(count) => {
                for (error, receipt) in errors.iter_mut().zip(&list[..count]) {
                    *error = changes::error_in(receipt);
                }
                Ok(())
            }
        }
    }

    /// A call for each change, without room for events: its error is that of the change.
    fn change_each(&self, list: &[abi::kevent], errors: &mut [c_int]) {
        for (error, change) in errors.iter_mut().zip(list) {
            if let Err(refused) = self.queue.change_one(change) {
                *error = refused.raw_os_error().unwrap_or(libc::EIO);
            }
        }
    }

    fn wait(&self, events: &mut Vec<KqueueEvent>, timeout: Option<Duration>) -> io::Result<()> {
        let is_cut = |timeout: Option<Duration>| timeout.is_some_and(|timeout| timeout > LONGEST);
        if !is_cut(timeout) && !self.oneshots.are_triggers_used() {
            self.queue.wait(events, to_timespec(timeout))?;
            // Some may be used since then, and deregistered again.
            if !self.oneshots.settle(events) {
                return Ok(());
            }
        }
        let deadline = Deadline::after(timeout);
        loop {
            let remaining = deadline.remaining();
            self.queue.wait(events, to_timespec(remaining))?;
            // What was dropped may have taken the place of others.
            let is_to_go_on = self.oneshots.settle(events) || is_cut(remaining);
            if !events.is_empty() || !is_to_go_on {
                return Ok(());
            }
        }
    }
}

fn not_registered() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the source is not registered")
}

/// As the call takes it. Rounded up to microseconds, as some kernels cut what is finer.
fn to_timespec(timeout: Option<Duration>) -> Option<timespec> {
    let timeout = timeout?.min(LONGEST);
    let microseconds = timeout.as_nanos().div_ceil(1000);
    Some(timespec {
        tv_sec: (microseconds / 1_000_000) as _,
        tv_nsec: (microseconds % 1_000_000 * 1000) as _,
    })
}

impl AsFd for Kqueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

/// A waker that a kqueue can have.
trait WakerOf: Wake + Sized {
    fn of(kqueue: &Arc<Kqueue>, token: Token) -> io::Result<Self>;
}

impl WakerOf for DescriptorWaker<Memory> {
    fn of(kqueue: &Arc<Kqueue>, token: Token) -> io::Result<Self> {
        let fd = Arc::new(WakeFd::new()?);
        kqueue.register(fd.as_raw_fd(), token, Interest::READABLE, None)?;
        Ok(DescriptorWaker::new(Memory::default(), kqueue.wakes.join(), fd))
    }
}

#[cfg(all(test, feature = "net"))]
crate::selector::conformance::suite!(Kqueue);
