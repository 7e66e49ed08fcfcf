//! Timeouts: as long as asked for, from a nanosecond to more than the clock can tell.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll, Waker};

use crate::connection::TOKEN;
use crate::support::{LIMIT, poll_for, waiting};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// L1, mio#1948: no timeout is too long: neither does it become negative, which is to say none, nor
/// wrap around to a short one. It ends when there is an event.
#[test]
fn a_poll_of_25_days_or_of_any_length_waits_until_it_is_woken() {
    let longest_in_milliseconds = Duration::from_millis(i32::MAX as u64);
    let timeouts = [
        Duration::from_secs(35 * 60),
        longest_in_milliseconds,
        longest_in_milliseconds + Duration::from_nanos(1),
        longest_in_milliseconds + Duration::from_millis(1),
        25 * DAY,
        Duration::from_millis(1 << 32),
        Duration::from_millis((1 << 32) + 1),
        Duration::from_nanos(u64::MAX),
        Duration::from_secs(i64::MAX as u64),
        Duration::MAX,
    ];
    for timeout in timeouts.into_iter().map(Some).chain([None]) {
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), TOKEN).unwrap();
        let (tell, told) = mpsc::channel();
        let (answer, answered) = mpsc::channel();
        thread::spawn(move || {
            tell.send(waiting::this_thread()).unwrap();
            let mut events = Events::with_capacity(4);
            poll.poll(&mut events, timeout).unwrap();
            answer.send(events.iter().map(Event::token).collect::<Vec<_>>()).unwrap();
        });
        waiting::until_in_a_poll(&told.recv().unwrap());
        waker.wake().unwrap();
        let tokens = answered.recv_timeout(LIMIT).expect("the wake ends the poll");
        assert_eq!(tokens, [TOKEN], "{timeout:?}");
    }
}

/// L2, W16, mio#1615: a fraction of a millisecond is waited for, not cut to zero.
#[test]
fn the_shortest_timeouts_are_waited_for() {
    let mut poll = Poll::new().unwrap();
    for nanoseconds in [1, 999, 1_000, 20_000, 250_000, 999_000, 999_999, 1_000_000, 1_000_001] {
        let timeout = Duration::from_nanos(nanoseconds);
        for _ in 0..20 {
            let start = Instant::now();
            let events = poll_for(&mut poll, timeout);
            assert!(start.elapsed() >= timeout, "{timeout:?}");
            assert!(events.is_empty());
        }
    }
}
