//! Rules 12 to 15: levels, one-shots, and what is refused.

use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use super::harness::{
    BOTH, LIMIT, OneEvent, OneWait, Socket, Stream, Waiter, assert_at_end, close, drain, empty,
    fill, go_on_emptying, pair, read, registered, write,
};
use crate::os::AsRawSource;
use crate::selector::contract::{RawEvent, Selector, Wake};
use crate::{Interest, Token};

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;

/// The two triggers that a one-shot can have.
const ONCE: [Interest; 2] = [BOTH.oneshot(), BOTH.level().oneshot()];

/// The event of a one-shot, which is one entry in the list on every system.
fn expect_shot<S: Selector>(waiter: &mut Waiter<S>, token: usize) -> OneEvent<S::Event> {
    let event = waiter.expect(token);
    assert_eq!(waiter.events.len(), 1, "{event:?}");
    event
}

/// A one-shot for both directions, of which only reading is ready, unless the system finds some
/// more room meanwhile.
fn registered_full<S: Selector>(waiter: &Waiter<S>, interest: Interest) -> (Stream<S>, Socket) {
    let (mut stream, mut peer) = pair::<S>();
    fill::<S>(&stream);
    peer.write_all(b"x").unwrap();
    stream.register_with(&waiter.selector, Token(1), interest).unwrap();
    (stream, peer)
}

pub(crate) fn a_level_is_an_event_of_every_wait<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (_stream, mut peer) = registered(&waiter, 1, READ.level());
    waiter.expect_nothing();
    peer.write_all(b"x").unwrap();
    for _ in 0..10 {
        let event = waiter.expect(1);
        assert!(
            event.is_readable() && !event.is_writable() && !event.is_read_closed(),
            "{event:?}"
        );
    }
}

pub(crate) fn a_level_lasts_until_it_is_used_up<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, READ.level());
    for _ in 0..3 {
        peer.write_all(b"some bytes").unwrap();
        assert!(waiter.expect(1).is_readable());
        read_exactly::<S>(&stream, 9);
        assert!(waiter.expect(1).is_readable(), "one byte is left");
        read_exactly::<S>(&stream, 1);
        waiter.expect_nothing();
        waiter.expect_nothing();
    }
}

/// Byte for byte, so that no read would block, or falls short.
fn read_exactly<S: Selector>(stream: &Stream<S>, count: usize) {
    for _ in 0..count {
        while !read::<S>(stream, 1).is_ok_and(|length| length == 1) {}
    }
}

pub(crate) fn a_level_has_all_that_is_ready_each_time<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = registered(&waiter, 1, BOTH.level());
    for _ in 0..5 {
        let event = waiter.expect(1);
        assert!(event.is_writable() && !event.is_readable(), "{event:?}");
    }
    peer.write_all(b"x").unwrap();
    while !waiter.expect(1).is_readable() {}
    for _ in 0..5 {
        let event = waiter.expect(1);
        assert!(event.is_readable() && event.is_writable(), "{event:?}");
    }
    drain::<S>(&stream);
    for _ in 0..5 {
        let event = waiter.expect(1);
        assert!(event.is_writable() && !event.is_readable(), "{event:?}");
    }
}

pub(crate) fn a_level_of_room_lasts_until_there_is_none<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, WRITE.level());
    for _ in 0..5 {
        assert!(waiter.expect(1).is_writable());
        write::<S>(&stream, 1).unwrap();
    }
    fill::<S>(&stream);
    waiter.expect_nothing();
    go_on_emptying(&peer);
    for _ in 0..5 {
        assert!(waiter.expect(1).is_writable());
    }
}

pub(crate) fn what_was_used_up_before_a_wait_is_no_level<S: Selector>() {
    for interest in [READ.level(), READ.level().oneshot()] {
        let mut waiter = Waiter::<S>::new();
        let (stream, mut peer) = registered(&waiter, 1, interest);
        for _ in 0..10 {
            waiter.expect_nothing();
            peer.write_all(b"x").unwrap();
            read_exactly::<S>(&stream, 1);
        }
        waiter.expect_nothing();
        peer.write_all(b"x").unwrap();
        assert!(waiter.expect(1).is_readable());
    }
}

