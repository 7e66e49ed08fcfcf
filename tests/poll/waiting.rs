//! How long a poll waits, and what ends it.

use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::support::capabilities::THREADS;
use crate::support::{LIMIT, expect_error, expect_event, expect_no_events, poll_for};
use crate::{SOURCE, registered, send_to, socket, until_received};

#[test]
fn a_new_poll_has_nothing_to_report() {
    expect_no_events(&mut Poll::new().unwrap());
}

#[test]
fn a_timeout_never_ends_early() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(8);
    for timeout in [
        Duration::from_nanos(1),
        Duration::from_micros(300),
        Duration::from_millis(1),
        Duration::from_micros(3100),
        Duration::from_millis(20),
    ] {
        let begin = Instant::now();
        poll.poll(&mut events, Some(timeout)).unwrap();
        let passed = begin.elapsed();
        assert!(events.is_empty());
        assert!(passed >= timeout, "{timeout:?} took {passed:?}");
    }
}

#[test]
fn no_timeout_is_too_long_to_wait_for() {
    if THREADS.is_missing() {
        return;
    }
    let hour = Duration::from_secs(3600);
    for timeout in [
        None,
        Some(hour),
        // Beyond what milliseconds in 32 bits can express.
        Some(24 * 365 * hour),
        Some(Duration::from_secs(i64::MAX as u64)),
        Some(Duration::MAX - Duration::from_nanos(1)),
        Some(Duration::MAX),
    ] {
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), SOURCE).unwrap();
        let waiting = thread::spawn(move || {
            let mut events = Events::with_capacity(8);
            poll.poll(&mut events, timeout).unwrap();
            events.iter().map(Event::token).collect::<Vec<_>>()
        });
        waker.wake().unwrap();
        assert_eq!(waiting.join().unwrap(), [SOURCE], "{timeout:?}");
    }
}

#[test]
fn what_is_ready_already_ends_the_wait_at_once() {
    let mut poll = Poll::new().unwrap();
    let mut socket = socket();
    send_to(&socket);
    until_received(&socket);
    poll.registry().register(&mut socket, SOURCE, Interest::READABLE).unwrap();
    assert_eq!(poll_for(&mut poll, Duration::ZERO).len(), 1);
}

#[test]
fn each_poll_forgets_the_events_before() {
    let mut poll = Poll::new().unwrap();
    let _socket = registered(&poll, Interest::WRITABLE);
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, Some(LIMIT)).unwrap();
    assert!(!events.is_empty());
    poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
    assert!(events.is_empty());
}

#[test]
fn a_poll_without_capacity_is_invalid_and_loses_nothing() {
    let mut poll = Poll::new().unwrap();
    let _socket = registered(&poll, Interest::WRITABLE);
    for timeout in [Some(Duration::ZERO), Some(Duration::from_nanos(1)), Some(LIMIT), None] {
        let result = poll.poll(&mut Events::with_capacity(0), timeout);
        expect_error(result, ErrorKind::InvalidInput);
    }
    expect_event(&mut poll, SOURCE, Event::is_writable);
}

#[test]
fn little_capacity_only_delays_events() {
    const COUNT: usize = 5;
    for capacity in [1, 2, COUNT] {
        let mut poll = Poll::new().unwrap();
        let mut sockets: Vec<_> = (0..COUNT).map(|_| socket()).collect();
        for (token, socket) in sockets.iter_mut().enumerate() {
            poll.registry().register(socket, Token(token), Interest::WRITABLE).unwrap();
        }
        let mut events = Events::with_capacity(capacity);
        let mut tokens = Vec::new();
        loop {
            poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(events.iter().count() <= capacity);
            if events.is_empty() {
                break;
            }
            tokens.extend(events.iter().map(|event| event.token().0));
        }
        tokens.sort_unstable();
        assert_eq!(tokens, (0..COUNT).collect::<Vec<_>>(), "capacity {capacity}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_handler_ends_the_wait_as_interrupted_and_without_events() {
    use crate::support::signals::interrupt;

    for timeout in [None, Some(10 * LIMIT), Some(LIMIT + Duration::from_nanos(1))] {
        let mut poll = Poll::new().unwrap();
        let waiting = thread::spawn(move || {
            let _socket = registered(&poll, Interest::WRITABLE);
            let mut events = Events::with_capacity(8);
            // It leaves an event behind, which has to be gone afterwards. An interruption may come
            // too early.
            while poll.poll(&mut events, None).is_err() {}
            let error = poll.poll(&mut events, timeout).unwrap_err();
            (error.kind(), events.is_empty())
        });
        while !waiting.is_finished() {
            interrupt(&waiting);
            thread::yield_now();
        }
        assert_eq!(waiting.join().unwrap(), (ErrorKind::Interrupted, true), "{timeout:?}");
    }
}

#[test]
fn a_source_registered_during_the_wait_ends_it() {
    if THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let waiting = thread::spawn(move || {
        let mut events = Events::with_capacity(8);
        poll.poll(&mut events, None).unwrap();
        events.iter().map(Event::token).collect::<Vec<_>>()
    });
    let mut socket = socket();
    registry.register(&mut socket, SOURCE, Interest::WRITABLE).unwrap();
    assert_eq!(waiting.join().unwrap(), [SOURCE]);
}

#[test]
fn debug_names_the_type() {
    assert!(format!("{:?}", Poll::new().unwrap()).starts_with("Poll"));
}
