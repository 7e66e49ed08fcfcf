//! `TcpListener` and `TcpStream`, on the loopback interface.
#![cfg(all(feature = "os-poll", feature = "net"))]

mod connecting;
mod listener;
mod stream;
#[path = "../support/mod.rs"]
mod support;

use std::io;
use std::net;

use mio::event::{Event, Source};
use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use support::{LIMIT, expect_event, loopback_v4};

/// The token of the source that a test is about.
const SOURCE: Token = Token(1);

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A poll with `source` registered as [`SOURCE`].
fn polling(source: &mut impl Source, interest: Interest) -> Poll {
    let poll = Poll::new().unwrap();
    poll.registry().register(source, SOURCE, interest).unwrap();
    poll
}

/// A connected stream, and its peer in the standard library, which blocks.
fn connected() -> (TcpStream, net::TcpStream) {
    connected_on(&net::TcpListener::bind(loopback_v4()).unwrap())
}

fn connected_on(listener: &net::TcpListener) -> (TcpStream, net::TcpStream) {
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    poll.registry().deregister(&mut stream).unwrap();
    (stream, peer)
}

/// Waits until an operation no longer would block, by events.
fn when_readable<T>(
    stream: &mut TcpStream,
    mut operation: impl FnMut(&mut TcpStream) -> io::Result<T>,
) -> io::Result<T> {
    let mut poll = polling(stream, Interest::READABLE);
    let result = loop {
        match operation(stream) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                expect_event(&mut poll, SOURCE, Event::is_readable);
            }
            result => break result,
        }
    };
    poll.registry().deregister(stream).unwrap();
    result
}
