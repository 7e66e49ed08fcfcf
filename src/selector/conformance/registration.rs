//! Rules 3, 7 and 8: concurrency, the end of a registration, and errors.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::harness::socket::ENDS_ARE_TOLD;
use super::harness::{
    BOTH, LIMIT, OneWait, Waiter, assert_at_end, assert_would_block, close, drain, pair, read,
    registered,
};
use crate::os::AsRawSource;
use crate::selector::contract::{RawEvent, Selector, Wake};
use crate::{Interest, Token};

pub(crate) fn registering_during_a_wait_takes_effect<S: Selector + 'static>() {
    let waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = pair::<S>();
    peer.write_all(b"x").unwrap();
    let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
    stream.register_with(&waiter.selector, Token(1), Interest::READABLE).unwrap();
    assert_eq!(wait.tokens(), [1]);
}

pub(crate) fn registering_anew_during_a_wait_takes_effect<S: Selector + 'static>() {
    let waiter = Waiter::<S>::new();
    let (mut stream, _peer) = registered(&waiter, 1, Interest::READABLE);
    let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
    stream.reregister_with(&waiter.selector, Token(2), Interest::WRITABLE).unwrap();
    assert_eq!(wait.tokens(), [2]);
}

/// An event that had no room is of the registration before, and must not keep what is ready now
/// from a wait that does not wait.
pub(crate) fn registering_anew_with_an_event_under_way_reports_what_is_ready<S: Selector>() {
    let mut waiter = Waiter::<S>::with_capacity(1);
    let mut sources = [1, 2].map(|token| registered(&waiter, token, Interest::WRITABLE));
    let seen = waiter.wait(Some(LIMIT))[0].token().0;
    let (stream, peer) = &mut sources[2 - seen];
    peer.write_all(b"x").unwrap();
    stream.reregister_with(&waiter.selector, Token(3), Interest::READABLE).unwrap();
    assert_eq!(waiter.tokens(Some(Duration::ZERO)), [3]);
    waiter.expect_nothing();
}

pub(crate) fn deregistering_during_a_wait_takes_effect<S: Selector + 'static>() {
    let waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(9)).unwrap();
    let (mut stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
    stream.deregister_with(&waiter.selector).unwrap();
    peer.write_all(b"x").unwrap();
    waker.wake().unwrap();
    assert_eq!(wait.tokens(), [9]);
}

pub(crate) fn rearming_during_a_wait_takes_effect<S: Selector + 'static>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    waiter.expect(1);
    let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
    drain::<S>(&stream);
    peer.write_all(b"x").unwrap();
    assert_eq!(wait.tokens(), [1]);
}

pub(crate) fn deregistering_ends_events<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = registered(&waiter, 1, BOTH);
    peer.write_all(b"x").unwrap();
    stream.deregister_with(&waiter.selector).unwrap();
    waiter.expect_nothing();
    assert_eq!(read::<S>(&stream, 64).unwrap(), 1);
    assert_would_block(&read::<S>(&stream, 64).unwrap_err());
    peer.write_all(b"x").unwrap();
    waiter.expect_nothing();
    drop(peer);
    waiter.expect_nothing();
}

pub(crate) fn dropping_ends_events<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, BOTH);
    peer.write_all(b"x").unwrap();
    drop(stream);
    waiter.expect_nothing();
}

pub(crate) fn a_reused_descriptor_has_only_its_new_token<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    // Another thread may take the number in between; then there is nothing to see, and another try.
    for _ in 0..1000 {
        let (stream, mut old_peer) = registered(&waiter, 1, BOTH);
        old_peer.write_all(b"x").unwrap();
        let number = stream.as_raw_source();
        drop(stream);
        let (mut stream, _peer) = pair::<S>();
        if stream.as_raw_source() != number {
            continue;
        }
        stream.register_with(&waiter.selector, Token(2), BOTH).unwrap();
        let event = waiter.expect(2);
        assert!(event.is_writable() && !event.is_readable(), "{event:?}");
        return waiter.expect_nothing();
    }
    panic!("no descriptor was reused");
}

pub(crate) fn any_token_comes_back<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    for token in [0, 1, 1 << 31, usize::MAX >> 1, usize::MAX - 1, usize::MAX] {
        let (_stream, _peer) = registered(&waiter, token, Interest::WRITABLE);
        waiter.expect(token);
    }
}

pub(crate) fn sources_may_share_a_token<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (_first, mut first_peer) = registered(&waiter, 1, Interest::READABLE);
    let (_second, mut second_peer) = registered(&waiter, 1, Interest::READABLE);
    first_peer.write_all(b"x").unwrap();
    second_peer.write_all(b"x").unwrap();
    assert_eq!(waiter.tokens(Some(LIMIT)), [1, 1]);
}

