//! Unix sockets on Windows.

use std::io::{ErrorKind, Read, Write};
use std::net::{self, Shutdown};
use std::os::windows::io::OwnedSocket;
use std::path::Path;

use mio::event::Event;
use mio::net::{UnixListener, UnixSocketAddr, UnixStream};
use mio::{Interest, Poll, Token};
use windows_sys::Win32::Networking::WinSock::WSAEAFNOSUPPORT;

use crate::support::capabilities::UNIX_SOCKETS;
use crate::support::descriptor::{is_close_on_exec, is_nonblocking, open_handles};
use crate::support::{
    SocketPath, expect_error, expect_event, expect_events, expect_no_events, expect_os_error,
    expect_would_block, loopback_v4, read_until_would_block,
};

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A stream in place of one of Unix sockets: all but addresses is the same for every family.
fn stand_in() -> (UnixStream, net::TcpStream) {
    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    let stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    (UnixStream::from(OwnedSocket::from(stream)), listener.accept().unwrap().0)
}

#[test]
fn a_client_and_a_server_talk_by_a_path() {
    if UNIX_SOCKETS.is_missing() {
        return;
    }
    let path = SocketPath::new();
    let mut listener = UnixListener::bind(&path).unwrap();
    assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
    let mut poll = Poll::new().unwrap();
    poll.registry().register(&mut listener, Token(0), Interest::READABLE).unwrap();
    expect_would_block(listener.accept());

    let mut client = UnixStream::connect(&path).unwrap();
    poll.registry().register(&mut client, Token(1), BOTH).unwrap();
    expect_events(&mut poll, &[(Token(0), Event::is_readable), (Token(1), Event::is_writable)]);
    client.finish_connect().unwrap();
    let (mut server, peer) = listener.accept().unwrap();
    assert!(peer.is_unnamed());
    assert!(is_nonblocking(&server) && is_close_on_exec(&server));
    assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));

    expect_would_block(client.read(&mut [0; 16]));
    server.write_all(b"hello").unwrap();
    expect_event(&mut poll, Token(1), Event::is_readable);
    assert_eq!(read_until_would_block(&client), b"hello");
    drop(server);
    expect_event(&mut poll, Token(1), Event::is_read_closed);
}

#[test]
fn a_connected_stream_says_that_it_is() {
    let (stream, _peer) = stand_in();
    for _ in 0..2 {
        stream.finish_connect().unwrap();
    }
}

#[test]
fn what_is_not_there_or_there_already_is_an_error() {
    if UNIX_SOCKETS.is_missing() {
        return;
    }
    let path = SocketPath::new();
    UnixStream::connect(&path).unwrap_err();
    let _listener = UnixListener::bind(&path).unwrap();
    expect_error(UnixListener::bind(&path), ErrorKind::AddrInUse);
}

#[test]
fn names_that_windows_does_not_have_are_invalid() {
    let long = "p".repeat(108);
    for name in ["", "\0abstract", &long] {
        expect_error(UnixListener::bind(name), ErrorKind::InvalidInput);
        expect_error(UnixStream::connect(name), ErrorKind::InvalidInput);
    }
    let unnamed = UnixSocketAddr::from_pathname("").unwrap();
    expect_error(UnixListener::bind_addr(&unnamed), ErrorKind::InvalidInput);
    expect_error(UnixStream::connect_addr(&unnamed), ErrorKind::InvalidInput);
    let address = UnixSocketAddr::from_pathname("a").unwrap();
    assert_eq!(address.as_pathname(), Some(Path::new("a")));
}

/// A system before 10.0.17063 says so, and nothing is left behind.
#[test]
fn a_system_without_unix_sockets_says_so() {
    if UNIX_SOCKETS.is_here() {
        return;
    }
    let path = SocketPath::new();
    expect_os_error(UnixStream::connect(&path), WSAEAFNOSUPPORT);
    let before = open_handles();
    for _ in 0..1_000 {
        expect_os_error(UnixStream::connect(&path), WSAEAFNOSUPPORT);
        expect_os_error(UnixListener::bind(&path), WSAEAFNOSUPPORT);
    }
    assert!(open_handles() < before + 100);
}

#[test]
fn a_stream_reads_writes_and_ends() {
    let (mut stream, mut peer) = stand_in();
    let mut poll = Poll::new().unwrap();
    poll.registry().register(&mut stream, Token(1), BOTH).unwrap();
    let event = expect_event(&mut poll, Token(1), Event::is_writable);
    assert!(!event.is_readable(), "{event:?}");
    expect_no_events(&mut poll);
    expect_would_block(stream.read(&mut [0; 16]));
    peer.write_all(b"hello").unwrap();
    expect_event(&mut poll, Token(1), Event::is_readable);
    assert_eq!(read_until_would_block(&stream), b"hello");

    stream.write_all(b"answer").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"answer");
    drop(peer);
    expect_event(&mut poll, Token(1), Event::is_read_closed);
    assert!(stream.take_error().unwrap().is_none());
}

#[test]
fn an_address_of_another_family_is_not_taken_for_a_path() {
    let (stream, _peer) = stand_in();
    expect_error(stream.local_addr(), ErrorKind::InvalidData);
    expect_error(stream.peer_addr(), ErrorKind::InvalidData);

    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = UnixListener::from(OwnedSocket::from(listener));
    expect_error(listener.local_addr(), ErrorKind::InvalidData);
    expect_would_block(listener.accept());
    let mut client = net::TcpStream::connect(address).unwrap();
    expect_error(listener.accept(), ErrorKind::InvalidData);
    // The connection that could not be given out is closed.
    assert!(matches!(client.read(&mut [0]), Ok(0) | Err(_)));
}
