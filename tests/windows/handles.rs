//! Objects that can be waited for as sources.

use std::io::ErrorKind;
use std::os::windows::io::{AsRawHandle, RawHandle};
use std::process::{Command, Stdio};
use std::thread;

use mio::event::Event;
use mio::windows::SourceHandle;
use mio::{Events, Interest, Poll, Token};

use crate::support::descriptor::open_handles;
use crate::support::object::EventObject;
use crate::support::{LIMIT, expect_error, expect_event, expect_no_events, poll_for};

const OBJECT: Token = Token(7);

fn watch(poll: &Poll, handle: RawHandle, interest: Interest) {
    poll.registry().register(&mut SourceHandle(&handle), OBJECT, interest).unwrap();
}

fn watch_anew(poll: &Poll, handle: RawHandle, interest: Interest) {
    poll.registry().reregister(&mut SourceHandle(&handle), OBJECT, interest).unwrap();
}

fn expect_signal(poll: &mut Poll) {
    let event = expect_event(poll, OBJECT, Event::is_readable);
    assert!(!event.is_writable() && !event.is_error() && !event.is_read_closed(), "{event:?}");
}

#[test]
fn each_signal_of_an_event_that_resets_itself_is_one_event() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::automatic();
    watch(&poll, object.handle(), Interest::READABLE);
    for _ in 0..100 {
        expect_no_events(&mut poll);
        object.set();
        expect_signal(&mut poll);
    }
    expect_no_events(&mut poll);
}

#[test]
fn signals_from_before_the_registration_and_between_two_polls_are_seen() {
    for object in [EventObject::automatic(), EventObject::manual()] {
        let mut poll = Poll::new().unwrap();
        object.set();
        watch(&poll, object.handle(), Interest::READABLE);
        expect_signal(&mut poll);
        object.reset();
        object.set();
        expect_signal(&mut poll);
    }
}

#[test]
fn a_signal_ends_a_wait_that_is_under_way() {
    let object = EventObject::automatic();
    let mut poll = Poll::new().unwrap();
    watch(&poll, object.handle(), Interest::READABLE);
    thread::scope(|scope| {
        scope.spawn(|| object.set());
        expect_signal(&mut poll);
    });
}

#[test]
fn an_object_can_be_registered_while_another_thread_waits() {
    for object in [EventObject::automatic(), EventObject::manual()] {
        let mut poll = Poll::new().unwrap();
        let registry = poll.registry().try_clone().unwrap();
        let handle = object.handle().addr();
        thread::scope(|scope| {
            scope.spawn(|| {
                let handle: RawHandle = std::ptr::without_provenance_mut(handle);
                registry.register(&mut SourceHandle(&handle), OBJECT, Interest::READABLE).unwrap();
                object.set();
            });
            expect_signal(&mut poll);
        });
    }
}

/// Looking whether it is signalled has reset it.
#[test]
fn a_signal_from_before_is_seen_by_a_wait_that_is_under_way() {
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    for _ in 0..100 {
        let object = EventObject::automatic();
        object.set();
        thread::scope(|scope| {
            scope.spawn(|| {
                let handle = object.handle();
                registry.register(&mut SourceHandle(&handle), OBJECT, Interest::READABLE).unwrap();
            });
            expect_signal(&mut poll);
        });
        poll.registry().deregister(&mut SourceHandle(&object.handle())).unwrap();
    }
}

/// It was reported, and may have come again since: it is told again, but does not keep every poll
/// from waiting.
#[test]
fn what_stays_signalled_is_told_ever_more_rarely() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::manual();
    watch(&poll, object.handle(), Interest::READABLE);
    object.set();
    expect_signal(&mut poll);
    expect_no_events(&mut poll);
    for _ in 0..3 {
        expect_signal(&mut poll);
    }
    object.reset();
    expect_no_events(&mut poll);
    object.set();
    expect_signal(&mut poll);
}

#[test]
fn a_level_is_told_by_every_poll_while_the_object_is_signalled() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::manual();
    watch(&poll, object.handle(), Interest::READABLE.level());
    expect_no_events(&mut poll);
    object.set();
    for _ in 0..10 {
        expect_signal(&mut poll);
    }
    object.reset();
    expect_no_events(&mut poll);
}

#[test]
fn a_one_shot_is_told_once_until_it_is_registered_anew() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::automatic();
    let interest = Interest::READABLE.oneshot();
    watch(&poll, object.handle(), interest);
    object.set();
    expect_signal(&mut poll);
    object.set();
    expect_no_events(&mut poll);
    watch_anew(&poll, object.handle(), interest);
    expect_signal(&mut poll);
    watch_anew(&poll, object.handle(), interest);
    expect_no_events(&mut poll);
}

