//! Named pipes: connections, bytes, messages, and their ends.

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, IntoRawHandle};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use mio::event::Event;
use mio::windows::NamedPipe;
use mio::{Interest, Poll, Token};
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_INVALID_FUNCTION, ERROR_NO_DATA, ERROR_PIPE_LISTENING,
    ERROR_PIPE_NOT_CONNECTED,
};

use crate::support::descriptor::open_handles;
use crate::support::named_pipe::{self, Direction, create, is_inherited, name, open};
use crate::support::{
    expect_error, expect_event, expect_events, expect_no_events, expect_os_error,
    expect_would_block, poll_for,
};

pub const SERVER: Token = Token(1);
pub const CLIENT: Token = Token(2);
pub const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// What one read gets at most, by itself ahead of the user.
const READ_AHEAD: usize = 64 * 1024;

pub fn client(name: &str) -> NamedPipe {
    NamedPipe::from(open(name, Direction::Both))
}

/// Two ends that are connected and registered, with their first events taken.
pub fn pair(poll: &mut Poll) -> (NamedPipe, NamedPipe) {
    let name = name();
    let server = NamedPipe::new(&name).unwrap();
    register_pair(poll, server, || client(&name))
}

/// The same with messages. The system keeps `buffer` bytes each way.
fn pair_of_messages(poll: &mut Poll, buffer: u32) -> (NamedPipe, NamedPipe) {
    let name = name();
    let server = NamedPipe::from(create(&name, Direction::Both, true, buffer));
    register_pair(poll, server, || {
        let client = open(&name, Direction::Both);
        named_pipe::read_messages(&client);
        NamedPipe::from(client)
    })
}

fn register_pair(
    poll: &mut Poll,
    mut server: NamedPipe,
    client: impl FnOnce() -> NamedPipe,
) -> (NamedPipe, NamedPipe) {
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    expect_would_block(server.connect());
    let mut client = client();
    poll.registry().register(&mut client, CLIENT, BOTH).unwrap();
    expect_events(poll, &[(SERVER, Event::is_writable), (CLIENT, Event::is_writable)]);
    server.connect().unwrap();
    (server, client)
}

/// Reads so many bytes, whenever there is an event.
fn read_all(poll: &mut Poll, token: Token, mut pipe: &NamedPipe, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let mut buffer = [0; 10_000];
        match pipe.read(&mut buffer) {
            Ok(0) => panic!("the stream ended after {} bytes", bytes.len()),
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                expect_event(poll, token, Event::is_readable);
            }
            Err(error) => panic!("read failed: {error}"),
        }
    }
    bytes
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[test]
fn bytes_go_both_ways() {
    let mut poll = Poll::new().unwrap();
    let (server, client) = pair(&mut poll);
    for round in 0..10 {
        for (mut from, mut to, token) in [(&server, &client, CLIENT), (&client, &server, SERVER)] {
            let sent = pattern(100 * round + 1);
            assert_eq!(from.write(&sent).unwrap(), sent.len());
            assert_eq!(read_all(&mut poll, token, to, sent.len()), sent);
            expect_would_block(to.read(&mut [0; 8]));
        }
        while !poll_for(&mut poll, Duration::ZERO).is_empty() {}
    }
}

/// More than any buffer has room for, as one write.
#[test]
fn a_long_write_is_read_in_parts() {
    let mut poll = Poll::new().unwrap();
    let (mut server, client) = pair(&mut poll);
    let sent = pattern(1_000_000);
    assert_eq!(server.write(&sent).unwrap(), sent.len());
    expect_would_block(server.write(b"more"));
    // Its end is an event of one of these polls.
    assert_eq!(read_all(&mut poll, CLIENT, &client, sent.len()), sent);
    while server.write(b"more").is_err() {
        expect_event(&mut poll, SERVER, Event::is_writable);
    }
    assert_eq!(read_all(&mut poll, CLIENT, &client, 4), b"more");
}

#[test]
fn what_does_not_fit_the_buffer_stays_for_the_next_read() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    server.write_all(b"hello").unwrap();
    expect_event(&mut poll, CLIENT, Event::is_readable);
    assert_eq!(client.read(&mut []).unwrap(), 0);
    let mut buffer = [0; 3];
    assert_eq!(client.read(&mut buffer).unwrap(), 3);
    assert_eq!(&buffer, b"hel");
    assert_eq!(client.read(&mut buffer).unwrap(), 2);
    assert_eq!(&buffer[..2], b"lo");
    expect_would_block(client.read(&mut buffer));
}

