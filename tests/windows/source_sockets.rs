//! Sockets of users as sources.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::windows::io::{AsRawSocket, RawSocket};
use std::thread;

use mio::event::Event;
use mio::windows::SourceSocket;
use mio::{Interest, Poll, Token};
use windows_sys::Win32::Networking::WinSock::WSAENOTSOCK;

use crate::support::{
    expect_error, expect_event, expect_no_events, expect_os_error, expect_would_block, loopback_v4,
    read_until_would_block,
};

const SOCKET: Token = Token(3);
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A socket that does not block, and its peer.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(loopback_v4()).unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    (stream, listener.accept().unwrap().0)
}

fn watch(poll: &Poll, socket: &impl AsRawSocket, interest: Interest) {
    let socket = socket.as_raw_socket();
    poll.registry().register(&mut SourceSocket(&socket), SOCKET, interest).unwrap();
}

#[test]
fn a_listener_a_stream_and_a_socket_of_datagrams_have_events() {
    let mut poll = Poll::new().unwrap();
    let listener = TcpListener::bind(loopback_v4()).unwrap();
    listener.set_nonblocking(true).unwrap();
    watch(&poll, &listener, Interest::READABLE);
    expect_no_events(&mut poll);
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    expect_event(&mut poll, SOCKET, Event::is_readable);
    let (accepted, _) = listener.accept().unwrap();
    accepted.set_nonblocking(true).unwrap();

    let mut poll = Poll::new().unwrap();
    watch(&poll, &accepted, Interest::READABLE);
    expect_no_events(&mut poll);
    client.write_all(b"hello").unwrap();
    expect_event(&mut poll, SOCKET, Event::is_readable);
    assert_eq!(read_until_would_block(&accepted), b"hello");

    let mut poll = Poll::new().unwrap();
    let socket = UdpSocket::bind(loopback_v4()).unwrap();
    watch(&poll, &socket, Interest::READABLE);
    expect_no_events(&mut poll);
    socket.send_to(b"x", socket.local_addr().unwrap()).unwrap();
    expect_event(&mut poll, SOCKET, Event::is_readable);
}

/// Nobody tells the selector that it was drained.
#[test]
fn each_change_is_an_event_though_reads_are_not_seen() {
    let (mut stream, mut peer) = pair();
    let mut poll = Poll::new().unwrap();
    watch(&poll, &stream, Interest::READABLE);
    for _ in 0..100 {
        expect_no_events(&mut poll);
        peer.write_all(b"x").unwrap();
        expect_event(&mut poll, SOCKET, Event::is_readable);
        assert_eq!(read_until_would_block(&stream), b"x");
        expect_would_block(stream.read(&mut [0]));
    }
    drop(peer);
    let event = expect_event(&mut poll, SOCKET, Event::is_read_closed);
    assert!(event.is_readable(), "{event:?}");
}

#[test]
fn what_was_not_drained_is_told_again_but_ends_not_every_poll() {
    let (stream, mut peer) = pair();
    let mut poll = Poll::new().unwrap();
    watch(&poll, &stream, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    expect_event(&mut poll, SOCKET, Event::is_readable);
    expect_no_events(&mut poll);
    for _ in 0..3 {
        expect_event(&mut poll, SOCKET, Event::is_readable);
    }
}

/// W2, of users' sockets: a socket whose peer is silent stays writable, and that is told rarely.
#[test]
fn a_direction_that_was_drained_brings_no_event_of_the_other() {
    let (stream, mut peer) = pair();
    let mut poll = Poll::new().unwrap();
    watch(&poll, &stream, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    let event = expect_event(&mut poll, SOCKET, Event::is_readable);
    assert!(!event.is_writable(), "{event:?}");
}

#[test]
fn levels_and_one_shots_are_exact() {
    let (mut stream, mut peer) = pair();
    let mut poll = Poll::new().unwrap();
    watch(&poll, &stream, Interest::READABLE.level());
    expect_no_events(&mut poll);
    peer.write_all(b"xyz").unwrap();
    for _ in 0..3 {
        expect_event(&mut poll, SOCKET, Event::is_readable);
        stream.read_exact(&mut [0]).unwrap();
    }
    expect_no_events(&mut poll);

    let socket = stream.as_raw_socket();
    let mut source = SourceSocket(&socket);
    let interest = BOTH.oneshot();
    poll.registry().reregister(&mut source, SOCKET, interest).unwrap();
    expect_event(&mut poll, SOCKET, Event::is_writable);
    peer.write_all(b"x").unwrap();
    expect_no_events(&mut poll);
    poll.registry().reregister(&mut source, SOCKET, interest).unwrap();
    expect_event(&mut poll, SOCKET, Event::is_readable);
}

#[test]
fn a_wait_that_is_under_way_takes_in_a_new_socket() {
    let (stream, mut peer) = pair();
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let socket = stream.as_raw_socket();
            registry.register(&mut SourceSocket(&socket), SOCKET, Interest::READABLE).unwrap();
            peer.write_all(b"x").unwrap();
        });
        expect_event(&mut poll, SOCKET, Event::is_readable);
    });
}

#[test]
fn registrations_that_are_not_possible_are_errors() {
    let (stream, _peer) = pair();
    let poll = Poll::new().unwrap();
    let registry = poll.registry();
    let socket = stream.as_raw_socket();
    let mut source = SourceSocket(&socket);
    expect_error(registry.reregister(&mut source, SOCKET, BOTH), ErrorKind::NotFound);
    expect_error(registry.deregister(&mut source), ErrorKind::NotFound);
    registry.register(&mut source, SOCKET, BOTH).unwrap();
    expect_error(registry.register(&mut source, SOCKET, BOTH), ErrorKind::AlreadyExists);
    registry.deregister(&mut source).unwrap();
    registry.register(&mut source, SOCKET, BOTH).unwrap();
    let nothing: RawSocket = 0x7fff_fff0;
    expect_os_error(registry.register(&mut SourceSocket(&nothing), SOCKET, BOTH), WSAENOTSOCK);
}

#[test]
fn nothing_is_told_once_a_socket_is_deregistered() {
    let (stream, mut peer) = pair();
    let mut poll = Poll::new().unwrap();
    watch(&poll, &stream, Interest::READABLE);
    expect_no_events(&mut poll);
    peer.write_all(b"x").unwrap();
    let socket = stream.as_raw_socket();
    poll.registry().deregister(&mut SourceSocket(&socket)).unwrap();
    expect_no_events(&mut poll);
}
