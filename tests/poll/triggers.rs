//! `Interest::level`, `Interest::oneshot` and `Interest::exclusive`, on sources of every kind.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream as StdStream;

use mio::event::{Event, Source};
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Interest, Poll, Registry, Token};

use crate::support::capabilities::THREADS;
use crate::support::{
    expect_error, expect_event, expect_no_events, expect_would_block, loopback_v4, poll_for,
};
use crate::{BOTH, SOURCE, send_to, socket};

const OTHER: Token = Token(2);

/// A stream that is not registered, and its peer that blocks.
fn connected() -> (TcpStream, StdStream) {
    let listener = std::net::TcpListener::bind(loopback_v4()).unwrap();
    let peer = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_nodelay(true).unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_nonblocking(true).unwrap();
    (TcpStream::from_std(stream), peer)
}

fn register(poll: &Poll, source: &mut impl Source, interest: Interest) {
    poll.registry().register(source, SOURCE, interest).unwrap();
}

fn reregister(poll: &Poll, source: &mut impl Source, interest: Interest) {
    poll.registry().reregister(source, SOURCE, interest).unwrap();
}

/// The next poll has an event that says so, for this token, and no other.
#[track_caller]
fn expect_at_once(poll: &mut Poll, answer: fn(&Event) -> bool) {
    let events = poll_for(poll, std::time::Duration::ZERO);
    assert!(events.iter().any(answer), "{events:?}");
    assert!(events.iter().all(|event| event.token() == SOURCE), "{events:?}");
}

#[test]
fn a_level_lasts_until_all_was_read() {
    let mut poll = Poll::new().unwrap();
    let (mut stream, mut peer) = connected();
    register(&poll, &mut stream, Interest::READABLE.level());
    expect_no_events(&mut poll);
    peer.write_all(b"five!").unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    for _ in 0..5 {
        expect_at_once(&mut poll, Event::is_readable);
        assert_eq!(stream.read(&mut [0]).unwrap(), 1);
    }
    expect_would_block(stream.read(&mut [0]));
    expect_no_events(&mut poll);
    expect_no_events(&mut poll);
}

#[test]
fn a_level_lasts_until_the_last_datagram() {
    let mut poll = Poll::new().unwrap();
    let mut socket: UdpSocket = socket();
    register(&poll, &mut socket, Interest::READABLE.level());
    send_to(&socket);
    send_to(&socket);
    for _ in 0..2 {
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_at_once(&mut poll, Event::is_readable);
        socket.recv(&mut [0; 8]).unwrap();
    }
    expect_would_block(socket.recv(&mut [0; 8]));
    expect_no_events(&mut poll);
}

#[test]
fn a_level_lasts_until_the_last_connection() {
    let mut poll = Poll::new().unwrap();
    let mut listener = TcpListener::bind(loopback_v4()).unwrap();
    register(&poll, &mut listener, Interest::READABLE.level());
    let address = listener.local_addr().unwrap();
    let _clients = [(); 3].map(|()| StdStream::connect(address).unwrap());
    for _ in 0..3 {
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_at_once(&mut poll, Event::is_readable);
        listener.accept().unwrap();
    }
    expect_would_block(listener.accept());
    expect_no_events(&mut poll);
}

#[test]
fn a_level_says_each_time_that_the_end_can_be_read() {
    let mut poll = Poll::new().unwrap();
    let (mut stream, peer) = connected();
    register(&poll, &mut stream, Interest::READABLE.level());
    drop(peer);
    expect_event(&mut poll, SOURCE, Event::is_readable);
    for _ in 0..3 {
        expect_at_once(&mut poll, Event::is_readable);
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    }
}

#[test]
fn a_one_shot_is_one_event_until_it_is_registered_anew() {
    for once in [BOTH.oneshot(), BOTH.level().oneshot()] {
        let mut poll = Poll::new().unwrap();
        let (mut stream, mut peer) = connected();
        register(&poll, &mut stream, once);
        assert!(expect_event(&mut poll, SOURCE, Event::is_writable).is_writable());
        peer.write_all(b"x").unwrap();
        expect_no_events(&mut poll);
        while stream.read(&mut [0; 8]).is_err() {}
        expect_would_block(stream.read(&mut [0; 8]));
        drop(peer);
        expect_no_events(&mut poll);
        for _ in 0..2 {
            reregister(&poll, &mut stream, once.remove(Interest::WRITABLE).unwrap());
            expect_event(&mut poll, SOURCE, Event::is_readable);
            expect_no_events(&mut poll);
        }
        poll.registry().deregister(&mut stream).unwrap();
        expect_error(poll.registry().deregister(&mut stream), ErrorKind::NotFound);
    }
}

#[test]
fn a_connect_is_one_shot() {
    let mut poll = Poll::new().unwrap();
    let listener = std::net::TcpListener::bind(loopback_v4()).unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    register(&poll, &mut stream, Interest::WRITABLE.oneshot());
    expect_event(&mut poll, SOURCE, Event::is_writable);
    expect_no_events(&mut poll);
    reregister(&poll, &mut stream, Interest::WRITABLE.level());
    for _ in 0..3 {
        expect_event(&mut poll, SOURCE, Event::is_writable);
    }
}

