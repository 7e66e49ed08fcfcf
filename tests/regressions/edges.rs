//! Edges: one event for each change, none without a change, and no direction speaks for the other.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, Read, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(unix)]
use std::sync::mpsc;
#[cfg(unix)]
use std::thread;
use std::time::Duration;

use mio::event::{Event, Source};
#[cfg(unix)]
use mio::net::{TcpListener, UnixDatagram, UnixListener, UnixStream};
use mio::net::{TcpStream, UdpSocket};
#[cfg(unix)]
use mio::unix::pipe;
use mio::{Interest, Poll};

#[cfg(unix)]
use crate::connection::events_until_silence;
use crate::connection::{BOTH, Stream, TOKEN, fill};
#[cfg(unix)]
use crate::support::capabilities::{PRIORITY, TELLS_PASSING_ERRORS};
#[cfg(unix)]
use crate::support::descriptor::send_out_of_band;
use crate::support::{
    LIMIT, expect_event, expect_events, expect_no_events, expect_would_block, loopback_v4,
    poll_for, read_until_would_block,
};
#[cfg(unix)]
use crate::support::{SocketPath, waiting};

const ROUNDS: usize = 100;

/// A registered stream whose first writable event is over, and its peer.
fn registered<S: Stream>(interest: Interest) -> (Poll, S, S) {
    let mut poll = Poll::new().unwrap();
    let (mut local, remote) = S::pair();
    poll.registry().register(&mut local, TOKEN, interest).unwrap();
    if interest.is_writable() {
        expect_event(&mut poll, TOKEN, Event::is_writable);
    }
    expect_no_events(&mut poll);
    (poll, local, remote)
}

/// W2, mio#1963, tokio#8054: waiting to read tells nothing of writing, however often it is tried.
#[test]
fn reads_that_block_make_no_writable_event() {
    fn check<S: Stream>() {
        let (mut poll, mut local, remote) = registered::<S>(BOTH);
        for _ in 0..ROUNDS {
            expect_would_block(local.read(&mut [0; 8]));
            expect_no_events(&mut poll);
        }
        drop(remote);
    }
    check::<TcpStream>();
    #[cfg(unix)]
    check::<UnixStream>();
}

/// W2, mio#1963: the same of sockets without connections, by each way to receive.
#[test]
fn receives_that_block_make_no_writable_event() {
    let mut poll = Poll::new().unwrap();
    let mut udp = UdpSocket::bind(loopback_v4()).unwrap();
    poll.registry().register(&mut udp, TOKEN, BOTH).unwrap();
    expect_event(&mut poll, TOKEN, Event::is_writable);
    #[cfg(unix)]
    let (mut unix, _peer) = UnixDatagram::pair().unwrap();
    #[cfg(unix)]
    {
        poll.registry().register(&mut unix, TOKEN, BOTH).unwrap();
        expect_event(&mut poll, TOKEN, Event::is_writable);
    }
    let mut buffer = [0; 8];
    for _ in 0..ROUNDS {
        expect_would_block(udp.recv(&mut buffer));
        expect_would_block(udp.recv_from(&mut buffer));
        expect_would_block(udp.peek(&mut buffer));
        expect_would_block(udp.peek_from(&mut buffer));
        #[cfg(unix)]
        expect_would_block(unix.recv(&mut buffer));
        #[cfg(unix)]
        expect_would_block(unix.recv_from(&mut buffer));
        expect_no_events(&mut poll);
    }
}

/// W2, mio#1963: waiting to write tells nothing of reading, though there is something to read.
#[test]
fn writes_that_block_make_no_readable_event() {
    fn check<S: Stream>() {
        let (mut poll, mut local, mut remote) = registered::<S>(BOTH);
        remote.write_all(b"unread").unwrap();
        expect_event(&mut poll, TOKEN, Event::is_readable);
        for _ in 0..ROUNDS {
            // TCP may find more room by itself. Only then may its event say both.
            fill(&mut local);
            for event in poll_for(&mut poll, Duration::ZERO) {
                assert!(event.is_writable() || !event.is_readable(), "{event:?}");
            }
        }
    }
    check::<TcpStream>();
    #[cfg(unix)]
    check::<UnixStream>();
}

