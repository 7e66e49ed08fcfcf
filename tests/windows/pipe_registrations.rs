//! Named pipes: what is reported of them, when, and to whom.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mio::event::Event;
use mio::windows::NamedPipe;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::pipes::{BOTH, CLIENT, SERVER, client, pair};
use crate::support::descriptor::open_handles;
use crate::support::named_pipe::name;
use crate::support::{
    LIMIT, expect_error, expect_event, expect_events, expect_no_events, expect_would_block,
    poll_for,
};

#[test]
fn what_is_not_registered_is_not_found() {
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let mut pipe = NamedPipe::new(name()).unwrap();
    expect_error(registry.deregister(&mut pipe), ErrorKind::NotFound);
    expect_error(registry.reregister(&mut pipe, SERVER, BOTH), ErrorKind::NotFound);
    expect_error((&pipe).read(&mut [0; 8]), ErrorKind::NotFound);
    expect_error((&pipe).write(b"x"), ErrorKind::NotFound);
    assert!(pipe.take_error().unwrap().is_none());

    registry.register(&mut pipe, SERVER, BOTH).unwrap();
    expect_error(registry.register(&mut pipe, CLIENT, BOTH), ErrorKind::AlreadyExists);
    registry.deregister(&mut pipe).unwrap();
    expect_error(registry.deregister(&mut pipe), ErrorKind::NotFound);
    expect_error(registry.reregister(&mut pipe, SERVER, BOTH), ErrorKind::NotFound);
    registry.register(&mut pipe, SERVER, BOTH).unwrap();
    expect_no_events(&mut poll);
}

/// Windows does not let a handle have a second port.
#[test]
fn a_pipe_stays_with_its_first_poll() {
    let first = Poll::new().unwrap();
    let second = Poll::new().unwrap();
    let mut pipe = NamedPipe::new(name()).unwrap();
    first.registry().register(&mut pipe, SERVER, BOTH).unwrap();
    let other = second.registry();
    expect_error(other.register(&mut pipe, SERVER, BOTH), ErrorKind::AlreadyExists);
    expect_error(other.reregister(&mut pipe, SERVER, BOTH), ErrorKind::NotFound);
    expect_error(other.deregister(&mut pipe), ErrorKind::NotFound);
    first.registry().deregister(&mut pipe).unwrap();
    expect_error(other.register(&mut pipe, SERVER, BOTH), ErrorKind::AlreadyExists);
    first.registry().register(&mut pipe, SERVER, BOTH).unwrap();
}

/// Not overlapped: there would be no packets.
#[test]
fn a_blocking_handle_is_refused() {
    let poll = Poll::new().unwrap();
    let name = name();
    let _server = NamedPipe::new(&name).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(&name).unwrap();
    let mut pipe = NamedPipe::from(std::os::windows::io::OwnedHandle::from(file));
    poll.registry().register(&mut pipe, CLIENT, BOTH).unwrap_err();
    expect_error(poll.registry().deregister(&mut pipe), ErrorKind::NotFound);
    expect_error((&pipe).read(&mut [0; 8]), ErrorKind::NotFound);
}

/// N1: RUSTSEC-2024-0019, mio#1760. What has ended before is not told after.
#[test]
fn nothing_is_reported_after_deregistering() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    client.write_all(b"hello").unwrap();
    // Its packet may be in the queue, and so may be that of this:
    poll.registry().reregister(&mut server, Token(7), BOTH).unwrap();
    poll.registry().deregister(&mut server).unwrap();
    expect_event(&mut poll, CLIENT, Event::is_writable);
    expect_no_events(&mut poll);
    // It goes on under another token.
    poll.registry().register(&mut server, Token(8), Interest::READABLE).unwrap();
    let event = expect_event(&mut poll, Token(8), Event::is_readable);
    assert!(!event.is_writable());
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 5);
}

