//! Signals: threads that are interrupted, and the signal of broken pipes.

use std::mem::MaybeUninit;
use std::os::unix::thread::JoinHandleExt;
use std::ptr;
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
    // A number to the standard library, to some C libraries a pointer.
    let identity = thread.as_pthread_t() as _;
    // SAFETY: the thread was not joined yet, so that its identity is still its own.
    let result = unsafe { libc::pthread_kill(identity, libc::SIGUSR1) };
    // It may have ended by itself, though.
    assert!(matches!(result, 0 | libc::ESRCH), "{result}");
}

/// Whether `operation` raises `SIGPIPE`, which ends programs that do not ignore it as Rust's do.
pub fn raises_sigpipe(operation: impl FnOnce()) -> bool {
    let mut only = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    let mut pending = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the sets are valid, and initialized by the first call about each. The signal is one
    // of this thread, and blocked as long as it may be pending.
    unsafe {
        libc::sigemptyset(only.as_mut_ptr());
        libc::sigaddset(only.as_mut_ptr(), libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, only.as_ptr(), before.as_mut_ptr());
        operation();
        libc::sigpending(pending.as_mut_ptr());
        let is_pending = libc::sigismember(pending.as_ptr(), libc::SIGPIPE) == 1;
        if is_pending {
            let mut taken = 0;
            libc::sigwait(only.as_ptr(), &raw mut taken);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
        is_pending
    }
}
