//! [`WakeFd`]: a descriptor that one thread makes readable to wake another that waits for it.
//!
//! An eventfd where the system has them, else a pipe to oneself.

#[allow(dead_code)]
mod pipe;

cfg_if! {
    if #[cfg(linux_like)] {
        #[cfg(not(mio_unsupported_force_waker_pipe))]
        pub(crate) use crate::os::posix::eventfd::EventFd as WakeFd;
        #[cfg(mio_unsupported_force_waker_pipe)]
        pub(crate) use self::pipe::WakePipe as WakeFd;
    } else {
        pub(crate) use self::pipe::WakePipe as WakeFd;
    }
}

/// The promises that both kinds make; each has its tests call these.
#[cfg(test)]
pub(in crate::os) mod promises {
    use std::io;
    use std::os::fd::AsRawFd;

    use crate::os::posix::call;

    pub(in crate::os) trait Kind: AsRawFd {
        fn signal(&self) -> io::Result<()>;
        fn drain(&self);
    }

    #[allow(unsafe_code)]
    pub(in crate::os) fn is_readable(fd: &impl AsRawFd) -> bool {
        let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one valid entry.
        call::check(unsafe { libc::poll(&raw mut poll, 1, 0) }).unwrap() == 1
    }

    pub(in crate::os) fn readable_from_a_signal_until_drained(fd: &impl Kind) {
        assert!(!is_readable(fd));
        fd.signal().unwrap();
        fd.signal().unwrap();
        assert!(is_readable(fd));
        fd.drain();
        assert!(!is_readable(fd));
        fd.drain();
        fd.signal().unwrap();
        assert!(is_readable(fd));
    }

    /// More signals than a pipe has room for, none of them consumed.
    pub(in crate::os) fn signals_never_run_out_of_room(fd: &impl Kind) {
        for _ in 0..1 << 17 {
            fd.signal().unwrap();
        }
        assert!(is_readable(fd));
        fd.drain();
        assert!(!is_readable(fd));
    }
}
