//! The system calls: `ppoll`, where there is one, and `poll`.

use std::io;
use std::time::Duration;

use libc::{nfds_t, pollfd};

use crate::os::posix::call;
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
    if #[cfg(all(unix, not(target_vendor = "nintendo")))] {
        use self::poll as wait_milliseconds;
    } else {
        /// Entries that POSIX has skipped fail with the C libraries of WASI and of Nintendo's 3DS,
        /// and nobody says what Hermit does with them. On WASI those fail too that ask for nothing.
        fn wait_milliseconds(entries: &mut [pollfd], timeout_ms: libc::c_int) -> io::Result<usize> {
            let asks = |entry: &pollfd| entry.events != 0 || !cfg!(target_family = "wasm");
            wait_for_some(entries, |entry| entry.fd >= 0 && asks(entry), timeout_ms)
        }
    }
}

/// Waits for some of the entries. The call does not see the others.
// Tested on systems that do not need it.
#[allow(dead_code)]
fn wait_for_some(
    entries: &mut [pollfd],
    is_one: impl Fn(&pollfd) -> bool,
    timeout_ms: libc::c_int,
) -> io::Result<usize> {
    let mut asked: Vec<pollfd> = entries.iter().copied().filter(&is_one).collect();
    let ready = poll(&mut asked, timeout_ms)?;
    let places = entries.iter_mut().filter(|entry| is_one(entry));
    places.zip(asked).for_each(|(entry, seen)| entry.revents = seen.revents);
    Ok(ready)
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

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn entries_left_out_keep_their_places_and_say_nothing() {
        let (ready, mut peer) = UnixStream::pair().unwrap();
        let (idle, _idle_peer) = UnixStream::pair().unwrap();
        peer.write_all(b"1").unwrap();
        let entry = |fd| pollfd { fd, events: libc::POLLIN, revents: 0 };
        let fds = [!ready.as_raw_fd(), idle.as_raw_fd(), -1, ready.as_raw_fd(), !0];
        let mut entries = fds.map(entry);
        assert_eq!(wait_for_some(&mut entries, |entry| entry.fd >= 0, 0).unwrap(), 1);
        assert_eq!(entries.map(|entry| entry.fd), fds);
        assert_eq!(entries.map(|entry| entry.revents), [0, 0, 0, libc::POLLIN, 0]);
        // It sees nothing of the others, even if they are ready.
        let mut entries = fds.map(entry);
        let is_idle = |entry: &pollfd| entry.fd == idle.as_raw_fd();
        assert_eq!(wait_for_some(&mut entries, is_idle, 0).unwrap(), 0);
        assert_eq!(entries.map(|entry| entry.revents), [0; 5]);
        assert_eq!(wait_for_some(&mut entries, |_| false, 0).unwrap(), 0);
    }
}
