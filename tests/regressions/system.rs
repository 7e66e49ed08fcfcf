//! What these tests ask of the system besides descriptors: signals, limits, special files.

use std::ffi::CString;
use std::io;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::thread::RawPthread;
use std::path::Path;
use std::ptr;

use libc::{c_int, rlim_t};

fn check(result: c_int) {
    assert_ne!(result, -1, "{}", io::Error::last_os_error());
}

/// Makes a pipe that has a path.
pub fn make_fifo(path: &Path) {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: the path is valid, and ends with a zero.
    check(unsafe { libc::mkfifo(path.as_ptr(), 0o600) });
}

/// Has a handler receive a signal, that does nothing and does not restart what it interrupted.
pub fn receive(signal: c_int) {
    extern "C" fn nothing(_: c_int) {}
    // SAFETY: all zeroes are a valid action, of which the handler is then set to a function that
    // does nothing, as may be done at any time.
    check(unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        action.sa_sigaction = nothing as extern "C" fn(c_int) as libc::sighandler_t;
        libc::sigaction(signal, &raw const action, ptr::null_mut())
    });
}

/// Gives a signal its usual effect, which Rust programs may have changed.
pub fn usual(signal: c_int) {
    // SAFETY: the usual effect may be set at any time.
    let before = unsafe { libc::signal(signal, libc::SIG_DFL) };
    assert_ne!(before, libc::SIG_ERR, "{}", io::Error::last_os_error());
}

/// Sends a signal to a thread that was not joined yet.
pub fn send_signal(thread: RawPthread, signal: c_int) {
    // A number to the standard library, to some C libraries a pointer.
    let thread = thread as _;
    // SAFETY: the thread was not joined yet, so that its handle is valid though it may have ended.
    let error = unsafe { libc::pthread_kill(thread, signal) };
    assert!(matches!(error, 0 | libc::ESRCH), "{}", io::Error::from_raw_os_error(error));
}

/// Sets the number that every new descriptor has to be below. Returns the one before.
pub fn limit_descriptors(limit: rlim_t) -> rlim_t {
    let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limits` is valid for both calls.
    unsafe {
        check(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limits));
        let before = mem::replace(&mut limits.rlim_cur, limit);
        check(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limits));
        before
    }
}
