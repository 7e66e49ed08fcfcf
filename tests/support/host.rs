//! The host of WASI programs, which learns what happens to sockets by an event queue that another
//! thread looks at.

use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::{LIMIT, loopback_v4};

/// A connection whose events come after those of what happened before it was written to.
struct Mark {
    poll: Poll,
    reader: TcpStream,
    writer: std::net::TcpStream,
}

impl Mark {
    fn new() -> Mark {
        let listener = TcpListener::bind(loopback_v4()).unwrap();
        let writer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut reader, _) = loop {
            match listener.accept() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => break result.unwrap(),
            }
        };
        let poll = Poll::new().unwrap();
        poll.registry().register(&mut reader, Token(0), Interest::READABLE).unwrap();
        Mark { poll, reader, writer }
    }

    fn arrives(&mut self) {
        self.writer.write_all(b"x").unwrap();
        let mut has_arrived = false;
        loop {
            match self.reader.read(&mut [0; 8]) {
                Ok(length) => has_arrived |= length > 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock && has_arrived => return,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let mut events = Events::with_capacity(1);
                    self.poll.poll(&mut events, Some(LIMIT)).unwrap();
                    assert!(!events.is_empty());
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Returns once the host knows what has happened so far.
pub fn until_known() {
    thread_local!(static MARK: RefCell<Option<Mark>> = const { RefCell::new(None) });

    MARK.with(|mark| mark.borrow_mut().get_or_insert_with(Mark::new).arrives());
}
