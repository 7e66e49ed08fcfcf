//! [`Waker`]: ends a wait from another thread.
#![cfg(feature = "os-poll")]

mod support;

use mio::event::Event;
use mio::{Poll, Token, Waker};

use support::{expect_event, expect_no_events};

const WAKE: Token = Token(7);

#[test]
fn a_wake_before_the_poll_is_one_readable_event() {
    let mut poll = Poll::new().unwrap();
    let waker = Waker::new(poll.registry(), WAKE).unwrap();
    waker.wake().unwrap();
    expect_event(&mut poll, WAKE, Event::is_readable);
    expect_no_events(&mut poll);
}
