//! `UnixListener`.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net;

use mio::Interest;
use mio::event::Event;
use mio::net::{UnixListener, UnixStream};

use crate::support::conversions::{
    convert_registered, convert_there_and_back, convert_to_std_and_back,
};
use crate::support::descriptor::{is_close_on_exec, is_nonblocking};
use crate::support::{
    SocketPath, expect_event, expect_no_events, expect_would_block, read_until_would_block,
};
use crate::{SOURCE, polling};

fn listening() -> (UnixListener, SocketPath) {
    let path = SocketPath::new();
    (UnixListener::bind(&path).unwrap(), path)
}

#[test]
fn bind_makes_the_path_and_leaves_it_behind() {
    let (listener, path) = listening();
    assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
    drop(listener);
    assert!(path.as_ref().exists());
}

#[test]
fn bind_addr_takes_a_path_too() {
    let path = SocketPath::new();
    let address = net::SocketAddr::from_pathname(&path).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
}

#[test]
fn accept_gives_the_stream_and_its_unnamed_peer() {
    let (mut listener, path) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    expect_no_events(&mut poll);
    let mut client = net::UnixStream::connect(&path).unwrap();
    let event = expect_event(&mut poll, SOURCE, Event::is_readable);
    assert!(!event.is_writable() && !event.is_read_closed() && !event.is_error());

    let (mut stream, peer) = listener.accept().unwrap();
    assert!(peer.is_unnamed());
    assert_eq!(stream.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
    stream.write_all(b"hello").unwrap();
    let mut buffer = [0; 5];
    client.read_exact(&mut buffer).unwrap();
    client.write_all(&buffer).unwrap();
    assert_eq!(read_until_would_block(&stream), b"hello");
}

#[test]
fn accept_without_a_connection_would_block() {
    expect_would_block(listening().0.accept());
}

#[test]
fn a_connection_after_accept_would_block_is_an_event() {
    let (mut listener, path) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    for _ in 0..5 {
        expect_would_block(listener.accept());
        expect_no_events(&mut poll);
        let _client = net::UnixStream::connect(&path).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        listener.accept().unwrap();
    }
}

#[test]
fn one_event_may_stand_for_many_connections() {
    let (mut listener, path) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    let _clients = [(); 3].map(|()| net::UnixStream::connect(&path).unwrap());
    expect_event(&mut poll, SOURCE, Event::is_readable);
    let _streams = [(); 3].map(|()| listener.accept().unwrap());
    expect_would_block(listener.accept());
    expect_no_events(&mut poll);
}

#[test]
fn a_full_queue_lets_no_stream_connect_until_it_has_room() {
    let (listener, path) = listening();
    crate::support::descriptor::set_backlog(&listener, 0);
    let mut waiting = Vec::new();
    let error = loop {
        match UnixStream::connect(&path) {
            Ok(stream) => waiting.push(stream),
            Err(error) => break error,
        }
        assert!(waiting.len() < 100, "the queue has no end");
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    listener.accept().unwrap();
    UnixStream::connect(&path).unwrap();
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_healthy_listener_has_no_error_to_take() {
    assert!(listening().0.take_error().unwrap().is_none());
}

#[test]
fn listeners_and_accepted_streams_do_not_block_and_are_closed_on_exec() {
    let (listener, path) = listening();
    let _client = net::UnixStream::connect(&path).unwrap();
    let (stream, _) = listener.accept().unwrap();
    assert!(is_nonblocking(&listener) && is_close_on_exec(&listener));
    assert!(is_nonblocking(&stream) && is_close_on_exec(&stream));
}

#[test]
fn conversions_keep_number_flags_and_queue_and_close_once_at_the_end() {
    let (listener, path) = listening();
    let _client = net::UnixStream::connect(&path).unwrap();
    let listener = convert_there_and_back(listener);
    let listener =
        convert_to_std_and_back::<_, net::UnixListener>(listener, UnixListener::from_std);
    listener.accept().unwrap();
    drop(listener);
    let refused = net::UnixStream::connect(&path).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn conversions_leave_registration_as_the_selector_has_it() {
    convert_registered(listening().0, Interest::READABLE);
}

#[test]
fn from_std_takes_a_blocking_listener_as_it_is() {
    let blocking = net::UnixListener::bind(SocketPath::new()).unwrap();
    assert!(!is_nonblocking(&UnixListener::from_std(blocking)));
}

#[test]
fn debug_names_the_type() {
    let (listener, _path) = listening();
    assert!(format!("{listener:?}").starts_with("UnixListener"));
}
