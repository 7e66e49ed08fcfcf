//! Rules 4 to 6: edges, their direction, and the interest.

use std::io::{self, Write};
use std::net::Shutdown;
use std::time::Duration;

use super::harness::socket::{ENDS_ARE_TOLD, IS_AT_ONCE, SHORT_READS_ARE_UNDERSTOOD};
use super::harness::{
    BOTH, Waiter, assert_at_end, assert_would_block, close, drain, fill, go_on_emptying, pair,
    read, registered, write,
};
use crate::selector::contract::{RawEvent, Registration, Selector};
use crate::{Interest, Token};

pub(crate) fn what_is_ready_at_registration_is_an_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = pair::<S>();
    peer.write_all(b"x").unwrap();
    stream.register_with(&waiter.selector, Token(1), BOTH).unwrap();
    let event = waiter.expect(1);
    assert!(event.is_readable() && event.is_writable(), "{event:?}");
    assert!(!event.is_error() && !event.is_read_closed() && !event.is_write_closed(), "{event:?}");
}

pub(crate) fn a_change_is_one_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (_stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    waiter.expect_nothing();
    peer.write_all(b"x").unwrap();
    let event = waiter.expect(1);
    assert!(event.is_readable(), "{event:?}");
    waiter.expect_nothing();
    waiter.expect_nothing();
}

pub(crate) fn each_change_after_would_block_is_one_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    for _ in 0..10 {
        peer.write_all(b"some bytes").unwrap();
        assert!(waiter.expect(1).is_readable());
        drain::<S>(&stream);
        waiter.expect_nothing();
    }
}

pub(crate) fn several_changes_are_one_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (_stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    for _ in 0..10 {
        peer.write_all(b"x").unwrap();
    }
    waiter.expect(1);
    waiter.expect_nothing();
}

pub(crate) fn new_data_after_a_short_read_is_an_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, Interest::READABLE);
    for _ in 0..10 {
        peer.write_all(b"some bytes").unwrap();
        waiter.expect(1);
        assert_eq!(read::<S>(&stream, 64).unwrap(), 10);
        if !SHORT_READS_ARE_UNDERSTOOD {
            waiter.wait(Some(Duration::ZERO));
            assert_would_block(&read::<S>(&stream, 64).unwrap_err());
        }
        waiter.expect_nothing();
    }
}

pub(crate) fn room_after_a_short_write_is_an_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, Interest::WRITABLE);
    waiter.expect(1);
    let more_than_fits = 1 << 24;
    // A system may take all of it without looking at its limit, but then not once more.
    while write::<S>(&stream, more_than_fits).is_ok_and(|written| written == more_than_fits) {}
    waiter.expect_nothing();
    go_on_emptying(&peer);
    assert!(waiter.expect(1).is_writable());
}

pub(crate) fn a_read_that_would_block_arms_reading_only<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, BOTH);
    assert!(waiter.expect(1).is_writable());
    for _ in 0..100 {
        assert_would_block(&read::<S>(&stream, 64).unwrap_err());
        waiter.expect_nothing();
    }
    peer.write_all(b"x").unwrap();
    assert!(waiter.expect(1).is_readable());
}

pub(crate) fn a_write_that_would_block_arms_writing_only<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, BOTH);
    peer.write_all(b"not read, so that reading stays possible").unwrap();
    waiter.expect(1);
    fill::<S>(&stream);
    // TCP goes on moving what it took, so that it may have room again though nobody reads.
    let (mut refused, mut room) = (0, 0);
    while refused < 100 {
        let written = write::<S>(&stream, 64);
        let events = waiter.wait(Some(Duration::ZERO));
        match written {
            Err(error) if events.is_empty() => {
                assert_would_block(&error);
                refused += 1;
            }
            _ => {
                assert!(events.iter().all(S::Event::is_writable), "{events:?}");
                (refused, room) = (0, room + 1);
                assert!(!IS_AT_ONCE && room < 1_000, "room comes without an end");
                fill::<S>(&stream);
            }
        }
    }
    go_on_emptying(&peer);
    assert!(waiter.expect(1).is_writable());
}

pub(crate) fn blocked_directions_add_up<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, BOTH);
    waiter.expect(1);
    assert_would_block(&read::<S>(&stream, 64).unwrap_err());
    fill::<S>(&stream);
    waiter.expect_nothing();
    peer.write_all(b"x").unwrap();
    assert!(waiter.expect(1).is_readable());
    go_on_emptying(&peer);
    assert!(waiter.expect(1).is_writable());
}

/// An operation that finds nothing.
fn would_block() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