#[test]
fn a_waker_wakes_among_all_triggers() {
    if !THREADS.is_here() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let waker = mio::Waker::new(poll.registry(), OTHER).unwrap();
    let (mut level, _level_peer) = connected();
    let (mut once, _once_peer) = connected();
    register(&poll, &mut level, Interest::WRITABLE.level());
    register(&poll, &mut once, Interest::WRITABLE.oneshot());
    for _ in 0..5 {
        waker.wake().unwrap();
        expect_event(&mut poll, OTHER, Event::is_readable);
        let events = poll_for(&mut poll, std::time::Duration::ZERO);
        assert!(events.iter().all(|event| event.token() == SOURCE), "{events:?}");
    }
}

/// A source of somebody else, which knows nothing of triggers.
struct Wrapper(TcpStream);

impl Source for Wrapper {
    fn register(&mut self, registry: &Registry, token: Token, how: Interest) -> io::Result<()> {
        self.0.register(registry, token, how)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, how: Interest) -> io::Result<()> {
        self.0.reregister(registry, token, how)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.0.deregister(registry)
    }
}

#[test]
fn triggers_go_through_a_source_that_knows_nothing_of_them() {
    let mut poll = Poll::new().unwrap();
    let (stream, _peer) = connected();
    let mut wrapper = Wrapper(stream);
    register(&poll, &mut wrapper, Interest::WRITABLE.level());
    for _ in 0..3 {
        expect_event(&mut poll, SOURCE, Event::is_writable);
    }
    reregister(&poll, &mut wrapper, Interest::WRITABLE.oneshot());
    expect_event(&mut poll, SOURCE, Event::is_writable);
    expect_no_events(&mut poll);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod exclusive {
    use super::*;
    use crate::support::{is_kqueue, is_poll2};

    #[test]
    fn an_exclusive_listener_is_registered_with_several_polls_or_refused() {
        let first = std::net::TcpListener::bind(loopback_v4()).unwrap();
        first.set_nonblocking(true).unwrap();
        let mut polls = [(); 2].map(|()| Poll::new().unwrap());
        let mut listeners =
            polls.each_ref().map(|_| TcpListener::from_std(first.try_clone().unwrap()));
        let interest = Interest::READABLE.exclusive();
        for (poll, listener) in polls.iter().zip(&mut listeners) {
            let registered = poll.registry().register(listener, SOURCE, interest);
            if is_poll2() || is_kqueue() {
                expect_error(registered, ErrorKind::Unsupported);
                expect_error(poll.registry().deregister(listener), ErrorKind::NotFound);
                continue;
            }
            registered.unwrap();
            for refused in [interest.oneshot(), interest | Interest::PRIORITY] {
                let anew = poll.registry().reregister(listener, SOURCE, refused);
                expect_error(anew, ErrorKind::InvalidInput);
            }
            reregister(poll, listener, Interest::READABLE);
            reregister(poll, listener, interest.level());
            reregister(poll, listener, interest);
        }
        if is_poll2() || is_kqueue() {
            return;
        }
        let _client = StdStream::connect(first.local_addr().unwrap()).unwrap();
        // Nobody waits at the time, so that each has it.
        for poll in &mut polls {
            expect_event(poll, SOURCE, Event::is_readable);
        }
    }
}

#[cfg(all(unix, feature = "os-ext"))]
mod descriptors {
    use std::fs::File;
    use std::os::fd::AsRawFd;

    use mio::unix::{SourceFd, pipe};

    use super::*;

    #[test]
    fn a_pipe_has_every_trigger() {
        let mut poll = Poll::new().unwrap();
        let (mut sender, mut receiver) = pipe::new().unwrap();
        register(&poll, &mut receiver, Interest::READABLE.level());
        sender.write_all(b"two").unwrap();
        for _ in 0..3 {
            expect_at_once(&mut poll, Event::is_readable);
            receiver.read_exact(&mut [0]).unwrap();
        }
        expect_no_events(&mut poll);
        reregister(&poll, &mut receiver, Interest::READABLE.oneshot());
        sender.write_all(b"x").unwrap();
        expect_at_once(&mut poll, Event::is_readable);
        drop(sender);
        expect_no_events(&mut poll);
        reregister(&poll, &mut receiver, Interest::READABLE.level());
        for _ in 0..3 {
            expect_at_once(&mut poll, Event::is_read_closed);
        }
    }

    /// As standard input is: each event is followed by one read, which never waits.
    #[test]
    fn a_descriptor_that_blocks_is_read_by_levels() {
        let mut poll = Poll::new().unwrap();
        let (sender, receiver) = pipe::new().unwrap();
        receiver.set_nonblocking(false).unwrap();
        read_by_levels(&mut poll, File::from(std::os::fd::OwnedFd::from(sender)), &receiver);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_terminal_is_read_by_levels() {
        let mut poll = Poll::new().unwrap();
        let (master, terminal) = crate::support::descriptor::terminal();
        read_by_levels(&mut poll, master, &terminal);
    }

    fn read_by_levels<T: AsRawFd>(poll: &mut Poll, mut writer: File, reader: &T)
    where
        for<'a> &'a T: Read,
    {
        let fd = reader.as_raw_fd();
        register(poll, &mut SourceFd(&fd), Interest::READABLE.level());
        for _ in 0..3 {
            expect_no_events(poll);
            writer.write_all(b"abcde\n").unwrap();
            let mut line = Vec::new();
            while line.last() != Some(&b'\n') {
                expect_event(poll, SOURCE, Event::is_readable);
                let mut buffer = [0; 2];
                let mut reader = reader;
                let length = reader.read(&mut buffer).unwrap();
                line.extend_from_slice(&buffer[..length]);
            }
            assert_eq!(line, b"abcde\n");
        }
        expect_no_events(poll);
        poll.registry().deregister(&mut SourceFd(&fd)).unwrap();
    }
}
