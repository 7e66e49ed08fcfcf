//! `Events`, `Event` and `Token`: what a poll hands out.

use mio::event::Event;
use mio::{Events, Interest, Poll, Token};

use crate::support::capabilities::ONE_EVENT_FOR_BOTH_DIRECTIONS;
use crate::support::{LIMIT, expect_event, expect_events};
use crate::{SOURCE, registered, send_to, socket, until_received};

/// The events of three sources that can be written, with the poll and its sources.
fn three_events() -> Events {
    let mut poll = Poll::new().unwrap();
    let mut sockets = [socket(), socket(), socket()];
    for (token, socket) in sockets.iter_mut().enumerate() {
        poll.registry().register(socket, Token(token), Interest::WRITABLE).unwrap();
    }
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, Some(LIMIT)).unwrap();
    events
}

#[test]
fn the_capacity_is_the_one_asked_for_and_never_grows() {
    for capacity in [0, 1, 8, 1024] {
        assert_eq!(Events::with_capacity(capacity).capacity(), capacity);
    }
    assert_eq!(three_events().capacity(), 8);
}

#[test]
fn new_events_are_empty() {
    let events = Events::with_capacity(8);
    assert!(events.is_empty());
    assert_eq!(events.iter().count(), 0);
    assert_eq!(format!("{events:?}"), "[]");
}

#[test]
fn clear_forgets_the_events_and_keeps_the_capacity() {
    let mut events = three_events();
    assert!(!events.is_empty());
    events.clear();
    assert!(events.is_empty());
    assert!(events.iter().next().is_none());
    assert_eq!(events.capacity(), 8);
}

#[test]
fn iterating_by_reference_and_by_method_gives_the_same_events() {
    let events = three_events();
    let mut by_method: Vec<_> = events.iter().map(Event::token).collect();
    let mut by_reference = Vec::new();
    for event in &events {
        by_reference.push(event.token());
    }
    assert_eq!(by_method, by_reference);
    by_method.sort_unstable();
    assert_eq!(by_method, [Token(0), Token(1), Token(2)]);
}

#[test]
fn an_iterator_knows_how_many_events_are_to_come() {
    let events = three_events();
    let mut iter = events.iter();
    assert_eq!(iter.size_hint(), (3, Some(3)));
    let first = iter.next().unwrap().token();
    assert_eq!(iter.size_hint(), (2, Some(2)));
    let rest = iter.clone();
    assert_eq!(iter.count(), 2);
    assert!(rest.into_iter().all(|event| event.token() != first), "a clone goes on from there");
}

#[test]
fn a_cloned_event_outlives_its_poll() {
    let mut poll = Poll::new().unwrap();
    let socket = registered(&poll, Interest::WRITABLE);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable).clone();
    drop((poll, socket));
    assert_eq!(event.token(), SOURCE);
    assert!(event.is_writable());
}

#[test]
fn an_event_answers_only_what_happened() {
    let mut poll = Poll::new().unwrap();
    let socket = registered(&poll, Interest::READABLE);
    send_to(&socket);
    let event = expect_event(&mut poll, SOURCE, Event::is_readable);
    let others = [
        Event::is_writable,
        Event::is_error,
        Event::is_read_closed,
        Event::is_write_closed,
        Event::is_priority,
        Event::is_aio,
        Event::is_lio,
    ];
    assert!(others.iter().all(|answer| !answer(&event)), "{event:?}");
}

#[test]
fn one_event_may_carry_several_answers() {
    let mut poll = Poll::new().unwrap();
    let mut socket = socket();
    send_to(&socket);
    until_received(&socket);
    poll.registry().register(&mut socket, SOURCE, crate::BOTH).unwrap();
    let event = expect_event(&mut poll, SOURCE, Event::is_readable);
    assert_eq!(event.is_writable(), ONE_EVENT_FOR_BOTH_DIRECTIONS.is_here());
}

#[test]
fn any_token_comes_back_as_it_was() {
    let mut poll = Poll::new().unwrap();
    let half = usize::BITS / 2;
    for value in [0, 1, 1 << half, (1 << half) - 1, usize::MAX >> 1, usize::MAX - 1, usize::MAX] {
        let mut socket = socket();
        poll.registry().register(&mut socket, Token(value), Interest::WRITABLE).unwrap();
        assert_eq!(poll_one(&mut poll), value);
        poll.registry().reregister(&mut socket, Token(!value), Interest::WRITABLE).unwrap();
        assert_eq!(poll_one(&mut poll), !value);
    }
}

fn poll_one(poll: &mut Poll) -> usize {
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, Some(LIMIT)).unwrap();
    let tokens: Vec<_> = events.iter().map(Event::token).collect();
    assert_eq!(tokens.len(), 1);
    tokens[0].into()
}

#[test]
fn two_sources_may_share_a_token() {
    let mut poll = Poll::new().unwrap();
    let _first = registered(&poll, Interest::WRITABLE);
    let second = registered(&poll, Interest::READABLE);
    send_to(&second);
    expect_events(&mut poll, &[(SOURCE, Event::is_writable), (SOURCE, Event::is_readable)]);
}

#[test]
fn debug_shows_token_and_answers_and_at_length_what_the_system_said() {
    let events = three_events();
    let event = events.iter().next().unwrap();
    let short = format!("{event:?}");
    for part in [&format!("{:?}", event.token()), "writable: true", "readable: false"] {
        assert!(short.contains(part), "{short}");
    }
    assert!(!short.contains("system"), "{short}");
    assert!(format!("{event:#?}").contains("system"), "{event:#?}");

    let list = format!("{events:?}");
    assert_eq!(list.matches("token").count(), 3);
    let mut iter = events.iter();
    assert_eq!(format!("{iter:?}"), list);
    iter.next();
    assert_eq!(format!("{iter:?}").matches("token").count(), 2);
}