pub(crate) fn a_closed_peer_is_reported_by_every_wait<S: Selector>() {
    for interest in [READ.level(), BOTH.level()] {
        let mut waiter = Waiter::<S>::new();
        let (stream, peer) = registered(&waiter, 1, interest);
        close::<S>(&stream, peer);
        while !waiter.expect(1).is_read_closed() {}
        for round in 0..10 {
            let event = waiter.expect(1);
            assert!(event.is_readable() && event.is_read_closed(), "{event:?}");
            assert!(interest == READ.level() || event.is_write_closed(), "{event:?}");
            if round > 5 {
                assert_at_end::<S>(&stream);
            }
        }
    }
}

pub(crate) fn a_closed_peer_is_reported_to_a_writer_by_every_wait<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, WRITE.level());
    close::<S>(&stream, peer);
    while !waiter.expect(1).is_write_closed() {}
    for _ in 0..10 {
        assert!(waiter.expect(1).is_write_closed());
    }
}

pub(crate) fn a_half_closed_peer_is_reported_by_every_wait<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = registered(&waiter, 1, BOTH.level());
    peer.shutdown(Shutdown::Write).unwrap();
    while !waiter.expect(1).is_read_closed() {}
    for _ in 0..5 {
        let event = waiter.expect(1);
        assert!(event.is_readable() && event.is_read_closed() && event.is_writable(), "{event:?}");
        assert!(!event.is_write_closed() && !event.is_error(), "{event:?}");
        assert_eq!(read::<S>(&stream, 64).unwrap(), 0);
        assert_eq!(write::<S>(&stream, 5).unwrap(), 5);
    }
}

pub(crate) fn levels_starve_nobody<S: Selector>() {
    const SOURCES: usize = 5;
    for (capacity, interest) in [1, 3].into_iter().flat_map(|c| [BOTH, WRITE].map(|i| (c, i))) {
        let mut waiter = Waiter::<S>::with_capacity(capacity);
        let mut sources: Vec<_> =
            (0..SOURCES).map(|token| registered(&waiter, token, interest.level())).collect();
        for (_, peer) in &mut sources {
            peer.write_all(b"x").unwrap();
            // A change that comes while their events wait for their turn, and is outside of the
            // interest of who only writes.
            waiter.wait(Some(LIMIT));
            peer.shutdown(Shutdown::Write).unwrap();
        }
        let mut count = [0; SOURCES];
        // Where directions are watched on their own, each has its turn.
        for _ in 0..8 * SOURCES {
            waiter.tokens(Some(LIMIT)).into_iter().for_each(|token| count[token] += 1);
        }
        assert!(count.iter().all(|count| *count > 2), "{count:?}");
    }
}

pub(crate) fn a_level_can_become_an_edge_and_back<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = registered(&waiter, 1, READ);
    peer.write_all(b"x").unwrap();
    waiter.expect(1);
    for _ in 0..3 {
        stream.reregister_with(&waiter.selector, Token(2), READ.level()).unwrap();
        for _ in 0..3 {
            assert!(waiter.expect(2).is_readable());
        }
        stream.reregister_with(&waiter.selector, Token(1), READ).unwrap();
        assert!(waiter.expect(1).is_readable());
        waiter.expect_nothing();
    }
    drain::<S>(&stream);
    peer.write_all(b"x").unwrap();
    assert!(waiter.expect(1).is_readable());
    waiter.expect_nothing();
}

pub(crate) fn a_level_can_change_its_interest<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = registered(&waiter, 1, READ.level());
    waiter.expect_nothing();
    for round in 0..3 {
        stream.reregister_with(&waiter.selector, Token(2), WRITE.level()).unwrap();
        for _ in 0..3 {
            let event = waiter.expect(2);
            assert!(event.is_writable() && !event.is_readable(), "{event:?}");
        }
        stream.reregister_with(&waiter.selector, Token(3), READ.level()).unwrap();
        if round == 0 {
            waiter.expect_nothing();
            peer.write_all(b"x").unwrap();
        }
        for _ in 0..3 {
            let event = waiter.expect(3);
            assert!(event.is_readable() && !event.is_writable(), "{event:?}");
        }
    }
    stream.deregister_with(&waiter.selector).unwrap();
    waiter.expect_nothing();
}