/// N1: as many times as fit into seconds. Tokens grow, and those of the past never come back.
#[test]
fn tokens_of_the_past_never_come_back() {
    const ROUNDS: usize = 3_000;
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    poll.registry().deregister(&mut client).unwrap();
    poll.registry().deregister(&mut server).unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let waker = Waker::new(poll.registry(), Token(0)).unwrap();
    // All tokens below this are over.
    let least = AtomicUsize::new(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            for token in 1..ROUNDS {
                registry.register(&mut server, Token(token), BOTH).unwrap();
                let _ = client.write(b"x");
                registry.reregister(&mut server, Token(token), BOTH).unwrap();
                let _ = server.read(&mut [0; 8]);
                let _ = server.write(b"y");
                registry.deregister(&mut server).unwrap();
                least.store(token + 1, Ordering::SeqCst);
                let _ = client.read(&mut [0; 8]);
            }
            waker.wake().unwrap();
        });
        let mut events = Events::with_capacity(8);
        loop {
            let least = least.load(Ordering::SeqCst);
            poll.poll(&mut events, Some(LIMIT)).unwrap();
            assert!(!events.is_empty(), "it got stuck");
            if events.iter().any(|event| event.token() == Token(0)) {
                break;
            }
            for event in &events {
                assert!(event.token().0 >= least, "{event:?}, after {least}");
            }
        }
    });
}

/// N2: mio#1954. A client that is there when the server begins to wait, and a server that is
/// dropped right then: what the system has stays where it is.
#[test]
fn a_connect_that_ends_at_once_keeps_its_memory() {
    let mut poll = Poll::new().unwrap();
    let mut before = 0;
    for round in 0..400 {
        if round == 100 {
            before = open_handles();
        }
        let name = name();
        let mut server = NamedPipe::new(&name).unwrap();
        poll.registry().register(&mut server, SERVER, BOTH).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| drop(OpenOptions::new().read(true).write(true).open(&name)));
            let _ = server.connect();
            drop(server);
        });
        if round % 10 == 0 {
            poll_for(&mut poll, Duration::ZERO);
        }
    }
    while !poll_for(&mut poll, Duration::ZERO).is_empty() {}
    assert!(open_handles() < before + 50, "{before} became {}", open_handles());
}

/// N6: mio#1855. Who waits to read is not told of writing, whatever is written.
#[test]
fn who_waits_to_read_is_not_told_of_writing() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    poll.registry().reregister(&mut server, SERVER, Interest::READABLE).unwrap();
    poll.registry().deregister(&mut client).unwrap();
    expect_no_events(&mut poll);
    for _ in 0..10 {
        server.write_all(b"x").unwrap();
        poll.registry().reregister(&mut server, SERVER, Interest::READABLE).unwrap();
        // Until the write has ended.
        while server.write(b"").is_err() {
            expect_no_events(&mut poll);
        }
        expect_no_events(&mut poll);
        client.write_all(b"x").unwrap();
        let event = expect_event(&mut poll, SERVER, Event::is_readable);
        assert!(!event.is_writable());
        assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
        expect_no_events(&mut poll);
    }
}

/// The same the other way round.
#[test]
fn who_waits_to_write_is_not_told_of_reading() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    poll.registry().reregister(&mut server, SERVER, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, SERVER, Event::is_writable);
    client.write_all(b"x").unwrap();
    expect_event(&mut poll, CLIENT, Event::is_writable);
    expect_no_events(&mut poll);
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
}

/// N6: audioipc#139. An event of a state comes once, and once more when it is asked for.
#[test]
fn a_state_is_reported_once() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    client.write_all(b"x").unwrap();
    expect_events(&mut poll, &[(SERVER, Event::is_readable), (CLIENT, Event::is_writable)]);
    expect_no_events(&mut poll);
    poll.registry().reregister(&mut server, SERVER, BOTH).unwrap();
    let events = poll_for(&mut poll, LIMIT);
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].is_readable() && events[0].is_writable());
    expect_no_events(&mut poll);
    // Neither direction is ready while this is under way and nothing was sent.
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
    poll.registry().reregister(&mut server, SERVER, Interest::READABLE).unwrap();
    expect_no_events(&mut poll);
}

/// N7: data that came while the source waited to write, or was not registered at all.
#[test]
fn registering_anew_reports_what_came_before() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    poll.registry().reregister(&mut server, SERVER, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, SERVER, Event::is_writable);
    client.write_all(b"x").unwrap();
    expect_event(&mut poll, CLIENT, Event::is_writable);
    poll.registry().reregister(&mut server, SERVER, Interest::READABLE).unwrap();
    expect_event(&mut poll, SERVER, Event::is_readable);

    poll.registry().deregister(&mut server).unwrap();
    expect_no_events(&mut poll);
    poll.registry().register(&mut server, SERVER, Interest::READABLE).unwrap();
    expect_event(&mut poll, SERVER, Event::is_readable);
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 1);
}