#[test]
fn vectored_operations_use_all_buffers() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair_of_messages(&mut poll, 4096);
    let parts = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"two")];
    assert_eq!(server.write_vectored(&parts).unwrap(), 6);
    expect_event(&mut poll, CLIENT, Event::is_readable);
    let (mut first, mut second) = ([0; 2], [0; 8]);
    let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(client.read_vectored(&mut parts).unwrap(), 6);
    assert_eq!((&first, &second[..4]), (b"on", &b"etwo"[..]));
}

/// A write without bytes wakes the reader of a byte stream, which is not its end.
#[test]
fn a_stream_does_not_end_by_a_write_of_nothing() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    for _ in 0..5 {
        assert_eq!(server.write(b"").unwrap(), 0);
        expect_event(&mut poll, SERVER, Event::is_writable);
        expect_would_block(client.read(&mut [0; 8]));
    }
    server.write_all(b"x").unwrap();
    assert_eq!(read_all(&mut poll, CLIENT, &client, 1), b"x");
}

#[test]
fn what_the_pipe_has_room_for_is_written_without_a_turn_of_the_loop() {
    let mut poll = Poll::new().unwrap();
    let (mut server, client) = pair(&mut poll);
    let sent = pattern(64);
    for _ in 0..100 {
        assert_eq!(server.write(&sent).unwrap(), sent.len());
    }
    expect_event(&mut poll, SERVER, Event::is_writable);
    assert_eq!(read_all(&mut poll, CLIENT, &client, 6_400), sent.repeat(100));
}

#[test]
fn what_is_there_is_read_without_a_turn_of_the_loop() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair_of_messages(&mut poll, 4096);
    for round in 0..10 {
        for message in 1..=round {
            assert_eq!(server.write(&pattern(message)).unwrap(), message);
        }
        if round > 0 {
            expect_event(&mut poll, CLIENT, Event::is_readable);
        }
        for message in 1..=round {
            assert_eq!(client.read(&mut [0; 64]).unwrap(), message);
        }
        expect_would_block(client.read(&mut [0; 64]));
    }
    while !poll_for(&mut poll, Duration::ZERO).is_empty() {}
}

/// The event of what came is not forgotten when the read that found it was over at once.
#[test]
fn what_is_read_in_part_is_an_event_once_more() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair_of_messages(&mut poll, 4096);
    for _ in 0..2 {
        server.write_all(b"x").unwrap();
    }
    expect_event(&mut poll, CLIENT, Event::is_readable);
    assert_eq!(client.read(&mut [0; 64]).unwrap(), 1);
    expect_event(&mut poll, CLIENT, Event::is_readable);
    assert_eq!(client.read(&mut [0; 64]).unwrap(), 1);
    expect_would_block(client.read(&mut [0; 64]));
}

/// N4: mio#1921, mio#1772. Messages around the size of the buffer, with a read under way and with
/// the message there first.
#[test]
fn a_message_longer_than_the_buffer_comes_in_parts() {
    for length in [1, READ_AHEAD - 1, READ_AHEAD, READ_AHEAD + 1, 3 * READ_AHEAD + 5] {
        let mut poll = Poll::new().unwrap();
        let (mut server, mut client) = pair_of_messages(&mut poll, 1024 * 1024);
        let sent = pattern(length);
        for _ in 0..2 {
            assert_eq!(server.write(&sent).unwrap(), length);
            expect_event(&mut poll, SERVER, Event::is_writable);
        }
        // The first was read ahead; the rest, and the second, are there before they are read.
        assert_eq!(read_all(&mut poll, CLIENT, &client, 2 * length), [&sent[..], &sent].concat());
        expect_would_block(client.read(&mut [0; 8]));
    }
}

#[test]
fn messages_do_not_run_together() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair_of_messages(&mut poll, 4096);
    let messages: [&[u8]; 4] = [b"first", b"", b"third", b"fourth"];
    for message in messages {
        assert_eq!(server.write(message).unwrap(), message.len());
        expect_event(&mut poll, SERVER, Event::is_writable);
    }
    let mut buffer = [0; 64];
    for message in messages {
        let length = loop {
            match client.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    expect_event(&mut poll, CLIENT, Event::is_readable);
                }
                result => break result.unwrap(),
            }
        };
        assert_eq!(&buffer[..length], message);
    }
    expect_would_block(client.read(&mut buffer));
}