pub(crate) fn a_level_registered_during_a_wait_ends_it<S: Selector + 'static>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = pair::<S>();
    peer.write_all(b"x").unwrap();
    for _ in 0..2 {
        let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
        stream.register_with(&waiter.selector, Token(1), READ.level()).unwrap();
        assert_eq!(wait.tokens(), [1]);
        waiter.expect(1);
        stream.deregister_with(&waiter.selector).unwrap();
    }
}

pub(crate) fn a_one_shot_is_one_event<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (stream, mut peer) = registered(&waiter, 1, interest.remove(WRITE).unwrap());
        waiter.expect_nothing();
        peer.write_all(b"some bytes").unwrap();
        assert!(expect_shot(&mut waiter, 1).is_readable());
        waiter.expect_nothing();
        read_exactly::<S>(&stream, 3);
        peer.write_all(b"more").unwrap();
        waiter.expect_nothing();
        waiter.expect_nothing();
    }
}

pub(crate) fn a_one_shot_that_fired_is_armed_by_no_operation<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (stream, mut peer) = registered_full(&waiter, interest);
        assert!(expect_shot(&mut waiter, 1).is_readable());
        for _ in 0..3 {
            drain::<S>(&stream);
            fill::<S>(&stream);
            peer.write_all(b"some bytes").unwrap();
            while read::<S>(&stream, 64).is_err() {}
            waiter.expect_nothing();
        }
        empty(&peer);
        waiter.expect_nothing();
    }
}

pub(crate) fn a_one_shot_of_two_directions_is_one_event<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = pair::<S>();
        peer.write_all(b"x").unwrap();
        stream.register_with(&waiter.selector, Token(1), interest).unwrap();
        let event = expect_shot(&mut waiter, 1);
        assert!(event.is_readable() || event.is_writable(), "{event:?}");
        waiter.expect_nothing();
        waiter.expect_nothing();
    }
}

pub(crate) fn the_other_direction_of_a_one_shot_is_silent<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (_stream, mut peer) = registered(&waiter, 1, interest);
        let event = expect_shot(&mut waiter, 1);
        assert!(event.is_writable() && !event.is_readable(), "{event:?}");
        peer.write_all(b"x").unwrap();
        waiter.expect_nothing();

        let mut waiter = Waiter::<S>::new();
        let (_stream, peer) = registered_full(&waiter, interest);
        assert!(expect_shot(&mut waiter, 1).is_readable());
        empty(&peer);
        waiter.expect_nothing();
    }
}

/// The wait goes on after what is silent came up in it.
pub(crate) fn a_silent_direction_ends_no_wait<S: Selector + 'static>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (_stream, mut peer) = registered(&waiter, 1, interest);
        expect_shot(&mut waiter, 1);
        let (_other, mut other_peer) = registered(&waiter, 2, READ);
        let wait = OneWait::begin(&waiter.selector, None);
        peer.write_all(b"x").unwrap();
        other_peer.write_all(b"x").unwrap();
        assert_eq!(wait.tokens(), [2]);
    }
}

pub(crate) fn a_one_shot_that_fired_is_silent_about_the_end<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (mut stream, peer) = registered(&waiter, 1, interest);
        expect_shot(&mut waiter, 1);
        close::<S>(&stream, peer);
        waiter.expect_nothing();
        assert_at_end::<S>(&stream);
        waiter.expect_nothing();
        stream
            .reregister_with(&waiter.selector, Token(2), interest.remove(WRITE).unwrap())
            .unwrap();
        assert!(expect_shot(&mut waiter, 2).is_read_closed());
        waiter.expect_nothing();
    }
}

pub(crate) fn registering_anew_brings_a_one_shot_back<S: Selector>() {
    for interest in ONCE {
        let interest = interest.remove(WRITE).unwrap();
        let mut waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = registered(&waiter, 0, interest);
        peer.write_all(b"x").unwrap();
        for token in 0..10 {
            assert!(expect_shot(&mut waiter, token).is_readable());
            waiter.expect_nothing();
            let next = Token(token + 1);
            stream.reregister_with(&waiter.selector, next, interest).unwrap();
        }
        expect_shot(&mut waiter, 10);
        drain::<S>(&stream);
        stream.reregister_with(&waiter.selector, Token(1), interest).unwrap();
        waiter.expect_nothing();
        peer.write_all(b"x").unwrap();
        expect_shot(&mut waiter, 1);
        waiter.expect_nothing();
    }
}