#[test]
fn the_end_of_a_process_is_an_event() {
    let mut poll = Poll::new().unwrap();
    let mut child = Command::new("cmd")
        .args(["/c", "pause"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    watch(&poll, child.as_raw_handle(), Interest::READABLE.oneshot());
    expect_no_events(&mut poll);
    drop(child.stdin.take());
    expect_signal(&mut poll);
    child.wait().unwrap();
    expect_no_events(&mut poll);
}

#[test]
fn nothing_is_told_once_an_object_is_deregistered() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::automatic();
    for is_waited_for in [false, true] {
        watch(&poll, object.handle(), Interest::READABLE);
        if is_waited_for {
            expect_no_events(&mut poll);
        }
        object.set();
        poll.registry().deregister(&mut SourceHandle(&object.handle())).unwrap();
        expect_no_events(&mut poll);
        object.reset();
    }
}

#[test]
fn many_objects_are_all_told_though_few_events_fit() {
    let mut poll = Poll::new().unwrap();
    let objects: Vec<_> = (0..200).map(|_| EventObject::manual()).collect();
    for (token, object) in objects.iter().enumerate() {
        let handle = object.handle();
        poll.registry()
            .register(&mut SourceHandle(&handle), Token(token), Interest::READABLE.oneshot())
            .unwrap();
    }
    expect_no_events(&mut poll);
    for object in &objects {
        object.set();
    }
    let mut seen = [false; 200];
    while seen.contains(&false) {
        let events = poll_for(&mut poll, LIMIT);
        assert!(!events.is_empty(), "some are missing");
        for event in events {
            assert!(!std::mem::replace(&mut seen[event.token().0], true), "{event:?} twice");
        }
    }
    expect_no_events(&mut poll);
}

#[test]
fn of_more_that_are_signalled_than_fit_each_has_its_turn() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(3);
    let objects: Vec<_> = (0..20).map(|_| EventObject::manual()).collect();
    for (token, object) in objects.iter().enumerate() {
        object.set();
        poll.registry()
            .register(
                &mut SourceHandle(&object.handle()),
                Token(token),
                Interest::READABLE.oneshot(),
            )
            .unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < objects.len() {
        poll.poll(&mut events, Some(LIMIT)).unwrap();
        assert!((1..=3).contains(&events.iter().count()), "{events:?}");
        seen.extend(events.iter().map(|event| event.token().0));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
}

#[test]
fn registrations_that_are_not_possible_are_errors() {
    let poll = Poll::new().unwrap();
    let registry = poll.registry();
    let object = EventObject::automatic();
    let handle = object.handle();
    let mut source = SourceHandle(&handle);
    expect_error(registry.reregister(&mut source, OBJECT, Interest::READABLE), ErrorKind::NotFound);
    expect_error(registry.deregister(&mut source), ErrorKind::NotFound);
    for interest in [Interest::WRITABLE, Interest::READABLE | Interest::WRITABLE] {
        expect_error(registry.register(&mut source, OBJECT, interest), ErrorKind::Unsupported);
    }
    registry.register(&mut source, OBJECT, Interest::READABLE).unwrap();
    expect_error(
        registry.register(&mut source, OBJECT, Interest::READABLE),
        ErrorKind::AlreadyExists,
    );
    let nothing: RawHandle = std::ptr::without_provenance_mut(0x7fff_fff0);
    registry.register(&mut SourceHandle(&nothing), OBJECT, Interest::READABLE).unwrap_err();
}

#[test]
fn objects_registered_and_deregistered_leave_nothing_behind() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::automatic();
    let mut before = 0;
    for round in 0..1_000 {
        if round == 100 {
            before = open_handles();
        }
        watch(&poll, object.handle(), Interest::READABLE);
        if round % 2 == 0 {
            expect_no_events(&mut poll);
        }
        poll.registry().deregister(&mut SourceHandle(&object.handle())).unwrap();
    }
    assert!(open_handles() < before + 50, "{before} became {}", open_handles());
}

/// The handle is gone, and the user is told so by an event.
#[test]
fn an_object_closed_behind_our_back_spoils_nothing() {
    let mut poll = Poll::new().unwrap();
    let object = EventObject::automatic();
    let other = EventObject::manual();
    watch(&poll, object.handle(), Interest::READABLE.level());
    drop(object);
    poll.registry()
        .register(&mut SourceHandle(&other.handle()), Token(1), Interest::READABLE)
        .unwrap();
    expect_event(&mut poll, OBJECT, Event::is_error);
    other.set();
    expect_event(&mut poll, Token(1), Event::is_readable);
}
