//! A model of kqueue for tests on Linux, after the kqueue(2) of FreeBSD and of macOS.
//!
//! Each filter is an epoll instance of its own, edge-triggered for `EV_CLEAR`, so that the
//! directions of a descriptor know nothing of each other; one more epoll watches these. A number
//! that was closed has lost its filters, though its file may live on by a duplicate.
//!
//! Less than the original: `data` is zero; `fflags` tells that a socket has an error and not which,
//! as Linux has no way to look at it that does not take it.

mod calls;
mod knotes;
mod system;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libc::{c_int, epoll_event, timespec};

use self::knotes::{Filters, Knotes};
pub(super) use self::system::System;
use super::KqueueEvent;
use super::linux::{EV_ADD, EV_DELETE, EV_ERROR, EV_RECEIPT, kevent};
use crate::selector::deadline::Deadline;

/// More than one call of a test delivers.
const MOST_AT_ONCE: usize = 256;

/// What takes a longer timeout for an invalid argument: XNU, OpenBSD.
const LONGEST_SECONDS: u64 = 100_000_000;

#[derive(Debug)]
pub(super) struct Queue {
    /// Readable while there are events, like the descriptor of a kqueue.
    all: OwnedFd,
    filters: Filters,
    knotes: Mutex<Knotes>,
    system: System,
}

impl Queue {
    pub(super) fn new() -> io::Result<Queue> {
        Queue::like(System::chosen())
    }

    pub(super) fn like(system: System) -> io::Result<Queue> {
        let all = calls::epoll()?;
        let filters = Filters::new()?;
        for filter in filters.all() {
            calls::control(&all, libc::EPOLL_CTL_ADD, filter.as_raw_fd(), libc::EPOLLIN, 0)?;
        }
        Ok(Queue { all, filters, knotes: Mutex::default(), system })
    }

    pub(super) fn has_receipts(&self) -> bool {
        self.system.receipts
    }

    /// A call with changes, and room for as many events: receipts and errors, else what is ready.
    pub(super) fn change(&self, list: &mut [kevent]) -> io::Result<usize> {
        let mut count = 0;
        for at in 0..list.len() {
            let mut answer = list[at];
            let error = self.make(&answer);
            if error != 0 || self.system.receipts && answer.flags & EV_RECEIPT != 0 {
                let kept = if self.system.receipts_keep_flags { answer.flags } else { 0 };
                answer.flags = kept | EV_ERROR;
                answer.data = error as isize;
                list[count] = answer;
                count += 1;
            }
        }
        if count == 0 {
            let mut ready = Vec::with_capacity(list.len());
            self.take(&mut ready)?;
            count = ready.len().min(list.len());
            for (entry, event) in list.iter_mut().zip(ready) {
                *entry = event.0;
            }
        }
        Ok(count)
    }

    /// A call with one change, and no room for events.
    pub(super) fn change_one(&self, change: &kevent) -> io::Result<()> {
        match self.make(change) {
            0 => Ok(()),
            error => Err(io::Error::from_raw_os_error(error)),
        }
    }

    /// A call without changes.
    pub(super) fn wait(
        &self,
        events: &mut Vec<KqueueEvent>,
        timeout: Option<timespec>,
    ) -> io::Result<()> {
        let deadline = Deadline::after(timeout.map(checked).transpose()?);
        loop {
            let remaining = deadline.remaining().map(|left| timespec {
                tv_sec: left.as_secs() as _,
                tv_nsec: left.subsec_nanos() as _,
            });
            let found = calls::poll(self.all.as_raw_fd(), libc::POLLIN, remaining.as_ref())?;
            self.take(events)?;
            // Nothing may come of what was found: it may be about a number that was closed.
            if !events.is_empty() || found == 0 {
                return Ok(());
            }
        }
    }

    /// Makes one change. Returns its error, zero for none.
    fn make(&self, change: &kevent) -> c_int {
        let mut knotes = self.knotes();
        let result = match change.flags & (EV_ADD | EV_DELETE) {
            EV_DELETE => knotes.delete(&self.filters, &self.system, change),
            EV_ADD => knotes.add(&self.filters, &self.system, change),
            _ => knotes.touch(&self.filters, &self.system, change),
        };
        result.err().unwrap_or(0)
    }

    fn take(&self, events: &mut Vec<KqueueEvent>) -> io::Result<()> {
        let mut knotes = self.knotes();
        let first = knotes.next_turn();
        for turn in 0..self.filters.all().len() {
            let filter = (first + turn) % self.filters.all().len();
            let mut ready = [epoll_event { events: 0, u64: 0 }; MOST_AT_ONCE];
            let room = (events.capacity() - events.len()).min(ready.len());
            if room == 0 {
                return Ok(());
            }
            let count = calls::take_ready(&self.filters.all()[filter], &mut ready[..room])?;
            for ready in &ready[..count] {
                let bits = ready.events as c_int;
                events.extend(knotes.report(&self.filters, filter, ready.u64, bits));
            }
        }
        Ok(())
    }

    fn knotes(&self) -> MutexGuard<'_, Knotes> {
        self.knotes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.all.as_fd()
    }
}

fn checked(timeout: timespec) -> io::Result<Duration> {
    match (u64::try_from(timeout.tv_sec), timeout.tv_nsec) {
        (Ok(seconds @ 0..=LONGEST_SECONDS), nanoseconds @ 0..1_000_000_000) => {
            Ok(Duration::new(seconds, nanoseconds as u32))
        }
        _ => Err(io::Error::from_raw_os_error(libc::EINVAL)),
    }
}