pub(crate) fn registering_anew_during_a_wait_brings_a_one_shot_back<S: Selector + 'static>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = registered(&waiter, 1, interest);
        peer.write_all(b"x").unwrap();
        expect_shot(&mut waiter, 1);
        for token in 2..5 {
            let wait = OneWait::begin(&waiter.selector, Some(LIMIT));
            stream.reregister_with(&waiter.selector, Token(token), interest).unwrap();
            assert_eq!(wait.tokens(), [token]);
            waiter.expect_nothing();
        }
    }
}

pub(crate) fn a_one_shot_registered_anew_before_it_fires_is_one_event<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = registered(&waiter, 1, interest);
        peer.write_all(b"x").unwrap();
        for token in 2..5 {
            stream.reregister_with(&waiter.selector, Token(token), interest).unwrap();
        }
        expect_shot(&mut waiter, 4);
        waiter.expect_nothing();
    }
}

pub(crate) fn a_one_shot_that_fired_is_still_registered<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = registered(&waiter, 1, interest);
        peer.write_all(b"x").unwrap();
        expect_shot(&mut waiter, 1);
        let again = stream.register_with(&waiter.selector, Token(2), interest);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        waiter.expect_nothing();
        stream.deregister_with(&waiter.selector).unwrap();
        let again = stream.deregister_with(&waiter.selector);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::NotFound);
        stream.register_with(&waiter.selector, Token(3), BOTH).unwrap();
        let event = waiter.expect(3);
        assert!(event.is_readable() && event.is_writable(), "{event:?}");
    }
}

pub(crate) fn a_one_shot_can_become_another_trigger<S: Selector>() {
    for interest in ONCE {
        let interest = interest.remove(WRITE).unwrap();
        let mut waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = registered(&waiter, 1, interest);
        peer.write_all(b"x").unwrap();
        for _ in 0..2 {
            expect_shot(&mut waiter, 1);
            stream.reregister_with(&waiter.selector, Token(2), READ.level()).unwrap();
            for _ in 0..3 {
                waiter.expect(2);
            }
            stream.reregister_with(&waiter.selector, Token(3), interest).unwrap();
            expect_shot(&mut waiter, 3);
            stream.reregister_with(&waiter.selector, Token(4), READ).unwrap();
            waiter.expect(4);
            drain::<S>(&stream);
            waiter.expect_nothing();
            peer.write_all(b"x").unwrap();
            waiter.expect(4);
            stream.reregister_with(&waiter.selector, Token(1), interest).unwrap();
        }
    }
}

pub(crate) fn one_shots_that_do_not_fit_come_later<S: Selector>() {
    const SOURCES: usize = 16;
    for (capacity, interest) in [1, 3].into_iter().flat_map(|c| ONCE.map(|once| (c, once))) {
        let mut waiter = Waiter::<S>::with_capacity(capacity);
        let mut sources: Vec<_> =
            (0..SOURCES).map(|token| registered(&waiter, token, interest)).collect();
        for (_, peer) in &mut sources {
            peer.write_all(b"x").unwrap();
        }
        let mut tokens = Vec::new();
        while tokens.len() < SOURCES {
            let more = waiter.tokens(Some(LIMIT));
            assert!(!more.is_empty(), "only {tokens:?} came");
            tokens.extend(more);
        }
        tokens.sort_unstable();
        assert!(tokens.into_iter().eq(0..SOURCES));
        waiter.expect_nothing();
    }
}

pub(crate) fn a_closed_one_shot_leaves_nothing_to_its_number<S: Selector>() {
    for interest in ONCE {
        let mut waiter = Waiter::<S>::new();
        let (stream, _peer) = registered(&waiter, 1, interest);
        let number = stream.as_raw_source();
        drop(stream);
        waiter.expect_nothing();
        // Another thread may take the number; then this shows less.
        for token in 2..20 {
            let (mut stream, mut peer) = pair::<S>();
            let is_same = stream.as_raw_source() == number;
            stream.register_with(&waiter.selector, Token(token), BOTH).unwrap();
            let event = waiter.expect(token);
            assert!(event.is_writable() && !event.is_readable(), "{event:?}");
            peer.write_all(b"x").unwrap();
            assert!(waiter.expect(token).is_readable());
            if is_same {
                break;
            }
        }
    }
}