/// A user's own operation that finds nothing.
fn would_block() -> io::Result<()> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// W2, mio#1963: the same of operations that the type does not have, where the user names their
/// direction.
#[test]
fn named_reads_that_block_make_no_writable_event() {
    fn check<S: Source>(mut source: S, read: impl Fn(&S) -> io::Result<()>, arrive: impl Fn()) {
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut source, TOKEN, BOTH).unwrap();
        expect_event(&mut poll, TOKEN, Event::is_writable);
        for _ in 0..ROUNDS {
            expect_would_block(read(&source));
            expect_no_events(&mut poll);
        }
        arrive();
        expect_event(&mut poll, TOKEN, Event::is_readable);
    }
    let reading = Interest::READABLE;
    let (local, remote) = TcpStream::pair();
    check(
        local,
        |source| source.try_io_with(reading, would_block),
        || assert_eq!((&remote).write(b"x").unwrap(), 1),
    );
    let local = UdpSocket::bind(loopback_v4()).unwrap();
    let (address, remote) = (local.local_addr().unwrap(), UdpSocket::bind(loopback_v4()).unwrap());
    check(
        local,
        |source| source.try_io_with(reading, would_block),
        || assert_eq!(remote.send_to(b"x", address).unwrap(), 1),
    );
    #[cfg(unix)]
    {
        let (local, remote) = UnixStream::pair().unwrap();
        check(
            local,
            |source| source.try_io_with(reading, would_block),
            || assert_eq!((&remote).write(b"x").unwrap(), 1),
        );
        let (local, remote) = UnixDatagram::pair().unwrap();
        check(
            local,
            |source| source.try_io_with(reading, would_block),
            || assert_eq!(remote.send(b"x").unwrap(), 1),
        );
    }
}

/// W1, W2: what comes after an operation that the type does not have, and which would block in the
/// direction named, is one event, with each type.
#[cfg(unix)]
#[test]
fn each_change_after_a_named_operation_that_blocked_is_one_event() {
    fn check<S: Source>(
        mut source: S,
        direction: Interest,
        block: impl Fn(&S) -> io::Result<()>,
        change: impl Fn(),
        take: impl Fn(&S),
    ) {
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut source, TOKEN, direction).unwrap();
        let answer = if direction.is_readable() { Event::is_readable } else { Event::is_writable };
        for _ in 0..3 {
            events_until_silence(&mut poll);
            take(&source);
            expect_would_block(block(&source));
            expect_no_events(&mut poll);
            change();
            expect_event(&mut poll, TOKEN, answer);
            expect_no_events(&mut poll);
        }
    }
    let (reading, writing) = (Interest::READABLE, Interest::WRITABLE);

    // Each takes just what is there, so that no operation of the type itself would block.
    let listener = TcpListener::bind(loopback_v4()).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || drop(std::net::TcpStream::connect(address).unwrap());
    connect();
    check(
        listener,
        reading,
        |source| source.try_io_with(reading, would_block),
        connect,
        |source| drop(source.accept().unwrap()),
    );

    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let connect = || drop(UnixStream::connect(&path).unwrap());
    connect();
    check(
        listener,
        reading,
        |source| source.try_io_with(reading, would_block),
        connect,
        |source| drop(source.accept().unwrap()),
    );

    let (sender, receiver) = pipe::new().unwrap();
    let send = || assert_eq!((&sender).write(b"x").unwrap(), 1);
    send();
    check(
        receiver,
        reading,
        |source| source.try_io_with(reading, would_block),
        send,
        |source| assert_eq!({ source }.read(&mut [0]).unwrap(), 1),
    );

    let (sender, receiver) = pipe::new().unwrap();
    let unseen = File::from(sender.as_fd().try_clone_to_owned().unwrap());
    check(
        sender,
        writing,
        |source| source.try_io_with(writing, would_block),
        || drop(read_until_would_block(&receiver)),
        |_| assert_ne!(fill(&unseen), 0),
    );
}

