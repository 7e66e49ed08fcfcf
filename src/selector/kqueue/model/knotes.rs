//! What the model watches: a knote, in the word of the BSDs, for each number and filter.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use libc::c_int;

use super::super::linux::{
    EV_CLEAR, EV_DISPATCH, EV_EOF, EV_ONESHOT, EVFILT_READ, EVFILT_USER, EVFILT_WRITE,
    NOTE_TRIGGER, kevent,
};
use super::calls;
use super::system::System;
use crate::os::WakeFd;
use crate::selector::kqueue::KqueueEvent;

const READ: usize = 0;
const WRITE: usize = 1;
const USER: usize = 2;

/// What each filter is, and what it watches for.
const KINDS: [(i16, c_int); 3] = [
    (EVFILT_READ, libc::EPOLLIN | libc::EPOLLRDHUP),
    (EVFILT_WRITE, libc::EPOLLOUT),
    (EVFILT_USER, libc::EPOLLIN),
];

/// An epoll instance for each filter.
#[derive(Debug)]
pub(super) struct Filters([OwnedFd; 3]);

impl Filters {
    pub(super) fn new() -> io::Result<Filters> {
        Ok(Filters([calls::epoll()?, calls::epoll()?, calls::epoll()?]))
    }

    pub(super) fn all(&self) -> &[OwnedFd; 3] {
        &self.0
    }
}

#[derive(Debug)]
struct Knote {
    /// Tells it from others that the number had before.
    serial: u32,
    /// As it was added.
    change: kevent,
    /// What the number stands for, to notice when it is closed; none of a user's event.
    file: Option<calls::Identity>,
    /// Watched in place of what epoll cannot: users' events, and files, which are always ready.
    stand_in: Option<WakeFd>,
    socket_kind: Option<c_int>,
}

// SAFETY: what keeps it from being `Send` is the pointer in `change`, which is a number here.
#[allow(unsafe_code)]
unsafe impl Send for Knote {}

#[derive(Debug)]
pub(super) struct Knotes {
    by_number: HashMap<(usize, usize), Knote>,
    last_serial: u32,
    turn: usize,
}

impl Default for Knotes {
    fn default() -> Knotes {
        // Allocates nothing later, up to what tests that count allocations need.
        Knotes { by_number: HashMap::with_capacity(1024), last_serial: 0, turn: 0 }
    }
}

impl Knote {
    fn fd(&self) -> RawFd {
        self.stand_in.as_ref().map_or(self.change.ident as RawFd, AsRawFd::as_raw_fd)
    }

    fn bits(&self, filter: usize) -> c_int {
        let watched = if self.stand_in.is_some() { libc::EPOLLIN } else { KINDS[filter].1 };
        let has = |flag| self.change.flags & flag != 0;
        let edge = if has(EV_CLEAR) { libc::EPOLLET } else { 0 };
        // Disabled by its event, and enabled by being added again.
        watched | edge | if has(EV_DISPATCH) { libc::EPOLLONESHOT } else { 0 }
    }

    fn data(&self) -> u64 {
        (self.change.ident as u64) << 32 | u64::from(self.serial)
    }

    /// The flags and the filter's flags of an event, from what epoll says.
    fn ends(&self, filter: usize, bits: c_int) -> (u16, u32) {
        let has = |bit: c_int| bits & bit != 0;
        let is_socket = self.socket_kind.is_some();
        let is_over = match filter {
            READ => has(libc::EPOLLRDHUP | libc::EPOLLHUP) || has(libc::EPOLLERR) && !is_socket,
            WRITE => {
                has(libc::EPOLLHUP)
                    || has(libc::EPOLLERR) && !is_socket
                    || self.socket_kind == Some(libc::SOCK_STREAM)
                        && !has(libc::EPOLLERR)
                        && calls::is_sending_shut_down(self.fd())
            }
            _ => false,
        };
        match (is_over, is_socket && has(libc::EPOLLERR)) {
            (true, true) => (EV_EOF, libc::EIO as u32),
            (true, false) => (EV_EOF, 0),
            (false, _) => (0, 0),
        }
    }
}

fn errno(error: io::Error) -> c_int {
    error.raw_os_error().unwrap_or(libc::EIO)
}

fn filter_of(system: &System, change: &kevent) -> Result<usize, c_int> {
    let filter = KINDS.iter().position(|(filter, _)| *filter == change.filter);
    filter.filter(|filter| *filter != USER || system.user_events).ok_or(libc::EINVAL)
}

impl Knotes {
    /// Finds what a change is about. A number that was closed since has no filters any more.
    fn find(&mut self, filter: usize, change: &kevent) -> Result<Option<calls::Identity>, c_int> {
        if filter == USER {
            return Ok(None);
        }
        let fd = RawFd::try_from(change.ident).map_err(|_| libc::EBADF)?;
        let file = calls::identity(fd).map_err(errno)?;
        let key = (change.ident, filter);
        if self.by_number.get(&key).is_some_and(|knote| knote.file != Some(file)) {
            self.by_number.remove(&key);
        }
        Ok(Some(file))
    }