pub(crate) fn an_operation_of_unknown_direction_arms_both<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, BOTH);
    waiter.expect(1);
    fill::<S>(&stream);
    assert_would_block(&stream.try_io(would_block).unwrap_err());
    waiter.expect_nothing();
    peer.write_all(b"x").unwrap();
    assert!(waiter.expect(1).is_readable());
    go_on_emptying(&peer);
    assert!(waiter.expect(1).is_writable());
}

pub(crate) fn an_operation_of_named_directions_arms_those_only<S: Selector>() {
    for (direction, is_reading) in [(Interest::READABLE, true), (Interest::WRITABLE, false)] {
        let mut waiter = Waiter::<S>::new();
        let (stream, mut peer) = registered(&waiter, 1, BOTH);
        peer.write_all(b"x").unwrap();
        waiter.expect(1);
        // It says so though the source is ready both ways, which shows what was armed.
        assert_would_block(&stream.try_io_with(direction, would_block).unwrap_err());
        if S::Registration::REARMS {
            let event = waiter.expect(1);
            assert_eq!((event.is_readable(), event.is_writable()), (is_reading, !is_reading));
        }
        waiter.expect_nothing();
    }
}

pub(crate) fn operations_of_named_directions_add_up<S: Selector>() {
    for first in [Interest::READABLE, Interest::WRITABLE] {
        let mut waiter = Waiter::<S>::new();
        let (stream, mut peer) = registered(&waiter, 1, BOTH);
        waiter.expect(1);
        fill::<S>(&stream);
        for direction in [first, BOTH.remove(first).unwrap()] {
            assert_would_block(&stream.try_io_with(direction, would_block).unwrap_err());
        }
        waiter.expect_nothing();
        peer.write_all(b"x").unwrap();
        assert!(waiter.expect(1).is_readable());
        go_on_emptying(&peer);
        assert!(waiter.expect(1).is_writable());
    }
}

pub(crate) fn a_direction_outside_the_interest_arms_nothing<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, Interest::WRITABLE);
    peer.write_all(b"x").unwrap();
    assert!(waiter.expect(1).is_writable());
    assert_would_block(&stream.try_io_with(Interest::READABLE, would_block).unwrap_err());
    waiter.expect_nothing();
}

pub(crate) fn only_the_interest_is_reported<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut reader, mut peer) = registered(&waiter, 1, Interest::READABLE);
    waiter.expect_nothing();
    peer.write_all(b"x").unwrap();
    let event = waiter.expect(1);
    assert!(event.is_readable() && !event.is_writable(), "{event:?}");
    reader.reregister_with(&waiter.selector, Token(2), Interest::WRITABLE).unwrap();
    let event = waiter.expect(2);
    assert!(!event.is_readable() && event.is_writable(), "{event:?}");
    peer.write_all(b"x").unwrap();
    for event in waiter.wait(Some(Duration::ZERO)) {
        assert!(!event.is_readable(), "{event:?}");
    }
}

pub(crate) fn a_closed_peer_is_reported_once<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, Interest::READABLE);
    close::<S>(&stream, peer);
    // Where directions are watched on their own, that of reading says nothing of the other.
    let event = waiter.expect(1);
    assert!(event.is_read_closed() || !ENDS_ARE_TOLD, "{event:?}");
    waiter.expect_nothing();
    assert_at_end::<S>(&stream);
    waiter.expect_nothing();
    assert_at_end::<S>(&stream);
    waiter.expect_nothing();
}

pub(crate) fn a_half_closed_peer_is_reported_once<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, BOTH);
    waiter.expect(1);
    peer.shutdown(Shutdown::Write).unwrap();
    let event = waiter.expect(1);
    assert!(event.is_readable() && (event.is_read_closed() || !ENDS_ARE_TOLD), "{event:?}");
    assert!(!event.is_write_closed() && !event.is_error(), "{event:?}");
    assert_eq!(read::<S>(&stream, 64).unwrap(), 0);
    assert_eq!(write::<S>(&stream, 5).unwrap(), 5);
    waiter.expect_nothing();
}

pub(crate) fn a_closed_peer_is_reported_to_a_writer<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, Interest::WRITABLE);
    assert!(waiter.expect(1).is_writable());
    close::<S>(&stream, peer);
    let event = waiter.expect(1);
    assert!(event.is_write_closed(), "{event:?}");
    waiter.expect_nothing();
}

pub(crate) fn registering_anew_reports_what_is_ready<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = registered(&waiter, 1, BOTH);
    peer.write_all(b"x").unwrap();
    waiter.expect(1);
    waiter.expect_nothing();
    for token in 2..5 {
        stream.reregister_with(&waiter.selector, Token(token), BOTH).unwrap();
        let event = waiter.expect(token);
        assert!(event.is_readable() && event.is_writable(), "{event:?}");
        waiter.expect_nothing();
    }
}
