//! Waking by an `eventfd(2)`: a counter in the kernel.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};

use super::call;

/// An eventfd.
#[derive(Debug)]
pub(crate) struct EventFd(File);

impl EventFd {
    #[allow(unsafe_code)]
    pub(crate) fn new() -> io::Result<EventFd> {
        // Hermit, where nothing is executed, documents the one flag alone.
        let close_on_exec = if cfg!(unix) { libc::EFD_CLOEXEC } else { 0 };
        // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
        let fd = unsafe { call::owned_fd(libc::eventfd(0, close_on_exec | libc::EFD_NONBLOCK)) }?;
        Ok(EventFd(File::from(fd)))
    }

    /// Makes the descriptor readable. Each call is an edge to an edge-triggered watcher.
    pub(crate) fn signal(&self) -> io::Result<()> {
        if FIRST_EDGE_ONLY {
            self.drain();
        }
        match self.add(1) {
            // The counter is at its end, after 2^64 signals that nobody drained: it starts anew.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.drain();
                self.add(1)
            }
            result => result,
        }
    }

    /// Takes all signals. What fails here is that there were none.
    pub(crate) fn drain(&self) {
        let _ = (&self.0).read(&mut [0; 8]);
    }

    fn add(&self, count: u64) -> io::Result<()> {
        write(&self.0, count)
    }
}

cfg_if! {
    if #[cfg(any(target_os = "illumos", not(unix)))] {
        /// illumos makes an edge of the first signal only, until the counter was read:
        /// <https://github.com/oxidecomputer/helios/issues/169>.
        const FIRST_EDGE_ONLY: bool = true;

        fn write(mut fd: &File, count: u64) -> io::Result<()> {
            io::Write::write(&mut fd, &count.to_ne_bytes()).map(drop)
        }
    } else {
        const FIRST_EDGE_ONLY: bool = false;

        /// By the number of the call: the C library's function is a point where its threads can be
        /// cancelled, and to be one takes two locked instructions in a process of several threads.
        /// That is an eighth of all that a signal costs.
        #[allow(unsafe_code)]
        fn write(fd: &File, count: u64) -> io::Result<()> {
            let (fd, length) = (fd.as_raw_fd(), size_of_val(&count));
            // SAFETY: the descriptor is open, and the pointer valid for that many bytes.
            let result = unsafe { libc::syscall(libc::SYS_write, fd, &raw const count, length) };
            call::check_size(result as isize).map(drop)
        }
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::unix::wake::promises::{self, Kind};

    impl Kind for EventFd {
        fn signal(&self) -> io::Result<()> {
            self.signal()
        }

        fn drain(&self) {
            self.drain();
        }
    }

    #[test]
    fn readable_from_a_signal_until_drained() {
        promises::readable_from_a_signal_until_drained(&EventFd::new().unwrap());
    }

    #[test]
    fn signals_never_run_out_of_room() {
        promises::signals_never_run_out_of_room(&EventFd::new().unwrap());
    }

    #[test]
    fn a_full_counter_starts_anew() {
        let fd = EventFd::new().unwrap();
        fd.add(u64::MAX - 1).unwrap();
        assert_eq!(fd.add(1).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        fd.signal().unwrap();
        assert!(promises::is_readable(&fd));
        fd.add(u64::MAX - 2).unwrap();
    }
}
