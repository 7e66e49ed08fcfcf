//! Rules 1 and 2: waiting and capacity.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::harness::{LIMIT, OneWait, Waiter, drain, registered};
use crate::selector::contract::{RawEvent, Selector, Wake};
use crate::{Interest, Token};

pub(crate) fn a_list_is_cleared_first<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (_stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    waiter.expect(1);
    waiter.wait(Some(Duration::ZERO));
    assert!(waiter.events.is_empty());
}

pub(crate) fn a_zero_timeout_never_waits<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let begin = Instant::now();
    for _ in 0..100 {
        waiter.expect_nothing();
    }
    // A hundred of the shortest waits there are, a millisecond each where that is the unit, would
    // take longer than the fastest of these; a slow machine only makes the sum larger than it
    // should be.
    let fastest = (0..100).map(|_| {
        let begin = Instant::now();
        waiter.expect_nothing();
        begin.elapsed()
    });
    assert!(fastest.min().unwrap() < Duration::from_millis(1), "{:?}", begin.elapsed());
}

pub(crate) fn no_timeout_ends_early<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    for micros in [1, 10, 100, 500, 999, 1_000, 1_001, 1_500, 2_000, 5_999] {
        let timeout = Duration::from_micros(micros);
        let begin = Instant::now();
        assert!(waiter.wait(Some(timeout)).is_empty());
        assert!(begin.elapsed() >= timeout, "{timeout:?} took {:?}", begin.elapsed());
    }
}

/// A timeout that overflowed, to a negative or a short one, would end without an event or not at
/// all.
pub(crate) fn no_timeout_is_too_long<S: Selector + 'static>() {
    let day = Duration::from_secs(24 * 60 * 60);
    let longest_in_milliseconds = Duration::from_millis(i32::MAX as u64);
    let timeouts = [
        Some(25 * day),
        Some(50 * day),
        Some(longest_in_milliseconds),
        Some(longest_in_milliseconds + Duration::from_micros(1)),
        Some(Duration::from_secs(i32::MAX as u64)),
        Some(Duration::from_secs(i64::MAX as u64)),
        Some(Duration::from_secs(u64::MAX)),
        Some(Duration::MAX),
        None,
    ];
    for timeout in timeouts {
        let waiter = Waiter::<S>::new();
        let waker = waiter.selector.waker(Token(1)).unwrap();
        let wait = OneWait::begin(&waiter.selector, timeout);
        waker.wake().unwrap();
        assert_eq!(wait.tokens(), [1], "{timeout:?}");
    }
}

pub(crate) fn a_list_without_room_is_refused<S: Selector>() {
    let mut waiter = Waiter::<S>::with_capacity(0);
    let (_stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    let error = waiter.selector.select(&mut waiter.events, None).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    waiter.events = Vec::with_capacity(1);
    waiter.expect(1);
}

pub(crate) fn what_does_not_fit_comes_later<S: Selector>() {
    for capacity in [1, 2, 7, 64] {
        let mut waiter = Waiter::<S>::with_capacity(capacity);
        let mut sources: Vec<_> =
            (0..32).map(|token| registered(&waiter, token, Interest::READABLE)).collect();
        for (_, peer) in &mut sources {
            peer.write_all(b"x").unwrap();
        }
        let mut seen = BTreeSet::new();
        while seen.len() < sources.len() {
            let events = waiter.wait(Some(LIMIT));
            assert!(!events.is_empty() && events.len() <= capacity);
            for event in events {
                assert!(seen.insert(event.token()), "{event:?} came twice");
            }
        }
        waiter.expect_nothing();
    }
}

pub(crate) fn little_room_starves_nobody<S: Selector>() {
    let mut waiter = Waiter::<S>::with_capacity(1);
    let mut sources: Vec<_> =
        (0..4).map(|token| registered(&waiter, token, Interest::READABLE)).collect();
    for (_, peer) in &mut sources {
        peer.write_all(b"x").unwrap();
    }
    let mut seen = BTreeSet::new();
    // Each one that had its turn is ready again at once, and must not take the turn of the others.
    for _ in 0..sources.len() {
        let token = waiter.wait(Some(LIMIT))[0].token().0;
        seen.insert(token);
        let (stream, peer) = &mut sources[token];
        drain::<S>(stream);
        peer.write_all(b"x").unwrap();
    }
    assert_eq!(seen.len(), sources.len(), "{seen:?}");
}
