//! `Registry` and `Source`: the life of a registration.

use std::io::{self, ErrorKind};
use std::thread;

use mio::event::{Event, Source};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::support::capabilities::{SEVERAL_POLLS_FOR_ONE_SOURCE, THREADS};
use crate::support::{
    LIMIT, expect_error, expect_event, expect_events, expect_no_events, expect_would_block,
    poll_for,
};
use crate::{BOTH, SOURCE, registered, send_to, socket, until_received};

const OTHER: Token = Token(2);

#[test]
fn a_source_is_reported_with_token_and_interest_of_its_registration() {
    let mut poll = Poll::new().unwrap();
    let socket = registered(&poll, Interest::READABLE);
    expect_no_events(&mut poll);
    send_to(&socket);
    expect_event(&mut poll, SOURCE, Event::is_readable);
    expect_no_events(&mut poll);
}

#[test]
fn a_second_registration_is_refused_and_leaves_the_first() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    let again = poll.registry().register(&mut socket, OTHER, Interest::READABLE);
    expect_error(again, ErrorKind::AlreadyExists);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable);
    assert!(!event.is_readable());
}

#[test]
fn reregistering_replaces_token_and_interest() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    poll.registry().reregister(&mut socket, OTHER, Interest::READABLE).unwrap();
    expect_no_events(&mut poll);
    send_to(&socket);
    let events = expect_events(&mut poll, &[(OTHER, Event::is_readable)]);
    assert!(events.iter().all(|event| event.token() == OTHER && !event.is_writable()));
}

#[test]
fn reregistering_reports_anew_what_is_ready() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    expect_no_events(&mut poll);
    poll.registry().reregister(&mut socket, SOURCE, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_writable);
}

#[test]
fn what_is_not_registered_is_not_found() {
    let poll = Poll::new().unwrap();
    let mut socket = socket();
    let registry = poll.registry();
    expect_error(registry.reregister(&mut socket, SOURCE, BOTH), ErrorKind::NotFound);
    expect_error(registry.deregister(&mut socket), ErrorKind::NotFound);

    registry.register(&mut socket, SOURCE, BOTH).unwrap();
    registry.deregister(&mut socket).unwrap();
    expect_error(registry.deregister(&mut socket), ErrorKind::NotFound);
    expect_error(registry.reregister(&mut socket, SOURCE, BOTH), ErrorKind::NotFound);
}

#[test]
fn what_is_registered_with_another_poll_is_not_found_and_stays_registered_there() {
    let mut poll = Poll::new().unwrap();
    let other = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    let registry = other.registry();
    expect_error(registry.reregister(&mut socket, OTHER, BOTH), ErrorKind::NotFound);
    expect_error(registry.deregister(&mut socket), ErrorKind::NotFound);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    poll.registry().deregister(&mut socket).unwrap();
}

#[test]
fn a_second_poll_takes_a_source_only_where_the_system_keeps_its_edges() {
    let mut poll = Poll::new().unwrap();
    let mut other = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    let result = other.registry().register(&mut socket, OTHER, Interest::WRITABLE);
    if SEVERAL_POLLS_FOR_ONE_SOURCE.is_here() {
        result.unwrap();
        expect_event(&mut other, OTHER, Event::is_writable);
    } else {
        expect_error(result, ErrorKind::AlreadyExists);
        expect_no_events(&mut other);
    }
    expect_event(&mut poll, SOURCE, Event::is_writable);
}

#[test]
fn a_deregistered_source_is_silent() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, BOTH);
    poll.registry().deregister(&mut socket).unwrap();
    send_to(&socket);
    until_received(&socket);
    expect_no_events(&mut poll);
}

#[test]
fn a_deregistered_source_can_be_registered_again_here_and_elsewhere() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    poll.registry().deregister(&mut socket).unwrap();
    poll.registry().register(&mut socket, OTHER, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, OTHER, Event::is_writable);
    poll.registry().deregister(&mut socket).unwrap();

    let mut elsewhere = Poll::new().unwrap();
    elsewhere.registry().register(&mut socket, SOURCE, Interest::WRITABLE).unwrap();
    expect_event(&mut elsewhere, SOURCE, Event::is_writable);
    expect_no_events(&mut poll);
}

#[test]
fn events_that_were_delivered_stay_after_a_deregistration() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::WRITABLE);
    let mut events = Events::with_capacity(8);
    poll.poll(&mut events, Some(LIMIT)).unwrap();
    poll.registry().deregister(&mut socket).unwrap();
    assert_eq!(events.iter().map(Event::token).collect::<Vec<_>>(), [SOURCE]);
    poll.poll(&mut events, Some(std::time::Duration::ZERO)).unwrap();
    assert!(events.is_empty());
}

