//! The foreign calls: `kqueue(2)` and `kevent(2)`.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use libc::timespec;

use super::KqueueEvent;
use super::abi;
use crate::os::posix::call;

/// The descriptor of a kqueue.
#[derive(Debug)]
pub(super) struct Queue(OwnedFd);

impl Queue {
    #[allow(unsafe_code)]
    pub(super) fn new() -> io::Result<Queue> {
        // SAFETY: takes no arguments, and the descriptor returned is nobody else's.
        let queue = Queue(unsafe { call::owned_fd(abi::kqueue()) }?);
        // No child of fork(2) has it, but one of posix_spawn(2) or execve(2) would.
        call::set_close_on_exec(queue.as_fd())?;
        Ok(queue)
    }

    /// Whether a change can ask for an answer of its own. NetBSD has had `EV_RECEIPT` since 10.
    pub(super) const fn has_receipts(&self) -> bool {
        cfg!(not(target_os = "netbsd"))
    }

    /// Makes the changes, which ask for a receipt each. Returns how many receipts there are: they
    /// replace the changes.
    #[allow(unsafe_code)]
    pub(super) fn change(&self, list: &mut [abi::kevent]) -> io::Result<usize> {
        let (pointer, count) = (list.as_mut_ptr(), list.len() as _);
        let at_once = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the list is valid for reading and writing `count` entries, and may be given for
        // both (kqueue(2)).
        let count = call::check(unsafe {
            abi::kevent(self.0.as_raw_fd(), pointer, count, pointer, count, &raw const at_once)
        })?;
        Ok(count as usize)
    }

    /// Makes one change, without room for an event: its error is that of the call.
    #[allow(unsafe_code)]
    pub(super) fn change_one(&self, change: &abi::kevent) -> io::Result<()> {
        // SAFETY: `change` is valid; there is no room for events, and without it no wait.
        call::check(unsafe {
            abi::kevent(self.0.as_raw_fd(), change, 1, ptr::null_mut(), 0, ptr::null())
        })?;
        Ok(())
    }

    /// Waits for events, and adds them to the list as far as there is room.
    #[allow(unsafe_code)]
    pub(super) fn wait(
        &self,
        events: &mut Vec<KqueueEvent>,
        timeout: Option<timespec>,
    ) -> io::Result<()> {
        let spare = events.spare_capacity_mut();
        let room = spare.len().min(libc::c_int::MAX as usize) as _;
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: there is room for that many events, of which `KqueueEvent` has the layout;
        // `timeout` is null or valid.
        let count = call::check(unsafe {
            let spare = spare.as_mut_ptr().cast();
            abi::kevent(self.0.as_raw_fd(), ptr::null(), 0, spare, room, timeout)
        })?;
        // SAFETY: the kernel filled in that many events after those that were there.
        unsafe { events.set_len(events.len() + count as usize) };
        Ok(())
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
