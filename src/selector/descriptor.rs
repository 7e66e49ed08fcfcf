//! `Poll` and `Registry` as descriptors, on systems whose selector has one.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use crate::{Poll, Registry};

/// The descriptor of the selector, to be watched by another event loop: it is readable while a poll
/// would return at once.
///
/// Only watch it. Events taken from it other than by [`Poll::poll`] are lost, wakes among them.
impl AsRawFd for Poll {
    fn as_raw_fd(&self) -> RawFd {
        self.registry().as_raw_fd()
    }
}

/// The descriptor of the selector, the same as that of its [`Poll`].
impl AsFd for Registry {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.selector().as_fd()
    }
}

/// The descriptor of the selector, the same as that of its [`Poll`].
impl AsRawFd for Registry {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
