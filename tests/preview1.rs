//! WASI preview 1, whose sockets are those that the host hands in, and what they accept.
//!
//! The host of these tests is `cargo xtask wasi`. It hands in a listener, connects to it, and does
//! what the program asks for by single bytes: see `Peer` in `xtask/src/wasi/run.py`.
#![cfg(all(target_os = "wasi", target_env = "p1", feature = "os-poll", feature = "net"))]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net;
use std::os::fd::FromRawFd;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Interest, Poll, Token};

use support::{
    expect_error, expect_event, expect_events, expect_no_events, expect_would_block, loopback_v4,
    poll_for, read_until_would_block,
};

/// The number that the host gives the listener.
const NUMBER: i32 = 4;

const LISTENER: Token = Token(0);
const STREAM: Token = Token(1);

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// The listener, registered.
fn listening() -> (Poll, TcpListener) {
    // SAFETY: the host hands it in for the program to own, and each test is a program of its own.
    let listener = unsafe { net::TcpListener::from_raw_fd(NUMBER) };
    listener.set_nonblocking(true).unwrap();
    let mut listener = TcpListener::from_std(listener);
    let poll = Poll::new().unwrap();
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
    (poll, listener)
}

fn accept(poll: &mut Poll, listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                expect_event(poll, LISTENER, Event::is_readable);
            }
            result => return result.unwrap().0,
        }
    }
}

/// The connection of the host, registered.
fn connected(interest: Interest) -> (Poll, TcpListener, TcpStream) {
    let (mut poll, listener) = listening();
    let mut stream = accept(&mut poll, &listener);
    poll.registry().register(&mut stream, STREAM, interest).unwrap();
    (poll, listener, stream)
}

/// Asks the host for something.
fn ask(stream: &mut TcpStream, what: &[u8; 1]) {
    assert_eq!(stream.write(what).unwrap(), 1);
}

#[test]
fn a_connection_is_an_event_and_one_that_would_block_is_awaited_again() {
    let (mut poll, listener) = listening();
    expect_event(&mut poll, LISTENER, Event::is_readable);
    let (mut first, peer) = listener.accept().unwrap();
    assert_eq!(peer, "0.0.0.0:0".parse().unwrap(), "the system does not tell");
    expect_would_block(listener.accept());
    expect_no_events(&mut poll);
    for _ in 0..3 {
        ask(&mut first, b"n");
        expect_event(&mut poll, LISTENER, Event::is_readable);
        listener.accept().unwrap();
        expect_would_block(listener.accept());
    }
}

#[test]
fn what_the_peer_sends_is_one_event_each_time() {
    let (mut poll, _listener, mut stream) = connected(Interest::READABLE);
    for _ in 0..10 {
        expect_would_block(stream.read(&mut [0; 8]));
        expect_no_events(&mut poll);
        ask(&mut stream, b"s");
        expect_event(&mut poll, STREAM, Event::is_readable);
        expect_no_events(&mut poll);
        assert_eq!(read_until_would_block(&stream), b"x");
    }
}

/// P4, tokio#5866, tokio#5881: without a read that would block in between.
#[test]
fn new_data_after_a_short_read_is_an_event() {
    let (mut poll, _listener, mut stream) = connected(Interest::READABLE);
    for _ in 0..10 {
        ask(&mut stream, b"s");
        expect_event(&mut poll, STREAM, Event::is_readable);
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
    }
}

#[test]
fn waiting_to_read_gives_no_writable_events() {
    let (mut poll, _listener, mut stream) = connected(BOTH);
    expect_event(&mut poll, STREAM, Event::is_writable);
    for _ in 0..10 {
        expect_would_block(stream.read(&mut [0; 8]));
        expect_no_events(&mut poll);
    }
}

#[test]
fn room_after_a_full_buffer_is_an_event() {
    let (mut poll, _listener, mut stream) = connected(Interest::WRITABLE);
    expect_event(&mut poll, STREAM, Event::is_writable);
    ask(&mut stream, b"f");
    for _ in 0..3 {
        let error = loop {
            if let Err(error) = stream.write(&[0; 1 << 16]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        expect_event(&mut poll, STREAM, Event::is_writable);
    }
}

#[test]
fn sources_have_events_of_their_own() {
    let (mut poll, listener, mut first) = connected(Interest::READABLE);
    ask(&mut first, b"n");
    let mut second = accept(&mut poll, &listener);
    poll.registry().register(&mut second, Token(2), Interest::READABLE).unwrap();
    ask(&mut second, b"s");
    expect_event(&mut poll, Token(2), Event::is_readable);
    expect_would_block(first.read(&mut [0; 8]));
    assert_eq!(read_until_would_block(&second), b"x");
    ask(&mut first, b"s");
    ask(&mut second, b"s");
    let both: [(_, support::Answer); 2] =
        [(STREAM, Event::is_readable), (Token(2), Event::is_readable)];
    expect_events(&mut poll, &both);
}

/// P2, P3: whatever the peer does, the source can be registered anew and taken out, and is no
/// event of every poll.
#[test]
fn the_end_of_the_stream_is_an_event_and_ends_no_registration() {
    let (mut poll, listener, mut first) = connected(Interest::READABLE);
    for what in [b"h", b"c", b"r"] {
        ask(&mut first, b"n");
        let mut stream = accept(&mut poll, &listener);
        poll.registry().register(&mut stream, Token(2), Interest::READABLE).unwrap();
        ask(&mut stream, what);
        expect_event(&mut poll, Token(2), Event::is_readable);
        match stream.read(&mut [0; 8]) {
            Ok(length) => assert_eq!(length, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        for _ in 0..3 {
            poll_for(&mut poll, Duration::ZERO);
        }
        expect_no_events(&mut poll);
        poll.registry().reregister(&mut stream, Token(3), Interest::READABLE).unwrap();
        expect_event(&mut poll, Token(3), Event::is_readable);
        poll.registry().deregister(&mut stream).unwrap();
        expect_no_events(&mut poll);
    }
}

#[test]
fn a_timeout_never_ends_early() {
    let (mut poll, _listener, mut stream) = connected(Interest::READABLE);
    for timeout in [1, 300, 1_000, 1_500, 20_000].map(Duration::from_micros) {
        let begin = Instant::now();
        assert!(poll_for(&mut poll, timeout).is_empty());
        assert!(begin.elapsed() >= timeout, "{timeout:?} took {:?}", begin.elapsed());
    }
    ask(&mut stream, b"s");
    expect_event(&mut poll, STREAM, Event::is_readable);
}

#[test]
fn a_dropped_source_is_silent_and_its_number_can_be_another_source() {
    let (mut poll, listener, mut first) = connected(Interest::READABLE);
    for _ in 0..3 {
        ask(&mut first, b"n");
        let mut other = accept(&mut poll, &listener);
        poll.registry().register(&mut other, Token(2), Interest::READABLE).unwrap();
        ask(&mut other, b"s");
        drop(other);
    }
    expect_no_events(&mut poll);
}

#[test]
fn what_cannot_be_made_is_unsupported() {
    let address = loopback_v4();
    expect_error(TcpStream::connect(address), ErrorKind::Unsupported);
    expect_error(TcpListener::bind(address), ErrorKind::Unsupported);
    expect_error(UdpSocket::bind(address), ErrorKind::Unsupported);
}
