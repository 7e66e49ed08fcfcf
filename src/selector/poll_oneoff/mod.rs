//! WASI preview 1: `poll_oneoff` of `wasi_snapshot_preview1`, which waits for subscriptions to
//! descriptors, one for each direction, and to a clock.
//!
//! It is given the entries of `poll(2)`, and answers in them: table, edges and re-arming are those
//! of `posix_poll`. The translation is pure, and tested where this crate's tests run; the call is
//! in `system.rs`.

#[cfg(target_env = "p1")]
mod system;

use std::time::Duration;

use libc::pollfd;

use super::posix_poll::table::POLLNVAL;

#[cfg(target_env = "p1")]
pub(super) use self::system::wait;

/// What a wait asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subscription {
    /// Data to read from the descriptor of the entry at this place, or its end.
    Read { fd: u32, place: usize },
    /// Room to write.
    Write { fd: u32, place: usize },
    /// The time, in nanoseconds from now.
    Clock(u64),
}

/// What became of one subscription.
#[derive(Debug, Clone, Copy)]
struct Answer {
    subscription: Subscription,
    outcome: Outcome,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Ready,
    /// The peer has closed or disconnected.
    HangUp,
    /// There is no such descriptor.
    NotOpen,
    Failed,
}

/// The subscriptions for these entries. Entries that are left out, or that await nothing but
/// hang-ups and errors, have none: the facility reports those with a direction only.
fn subscribe(entries: &[pollfd], timeout: Option<Duration>) -> Vec<Subscription> {
    let mut subscriptions = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let Ok(fd) = u32::try_from(entry.fd) else { continue };
        if entry.events & libc::POLLIN != 0 {
            subscriptions.push(Subscription::Read { fd, place });
        }
        if entry.events & libc::POLLOUT != 0 {
            subscriptions.push(Subscription::Write { fd, place });
        }
    }
    let nanoseconds = timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
    subscriptions.extend(nanoseconds.map(Subscription::Clock));
    subscriptions
}

/// Notes the answers in the entries. Returns how many have something to say.
fn answer(entries: &mut [pollfd], answers: impl Iterator<Item = Answer>) -> usize {
    entries.iter_mut().for_each(|entry| entry.revents = 0);
    for Answer { subscription, outcome } in answers {
        let (place, asked) = match subscription {
            Subscription::Read { place, .. } => (place, libc::POLLIN),
            Subscription::Write { place, .. } => (place, libc::POLLOUT),
            Subscription::Clock(_) => continue,
        };
        entries[place].revents |= match (outcome, subscription) {
            // What was sent before the end may still be there, and so may the other direction: that
            // the end has come is for a read to find out.
            (Outcome::Ready, _) | (Outcome::HangUp, Subscription::Read { .. }) => asked,
            (Outcome::HangUp, _) => asked | libc::POLLHUP,
            (Outcome::NotOpen, _) => POLLNVAL,
            // The operation has the error.
            (Outcome::Failed, _) => asked | libc::POLLERR,
        };
    }
    entries.iter().filter(|entry| entry.revents != 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: i16 = libc::POLLIN | libc::POLLOUT;

    fn entry(fd: i32, events: i16) -> pollfd {
        pollfd { fd, events, revents: 0 }
    }

    fn read(fd: u32, place: usize) -> Subscription {
        Subscription::Read { fd, place }
    }

    fn write(fd: u32, place: usize) -> Subscription {
        Subscription::Write { fd, place }
    }

    #[test]
    fn each_direction_awaited_is_a_subscription() {
        let entries = [
            entry(-1, libc::POLLIN),
            entry(3, libc::POLLIN),
            entry(4, libc::POLLOUT),
            entry(5, BOTH),
            entry(!6, BOTH),
            entry(7, 0),
        ];
        assert_eq!(subscribe(&entries, None), [read(3, 1), write(4, 2), read(5, 3), write(5, 3)]);
    }

    #[test]
    fn any_timeout_is_one_of_the_clock() {
        let cases = [
            (None, None),
            (Some(Duration::ZERO), Some(0)),
            (Some(Duration::from_nanos(1)), Some(1)),
            (Some(Duration::from_secs(3)), Some(3_000_000_000)),
            (Some(Duration::MAX), Some(u64::MAX)),
        ];
        for (timeout, expected) in cases {
            let expected: Vec<_> = expected.map(Subscription::Clock).into_iter().collect();
            assert_eq!(subscribe(&[], timeout), expected, "{timeout:?}");
        }
    }

    #[test]
    fn an_answer_is_noted_in_its_entry() {
        let cases = [
            (read(3, 0), Outcome::Ready, libc::POLLIN),
            (write(3, 0), Outcome::Ready, libc::POLLOUT),
            (read(3, 0), Outcome::HangUp, libc::POLLIN),
            (write(3, 0), Outcome::HangUp, libc::POLLOUT | libc::POLLHUP),
            (read(3, 0), Outcome::NotOpen, libc::POLLNVAL),
            (write(3, 0), Outcome::Failed, libc::POLLOUT | libc::POLLERR),
        ];
        for (subscription, outcome, expected) in cases {
            let mut entries = [entry(3, BOTH), entry(4, BOTH)];
            let answers = [Answer { subscription, outcome }];
            assert_eq!(answer(&mut entries, answers.into_iter()), 1);
            assert_eq!(entries.map(|entry| entry.revents), [expected, 0], "{answers:?}");
        }
    }

    #[test]
    fn two_directions_of_one_descriptor_are_one_entry() {
        let mut entries = [entry(3, BOTH)];
        let answers = [read(3, 0), write(3, 0)]
            .map(|subscription| Answer { subscription, outcome: Outcome::Ready });
        assert_eq!(answer(&mut entries, answers.into_iter()), 1);
        assert_eq!(entries[0].revents, BOTH);
    }

    #[test]
    fn the_end_of_the_time_says_nothing_of_an_entry() {
        let mut entries = [pollfd { fd: 3, events: BOTH, revents: BOTH }];
        let answers = [Answer { subscription: Subscription::Clock(0), outcome: Outcome::Ready }];
        assert_eq!(answer(&mut entries, answers.into_iter()), 0);
        assert_eq!(entries[0].revents, 0);
    }
}