/// Each end has one direction only.
#[test]
fn one_way_pipes_work_as_well() {
    for direction in [Direction::In, Direction::Out] {
        let mut poll = Poll::new().unwrap();
        let name = name();
        let mut server = NamedPipe::from(create(&name, direction, false, 4096));
        poll.registry().register(&mut server, SERVER, BOTH).unwrap();
        expect_would_block(server.connect());
        let mut client = NamedPipe::from(open(&name, direction));
        poll.registry().register(&mut client, CLIENT, BOTH).unwrap();
        expect_event(&mut poll, SERVER, Event::is_writable);
        server.connect().unwrap();
        let (from, to, token) = match direction {
            Direction::In => (&mut client, &mut server, SERVER),
            _ => (&mut server, &mut client, CLIENT),
        };
        from.write_all(b"hello").unwrap();
        assert_eq!(read_all(&mut poll, token, to, 5), b"hello");
        expect_error(from.read(&mut [0; 8]), ErrorKind::PermissionDenied);
        expect_error(to.write(b"x"), ErrorKind::PermissionDenied);
    }
}

/// N8: the write after the one that failed has its error.
#[test]
fn the_error_of_a_write_is_that_of_the_next() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let server = NamedPipe::from(create(&name, Direction::Both, false, 16));
    let (mut server, client) = register_pair(&mut poll, server, || client(&name));
    // It does not fit, and nobody reads it.
    assert_eq!(server.write(&pattern(100_000)).unwrap(), 100_000);
    expect_would_block(server.write(b"x"));
    drop(client);
    expect_event(&mut poll, SERVER, |event| event.is_writable() && event.is_write_closed());
    expect_error(server.write(b"x"), ErrorKind::BrokenPipe);
    expect_error(server.write(b"x"), ErrorKind::BrokenPipe);
}

/// N9: the peer reads all of what was written, and then the end.
#[test]
fn a_drop_does_not_cut_what_was_written() {
    let mut poll = Poll::new().unwrap();
    let (mut server, client) = pair(&mut poll);
    let sent = pattern(500_000);
    server.write_all(&sent).unwrap();
    drop(server);
    assert_eq!(read_all(&mut poll, CLIENT, &client, sent.len()), sent);
    expect_event(&mut poll, CLIENT, Event::is_read_closed);
    assert_eq!((&client).read(&mut [0; 8]).unwrap(), 0);
}

/// N9: also when the poll is gone as well, though then it takes another to close the pipe.
#[test]
fn a_drop_of_the_poll_does_not_cut_what_was_written() {
    let name = name();
    let mut poll = Poll::new().unwrap();
    let mut server = NamedPipe::from(create(&name, Direction::Both, false, 16));
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    expect_would_block(server.connect());
    let mut client = open_blocking(&name);
    expect_event(&mut poll, SERVER, Event::is_writable);
    let sent = pattern(100_000);
    server.write_all(&sent).unwrap();
    drop(server);
    drop(poll);
    let mut received = vec![0; sent.len()];
    client.read_exact(&mut received).unwrap();
    assert_eq!(received, sent);
    Poll::new().unwrap();
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
}

fn open_blocking(name: &str) -> fs::File {
    fs::OpenOptions::new().read(true).write(true).open(name).unwrap()
}

/// Whoever polls no more has closed its end all the same.
#[test]
fn a_drop_is_the_end_at_once() {
    let mut poll = Poll::new().unwrap();
    let (server, client) = pair(&mut poll);
    let mut other = Poll::new().unwrap();
    let name = name();
    let mut third = NamedPipe::new(&name).unwrap();
    other.registry().register(&mut third, SERVER, BOTH).unwrap();
    expect_would_block(third.connect());
    let mut fourth = open_blocking(&name);
    expect_event(&mut other, SERVER, Event::is_writable);
    drop(third);
    // The other poll is not waited with.
    assert_eq!(fourth.read(&mut [0; 8]).unwrap(), 0);
    drop((server, client));
    expect_no_events(&mut poll);
}

/// N10: a client may be there before the server waits for it, or not.
#[test]
fn a_client_may_come_first() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let mut server = NamedPipe::new(&name).unwrap();
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    let mut client = client(&name);
    server.connect().unwrap();
    server.connect().unwrap();
    expect_event(&mut poll, SERVER, Event::is_writable);
    poll.registry().register(&mut client, CLIENT, BOTH).unwrap();
    client.write_all(b"hello").unwrap();
    assert_eq!(read_all(&mut poll, SERVER, &server, 5), b"hello");
}

