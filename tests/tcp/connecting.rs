//! `TcpStream::connect`: made at once, later, or never.

use std::io::{ErrorKind, Read, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::time::Instant;

use mio::Interest;
use mio::event::Event;
use mio::net::TcpStream;

use crate::support::capabilities::{
    IPV6_LOOPBACK, PEER_MEANS_CONNECTED, PENDING_ERRORS, REFUSALS_COME_LATER,
};
use crate::support::{
    Answer, LIMIT, expect_error, expect_event, expect_events, expect_no_events, loopback_v4,
    loopback_v6,
};
use crate::{BOTH, SOURCE, connected, polling, when_readable};

/// Connects as the documentation of `connect` says, and checks both ends.
fn connect_by_the_steps(address: SocketAddr) {
    let listener = net::TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable);
    assert!(!event.is_error() && !event.is_write_closed(), "{event:?}");
    stream.finish_connect().unwrap();
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

/// Begins to connect to it: none if that was refused at once, where that may be.
fn begin_refused(address: SocketAddr) -> Option<TcpStream> {
    let result = TcpStream::connect(address);
    if result.is_err() && REFUSALS_COME_LATER.is_missing() {
        expect_error(result, ErrorKind::ConnectionRefused);
        return None;
    }
    Some(result.unwrap())
}

#[test]
fn the_local_address_can_be_asked_for_at_any_time() {
    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    let (_owner, refused) = refusing();
    for address in [listener.local_addr().unwrap(), refused] {
        let Ok(mut stream) = TcpStream::connect(address) else { continue };
        for _ in 0..2 {
            match stream.local_addr() {
                Ok(local) => assert_eq!(local.ip(), loopback_v4().ip()),
                Err(error) if cfg!(target_os = "wasi") => {
                    assert_eq!(error.kind(), ErrorKind::NotConnected);
                }
                Err(error) => panic!("{error}"),
            }
            let mut poll = polling(&mut stream, Interest::WRITABLE);
            expect_event(&mut poll, SOURCE, Event::is_writable);
            poll.registry().deregister(&mut stream).unwrap();
        }
    }
}

/// W6.
#[test]
fn a_refused_connection_is_an_event_and_an_error_to_take_once() {
    let (_owner, address) = refusing();
    let Some(mut stream) = begin_refused(address) else { return };
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let error = stream.take_error().unwrap().expect("it was refused");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(stream.take_error().unwrap().is_none(), PENDING_ERRORS.is_here());
    expect_no_events(&mut poll);
}

#[test]
fn a_refused_stream_is_not_connected() {
    if REFUSALS_COME_LATER.is_missing() {
        return;
    }
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

/// Its error is not told twice; or again and again, by a system that keeps it.
#[track_caller]
fn expect_failed_before(stream: &TcpStream, kind: ErrorKind) {
    let again = stream.finish_connect().unwrap_err().kind();
    let is_kept = !PENDING_ERRORS.is_here() && again == kind;
    assert!(again == ErrorKind::NotConnected || is_kept, "{again:?}");
}

#[test]
fn finishing_a_connect_that_was_refused_is_that_error_once() {
    let (_owner, address) = refusing();
    let Some(mut stream) = begin_refused(address) else { return };
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    expect_error(stream.finish_connect(), ErrorKind::ConnectionRefused);
    for _ in 0..3 {
        expect_failed_before(&stream, ErrorKind::ConnectionRefused);
    }
    expect_no_events(&mut poll);
    if PENDING_ERRORS.is_here() {
        assert!(stream.take_error().unwrap().is_none());
    }
}

#[test]
fn finishing_a_connect_whose_error_was_taken_is_not_connected() {
    let (_owner, address) = refusing();
    let Some(mut stream) = begin_refused(address) else { return };
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    stream.take_error().unwrap().expect("it was refused");
    expect_failed_before(&stream, ErrorKind::ConnectionRefused);
}

/// Asked without waiting for an event, it says sooner or later what it would say after one.
#[test]
fn finishing_without_an_event_goes_on_until_it_is_decided() {
    fn result_of(address: SocketAddr) -> std::io::Result<()> {
        let stream = TcpStream::connect(address)?;
        let deadline = Instant::now() + LIMIT;
        loop {
            match stream.finish_connect() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "it is never decided");
                    std::thread::yield_now();
                }
                result => return result,
            }
        }
    }
    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    result_of(listener.local_addr().unwrap()).unwrap();
    if PEER_MEANS_CONNECTED.is_missing() {
        return;
    }
    let (_owner, address) = refusing();
    expect_error(result_of(address), ErrorKind::ConnectionRefused);
}

