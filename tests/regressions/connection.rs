//! Connections of both stream types, for tests that ask the same of each.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::event::{Event, Source};
#[cfg(unix)]
use mio::net::UnixStream;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Poll, Token};

use crate::support::{expect_event, loopback_v4, poll_for};

pub const TOKEN: Token = Token(7);
pub const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

pub trait Stream: Source + Read + Write + Sized {
    const NAME: &str;

    /// Both ends of a connection that is made.
    fn pair() -> (Self, Self);

    fn shut_down(&self, how: Shutdown);
}

impl Stream for TcpStream {
    const NAME: &str = "TCP";

    fn pair() -> (TcpStream, TcpStream) {
        let mut poll = Poll::new().unwrap();
        let mut listener = TcpListener::bind(loopback_v4()).unwrap();
        poll.registry().register(&mut listener, TOKEN, Interest::READABLE).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        expect_event(&mut poll, TOKEN, |event| event.is_readable());
        let (server, _) = listener.accept().unwrap();
        (client, server)
    }

    fn shut_down(&self, how: Shutdown) {
        self.shutdown(how).unwrap();
    }
}

#[cfg(unix)]
impl Stream for UnixStream {
    const NAME: &str = "Unix";

    fn pair() -> (UnixStream, UnixStream) {
        UnixStream::pair().unwrap()
    }

    fn shut_down(&self, how: Shutdown) {
        self.shutdown(how).unwrap();
    }
}

/// Writes until there is no room. Returns how much there was.
pub fn fill(mut stream: impl Write) -> usize {
    let mut written = 0;
    loop {
        match stream.write(&[b'x'; 4096]) {
            Ok(length) => written += length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return written,
            Err(error) => panic!("write failed: {error}"),
        }
    }
}

/// The events up to two polls without any.
#[track_caller]
pub fn events_until_silence(poll: &mut Poll) -> Vec<Event> {
    let mut seen = Vec::new();
    let mut empty = 0;
    for _ in 0..1000 {
        let events = poll_for(poll, Duration::ZERO);
        empty = if events.is_empty() { empty + 1 } else { 0 };
        seen.extend(events);
        if empty == 2 {
            return seen;
        }
    }
    panic!("events without end: {:?}", &seen[seen.len() - 4..]);
}
