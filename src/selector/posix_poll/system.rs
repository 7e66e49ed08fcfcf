//! The system calls: `ppoll`, where there is one, and `poll`.

use std::io;
use std::time::Duration;

use libc::{nfds_t, pollfd};

use crate::os::call;
use crate::selector::optional_call::OptionalCall;
use crate::selector::timeout;

/// Waits, and returns how many entries have something to say.
pub(in crate::selector) fn wait(
    entries: &mut [pollfd],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    if timeout::exact_milliseconds(timeout).is_none() {
        if let Some(result) = PPOLL.attempt(|| ppoll(entries, timeout)) {
            return result;
        }
    }
    wait_milliseconds(entries, timeout::milliseconds(timeout))
}

cfg_if! {
    if #[cfg(target_os = "wasi")] {
        /// The C library of WASI fails for entries that POSIX has skipped or that ask for nothing:
        /// they are left out.
        fn wait_milliseconds(entries: &mut [pollfd], timeout_ms: libc::c_int) -> io::Result<usize> {
            let is_asked = |entry: &pollfd| entry.fd >= 0 && entry.events != 0;
            let mut asked: Vec<pollfd> = entries.iter().copied().filter(is_asked).collect();
            let ready = poll(&mut asked, timeout_ms)?;
            let places = entries.iter_mut().filter(|entry| is_asked(entry));
            places.zip(asked).for_each(|(entry, seen)| entry.revents = seen.revents);
            Ok(ready)
        }
    } else {
        use self::poll as wait_milliseconds;
    }
}

#[allow(unsafe_code)]
fn poll(entries: &mut [pollfd], timeout_ms: libc::c_int) -> io::Result<usize> {
    let count = entries.len() as nfds_t;
    // SAFETY: `count` entries are valid for the call.
    let ready = call::check(unsafe { libc::poll(entries.as_mut_ptr(), count, timeout_ms) })?;
    Ok(ready as usize)
}

/// Waits in nanoseconds, where the system can.
static PPOLL: OptionalCall = OptionalCall::new();

cfg_if! {
    if #[cfg(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "linux",
        target_os = "openbsd",
    ))] {
        #[allow(unsafe_code)]
        fn ppoll(entries: &mut [pollfd], timeout: Option<Duration>) -> io::Result<usize> {
            /// 68 years, which every `time_t` has room for. A wait that was cut begins anew.
            const LONGEST: Duration = Duration::from_secs(i32::MAX as u64);

            let timeout = timeout.map(|timeout| timeout.min(LONGEST));
            let timeout = timeout.map(|timeout| libc::timespec {
                tv_sec: timeout.as_secs() as _,
                // Below 10^9, which fits a `long` everywhere.
                tv_nsec: timeout.subsec_nanos() as _,
            });
            let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            let count = entries.len() as nfds_t;
            // SAFETY: `count` entries are valid for the call, `timeout` is null or valid, and a
            // null signal mask leaves the mask alone.
            let ready = call::check(unsafe {
                libc::ppoll(entries.as_mut_ptr(), count, timeout, std::ptr::null())
            })?;
            Ok(ready as usize)
        }
    } else {
        /// As of a system that has no such call.
        fn ppoll(_: &mut [pollfd], _: Option<Duration>) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(libc::ENOSYS))
        }
    }
}
