//! The call of `poll_oneoff`.

use std::io;
use std::time::Duration;

use libc::pollfd;

use super::{Answer, Outcome, Subscription};

/// Waits, and returns how many entries have something to say.
#[allow(unsafe_code)]
pub(in crate::selector) fn wait(
    entries: &mut [pollfd],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let subscriptions = super::subscribe(entries, timeout);
    let asked: Vec<_> =
        subscriptions.iter().enumerate().map(|(number, wanted)| to_raw(number, *wanted)).collect();
    let mut events: Vec<wasi::Event> = Vec::with_capacity(asked.len());
    // SAFETY: as many subscriptions are valid as are announced, and there is room for as many
    // events.
    let result = unsafe { wasi::poll_oneoff(asked.as_ptr(), events.as_mut_ptr(), asked.len()) };
    let count = result.map_err(|errno| io::Error::from_raw_os_error(errno.raw().into()))?;
    // SAFETY: the call has written that many events.
    unsafe { events.set_len(count) };
    let answers = events.iter().map(|event| Answer {
        subscription: subscriptions[event.userdata as usize],
        outcome: outcome(event),
    });
    Ok(super::answer(entries, answers))
}

fn to_raw(number: usize, wanted: Subscription) -> wasi::Subscription {
    let readwrite = |fd| wasi::SubscriptionFdReadwrite { file_descriptor: fd };
    let (tag, u) = match wanted {
        Subscription::Clock(timeout) => {
            let clock = wasi::SubscriptionClock {
                id: wasi::CLOCKID_MONOTONIC,
                timeout,
                precision: 0,
                flags: 0,
            };
            (wasi::EVENTTYPE_CLOCK, wasi::SubscriptionUU { clock })
        }
        Subscription::Read { fd, .. } => {
            (wasi::EVENTTYPE_FD_READ, wasi::SubscriptionUU { fd_read: readwrite(fd) })
        }
        Subscription::Write { fd, .. } => {
            (wasi::EVENTTYPE_FD_WRITE, wasi::SubscriptionUU { fd_write: readwrite(fd) })
        }
    };
    let u = wasi::SubscriptionU { tag: tag.raw(), u };
    wasi::Subscription { userdata: number as u64, u }
}

fn outcome(event: &wasi::Event) -> Outcome {
    let has_hung_up = event.fd_readwrite.flags & wasi::EVENTRWFLAGS_FD_READWRITE_HANGUP != 0;
    match event.error {
        wasi::ERRNO_SUCCESS if has_hung_up => Outcome::HangUp,
        wasi::ERRNO_SUCCESS => Outcome::Ready,
        wasi::ERRNO_BADF => Outcome::NotOpen,
        _ => Outcome::Failed,
    }
}
