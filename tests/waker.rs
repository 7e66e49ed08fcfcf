//! [`Waker`]: ends a wait from another thread.
#![cfg(feature = "os-poll")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mio::event::Event;
use mio::{Events, Poll, Token, Waker};

use support::capabilities;
use support::{LIMIT, expect_event, expect_events, expect_no_events, poll_for};

const WAKE: Token = Token(7);

#[test]
fn a_wake_before_the_poll_is_one_readable_event() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    waker.wake().unwrap();
    let event = expect_event(&mut poll, WAKE, Event::is_readable);
    let others = [
        Event::is_writable,
        Event::is_error,
        Event::is_read_closed,
        Event::is_write_closed,
        Event::is_priority,
    ];
    assert!(others.iter().all(|answer| !answer(&event)), "{event:?}");
    expect_no_events(&mut poll);
}

#[test]
fn without_a_wake_there_is_no_event() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let _waker = Waker::new(poll.registry(), WAKE).unwrap();
    expect_no_events(&mut poll);
}

#[test]
fn a_wake_ends_a_wait_on_another_thread() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    let waiting = thread::spawn(move || poll_for(&mut poll, LIMIT));
    waker.wake().unwrap();
    let events = waiting.join().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].token(), WAKE);
}

#[test]
fn wakes_before_a_poll_are_one_event() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    for _ in 0..1000 {
        waker.wake().unwrap();
    }
    assert_eq!(poll_for(&mut poll, LIMIT).len(), 1);
    expect_no_events(&mut poll);
}

#[test]
fn each_wake_after_a_poll_is_an_event_again() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    for _ in 0..1000 {
        waker.wake().unwrap();
        assert_eq!(poll_for(&mut poll, LIMIT).len(), 1);
    }
}

#[test]
fn several_wakers_of_one_poll_wake_with_a_token_each() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let first = Waker::new(poll.registry(), Token(1)).unwrap();
    let second = Waker::new(poll.registry(), Token(2)).unwrap();

    second.wake().unwrap();
    let events = poll_for(&mut poll, LIMIT);
    assert_eq!(events.iter().map(Event::token).collect::<Vec<_>>(), [Token(2)]);

    first.wake().unwrap();
    second.wake().unwrap();
    expect_events(&mut poll, &[(Token(1), Event::is_readable), (Token(2), Event::is_readable)]);
    expect_no_events(&mut poll);
}

#[test]
fn more_wakers_than_a_word_has_bits_all_wake() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let count = usize::BITS as usize + 2;
    let wakers: Vec<_> =
        (0..count).map(|token| Waker::new(poll.registry(), Token(token)).unwrap()).collect();
    let mut events = Events::with_capacity(2 * count);
    for _ in 0..2 {
        for waker in &wakers {
            waker.wake().unwrap();
            waker.wake().unwrap();
        }
        poll.poll(&mut events, Some(LIMIT)).unwrap();
        let mut tokens: Vec<_> = events.iter().map(|event| event.token().0).collect();
        tokens.sort_unstable();
        assert_eq!(tokens, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn a_waker_of_a_cloned_registry_wakes_the_same_poll() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let waker = Waker::new(&registry, WAKE).unwrap();
    drop(registry);
    waker.wake().unwrap();
    expect_event(&mut poll, WAKE, Event::is_readable);
}

#[test]
fn a_waker_has_any_token() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    for token in [Token(0), Token(usize::MAX), Token(usize::MAX - 1), Token(1 << 31)] {
        let waker = Waker::new(poll.registry(), token).unwrap();
        waker.wake().unwrap();
        expect_event(&mut poll, token, Event::is_readable);
    }
}

#[test]
fn a_wake_that_was_not_received_ends_with_its_waker() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let dropped = Waker::new(poll.registry(), Token(1)).unwrap();
    dropped.wake().unwrap();
    drop(dropped);
    expect_no_events(&mut poll);

    let next = Waker::new(poll.registry(), WAKE).unwrap();
    next.wake().unwrap();
    assert_eq!(expect_event(&mut poll, WAKE, Event::is_readable).token(), WAKE);
}

#[test]
fn a_waker_may_outlive_its_poll() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    drop(poll);
    waker.wake().unwrap();
    waker.wake().unwrap();
}

#[test]
fn no_wake_of_many_threads_is_lost() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    const THREADS: usize = 4;
    const ROUNDS: usize = 500;
    let mut poll = Poll::new().unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), WAKE).unwrap());
    let done = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (waker, done) = (Arc::clone(&waker), Arc::clone(&done));
            thread::spawn(move || {
                for _ in 0..ROUNDS {
                    done.fetch_add(1, Ordering::Relaxed);
                    waker.wake().unwrap();
                }
            })
        })
        .collect();
    // What a thread did before its wake is visible after it: so the last event shows all of it.
    while done.load(Ordering::Relaxed) < THREADS * ROUNDS {
        expect_event(&mut poll, WAKE, Event::is_readable);
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn debug_names_the_type() {
    if capabilities::THREADS.is_missing() {
        return;
    }
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    assert!(format!("{waker:?}").contains("Waker"));
}

#[cfg(target_os = "wasi")]
#[test]
fn without_threads_a_waker_is_unsupported_and_the_error_says_why() {
    let poll = Poll::new().unwrap();
    let error = Waker::new(poll.registry(), WAKE).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
    assert!(error.to_string().contains("threads"), "{error}");
}