#[test]
fn a_stream_that_is_connected_can_be_asked_again_and_again() {
    let (stream, peer) = connected();
    let accepted = TcpStream::from_std(peer);
    for _ in 0..3 {
        stream.finish_connect().unwrap();
        accepted.finish_connect().unwrap();
    }
}

/// Not being writable is not the same as being about to connect.
#[test]
fn a_stream_without_room_is_connected() {
    let (mut stream, _peer) = connected();
    while stream.write(&[0; 1 << 16]).is_ok() {}
    stream.finish_connect().unwrap();
}

#[test]
fn a_stream_whose_peer_has_closed_is_connected() {
    let (mut stream, mut peer) = connected();
    peer.write_all(b"left").unwrap();
    drop(peer);
    let mut buffer = [0; 8];
    while when_readable(&mut stream, |stream| stream.read(&mut buffer)).unwrap() > 0 {
        stream.finish_connect().unwrap();
    }
    stream.finish_connect().unwrap();
}

/// One's own shutting down makes it no less connected either.
#[test]
fn a_stream_that_writes_no_more_is_connected() {
    let (stream, _peer) = connected();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.finish_connect().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn finishing_a_connection_that_was_reset_is_that_error_once() {
    let (mut stream, peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    crate::support::descriptor::reset_on_close(&peer);
    drop(peer);
    expect_event(&mut poll, SOURCE, Event::is_read_closed);
    expect_error(stream.finish_connect(), ErrorKind::ConnectionReset);
    expect_error(stream.finish_connect(), ErrorKind::NotConnected);
}

#[cfg(target_os = "linux")]
#[test]
fn a_socket_that_never_began_to_connect_is_not_connected() {
    let stream = TcpStream::from(crate::support::descriptor::unconnected_tcp());
    for _ in 0..2 {
        expect_error(stream.finish_connect(), ErrorKind::NotConnected);
    }
}

#[test]
fn connect_without_a_route_is_refused_at_once() {
    // TCP has no broadcast and no multicast, whatever the machine's network.
    let kind = match cfg!(target_os = "wasi") {
        true => ErrorKind::InvalidInput,
        false => ErrorKind::NetworkUnreachable,
    };
    for address in ["255.255.255.255:9", "224.0.0.1:9"] {
        expect_error(TcpStream::connect(address.parse().unwrap()), kind);
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

/// A listener whose queue is full lets a connect wait until it has room, without an answer. Returns
/// it with what fills its queue.
#[cfg(target_os = "linux")]
fn without_answer() -> (mio::net::TcpListener, net::TcpStream) {
    let mut listener = mio::net::TcpListener::bind(loopback_v4()).unwrap();
    crate::support::descriptor::set_backlog(&listener, 0);
    let mut queue = polling(&mut listener, Interest::READABLE);
    let first = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    expect_event(&mut queue, SOURCE, Event::is_readable);
    (listener, first)
}

#[cfg(target_os = "linux")]
#[test]
fn a_connect_that_nobody_answers_times_out() {
    let (listener, _first) = without_answer();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_error(stream.finish_connect(), ErrorKind::WouldBlock);
    // In milliseconds. The system looks at it when it tries again, a second after the first time.
    let timeout = libc::TCP_USER_TIMEOUT;
    crate::support::descriptor::set_option(&stream, libc::IPPROTO_TCP, timeout, 1);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    expect_error(stream.finish_connect(), ErrorKind::TimedOut);
    expect_error(stream.finish_connect(), ErrorKind::NotConnected);
}

#[cfg(target_os = "linux")]
#[test]
fn a_connect_that_takes_its_time_is_an_event_when_it_is_made() {
    use crate::support::expect_would_block;

    let (listener, _first) = without_answer();
    let address = listener.local_addr().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut poll = polling(&mut stream, BOTH);
    expect_no_events(&mut poll);
    for _ in 0..3 {
        expect_would_block(stream.finish_connect());
        expect_no_events(&mut poll);
    }
    expect_error(stream.peer_addr(), ErrorKind::NotConnected);
    assert!(stream.take_error().unwrap().is_none());
    expect_would_block(stream.read(&mut [0; 8]));
    expect_would_block(stream.write(b"x"));

    listener.accept().unwrap();
    expect_event(&mut poll, SOURCE, Event::is_writable);
    stream.finish_connect().unwrap();
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

/// W8.
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
