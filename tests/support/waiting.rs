//! Waits until another thread of this process waits in a poll.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use libc::c_long;

use super::{LIMIT, emulator};

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

/// The same calls as their numbers are on x86-64, which is what an emulator is expected to run on.
const POLLS_OF_X86_64: &[c_long] = &[281, 441, 271, 232, 7];

/// This thread, for [`until_in_a_poll`].
pub fn this_thread() -> PathBuf {
    Path::new("/proc").join(fs::read_link("/proc/thread-self").unwrap())
}

/// Returns once `thread` is blocked in a wait of a selector.
pub fn until_in_a_poll(thread: &Path) {
    let path = thread.join("syscall");
    let polls = if emulator().is_empty() { POLLS } else { POLLS_OF_X86_64 };
    let end = Instant::now() + LIMIT;
    loop {
        // The number of the system call that it is blocked in comes first.
        let blocked = fs::read_to_string(&path).unwrap();
        let number = blocked.split(' ').next().and_then(|number| number.parse().ok());
        if number.is_some_and(|number| polls.contains(&number)) {
            return;
        }
        assert!(Instant::now() < end, "it still says {blocked}");
        thread::yield_now();
    }
}
