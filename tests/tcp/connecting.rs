//! `TcpStream::connect`: made at once, later, or never.

use std::io::{ErrorKind, Read};
use std::net::{self, Shutdown, SocketAddr};

use mio::Interest;
use mio::event::Event;
use mio::net::TcpStream;

use crate::support::capabilities::{IPV6_LOOPBACK, PENDING_ERRORS};
use crate::support::{
    Answer, expect_error, expect_event, expect_events, expect_no_events, loopback_v4, loopback_v6,
};
use crate::{BOTH, SOURCE, connected, polling};

/// Connects as the documentation of `connect` says, and checks both ends.
fn connect_by_the_steps(address: SocketAddr) {
    let listener = net::TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable);
    assert!(!event.is_error() && !event.is_write_closed(), "{event:?}");
    assert!(stream.take_error().unwrap().is_none());
    assert_eq!(stream.peer_addr().unwrap(), address);
    let (_accepted, peer) = listener.accept().unwrap();
    assert_eq!(stream.local_addr().unwrap(), peer);
    expect_no_events(&mut poll);
}

#[test]
fn a_connection_is_made_by_the_documented_steps() {
    connect_by_the_steps(loopback_v4());
}

#[test]
fn a_connection_over_ipv6_is_made_by_the_same_steps() {
    if !IPV6_LOOPBACK.is_missing() {
        connect_by_the_steps(loopback_v6());
    }
}

/// A port on which nobody listens, for as long as the stream lives that it belongs to.
fn refusing() -> (net::TcpStream, SocketAddr) {
    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    let stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = stream.local_addr().unwrap();
    (stream, address)
}

#[test]
fn a_refused_connection_is_an_event_and_an_error_to_take_once() {
    let (_owner, address) = refusing();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let error = stream.take_error().unwrap().expect("it was refused");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(stream.take_error().unwrap().is_none(), PENDING_ERRORS.is_here());
    expect_no_events(&mut poll);
}

#[test]
fn a_refused_stream_is_not_connected() {
    let (_owner, address) = refusing();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut poll = polling(&mut stream, BOTH);
    let answers =
        [Event::is_writable, Event::is_error, Event::is_write_closed, Event::is_read_closed];
    expect_events(&mut poll, &answers.map(|answer: Answer| (SOURCE, answer)));
    expect_error(stream.peer_addr(), ErrorKind::NotConnected);
    expect_error(stream.shutdown(Shutdown::Both), ErrorKind::NotConnected);
    if PENDING_ERRORS.is_here() {
        expect_error(stream.read(&mut [0; 8]), ErrorKind::ConnectionRefused);
    }
    poll.registry().deregister(&mut stream).unwrap();
}

#[test]
fn connect_without_a_route_is_refused_at_once() {
    // TCP has no broadcast and no multicast, whatever the machine's network.
    for address in ["255.255.255.255:9", "224.0.0.1:9"] {
        let result = TcpStream::connect(address.parse().unwrap());
        expect_error(result, ErrorKind::NetworkUnreachable);
    }
}

#[test]
fn connect_to_a_link_local_address_without_a_link_is_invalid() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let result = TcpStream::connect("[fe80::1]:9".parse().unwrap());
    expect_error(result, ErrorKind::InvalidInput);
}

/// A listener whose queue is full lets a connect wait until it has room, without an answer.
#[cfg(target_os = "linux")]
#[test]
fn a_connect_that_takes_its_time_is_an_event_when_it_is_made() {
    use std::io::Write;

    use mio::net::TcpListener;

    use crate::support::expect_would_block;

    let mut listener = TcpListener::bind(loopback_v4()).unwrap();
    let address = listener.local_addr().unwrap();
    crate::support::descriptor::set_backlog(&listener, 0);
    let mut queue = polling(&mut listener, Interest::READABLE);
    let _first = net::TcpStream::connect(address).unwrap();
    expect_event(&mut queue, SOURCE, Event::is_readable);

    let mut stream = TcpStream::connect(address).unwrap();
    let mut poll = polling(&mut stream, BOTH);
    expect_no_events(&mut poll);
    expect_error(stream.peer_addr(), ErrorKind::NotConnected);
    assert!(stream.take_error().unwrap().is_none());
    expect_would_block(stream.read(&mut [0; 8]));
    expect_would_block(stream.write(b"x"));

    listener.accept().unwrap();
    expect_event(&mut poll, SOURCE, Event::is_writable);
    assert!(stream.take_error().unwrap().is_none());
    assert_eq!(stream.peer_addr().unwrap(), address);
}

#[test]
fn a_stream_dropped_while_it_connects_leaves_nothing() {
    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut poll = polling(&mut stream, BOTH);
    drop(stream);
    expect_no_events(&mut poll);
}

#[test]
fn a_connected_stream_is_writable_and_nothing_else() {
    let (mut stream, _peer) = connected();
    let mut poll = polling(&mut stream, BOTH);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable);
    let others = [
        Event::is_readable,
        Event::is_error,
        Event::is_read_closed,
        Event::is_write_closed,
        Event::is_priority,
    ];
    assert!(others.iter().all(|answer| !answer(&event)), "{event:?}");
    expect_no_events(&mut poll);
}

#[cfg(any(unix, windows))]
#[test]
fn a_connecting_stream_does_not_block_and_is_closed_on_exec() {
    use crate::support::descriptor::{is_close_on_exec, is_nonblocking};

    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(is_nonblocking(&stream) && is_close_on_exec(&stream));
}