/// Two threads: one waits, the other registers anew as soon as it is told to. Each time is one
/// event, none is lost, and none comes twice.
pub(crate) fn each_registration_anew_is_one_event_of_another_thread<S: Selector + 'static>() {
    const ROUNDS: usize = 500;
    for interest in ONCE {
        let waiter = Waiter::<S>::new();
        let (mut stream, mut peer) = registered(&waiter, 0, interest);
        peer.write_all(b"x").unwrap();
        let selector = Arc::clone(&waiter.selector);
        let (send, fired) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            let mut events = Vec::with_capacity(8);
            for _ in 0..=ROUNDS {
                selector.select(&mut events, Some(LIMIT)).unwrap();
                let tokens: Vec<_> = events.iter().map(|event| event.token().0).collect();
                send.send(tokens).unwrap();
            }
            selector.select(&mut events, Some(Duration::ZERO)).unwrap();
            assert!(events.is_empty(), "{events:?}");
        });
        for round in 0..=ROUNDS {
            assert_eq!(fired.recv_timeout(2 * LIMIT).unwrap(), [round]);
            if round < ROUNDS {
                let next = Token(round + 1);
                stream.reregister_with(&waiter.selector, next, interest).unwrap();
            }
        }
        waiting.join().unwrap();
    }
}

/// Several threads, each asleep with a selector of its own. What wakes one wakes the rest by its
/// waker, and only then is looked at who had the event.
pub(crate) fn not_all_selectors_have_an_exclusive_event<S: Selector + 'static>() {
    const SELECTORS: usize = 4;
    let told = |interest: Interest| -> Option<usize> {
        let (stream, mut peer) = pair::<S>();
        let (mut waits, mut wakers) = (Vec::new(), Vec::new());
        for _ in 0..SELECTORS {
            let selector = S::new().unwrap();
            selector.register(stream.as_raw_source(), Token(1), interest, None).ok()?;
            wakers.push(selector.waker(Token(0)).unwrap());
            waits.push(OneWait::begin(&selector, Some(LIMIT)));
        }
        peer.write_all(b"x").unwrap();
        while !waits.iter().any(OneWait::is_over) {
            std::thread::yield_now();
        }
        wakers.iter().for_each(|waker| waker.wake().unwrap());
        let tokens = waits.into_iter().map(OneWait::tokens);
        Some(tokens.filter(|tokens| tokens.contains(&1)).count())
    };
    if let Some(count) = told(READ.exclusive_everywhere()) {
        assert!((1..SELECTORS).contains(&count), "{count} of {SELECTORS}");
        assert!((1..SELECTORS).contains(&told(READ.level().exclusive_everywhere()).unwrap()));
    }
}

pub(crate) fn what_a_system_lacks_is_refused_and_changes_nothing<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = pair::<S>();
    peer.write_all(b"x").unwrap();
    let exclusive = READ.exclusive_everywhere();
    match stream.register_with(&waiter.selector, Token(1), exclusive) {
        Ok(()) => {
            stream.reregister_with(&waiter.selector, Token(1), exclusive).unwrap();
            waiter.expect(1);
            let refused = exclusive.oneshot();
            let error = stream.reregister_with(&waiter.selector, Token(2), refused).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            drain::<S>(&stream);
            peer.write_all(b"x").unwrap();
            waiter.expect(1);
        }
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            waiter.expect_nothing();
            let unknown = stream.deregister_with(&waiter.selector).unwrap_err();
            assert_eq!(unknown.kind(), io::ErrorKind::NotFound);
            stream.register_with(&waiter.selector, Token(1), READ).unwrap();
            let error = stream.reregister_with(&waiter.selector, Token(2), exclusive).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported);
            waiter.expect(1);
        }
    }
    stream.deregister_with(&waiter.selector).unwrap();
}
