//! Signals: threads that are interrupted, and what a program without Rust's defaults would get.

use std::os::unix::thread::JoinHandleExt;
use std::sync::Once;
use std::thread::JoinHandle;

extern "C" fn do_nothing(_: libc::c_int) {}

/// Interrupts a thread: whatever it waits for in the system ends with `EINTR`.
pub fn interrupt<T>(thread: &JoinHandle<T>) {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        let handler = do_nothing as extern "C" fn(libc::c_int);
        // SAFETY: the handler does nothing, which is allowed at any time.
        let before = unsafe { libc::signal(libc::SIGUSR1, handler as libc::sighandler_t) };
        assert_ne!(before, libc::SIG_ERR);
    });
    // SAFETY: the thread was not joined yet, so that its identity is still its own.
    let result = unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR1) };
    // It may have ended by itself, though.
    assert!(matches!(result, 0 | libc::ESRCH), "{result}");
}

/// Lets `SIGPIPE` end the process, as programs in other languages have it. Rust ignores it.
pub fn let_broken_pipes_end_the_process() {
    // SAFETY: the default action needs no code of ours.
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    assert_ne!(before, libc::SIG_ERR);
}
