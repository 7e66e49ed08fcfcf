//! What wakes a waiting thread on WASI: nothing can, as there is no other.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// A descriptor that cannot exist.
#[derive(Debug)]
pub(crate) enum WakeFd {}

impl WakeFd {
    pub(crate) fn new() -> io::Result<WakeFd> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "WASI has no threads, so that nothing could wake a poll",
        ))
    }

    pub(crate) fn signal(&self) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn drain(&self) {
        match *self {}
    }
}

impl AsRawFd for WakeFd {
    fn as_raw_fd(&self) -> RawFd {
        match *self {}
    }
}