#[test]
fn a_dropped_source_is_silent() {
    let mut poll = Poll::new().unwrap();
    drop(registered(&poll, BOTH));
    let _likely_has_its_number = socket();
    expect_no_events(&mut poll);
}

#[test]
fn a_cloned_registry_belongs_to_the_same_poll() {
    let mut poll = Poll::new().unwrap();
    let clone = poll.registry().try_clone().unwrap();
    let mut socket = socket();
    clone.register(&mut socket, SOURCE, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let again = poll.registry().register(&mut socket, OTHER, BOTH);
    expect_error(again, ErrorKind::AlreadyExists);
    poll.registry().deregister(&mut socket).unwrap();
    expect_error(clone.deregister(&mut socket), ErrorKind::NotFound);
}

#[test]
fn a_cloned_registry_outlives_its_poll() {
    let poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let mut socket = registered(&poll, BOTH);
    drop(poll);
    registry.reregister(&mut socket, OTHER, BOTH).unwrap();
    registry.deregister(&mut socket).unwrap();
    registry.register(&mut socket, SOURCE, BOTH).unwrap();
}

#[test]
fn a_source_outlives_its_poll_and_can_be_used_and_dropped() {
    let poll = Poll::new().unwrap();
    let socket = registered(&poll, BOTH);
    drop(poll);
    expect_would_block(socket.recv(&mut [0; 8]));
    drop(socket);
}

#[test]
fn an_interest_grows_and_shrinks_by_reregistering() {
    let mut poll = Poll::new().unwrap();
    let mut socket = registered(&poll, Interest::READABLE);
    expect_no_events(&mut poll);
    let mut interest = Interest::READABLE;
    interest |= Interest::WRITABLE;
    poll.registry().reregister(&mut socket, SOURCE, interest).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let interest = interest.remove(Interest::WRITABLE).unwrap();
    poll.registry().reregister(&mut socket, SOURCE, interest).unwrap();
    expect_no_events(&mut poll);
}

/// A source of a program's own, which counts the calls that arrive.
struct Wrapper {
    socket: UdpSocket,
    calls: usize,
}

impl Source for Wrapper {
    fn register(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.calls += 1;
        self.socket.register(to, token, interests)
    }

    fn reregister(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.calls += 10;
        self.socket.reregister(to, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.calls += 100;
        self.socket.deregister(registry)
    }
}

/// Goes through the life of a registration of any source that can be written at first.
fn live<S: Source + ?Sized>(source: &mut S) {
    let mut poll = Poll::new().unwrap();
    poll.registry().register(source, SOURCE, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_writable);
    poll.registry().reregister(source, OTHER, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, OTHER, Event::is_writable);
    poll.registry().deregister(source).unwrap();
    expect_no_events(&mut poll);
}

#[test]
fn a_source_of_ones_own_gets_each_call_once() {
    let mut wrapper = Wrapper { socket: socket(), calls: 0 };
    live(&mut wrapper);
    assert_eq!(wrapper.calls, 111);
}

#[test]
fn boxed_sources_pass_the_calls_on() {
    let mut boxed = Box::new(Wrapper { socket: socket(), calls: 0 });
    live::<Box<Wrapper>>(&mut boxed);
    assert_eq!(boxed.calls, 111);

    let mut objects: [Box<dyn Source>; 2] = [Box::new(socket()), boxed];
    for object in &mut objects {
        live::<Box<dyn Source>>(object);
        live::<dyn Source>(&mut **object);
    }
}

#[test]
fn sources_are_registered_from_several_threads_at_once() {
    if THREADS.is_missing() {
        return;
    }
    const EACH: usize = 20;
    let mut poll = Poll::new().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let registry = poll.registry().try_clone().unwrap();
            thread::spawn(move || {
                let tokens = thread * EACH..(thread + 1) * EACH;
                let register = |token| {
                    let mut socket = socket();
                    registry.register(&mut socket, Token(token), Interest::WRITABLE).unwrap();
                    socket
                };
                tokens.map(register).collect::<Vec<_>>()
            })
        })
        .collect();
    let sockets: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let mut tokens = Vec::new();
    while tokens.len() < sockets.len() {
        tokens.extend(poll_for(&mut poll, LIMIT).iter().map(|event| event.token().0));
    }
    tokens.sort_unstable();
    assert_eq!(tokens, (0..4 * EACH).collect::<Vec<_>>());
}

#[test]
fn debug_names_the_type() {
    let poll = Poll::new().unwrap();
    assert!(format!("{:?}", poll.registry()).starts_with("Registry"));
}
