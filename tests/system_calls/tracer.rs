//! Lists the system calls of a piece of code: it runs in a forked child, which the parent follows
//! by `ptrace(2)`. Needs Linux 5.3, and that nothing forbids tracing one's own child.
//!
//! Only the child's one thread is followed, and only between two marks, which are system calls with
//! a number that no kernel knows.

use std::io;
use std::panic::{self, AssertUnwindSafe};

use libc::{c_int, c_long, pid_t};

const MARK: c_long = 100_000;

/// What the child's exit status says besides an error number.
const REFUSED: c_int = 254;
const PANICKED: c_int = 255;

const PTRACE_GET_SYSCALL_INFO: c_long = 0x420e;
const AT_ENTRY: u8 = 1;
const AT_EXIT: u8 = 2;

/// One system call as it was made.
#[derive(Debug)]
pub struct Call {
    pub number: c_long,
    pub arguments: [u64; 6],
    /// As the kernel returns it: an error is a negative number.
    pub result: i64,
}

/// The system calls of `operation`, without those of `prepare` and of dropping either's result.
/// `None` where tracing is refused.
///
/// Both run in a child, which no other thread of the parent came along to.
pub fn trace<S, R>(
    prepare: impl FnOnce() -> io::Result<S>,
    operation: impl FnOnce(&mut S) -> io::Result<R>,
) -> Option<Vec<Call>> {
    // SAFETY: the child runs what the caller gave and then ends by `_exit`. It has locks that
    // another thread held in a locked state for good, of which only those of the C library matter
    // here, and that unlocks its own in the child.
    let child = unsafe { libc::fork() };
    assert_ne!(child, -1, "{}", io::Error::last_os_error());
    if child == 0 {
        let run = AssertUnwindSafe(|| run(prepare, operation));
        let status = match panic::catch_unwind(run) {
            Ok(Ok(())) => 0,
            Ok(Err(error)) => error.raw_os_error().unwrap_or(PANICKED),
            Err(_) => PANICKED,
        };
        // SAFETY: takes no pointers, and does not return.
        unsafe { libc::_exit(status) };
    }
    follow(child)
}

/// In the child.
fn run<S, R>(
    prepare: impl FnOnce() -> io::Result<S>,
    operation: impl FnOnce(&mut S) -> io::Result<R>,
) -> io::Result<()> {
    // SAFETY: neither takes pointers. The alarm ends a child that hangs.
    let refused = unsafe {
        libc::alarm(60);
        libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) == -1
    };
    if refused {
        return Err(io::Error::from_raw_os_error(REFUSED));
    }
    let mut state = prepare()?;
    // SAFETY: takes no pointers. The parent lets it go on.
    unsafe { libc::raise(libc::SIGSTOP) };
    mark();
    let result = operation(&mut state);
    mark();
    std::mem::forget(state);
    result.map(std::mem::forget)
}

fn mark() {
    // SAFETY: a call that does not exist does nothing.
    unsafe { libc::syscall(MARK) };
}

/// In the parent.
fn follow(child: pid_t) -> Option<Vec<Call>> {
    let mut calls = Vec::new();
    let mut entered = None;
    let mut marks = 0;
    let mut status = wait(child);
    if libc::WIFSTOPPED(status) {
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
        request(libc::PTRACE_SETOPTIONS as c_long, child, 0, options as usize).unwrap();
    }
    while libc::WIFSTOPPED(status) {
        let mut signal = 0;
        match libc::WSTOPSIG(status) {
            // The child's own, once it is prepared.
            libc::SIGSTOP => {}
            stop if stop == libc::SIGTRAP | 0x80 => match (stopped_at(child)?, entered) {
                (Stop::Entry(number, arguments), _) => entered = Some((number, arguments)),
                (Stop::Exit(_), Some((MARK, _))) => marks += 1,
                (Stop::Exit(result), Some((number, arguments))) if marks == 1 => {
                    calls.push(Call { number, arguments, result });
                }
                _ => {}
            },
            other => signal = other as usize,
        }
        request(libc::PTRACE_SYSCALL as c_long, child, 0, signal).unwrap();
        status = wait(child);
    }
    if !libc::WIFEXITED(status) {
        panic!("signal {} ended the child, after {calls:?}", libc::WTERMSIG(status));
    }
    match libc::WEXITSTATUS(status) {
        0 => Some(calls),
        REFUSED => None,
        PANICKED => panic!("the child panicked, after {calls:?}"),
        errno => panic!("{}, after {calls:?}", io::Error::from_raw_os_error(errno)),
    }
}

enum Stop {
    Entry(c_long, [u64; 6]),
    Exit(i64),
}

/// Where the child stands. `None` if the kernel does not tell; the child is ended then.
fn stopped_at(child: pid_t) -> Option<Stop> {
    /// `struct ptrace_syscall_info`, whose fields after the first eight bytes are all of this size.
    const WORDS: usize = 11;
    let mut info = [0_u64; WORDS];
    let told = request(PTRACE_GET_SYSCALL_INFO, child, size_of_val(&info), info.as_mut_ptr() as _);
    let [head, _, _, first, arguments @ .., _] = info;
    match head.to_ne_bytes()[0] {
        AT_ENTRY if told.is_ok() => Some(Stop::Entry(first as c_long, arguments)),
        AT_EXIT if told.is_ok() => Some(Stop::Exit(first as i64)),
        _ => {
            // SAFETY: takes no pointers. The child is ours, and not yet waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            wait(child);
            None
        }
    }
}

fn request(request: c_long, child: pid_t, address: usize, data: usize) -> io::Result<c_long> {
    // SAFETY: the one request that writes is given the size and the address of its buffer.
    let result = unsafe { libc::ptrace(request as _, child, address, data) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The status of the child once it has stopped or ended.
fn wait(child: pid_t) -> c_int {
    let mut status = 0;
    // SAFETY: `status` is valid for the call.
    while unsafe { libc::waitpid(child, &raw mut status, 0) } == -1 {
        let error = io::Error::last_os_error();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted, "{error}");
    }
    status
}
