//! Waits until another thread of this process waits in a poll.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use libc::c_long;

use super::LIMIT;

/// What a selector waits in.
const POLLS: &[c_long] = &[
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_ppoll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// This thread, for [`until_in_a_poll`].
pub fn this_thread() -> PathBuf {
    Path::new("/proc").join(fs::read_link("/proc/thread-self").unwrap())
}

/// Returns once `thread` is blocked in a wait of a selector.
pub fn until_in_a_poll(thread: &Path) {
    let path = thread.join("syscall");
    let end = Instant::now() + LIMIT;
    loop {
        // The number of the system call that it is blocked in comes first.
        let blocked = fs::read_to_string(&path).unwrap();
        let number = blocked.split(' ').next().and_then(|number| number.parse().ok());
        if number.is_some_and(|number| POLLS.contains(&number)) {
            return;
        }
        assert!(Instant::now() < end, "it still says {blocked}");
        thread::yield_now();
    }
}