/// N7: what is there when a pipe comes in as a handle.
#[test]
fn registering_reports_what_was_there_before() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let mut server = NamedPipe::new(&name).unwrap();
    let mut file = OpenOptions::new().read(true).write(true).open(&name).unwrap();
    file.write_all(b"hello").unwrap();
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    expect_events(&mut poll, &[(SERVER, Event::is_readable), (SERVER, Event::is_writable)]);
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 5);
}

#[test]
fn no_event_before_there_is_a_client() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let mut server = NamedPipe::new(&name).unwrap();
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    expect_no_events(&mut poll);
    expect_would_block(server.connect());
    expect_no_events(&mut poll);
    let _client = client(&name);
    let event = expect_event(&mut poll, SERVER, Event::is_writable);
    assert!(!event.is_readable() && !event.is_error() && !event.is_read_closed());
    expect_no_events(&mut poll);
}

#[test]
fn registering_takes_effect_in_a_wait() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    client.write_all(b"x").unwrap();
    expect_events(&mut poll, &[(SERVER, Event::is_readable), (CLIENT, Event::is_writable)]);
    let registry = poll.registry().try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| registry.reregister(&mut server, Token(5), Interest::READABLE).unwrap());
        expect_event(&mut poll, Token(5), Event::is_readable);
    });
}

#[test]
fn more_pipes_than_an_event_list_has_room_for() {
    let mut poll = Poll::new().unwrap();
    let names: Vec<_> = (0..20).map(|_| name()).collect();
    let mut servers: Vec<_> = names.iter().map(|name| NamedPipe::new(name).unwrap()).collect();
    for (token, server) in servers.iter_mut().enumerate() {
        poll.registry().register(server, Token(token), BOTH).unwrap();
        expect_would_block(server.connect());
    }
    let _clients: Vec<_> = names.iter().map(|name| client(name)).collect();
    let mut events = Events::with_capacity(3);
    let mut seen = Vec::new();
    while seen.len() < servers.len() {
        poll.poll(&mut events, Some(LIMIT)).unwrap();
        assert!(!events.is_empty() && events.iter().count() <= 3);
        seen.extend(events.iter().map(|event| event.token().0));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..20).collect::<Vec<_>>());
}

#[test]
fn a_pipe_outlives_its_poll() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    drop(poll);
    client.write_all(b"x").unwrap();
    expect_would_block(server.read(&mut [0; 8]));
    let other = Poll::new().unwrap();
    let result = other.registry().register(&mut server, SERVER, BOTH);
    expect_error(result, ErrorKind::AlreadyExists);
    drop(client);
    drop(server);
}

#[test]
fn a_level_is_reported_by_each_poll_as_long_as_it_holds() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    let level = Interest::READABLE.level();
    poll.registry().reregister(&mut server, SERVER, level).unwrap();
    expect_no_events(&mut poll);
    for _ in 0..2 {
        client.write_all(b"three").unwrap();
        expect_events(&mut poll, &[(SERVER, Event::is_readable), (CLIENT, Event::is_writable)]);
        for _ in 0..5 {
            let events = poll_for(&mut poll, LIMIT);
            assert_eq!(events.len(), 1, "{events:?}");
            assert_eq!(server.read(&mut [0]).unwrap(), 1);
        }
        expect_no_events(&mut poll);
    }
    drop(client);
    for _ in 0..3 {
        expect_event(&mut poll, SERVER, Event::is_read_closed);
    }
    poll.registry().deregister(&mut server).unwrap();
    expect_no_events(&mut poll);
}

#[test]
fn a_one_shot_is_one_event() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    poll.registry().deregister(&mut client).unwrap();
    let once = BOTH.oneshot();
    poll.registry().reregister(&mut server, SERVER, once).unwrap();
    expect_event(&mut poll, SERVER, Event::is_writable);
    client.write_all(b"x").unwrap();
    expect_no_events(&mut poll);
    poll.registry().reregister(&mut server, SERVER, once).unwrap();
    let event = expect_event(&mut poll, SERVER, Event::is_writable);
    // What came before it is in the same event.
    if !event.is_readable() {
        poll.registry().reregister(&mut server, SERVER, once).unwrap();
        expect_event(&mut poll, SERVER, Event::is_readable);
    }
    drop(client);
    expect_no_events(&mut poll);
    expect_error(poll.registry().register(&mut server, SERVER, once), ErrorKind::AlreadyExists);
}
