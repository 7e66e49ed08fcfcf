//! Waking by an `eventfd(2)`: a counter in the kernel.

use std::fs::File;
use std::io::{self, Read, Write};
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
        // illumos makes an edge of the first signal only, until the counter was read:
        // <https://github.com/oxidecomputer/helios/issues/169>.
        if cfg!(target_os = "illumos") {
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
        (&self.0).write(&count.to_ne_bytes()).map(drop)
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