/// N10: connecting twice is no harm before, while and after the client comes.
#[test]
fn connecting_twice_waits_once() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let mut server = NamedPipe::new(&name).unwrap();
    expect_error(server.connect(), ErrorKind::NotFound);
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    expect_would_block(server.connect());
    expect_would_block(server.connect());
    expect_no_events(&mut poll);
    expect_would_block((&server).read(&mut [0; 8]));
    expect_would_block((&server).write(b"x"));
    let _client = client(&name);
    expect_event(&mut poll, SERVER, Event::is_writable);
    server.connect().unwrap();
    server.connect().unwrap();
    assert!(server.take_error().unwrap().is_none());
}

/// N10: one that came, wrote and went before it was waited for is read all the same.
#[test]
fn a_client_may_be_gone_before_it_is_waited_for() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let mut server = NamedPipe::new(&name).unwrap();
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    open_blocking(&name).write_all(b"hello").unwrap();
    server.connect().unwrap();
    assert_eq!(read_all(&mut poll, SERVER, &server, 5), b"hello");
    expect_event(&mut poll, SERVER, Event::is_read_closed);
    assert_eq!((&server).read(&mut [0; 8]).unwrap(), 0);
}

/// N10: a client that has come in the meantime of each step, many times.
#[test]
fn clients_come_and_go_at_any_time() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let mut server = NamedPipe::new(&name).unwrap();
    poll.registry().register(&mut server, SERVER, BOTH).unwrap();
    let clients = thread::spawn({
        let name = name.clone();
        move || {
            for round in 0..200_u32 {
                let mut client = loop {
                    match fs::OpenOptions::new().read(true).write(true).open(&name) {
                        Ok(client) => break client,
                        // The server has not come back yet.
                        Err(_) => thread::yield_now(),
                    }
                };
                client.write_all(&round.to_le_bytes()).unwrap();
                let mut answer = [0; 4];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer, round.to_le_bytes());
            }
        }
    });
    for round in 0..200_u32 {
        while server.connect().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            expect_event(&mut poll, SERVER, Event::is_writable);
        }
        let question = read_all(&mut poll, SERVER, &server, 4);
        assert_eq!(question, round.to_le_bytes());
        assert_eq!(server.write(&question).unwrap(), 4);
        // The client closes when it has the answer.
        expect_event(&mut poll, SERVER, Event::is_read_closed);
        server.disconnect().unwrap();
    }
    clients.join().unwrap();
}

#[test]
fn a_server_is_used_again() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    let server = NamedPipe::new(&name).unwrap();
    let (mut server, mut first) = register_pair(&mut poll, server, || client(&name));
    first.write_all(b"not read").unwrap();
    expect_event(&mut poll, SERVER, Event::is_readable);
    server.disconnect().unwrap();
    expect_would_block(server.read(&mut [0; 8]));
    expect_os_error(server.write(b"x"), ERROR_PIPE_NOT_CONNECTED as i32);
    expect_event(&mut poll, CLIENT, Event::is_read_closed);
    expect_os_error(first.read(&mut [0; 8]), ERROR_PIPE_NOT_CONNECTED as i32);

    expect_would_block(server.connect());
    let mut second = client(&name);
    poll.registry().register(&mut second, Token(3), BOTH).unwrap();
    expect_event(&mut poll, SERVER, Event::is_writable);
    server.connect().unwrap();
    second.write_all(b"hello").unwrap();
    assert_eq!(read_all(&mut poll, SERVER, &server, 5), b"hello");
    server.write_all(b"you").unwrap();
    assert_eq!(read_all(&mut poll, Token(3), &second, 3), b"you");
    expect_would_block(second.read(&mut [0; 8]));
}

#[test]
fn the_end_is_zero_bytes_and_an_event() {
    let mut poll = Poll::new().unwrap();
    let (mut server, mut client) = pair(&mut poll);
    client.write_all(b"last").unwrap();
    expect_event(&mut poll, CLIENT, Event::is_writable);
    drop(client);
    assert_eq!(read_all(&mut poll, SERVER, &server, 4), b"last");
    expect_event(&mut poll, SERVER, |event| event.is_readable() && event.is_read_closed());
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
    expect_os_error(server.write(b"x"), ERROR_NO_DATA as i32);
    expect_no_events(&mut poll);
}