    pub(super) fn add(
        &mut self,
        filters: &Filters,
        system: &System,
        change: &kevent,
    ) -> Result<(), c_int> {
        let filter = filter_of(system, change)?;
        let file = self.find(filter, change)?;
        if let Some(error) = system.refusal(change) {
            return Err(error);
        }
        if let Some(knote) = self.by_number.get_mut(&(change.ident, filter)) {
            if system.adding_replaces_flags {
                knote.change.flags = change.flags;
            }
            return self.touch(filters, system, change);
        }
        self.last_serial = self.last_serial.wrapping_add(1);
        let mut knote = Knote {
            serial: self.last_serial,
            change: *change,
            file,
            stand_in: None,
            socket_kind: None,
        };
        if filter == USER {
            knote.stand_in = Some(WakeFd::new().map_err(errno)?);
        } else {
            knote.socket_kind = calls::socket_kind(knote.fd());
        }
        let add = |knote: &Knote| {
            let (fd, bits) = (knote.fd(), knote.bits(filter));
            calls::control(&filters.0[filter], libc::EPOLL_CTL_ADD, fd, bits, knote.data())
        };
        match add(&knote).map_err(errno) {
            // A kqueue in itself, or in one that is in it.
            Err(libc::ELOOP) => return Err(libc::EINVAL),
            // A file, which epoll refuses.
            Err(libc::EPERM) => {
                let stand_in = WakeFd::new().map_err(errno)?;
                stand_in.signal().map_err(errno)?;
                knote.stand_in = Some(stand_in);
                add(&knote).map_err(errno)?;
            }
            result => result?,
        }
        let is_broken = system.says_broken(change)
            && knote.socket_kind.is_none()
            && calls::poll(knote.fd(), 0, Some(&libc::timespec { tv_sec: 0, tv_nsec: 0 }))
                .is_ok_and(|found| found & libc::POLLERR != 0);
        self.by_number.insert((change.ident, filter), knote);
        if is_broken { Err(libc::EPIPE) } else { Ok(()) }
    }

    pub(super) fn delete(
        &mut self,
        filters: &Filters,
        system: &System,
        change: &kevent,
    ) -> Result<(), c_int> {
        let filter = filter_of(system, change)?;
        self.find(filter, change)?;
        let knote = self.by_number.remove(&(change.ident, filter)).ok_or(libc::ENOENT)?;
        calls::control(&filters.0[filter], libc::EPOLL_CTL_DEL, knote.fd(), 0, 0).map_err(errno)
    }

    /// A change of what is there: it gets the token, is triggered if it is a user's event, and
    /// reports anew what is ready if it is not.
    pub(super) fn touch(
        &mut self,
        filters: &Filters,
        system: &System,
        change: &kevent,
    ) -> Result<(), c_int> {
        let filter = filter_of(system, change)?;
        self.find(filter, change)?;
        let knote = self.by_number.get_mut(&(change.ident, filter)).ok_or(libc::ENOENT)?;
        knote.change.udata = change.udata;
        let Some(stand_in) = &knote.stand_in else {
            let (fd, bits) = (knote.fd(), knote.bits(filter));
            return calls::control(&filters.0[filter], libc::EPOLL_CTL_MOD, fd, bits, knote.data())
                .map_err(errno);
        };
        if filter == USER && change.flags & EV_CLEAR != 0 && system.clearing_takes_back {
            stand_in.drain();
        } else if filter != USER || change.fflags & NOTE_TRIGGER != 0 {
            let (fd, bits) = (knote.fd(), knote.bits(filter));
            calls::control(&filters.0[filter], libc::EPOLL_CTL_MOD, fd, bits, knote.data())
                .map_err(errno)?;
            stand_in.signal().map_err(errno)?;
        }
        Ok(())
    }

    /// The event of what epoll found, unless it is about a number that was closed since.
    pub(super) fn report(
        &mut self,
        filters: &Filters,
        filter: usize,
        data: u64,
        bits: c_int,
    ) -> Option<KqueueEvent> {
        let key = ((data >> 32) as usize, filter);
        let knote = self.by_number.get(&key).filter(|knote| knote.serial == data as u32)?;
        if knote.file.is_some() && calls::identity(key.0 as RawFd).ok() != knote.file {
            self.by_number.remove(&key);
            return None;
        }
        let (end, error) = knote.ends(filter, bits);
        let mut event = knote.change;
        event.flags = event.flags & (EV_CLEAR | EV_DISPATCH | EV_ONESHOT) | end;
        event.fflags = error;
        event.data = 0;
        if event.flags & EV_ONESHOT != 0 {
            let fd = knote.fd();
            self.by_number.remove(&key);
            // What fails here is that its descriptor was closed with it.
            let _ = calls::control(&filters.0[filter], libc::EPOLL_CTL_DEL, fd, 0, 0);
        }
        Some(KqueueEvent(event))
    }

    /// The filter to look at first, each in its turn, so that none starves another.
    pub(super) fn next_turn(&mut self) -> usize {
        self.turn = (self.turn + 1) % KINDS.len();
        self.turn
    }
}