/// W3, mio#2001: who waits to read and to write is told of both, whichever came first.
#[test]
fn both_directions_that_block_are_told() {
    fn check<S: Stream>(is_write_first: bool) {
        let (mut poll, mut local, mut remote) = registered::<S>(BOTH);
        if is_write_first {
            fill(&mut local);
            expect_would_block(local.read(&mut [0; 8]));
        } else {
            expect_would_block(local.read(&mut [0; 8]));
            fill(&mut local);
        }
        remote.write_all(b"hello").unwrap();
        let mut seen = expect_events(&mut poll, &[(TOKEN, Event::is_readable)]);
        while !seen.iter().any(Event::is_writable) {
            read_until_would_block(&mut remote);
            seen = poll_for(&mut poll, LIMIT);
            assert!(!seen.is_empty(), "{}: never writable", S::NAME);
        }
    }
    for is_write_first in [false, true] {
        check::<TcpStream>(is_write_first);
        #[cfg(unix)]
        check::<UnixStream>(is_write_first);
    }
}

/// W1, mio#776, mio#1131: each time that it would have blocked, what comes next is an event, and
/// without anything new there is none.
#[test]
fn each_arrival_after_a_read_that_blocked_is_one_event() {
    fn check<S: Stream>() {
        let (mut poll, mut local, mut remote) = registered::<S>(Interest::READABLE);
        for _ in 0..ROUNDS {
            remote.write_all(b"hello").unwrap();
            expect_event(&mut poll, TOKEN, Event::is_readable);
            expect_no_events(&mut poll);
            assert_eq!(local.read(&mut [0; 2]).unwrap(), 2);
            expect_no_events(&mut poll);
            assert_eq!(read_until_would_block(&mut local), b"llo");
            expect_no_events(&mut poll);
        }
    }
    check::<TcpStream>();
    #[cfg(unix)]
    check::<UnixStream>();
}

/// W4, mio#1895: a peek that would block counts like a read, and mixes with reads.
#[test]
fn a_peek_that_blocks_is_followed_by_an_event() {
    let (mut poll, mut local, mut remote) = registered::<TcpStream>(Interest::READABLE);
    for _ in 0..ROUNDS {
        expect_would_block(local.peek(&mut [0; 8]));
        remote.write_all(b"hello").unwrap();
        expect_event(&mut poll, TOKEN, Event::is_readable);
        assert_eq!(local.peek(&mut [0; 8]).unwrap(), 5);
        assert_eq!(local.read(&mut [0; 5]).unwrap(), 5);
    }
}

/// P4, tokio#5866, tokio#5881: a read that was cut short has found the end of what there was; no
/// second one is needed to hear of more.
#[test]
fn more_data_after_a_short_read_is_an_event() {
    fn check(mut local: impl Read, mut remote: impl Write, poll: &mut Poll) {
        for _ in 0..ROUNDS {
            remote.write_all(b"hello").unwrap();
            expect_event(poll, TOKEN, Event::is_readable);
            assert_eq!(local.read(&mut [0; 16]).unwrap(), 5);
        }
    }
    let (mut poll, local, remote) = registered::<TcpStream>(BOTH);
    check(local, remote, &mut poll);
    #[cfg(unix)]
    {
        let (mut poll, local, remote) = registered::<UnixStream>(BOTH);
        check(local, remote, &mut poll);
        let (sender, mut receiver) = pipe::new().unwrap();
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut receiver, TOKEN, Interest::READABLE).unwrap();
        check(receiver, sender, &mut poll);
    }
}

/// P4, tokio#5866: the same of a vectored read.
#[test]
fn more_data_after_a_short_vectored_read_is_an_event() {
    let (mut poll, mut local, mut remote) = registered::<TcpStream>(BOTH);
    for _ in 0..ROUNDS {
        remote.write_all(b"hello").unwrap();
        expect_event(&mut poll, TOKEN, Event::is_readable);
        let (mut first, mut second) = ([0; 3], [0; 3]);
        let mut buffers = [io::IoSliceMut::new(&mut first), io::IoSliceMut::new(&mut second)];
        assert_eq!(local.read_vectored(&mut buffers).unwrap(), 5);
    }
}

