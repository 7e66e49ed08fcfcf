//! A port for tests on Linux, after the pages of `port_associate(3C)` and `port_getn(3C)`: one-shot
//! levels of `epoll(7)`, whose bits are those of `poll(2)`, and a queue of messages.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::time::Duration;

use libc::{c_int, c_short};

use super::table::Found;
use super::{Port, outcome};
use crate::os::WakeFd;
use crate::os::posix::call;
use crate::selector::timeout;

/// A port that takes what the system's takes, or with `REFUSES` no descriptor at all.
#[derive(Debug)]
pub(super) struct ModelPort<const REFUSES: bool = false> {
    epoll: OwnedFd,
    /// Readable while there are messages.
    has_messages: WakeFd,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<u64>,
    /// The associations that were not reported: their numbers, and what each is.
    numbers: HashMap<RawFd, u64>,
    associations: HashMap<u64, (RawFd, u64)>,
    last: u64,
}

impl State {
    fn take(&mut self, fd: RawFd) -> bool {
        self.numbers.remove(&fd).is_some_and(|number| self.associations.remove(&number).is_some())
    }
}

/// The number of the messages' descriptor, which is no association's.
const MESSAGES: u64 = 0;

impl<const REFUSES: bool> Port for ModelPort<REFUSES> {
    #[allow(unsafe_code)]
    fn new() -> io::Result<Self> {
        // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
        let epoll = unsafe { call::owned_fd(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }?;
        let has_messages = WakeFd::new()?;
        let port = ModelPort { epoll, has_messages, state: Mutex::default() };
        let fd = port.has_messages.as_raw_fd();
        port.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN, MESSAGES)?;
        Ok(port)
    }

    fn associate(&self, fd: RawFd, events: c_short, serial: u64) -> io::Result<()> {
        if REFUSES {
            return Err(io::Error::from_raw_os_error(libc::EBADFD));
        }
        let mut state = self.state.lock().unwrap();
        state.take(fd);
        state.last += 1;
        let number = state.last;
        let bits = c_int::from(events) | libc::EPOLLONESHOT;
        let mut result = self.control(libc::EPOLL_CTL_MOD, fd, bits, number);
        if matches!(&result, Err(error) if error.raw_os_error() == Some(libc::ENOENT)) {
            result = self.control(libc::EPOLL_CTL_ADD, fd, bits, number);
        }
        match result {
            Ok(()) => {
                state.numbers.insert(fd, number);
                state.associations.insert(number, (fd, serial));
                Ok(())
            }
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBADF | libc::EPERM)) => {
                Err(io::Error::from_raw_os_error(libc::EBADFD))
            }
            result => result,
        }
    }

    fn dissociate(&self, fd: RawFd) -> io::Result<()> {
        if !self.state.lock().unwrap().take(fd) {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    fn send(&self, serial: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.messages.push_back(serial);
        self.has_messages.signal()
    }

    #[allow(unsafe_code)]
    fn wait(
        &self,
        found: &mut Vec<Found>,
        room: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let mut list = vec![libc::epoll_event { events: 0, u64: 0 }; room];
        let timeout = timeout::milliseconds(timeout);
        // SAFETY: the list has room for as many as are asked for.
        let count = call::check(unsafe {
            libc::epoll_wait(self.epoll.as_raw_fd(), list.as_mut_ptr(), room as c_int, timeout)
        });
        let mut state = self.state.lock().unwrap();
        for report in list.iter().take(*count.as_ref().unwrap_or(&0) as usize) {
            let number = report.u64;
            if number == MESSAGES {
                let fitting = (room - found.len()).min(state.messages.len());
                found.extend(state.messages.drain(..fitting).map(Found::Message));
                if state.messages.is_empty() {
                    self.has_messages.drain();
                }
            } else if let Some((fd, serial)) = state.associations.get(&number).copied() {
                if found.len() == room {
                    // Messages took its place: it stays in the queue.
                    let again = (report.events as c_int) | libc::EPOLLONESHOT;
                    self.control(libc::EPOLL_CTL_MOD, fd, again, number)?;
                    continue;
                }
                state.take(fd);
                found.push(Found::Descriptor { fd, events: report.events as c_short, serial });
            }
        }
        let error = match count {
            Ok(0) => Some(io::Error::from_raw_os_error(libc::ETIME)),
            result => result.err(),
        };
        outcome(found.len(), error)
    }
}

impl<const REFUSES: bool> ModelPort<REFUSES> {
    #[allow(unsafe_code)]
    fn control(&self, operation: c_int, fd: RawFd, bits: c_int, number: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: bits as u32, u64: number };
        // SAFETY: `event` is valid for the call, which copies it.
        call::check(unsafe {
            libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &raw mut event)
        })?;
        Ok(())
    }
}

impl<const REFUSES: bool> AsRawFd for ModelPort<REFUSES> {
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }
}
