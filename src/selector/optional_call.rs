//! System calls that not every kernel has.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

/// A system call that older kernels and strict seccomp filters lack. Having been refused once it is
/// not tried again: it will not appear while the process runs.
#[derive(Debug)]
pub(crate) struct OptionalCall {
    missing: AtomicBool,
}

impl OptionalCall {
    pub(crate) const fn new() -> OptionalCall {
        OptionalCall { missing: AtomicBool::new(false) }
    }

    /// The result of `call`, or `None` if the system lacks it.
    ///
    /// Only for calls that by themselves never fail with `EPERM`: that is what filters refuse with.
    pub(crate) fn attempt<T>(&self, call: impl FnOnce() -> io::Result<T>) -> Option<io::Result<T>> {
        if self.missing.load(Ordering::Relaxed) {
            return None;
        }
        let result = call();
        if let Err(error) = &result {
            if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) {
                self.missing.store(true, Ordering::Relaxed);
                return None;
            }
        }
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_call_is_tried_once() {
        for errno in [libc::ENOSYS, libc::EPERM] {
            let call = OptionalCall::new();
            let refused =
                call.attempt(|| io::Result::<()>::Err(io::Error::from_raw_os_error(errno)));
            assert!(refused.is_none());
            assert!(call.attempt(|| -> io::Result<()> { panic!("tried again") }).is_none());
        }
    }

    #[test]
    fn other_errors_are_the_callers() {
        let call = OptionalCall::new();
        let error = || io::Error::from_raw_os_error(libc::EINTR);
        let result = call.attempt(|| io::Result::<()>::Err(error()));
        assert_eq!(result.unwrap().unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert!(matches!(call.attempt(|| Ok(7)), Some(Ok(7))));
    }
}
