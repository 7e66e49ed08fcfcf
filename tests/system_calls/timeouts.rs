//! Timeouts as the system gets them, with the system calls for fine ones and where a kernel or a
//! filter refuses those.

use std::io;
use std::time::{Duration, Instant};

use libc::{c_int, c_long, sock_filter};
use mio::{Events, Poll};

use crate::tracer::Call;
use crate::{skip, tracer};

/// What each selector waits in when the timeout is no whole number of milliseconds.
const PRECISE: c_long =
    if cfg!(mio_unsupported_force_poll_poll) { libc::SYS_ppoll } else { libc::SYS_epoll_pwait2 };

/// No whole number of milliseconds. Long enough not to be over before the system is asked, however
/// busy the machine.
const TIMEOUT: Duration = Duration::from_micros(20_500);

/// From now on the system refuses this call to this thread.
pub fn refuse(number: c_long, errno: c_int) -> io::Result<()> {
    let step = |code: u32, when_true, when_false, k: u32| sock_filter {
        code: code as u16,
        jt: when_true,
        jf: when_false,
        k,
    };
    let mut steps = [
        // The number is the first field of the data.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number as u32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno as u32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the program and its steps are valid for the calls, which copy them.
    let result = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn wait(poll: &mut Poll, events: &mut Events) -> io::Result<()> {
    let start = Instant::now();
    poll.poll(events, Some(TIMEOUT))?;
    assert!(start.elapsed() >= TIMEOUT);
    Ok(())
}

fn is_precise(call: &Call) -> bool {
    call.number == PRECISE
}

/// L2, W16, mio#1615: what is finer than a millisecond is neither zero nor a whole one.
#[test]
fn a_fine_timeout_is_one_precise_call() {
    let Some(calls) = tracer::trace(
        || Ok((Poll::new()?, Events::with_capacity(4))),
        |(poll, events)| wait(poll, events),
    ) else {
        return skip();
    };
    assert!(calls.iter().any(is_precise), "{calls:?}");
}

/// L2, W16, mio#1615: rounded up where the system has no finer unit, and as long then.
#[test]
fn a_refused_precise_wait_is_as_long_and_never_tried_again() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        let Some(calls) = tracer::trace(
            || {
                refuse(PRECISE, errno)?;
                Ok((Poll::new()?, Events::with_capacity(4)))
            },
            |(poll, events)| {
                wait(poll, events)?;
                wait(poll, events)
            },
        ) else {
            return skip();
        };
        let refused: Vec<_> = calls.iter().filter(|call| is_precise(call)).collect();
        assert_eq!(refused.len(), 1, "{calls:?}");
        assert_eq!(refused[0].result, i64::from(-errno));
    }
}

/// L1, L3, mio#1948, mio#1349: what does not fit a number of milliseconds is cut to what does. A
/// negative number would be no timeout at all, which no other test can tell from one of 25 days.
#[cfg(target_arch = "x86_64")]
#[test]
fn a_timeout_of_25_days_is_never_given_as_none_at_all() {
    use mio::{Token, Waker};

    /// What the wait without a precise call is, and which of its arguments is the timeout.
    const COARSE: (c_long, usize) = if cfg!(mio_unsupported_force_poll_poll) {
        (libc::SYS_poll, 2)
    } else {
        (libc::SYS_epoll_wait, 3)
    };
    for days in [25, 50, 106_751_991_168] {
        let timeout = Duration::from_secs(days * 24 * 60 * 60);
        let Some(calls) = tracer::trace(
            || {
                refuse(PRECISE, libc::ENOSYS)?;
                let poll = Poll::new()?;
                let waker = Waker::new(poll.registry(), Token(0))?;
                waker.wake()?;
                Ok((poll, Events::with_capacity(4), waker))
            },
            |(poll, events, _)| poll.poll(events, Some(timeout)),
        ) else {
            return skip();
        };
        let waits: Vec<_> = calls
            .iter()
            .filter(|call| call.number == COARSE.0)
            .map(|call| call.arguments[COARSE.1] as c_int)
            .collect();
        assert_eq!(waits, [c_int::MAX], "{timeout:?}: {calls:?}");
    }
}
