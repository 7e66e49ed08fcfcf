//! Wakes: none is lost, and many are one event.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use mio::event::Event;
use mio::net::UdpSocket;
use mio::{Interest, Poll, Token, Waker};

use crate::connection::TOKEN;
use crate::support::{
    LIMIT, expect_event, expect_events, expect_no_events, loopback_v4, poll_for, waiting,
};

/// L16, mio#909, mio#1722: more wakes than a pipe holds, none of them received, still wake.
#[test]
fn wakes_without_number_are_one_event() {
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), TOKEN).unwrap();
    for _ in 0..2 {
        for _ in 0..1 << 17 {
            waker.wake().unwrap();
        }
        let seen = poll_for(&mut poll, LIMIT);
        assert_eq!(seen.len(), 1, "{seen:?}");
        expect_no_events(&mut poll);
    }
}

/// L16, P6, mio#909, mio#1824: wakes from many threads during polls come through, and once the
/// threads are done there is silence.
#[test]
fn wakes_from_many_threads_are_received_and_then_there_is_silence() {
    const THREADS: usize = 8;
    let mut poll = Poll::new().unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), TOKEN).unwrap());
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let waker = Arc::clone(&waker);
            thread::spawn(move || {
                for _ in 0..2000 {
                    waker.wake().unwrap();
                }
            })
        })
        .collect();
    while !threads.iter().all(|thread| thread.is_finished()) {
        expect_event(&mut poll, TOKEN, Event::is_readable);
        waker.wake().unwrap();
    }
    expect_event(&mut poll, TOKEN, Event::is_readable);
    expect_no_events(&mut poll);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// L16, mio#1722: each wake of a thread that waits for the answer to the last one is received.
#[test]
fn every_wake_that_is_waited_for_is_received() {
    let poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), TOKEN).unwrap();
    let poller = Poller::spawn(poll, |poll| {
        expect_event(poll, TOKEN, Event::is_readable);
    });
    for _ in 0..5000 {
        waker.wake().unwrap();
        poller.expect_answer();
    }
}

/// P1, mio#1874: changes of registrations by one thread take no wake of another.
#[test]
fn no_wake_is_lost_among_registrations() {
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let waker = Waker::new(poll.registry(), TOKEN).unwrap();
    poll_for(&mut poll, std::time::Duration::ZERO);
    let poller = Poller::spawn(poll, |poll| {
        expect_event(poll, TOKEN, Event::is_readable);
    });
    let is_over = Arc::new(AtomicBool::new(false));
    let registrar = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            let mut socket = UdpSocket::bind(loopback_v4()).unwrap();
            while !is_over.load(Ordering::Relaxed) {
                registry.register(&mut socket, Token(8), Interest::READABLE).unwrap();
                registry.reregister(&mut socket, Token(9), Interest::READABLE).unwrap();
                registry.deregister(&mut socket).unwrap();
            }
        }
    });
    // Wine's one server is asked about all of this.
    for _ in 0..if cfg!(windows) { 500 } else { 5000 } {
        waker.wake().unwrap();
        poller.expect_answer();
    }
    is_over.store(true, Ordering::Relaxed);
    registrar.join().unwrap();
}

/// A thread that does something with a poll again and again, and answers each time.
struct Poller {
    answers: mpsc::Receiver<()>,
}

impl Poller {
    fn spawn(mut poll: Poll, turn: impl Fn(&mut Poll) + Send + 'static) -> Poller {
        let (answer, answers) = mpsc::channel();
        // Ends when it fails, or when nobody listens any more. It is not waited for: it may be in a
        // poll.
        thread::spawn(move || {
            loop {
                turn(&mut poll);
                if answer.send(()).is_err() {
                    return;
                }
            }
        });
        Poller { answers }
    }

    #[track_caller]
    fn expect_answer(&self) {
        self.answers.recv_timeout(LIMIT).expect("a wake was lost");
    }
}

/// L17, mio#1470, mio#1706: a poll can have several wakers, each with its own event.
#[test]
fn each_of_several_wakers_has_its_own_event() {
    let mut poll = Poll::new().unwrap();
    let wakers: Vec<_> =
        (0..100).map(|token| Waker::new(poll.registry(), Token(token)).unwrap()).collect();
    wakers[3].wake().unwrap();
    wakers[3].wake().unwrap();
    wakers[97].wake().unwrap();
    let seen = poll_for(&mut poll, LIMIT);
    let mut tokens: Vec<_> = seen.iter().map(|event| event.token().0).collect();
    tokens.sort_unstable();
    assert_eq!(tokens, [3, 97]);
    expect_no_events(&mut poll);
}

/// P7, mio#1687, mio#1706: a waker made through a clone of the registry wakes the same poll, also
/// one that is under way.
#[test]
fn a_waker_made_through_a_cloned_registry_wakes_the_same_poll() {
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let first = Waker::new(poll.registry(), Token(1)).unwrap();
    let second = Waker::new(&registry.try_clone().unwrap(), Token(2)).unwrap();
    first.wake().unwrap();
    second.wake().unwrap();
    expect_events(&mut poll, &[(Token(1), Event::is_readable), (Token(2), Event::is_readable)]);

    let (tell, told) = mpsc::channel();
    let poller = thread::spawn(move || {
        tell.send(waiting::this_thread()).unwrap();
        poll_for(&mut poll, LIMIT)
    });
    waiting::until_in_a_poll(&told.recv().unwrap());
    let third = Waker::new(&registry, Token(3)).unwrap();
    third.wake().unwrap();
    let seen = poller.join().unwrap();
    let tokens: Vec<_> = seen.iter().map(Event::token).collect();
    assert_eq!(tokens, [Token(3)]);
}
