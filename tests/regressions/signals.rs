//! Signals: they interrupt a wait, and nothing is lost by that.

use std::io;
use std::os::unix::thread::JoinHandleExt;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use mio::event::Event;
use mio::{Events, Poll, Waker};

use crate::connection::TOKEN;
use crate::support::LIMIT;
use crate::system::{receive, send_signal};

/// Rule of `Poll::poll`: a signal handler that ran is an error of its own, whether or not there is
/// a timeout.
#[test]
fn a_signal_interrupts_a_poll() {
    receive(libc::SIGUSR1);
    for timeout in [None, Some(LIMIT * 6), Some(LIMIT * 6 + LIMIT / 1_000_003)] {
        let mut poll = Poll::new().unwrap();
        let poller = thread::spawn(move || {
            let mut events = Events::with_capacity(4);
            let result = poll.poll(&mut events, timeout);
            assert!(events.is_empty());
            result
        });
        let end = Instant::now() + LIMIT;
        while !poller.is_finished() {
            assert!(Instant::now() < end, "{timeout:?}: the poll goes on");
            send_signal(poller.as_pthread_t(), libc::SIGUSR1);
            thread::yield_now();
        }
        let error = poller.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Interrupted, "{timeout:?}");
    }
}

/// K5, polling#265: a wake comes through a storm of signals.
#[test]
fn no_wake_is_lost_among_signals() {
    const ROUNDS: usize = 2000;
    receive(libc::SIGUSR2);
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), TOKEN).unwrap();
    let (woken, acknowledged) = mpsc::channel();
    let poller = thread::spawn(move || {
        let mut events = Events::with_capacity(4);
        for _ in 0..ROUNDS {
            loop {
                match poll.poll(&mut events, None) {
                    Ok(()) => break,
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::Interrupted),
                }
            }
            assert!(events.iter().all(Event::is_readable));
            woken.send(()).unwrap();
        }
    });
    for _ in 0..ROUNDS {
        waker.wake().unwrap();
        send_signal(poller.as_pthread_t(), libc::SIGUSR2);
        acknowledged.recv_timeout(LIMIT).expect("a wake was lost");
    }
    poller.join().unwrap();
}