#[test]
fn only_servers_connect_and_disconnect() {
    let mut poll = Poll::new().unwrap();
    let (server, client) = pair(&mut poll);
    expect_os_error(client.connect(), ERROR_INVALID_FUNCTION as i32);
    client.disconnect().unwrap_err();
    let other = NamedPipe::new(name()).unwrap();
    expect_os_error(other.disconnect(), ERROR_PIPE_LISTENING as i32);
    (&server).write_all(b"x").unwrap();
    assert_eq!(read_all(&mut poll, CLIENT, &client, 1), b"x");
}

#[test]
fn names_that_the_system_does_not_take_are_errors() {
    expect_error(NamedPipe::new("\\\\.\\pipe\\a\0b"), ErrorKind::InvalidInput);
    NamedPipe::new("nonsense").unwrap_err();
    let before = open_handles();
    for _ in 0..100 {
        NamedPipe::new("nonsense").unwrap_err();
    }
    assert!(open_handles() < before + 20);
}

#[test]
fn handles_are_lent_and_not_inherited() {
    let pipe = NamedPipe::new(name()).unwrap();
    assert!(!is_inherited(&pipe));
    assert_eq!(pipe.as_handle().as_raw_handle(), pipe.as_raw_handle());
    assert!(format!("{pipe:?}").contains("handle"));
    let raw = create(&name(), Direction::Both, false, 16).into_raw_handle();
    // SAFETY: the handle was owned, and is given up.
    let pipe = unsafe { NamedPipe::from_raw_handle(raw) };
    assert_eq!(pipe.as_raw_handle(), raw);
}

/// N3: mio#2004. Peers that go at any time while much is under way end no poll by a panic, and
/// leave nothing behind.
#[test]
fn peers_that_go_under_load_leave_nothing_behind() {
    let mut before = 0;
    let mut poll = Poll::new().unwrap();
    for round in 0..150 {
        if round == 50 {
            before = open_handles();
        }
        let (server, client) = pair(&mut poll);
        // Wine loses the result of what a thread began that ends right then.
        let (end, seen) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut client = client;
                for _ in 0..round % 7 {
                    let _ = client.write(&pattern(30_000));
                    let _ = client.read(&mut [0; 100]);
                }
                drop(client);
                let _ = seen.recv();
            });
            let mut server = &server;
            for _ in 0..10 {
                let _ = server.write(&pattern(70_000));
                let _ = server.read(&mut [0; 100]);
                poll_for(&mut poll, Duration::ZERO);
            }
            // Whatever was lost, the end comes.
            loop {
                match server.read(&mut [0; 10_000]) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        expect_event(&mut poll, SERVER, Event::is_readable);
                    }
                    Err(error) => {
                        assert_eq!(error.raw_os_error(), Some(ERROR_BROKEN_PIPE as i32), "{error}");
                    }
                }
            }
            drop(end);
        });
        drop(server);
        poll_for(&mut poll, Duration::ZERO);
    }
    assert!(open_handles() < before + 50, "{before} became {}", open_handles());
}

/// N5: mio#1903. Dropped in each state that it can be in.
#[test]
fn a_pipe_may_be_dropped_in_any_state() {
    let mut poll = Poll::new().unwrap();
    let name = name();
    for round in 0..50 {
        drop(NamedPipe::new(&name).unwrap());
        let mut server = NamedPipe::new(&name).unwrap();
        poll.registry().register(&mut server, SERVER, BOTH).unwrap();
        if round % 2 == 0 {
            expect_would_block(server.connect());
        }
        if round % 5 == 0 {
            poll_for(&mut poll, Duration::ZERO);
        }
        drop(server);
        let (mut server, mut client) = pair(&mut poll);
        for step in 0..round % 8 {
            match step {
                0 => client.write_all(b"x").unwrap(),
                1 | 4 => drop(poll_for(&mut poll, Duration::ZERO)),
                2 => drop(server.read(&mut [0; 8])),
                3 => server.write_all(&pattern(100_000)).unwrap(),
                5 => drop(client.read(&mut [0; 8])),
                _ => drop(server.disconnect()),
            }
        }
        if round % 3 == 0 {
            drop(client);
            drop(server);
        } else {
            drop(server);
            drop(client);
        }
    }
}