/// P4: a write that was cut short has found the end of the room; what is freed is an event.
#[cfg(unix)]
#[test]
fn room_after_a_short_write_is_an_event() {
    let mut poll = Poll::new().unwrap();
    let (mut sender, mut receiver) = pipe::new().unwrap();
    poll.registry().register(&mut sender, TOKEN, Interest::WRITABLE).unwrap();
    expect_event(&mut poll, TOKEN, Event::is_writable);
    let more_than_fits = vec![b'x'; 1 << 20];
    for _ in 0..ROUNDS {
        let written = sender.write(&more_than_fits).unwrap();
        assert!(written < more_than_fits.len());
        expect_no_events(&mut poll);
        let read = read_until_would_block(&mut receiver).len();
        assert_eq!(read, written);
        expect_event(&mut poll, TOKEN, Event::is_writable);
    }
}

/// L6, mio#1317: a byte out of band is of high priority to who asked for that.
#[cfg(unix)]
#[test]
fn each_byte_out_of_band_is_a_priority_event() {
    if PRIORITY.is_missing() {
        return;
    }
    let (mut poll, mut local, remote) =
        registered::<TcpStream>(Interest::PRIORITY.add(Interest::READABLE));
    for _ in 0..ROUNDS {
        send_out_of_band(&remote, b'!');
        expect_event(&mut poll, TOKEN, Event::is_priority);
        events_until_silence(&mut poll);
        // Reads on past the byte, which is no part of the stream.
        expect_would_block(local.read(&mut [0; 8]));
        events_until_silence(&mut poll);
    }
}

/// L6, mio#1317: nobody else hears of bytes out of band, so that a peer cannot keep a poll busy.
#[cfg(unix)]
#[test]
fn bytes_out_of_band_are_silent_without_that_interest() {
    for interest in [Interest::READABLE, BOTH] {
        let (mut poll, mut local, mut remote) = registered::<TcpStream>(interest);
        for _ in 0..ROUNDS {
            send_out_of_band(&remote, b'!');
            for event in poll_for(&mut poll, Duration::ZERO) {
                assert!(!event.is_priority(), "{event:?}");
            }
        }
        remote.write_all(b"in band").unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"in band") {
            let mut buffer = [0; 64];
            match local.read(&mut buffer) {
                Ok(length) => received.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let event = expect_event(&mut poll, TOKEN, Event::is_readable);
                    assert!(!event.is_priority(), "{event:?}");
                }
                Err(error) => panic!("read failed: {error}"),
            }
        }
    }
}

/// W1: an error that was told, and then taken on another thread, hides nothing that comes after it
/// from the poll that is under way.
#[cfg(unix)]
#[test]
fn data_after_an_error_that_another_thread_took_is_an_event() {
    let mut poll = Poll::new().unwrap();
    let mut socket = UdpSocket::bind(loopback_v4()).unwrap();
    let peer = UdpSocket::bind(loopback_v4()).unwrap();
    let address = peer.local_addr().unwrap();
    socket.connect(address).unwrap();
    drop(peer);
    poll.registry().register(&mut socket, TOKEN, Interest::READABLE).unwrap();
    socket.send(b"to nobody").unwrap();
    let told_as = if TELLS_PASSING_ERRORS.is_here() { Event::is_error } else { Event::is_readable };
    expect_event(&mut poll, TOKEN, told_as);
    let (tell, told) = mpsc::channel();
    let poller = thread::spawn(move || {
        tell.send(waiting::this_thread()).unwrap();
        poll_for(&mut poll, LIMIT)
    });
    waiting::until_in_a_poll(&told.recv().unwrap());
    assert!(socket.take_error().unwrap().is_some());
    let peer = UdpSocket::bind(address).unwrap();
    peer.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
    let seen = poller.join().unwrap();
    assert!(seen.iter().any(Event::is_readable), "{seen:?}");
}
