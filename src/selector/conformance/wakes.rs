//! Rule 9: wakes.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::harness::{LIMIT, OneWait, Waiter, pair, registered};
use crate::selector::contract::{RawEvent, Selector, Wake};
use crate::{Interest, Token};

pub(crate) fn a_wake_ends_a_wait<S: Selector + 'static>() {
    let waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
    waker.wake().unwrap();
    assert_eq!(wait.tokens(), [1]);
}

pub(crate) fn a_wake_before_a_wait_ends_it_at_once<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    waker.wake().unwrap();
    let event = waiter.expect(1);
    assert!(event.is_readable() && !event.is_writable() && !event.is_error(), "{event:?}");
}

pub(crate) fn wakes_before_a_wait_are_one_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    for _ in 0..100_000 {
        waker.wake().unwrap();
    }
    waiter.expect(1);
    waiter.expect_nothing();
}

pub(crate) fn a_wake_after_a_wake_was_received_is_an_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    waiter.expect_nothing();
    for _ in 0..100 {
        waker.wake().unwrap();
        waker.wake().unwrap();
        waiter.expect(1);
        waiter.expect_nothing();
    }
}

pub(crate) fn wakers_have_their_own_tokens<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let first = waiter.selector.waker(Token(1)).unwrap();
    let second = waiter.selector.waker(Token(2)).unwrap();
    first.wake().unwrap();
    second.wake().unwrap();
    assert_eq!(waiter.tokens(Some(LIMIT)), [1, 2]);
    second.wake().unwrap();
    waiter.expect(2);
    waiter.expect_nothing();
}

pub(crate) fn more_wakers_than_bits_all_wake<S: Selector>() {
    let count = usize::BITS as usize + 2;
    let mut waiter = Waiter::<S>::with_capacity(count);
    let wakers: Vec<_> =
        (0..count).map(|token| waiter.selector.waker(Token(token)).unwrap()).collect();
    for _ in 0..3 {
        for waker in &wakers {
            waker.wake().unwrap();
        }
        assert!(waiter.tokens(Some(LIMIT)).into_iter().eq(0..count));
        waiter.expect_nothing();
    }
}

pub(crate) fn a_dropped_waker_is_silent<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    waker.wake().unwrap();
    drop(waker);
    waiter.expect_nothing();
    let waker = waiter.selector.waker(Token(2)).unwrap();
    waker.wake().unwrap();
    waiter.expect(2);
}

pub(crate) fn a_waker_outlives_the_selector<S: Selector>() {
    let waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    drop(waiter);
    waker.wake().unwrap();
    waker.wake().unwrap();
}

/// Each thread counts up and wakes. A lost wake leaves a count unseen, and the wait at its limit.
pub(crate) fn no_wake_is_lost_among_threads<S: Selector>() {
    const THREADS: usize = 3;
    const EACH: usize = 20_000;
    let mut waiter = Waiter::<S>::new();
    let waker = waiter.selector.waker(Token(1)).unwrap();
    // Not synchronized by itself: it is the wake that has to make the count visible.
    let count = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 0..EACH {
                    count.fetch_add(1, Ordering::Relaxed);
                    waker.wake().unwrap();
                    if round % 64 == 0 {
                        thread::yield_now();
                    }
                }
            });
        }
        while count.load(Ordering::Relaxed) < THREADS * EACH {
            assert_eq!(waiter.tokens(Some(LIMIT)), [1], "{count:?}");
        }
    });
}

/// A round trip for each wake, while another thread registers and deregisters as fast as it can.
pub(crate) fn no_wake_is_lost_to_registrations<S: Selector>() {
    // Wine has one server, which is asked about all of this.
    const ROUNDS: usize = if cfg!(windows) { 500 } else { 5_000 };
    let mut waiter = Waiter::<S>::new();
    let selector = std::sync::Arc::clone(&waiter.selector);
    let waker = waiter.selector.waker(Token(1)).unwrap();
    let (_ready, mut peer) = registered(&waiter, 2, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    let is_over = AtomicBool::new(false);
    let answered = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _peer) = pair::<S>();
            while !is_over.load(Ordering::Relaxed) {
                stream.register_with(&selector, Token(3), Interest::READABLE).unwrap();
                stream.reregister_with(&selector, Token(4), Interest::READABLE).unwrap();
                stream.deregister_with(&selector).unwrap();
            }
        });
        scope.spawn(|| {
            for round in 0..ROUNDS {
                waker.wake().unwrap();
                while answered.load(Ordering::Acquire) <= round {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    thread::yield_now();
                }
            }
        });
        for round in 0..ROUNDS {
            let mut woken = false;
            while !woken {
                let events = waiter.wait(Some(LIMIT));
                let lost = events.is_empty();
                woken = events.iter().any(|event| event.token() == Token(1));
                is_over.store(lost || round + 1 == ROUNDS && woken, Ordering::Relaxed);
                assert!(!lost, "wake {round} was lost");
            }
            answered.store(round + 1, Ordering::Release);
        }
    });
}