pub(crate) fn registering_twice_is_refused_and_changes_nothing<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    let error = stream.register_with(&waiter.selector, Token(2), BOTH).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    waiter.expect_nothing();
    peer.write_all(b"x").unwrap();
    waiter.expect(1);
}

pub(crate) fn the_unknown_is_not_found<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = pair::<S>();
    let error = stream.deregister_with(&waiter.selector).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let error = stream.reregister_with(&waiter.selector, Token(1), BOTH).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    peer.write_all(b"x").unwrap();
    waiter.expect_nothing();

    let other = Waiter::<S>::new();
    stream.register_with(&other.selector, Token(1), BOTH).unwrap();
    let error = stream.deregister_with(&waiter.selector).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    stream.deregister_with(&other.selector).unwrap();
    let error = stream.deregister_with(&other.selector).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

pub(crate) fn a_deregistered_source_can_be_registered_again<S: Selector>() {
    let mut first = Waiter::<S>::new();
    let mut second = Waiter::<S>::new();
    let (mut stream, mut peer) = pair::<S>();
    peer.write_all(b"x").unwrap();
    for round in 0..3 {
        for waiter in [&mut first, &mut second] {
            stream.register_with(&waiter.selector, Token(round), Interest::READABLE).unwrap();
            waiter.expect(round);
            stream.deregister_with(&waiter.selector).unwrap();
            waiter.expect_nothing();
        }
    }
}

pub(crate) fn a_closed_peer_makes_nothing_fail<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    for seen in [false, true] {
        let (mut stream, peer) = registered(&waiter, 1, BOTH);
        close::<S>(&stream, peer);
        if seen {
            assert!(waiter.expect(1).is_read_closed() || !ENDS_ARE_TOLD);
        }
        stream.reregister_with(&waiter.selector, Token(2), Interest::READABLE).unwrap();
        assert!(waiter.expect(2).is_read_closed() || !ENDS_ARE_TOLD);
        assert_at_end::<S>(&stream);
        stream.deregister_with(&waiter.selector).unwrap();
        stream.register_with(&waiter.selector, Token(3), Interest::WRITABLE).unwrap();
        assert!(waiter.expect(3).is_write_closed() || !ENDS_ARE_TOLD);
        stream.deregister_with(&waiter.selector).unwrap();
        waiter.expect_nothing();
    }
}

pub(crate) fn registering_from_many_threads_loses_nothing<S: Selector>() {
    const THREADS: usize = 4;
    const EACH: usize = 25;
    let mut waiter = Waiter::<S>::with_capacity(THREADS * EACH);
    let selector = std::sync::Arc::clone(&waiter.selector);
    thread::scope(|scope| {
        let (mut threads, mut ends) = (Vec::new(), Vec::new());
        for number in 0..THREADS {
            let first = number * EACH;
            let selector = &selector;
            let (end, may_end) = mpsc::channel::<()>();
            ends.push(end);
            threads.push(scope.spawn(move || {
                // Only the last registration of each is ready, so that all three calls have to
                // take effect.
                let mut kept = Vec::new();
                for token in first..first + EACH {
                    let (mut stream, peer) = pair::<S>();
                    let (wrong, silent) = (Token(usize::MAX), Interest::READABLE);
                    stream.register_with(selector, wrong, silent).unwrap();
                    stream.deregister_with(selector).unwrap();
                    stream.register_with(selector, wrong, silent).unwrap();
                    stream.reregister_with(selector, Token(token), Interest::WRITABLE).unwrap();
                    kept.push((stream, peer));
                }
                // Wine at times loses the result of what a thread began that ends right then.
                let _ = may_end.recv();
                kept
            }));
        }
        let mut seen = BTreeSet::new();
        while seen.len() < THREADS * EACH {
            let events = waiter.wait(Some(LIMIT));
            assert!(!events.is_empty(), "{} of {} came", seen.len(), THREADS * EACH);
            for event in events {
                assert!(seen.insert(event.token().0), "{event:?} came twice");
            }
        }
        drop(ends);
        // The threads hand over their streams, which have to stay open until here.
        assert_eq!(
            threads.into_iter().map(|thread| thread.join().unwrap().len()).sum::<usize>(),
            seen.len()
        );
    });
}

pub(crate) fn sources_outlive_the_selector<S: Selector>() {
    let waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = registered(&waiter, 1, BOTH);
    drop(waiter);
    peer.write_all(b"x").unwrap();
    drain::<S>(&stream);

    let mut another = Waiter::<S>::new();
    another.expect_nothing();
    stream.register_with(&another.selector, Token(2), Interest::READABLE).unwrap();
    peer.write_all(b"x").unwrap();
    another.expect(2);
}
