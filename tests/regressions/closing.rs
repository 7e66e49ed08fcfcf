//! What events say about the end of a connection or of one direction of it, and that they say it
//! once.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use mio::event::{Event, Source};
use mio::net::{TcpStream, UdpSocket, UnixStream};
use mio::unix::pipe;
use mio::{Interest, Poll, Token};

use crate::alone::alone;
use crate::connection::{BOTH, Stream, TOKEN, events_until_silence, fill};
use crate::support::capabilities::{TELLS_ENDS_UNASKED, TELLS_PASSING_ERRORS};
use crate::support::descriptor::reset_on_close;
use crate::support::{
    Answer, LIMIT, SocketPath, expect_error, expect_event, expect_no_events, expect_would_block,
    loopback_v4, poll_for,
};
use crate::system::{make_fifo, usual};

const READABLE: (&str, Answer) = ("readable", Event::is_readable);
const WRITABLE: (&str, Answer) = ("writable", Event::is_writable);
const READ_CLOSED: (&str, Answer) = ("read closed", Event::is_read_closed);
const WRITE_CLOSED: (&str, Answer) = ("write closed", Event::is_write_closed);
const ERROR: (&str, Answer) = ("error", Event::is_error);
const PRIORITY: (&str, Answer) = ("priority", Event::is_priority);

const INTERESTS: [Interest; 3] = [Interest::READABLE, Interest::WRITABLE, BOTH];

/// What an event has to say of something, and what would be false. What is in neither list is
/// allowed to be said or not.
struct Expected {
    said: &'static [(&'static str, Answer)],
    never: &'static [(&'static str, Answer)],
}

/// Polls until all of it was said and nothing more comes. The interest decides on top what may be
/// said.
#[track_caller]
fn expect(poll: &mut Poll, interest: Interest, expected: &Expected, case: &str) {
    let mut seen: Vec<Event> = Vec::new();
    let is_asked = |name| match name {
        "readable" => interest.is_readable(),
        "writable" => interest.is_writable(),
        "write closed" if !TELLS_ENDS_UNASKED.is_here() => interest.is_writable(),
        "read closed" if !TELLS_ENDS_UNASKED.is_here() => interest.is_readable(),
        // Linux is asked for the end of what can be read along with that, and else tells of the end
        // of both directions only.
        "read closed" => {
            interest.is_readable() || expected.said.iter().any(|(n, _)| *n == "write closed")
        }
        _ => true,
    };
    for (name, answer) in expected.said.iter().filter(|(name, _)| is_asked(name)) {
        while !seen.iter().any(answer) {
            let events = poll_for(poll, LIMIT);
            assert!(!events.is_empty(), "{case}, {interest:?}: nothing is {name} in {seen:?}");
            seen.extend(events);
        }
    }
    seen.extend(events_until_silence(poll));
    let mut never = vec![PRIORITY];
    never.extend_from_slice(expected.never);
    if !interest.is_readable() {
        never.push(READABLE);
    }
    if !interest.is_writable() {
        never.push(WRITABLE);
    }
    for (name, answer) in never {
        assert!(!seen.iter().any(answer), "{case}, {interest:?}: is {name}: {seen:?}");
    }
}

/// Does something to one end or the other, and says what events of the first end then say, for each
/// interest.
fn check<S: Stream>(case: &str, act: impl Fn(&S, S) -> Option<S>, expected: &Expected) {
    for interest in INTERESTS {
        let mut poll = Poll::new().unwrap();
        let (mut local, remote) = S::pair();
        poll.registry().register(&mut local, TOKEN, interest).unwrap();
        if interest.is_writable() {
            expect_event(&mut poll, TOKEN, Event::is_writable);
        }
        let remote = act(&local, remote);
        expect(&mut poll, interest, expected, &format!("{}: {case}", S::NAME));
        drop(remote);
    }
}

/// The cases that are the same for TCP and Unix streams.
fn check_streams<S: Stream>() {
    check::<S>(
        "local shutdown of reading",
        |local, remote| {
            local.shut_down(Shutdown::Read);
            Some(remote)
        },
        &Expected { said: &[READABLE, READ_CLOSED], never: &[WRITE_CLOSED, ERROR] },
    );
    check::<S>(
        "local shutdown of writing",
        |local, remote| {
            local.shut_down(Shutdown::Write);
            Some(remote)
        },
        &Expected { said: &[], never: &[READABLE, READ_CLOSED, ERROR] },
    );
    check::<S>(
        "local shutdown of both",
        |local, remote| {
            local.shut_down(Shutdown::Both);
            Some(remote)
        },
        &Expected { said: &[READABLE, READ_CLOSED, WRITE_CLOSED], never: &[ERROR] },
    );
    check::<S>(
        "remote shutdown of writing",
        |_, remote| {
            remote.shut_down(Shutdown::Write);
            Some(remote)
        },
        &Expected { said: &[READABLE, READ_CLOSED], never: &[WRITE_CLOSED, ERROR] },
    );
    check::<S>(
        "remote shutdown of reading",
        |_, remote| {
            remote.shut_down(Shutdown::Read);
            Some(remote)
        },
        &Expected { said: &[], never: &[READABLE, READ_CLOSED, ERROR] },
    );
    check::<S>(
        "data, then remote shutdown of writing",
        |_, mut remote| {
            remote.write_all(b"the last").unwrap();
            remote.shut_down(Shutdown::Write);
            Some(remote)
        },
        &Expected { said: &[READABLE, READ_CLOSED], never: &[WRITE_CLOSED, ERROR] },
    );
}

/// L5, mio#933, mio#939, mio#941, mio#1110: each end of a TCP connection is told as what it is.
#[test]
fn a_tcp_stream_tells_each_kind_of_end() {
    check_streams::<TcpStream>();
    check::<TcpStream>(
        "remote shutdown of both",
        |_, remote| {
            remote.shut_down(Shutdown::Both);
            Some(remote)
        },
        &Expected { said: &[READABLE, READ_CLOSED], never: &[WRITE_CLOSED, ERROR] },
    );
    check::<TcpStream>(
        "remote close",
        |_, _| None,
        &Expected { said: &[READABLE, READ_CLOSED], never: &[ERROR] },
    );
    let reset = &Expected { said: &[READABLE, READ_CLOSED, WRITE_CLOSED, ERROR], never: &[] };
    check::<TcpStream>(
        "remote reset",
        |_, remote| {
            reset_on_close(&remote);
            None
        },
        reset,
    );
    check::<TcpStream>(
        "remote close with data that it did not read",
        |mut local, remote| {
            local.write_all(b"not read").unwrap();
            while remote.peek(&mut [0; 8]).is_err() {
                std::thread::yield_now();
            }
            None
        },
        reset,
    );
}

/// L5: each end of a Unix connection is told as what it is.
#[test]
fn a_unix_stream_tells_each_kind_of_end() {
    check_streams::<UnixStream>();
    let both = &Expected { said: &[READABLE, READ_CLOSED, WRITE_CLOSED], never: &[ERROR] };
    check::<UnixStream>(
        "remote shutdown of both",
        |_, remote| {
            remote.shut_down(Shutdown::Both);
            Some(remote)
        },
        both,
    );
    check::<UnixStream>("remote close", |_, _| None, both);
    check::<UnixStream>(
        "remote close with data that it did not read",
        |mut local, _| {
            local.write_all(b"not read").unwrap();
            None
        },
        &Expected { said: &[READABLE, READ_CLOSED, WRITE_CLOSED, ERROR], never: &[] },
    );
}

/// L5: the writer's end is the reader's news.
#[test]
fn a_pipe_tells_the_receiver_that_the_sender_is_gone() {
    for last in [&b""[..], b"the last"] {
        let mut poll = Poll::new().unwrap();
        let (mut sender, mut receiver) = pipe::new().unwrap();
        poll.registry().register(&mut receiver, TOKEN, Interest::READABLE).unwrap();
        sender.write_all(last).unwrap();
        drop(sender);
        let said = if last.is_empty() { &[READ_CLOSED][..] } else { &[READABLE, READ_CLOSED] };
        let expected = Expected { said, never: &[ERROR] };
        expect(&mut poll, Interest::READABLE, &expected, "the sender is gone");
        let mut rest = Vec::new();
        receiver.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, last);
    }
}

/// L4, mio#1350, tokio#2174: an error without anything else tells a writer that nobody reads.
#[test]
fn a_pipe_tells_the_sender_that_the_receiver_is_gone() {
    for is_full in [false, true] {
        let mut poll = Poll::new().unwrap();
        let (mut sender, receiver) = pipe::new().unwrap();
        if is_full {
            fill(&sender);
        }
        poll.registry().register(&mut sender, TOKEN, Interest::WRITABLE).unwrap();
        drop(receiver);
        let expected = Expected { said: &[WRITE_CLOSED], never: &[READABLE, READ_CLOSED] };
        expect(&mut poll, Interest::WRITABLE, &expected, "the receiver is gone");
        expect_error(sender.write(b"lost"), io::ErrorKind::BrokenPipe);
    }
}

/// L5: a refused datagram is an error and no end: the socket goes on.
#[test]
fn a_refused_datagram_is_an_error_and_not_the_end_of_reading() {
    for interest in INTERESTS {
        let mut poll = Poll::new().unwrap();
        let mut socket = UdpSocket::bind(loopback_v4()).unwrap();
        let peer = UdpSocket::bind(loopback_v4()).unwrap();
        let address = peer.local_addr().unwrap();
        socket.connect(address).unwrap();
        drop(peer);
        poll.registry().register(&mut socket, TOKEN, interest).unwrap();
        if interest.is_writable() {
            expect_event(&mut poll, TOKEN, Event::is_writable);
        }
        socket.send(b"to nobody").unwrap();
        let said =
            if TELLS_PASSING_ERRORS.is_here() { &[ERROR][..] } else { &[READABLE, WRITABLE] };
        let expected = Expected { said, never: &[READ_CLOSED] };
        expect(&mut poll, interest, &expected, "a refused datagram");
        expect_error(socket.recv(&mut [0; 8]), io::ErrorKind::ConnectionRefused);
        if interest.is_readable() {
            let peer = UdpSocket::bind(address).unwrap();
            expect_would_block(socket.recv(&mut [0; 8]));
            peer.send_to(b"hello", socket.local_addr().unwrap()).unwrap();
            expect_event(&mut poll, TOKEN, Event::is_readable);
        }
    }
}

/// W6, mio#555, mio#725, mio#1304: that nobody listens is one event, with the error to be taken.
#[test]
fn a_refused_connect_is_told_once() {
    for interest in [Interest::WRITABLE, BOTH] {
        let mut poll = Poll::new().unwrap();
        let listener = std::net::TcpListener::bind(loopback_v4()).unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut stream = TcpStream::connect(address).unwrap();
        poll.registry().register(&mut stream, TOKEN, interest).unwrap();
        let expected = Expected { said: &[WRITABLE, WRITE_CLOSED, ERROR], never: &[] };
        expect(&mut poll, interest, &expected, "a refused connect");
        let error = stream.take_error().unwrap().expect("the connect failed");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        events_until_silence(&mut poll);
    }
}

/// After each kind of end, what is registered.
fn hung_up() -> Vec<(&'static str, Box<dyn Source>)> {
    let (tcp, remote) = TcpStream::pair();
    reset_on_close(&remote);
    drop(remote);
    let (unix, _) = UnixStream::pair().unwrap();
    let (sender, _) = pipe::new().unwrap();
    let (_, receiver) = pipe::new().unwrap();
    vec![
        ("TCP, reset", Box::new(tcp)),
        ("Unix, closed", Box::new(unix)),
        ("pipe without a reader", Box::new(sender)),
        ("pipe without a writer", Box::new(receiver)),
    ]
}

/// P2, mio#2012: a hang-up ends no registration, so that one can still be changed and ended.
#[test]
fn what_has_hung_up_can_be_registered_anew_and_deregistered() {
    for (case, mut source) in hung_up() {
        let mut poll = Poll::new().unwrap();
        let hang_up = |event: &Event| event.is_read_closed() || event.is_write_closed();
        poll.registry().register(&mut source, TOKEN, BOTH).unwrap();
        expect_event(&mut poll, TOKEN, hang_up);
        events_until_silence(&mut poll);
        expect_error(
            poll.registry().register(&mut source, TOKEN, BOTH),
            io::ErrorKind::AlreadyExists,
        );
        poll.registry().reregister(&mut source, Token(8), BOTH).expect(case);
        expect_event(&mut poll, Token(8), hang_up);
        poll.registry().deregister(&mut source).expect(case);
        expect_no_events(&mut poll);
        poll.registry().register(&mut source, Token(9), BOTH).expect(case);
        expect_event(&mut poll, Token(9), hang_up);
    }
}

/// P2, mio#2012: after a hang-up that another writer ends, an operation that would block says so,
/// and what that writer sends is an event.
#[test]
fn a_fifo_outlives_the_hang_up_of_a_writer() {
    let path = SocketPath::new();
    make_fifo(path.as_ref());
    let open_writer = || File::options().write(true).open(&path).unwrap();
    let reader = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap();
    let mut receiver = pipe::Receiver::from(OwnedFd::from(reader));
    let mut poll = Poll::new().unwrap();
    poll.registry().register(&mut receiver, TOKEN, Interest::READABLE).unwrap();
    let mut writer = open_writer();
    for round in 0..3 {
        drop(writer);
        expect_event(&mut poll, TOKEN, Event::is_read_closed);
        events_until_silence(&mut poll);
        assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 0, "round {round}");
        writer = open_writer();
        expect_would_block(receiver.read(&mut [0; 8]));
        writer.write_all(b"hello").unwrap();
        expect_event(&mut poll, TOKEN, Event::is_readable);
        assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 5);
        expect_would_block(receiver.read(&mut [0; 8]));
    }
}

/// P3, W5, mio#1303, mio#1687: a hang-up lasts, and is told once, also while a program goes on
/// trying.
#[test]
fn a_hang_up_is_told_once() {
    for (case, mut source) in hung_up() {
        for interest in INTERESTS {
            let mut poll = Poll::new().unwrap();
            poll.registry().register(&mut source, TOKEN, interest).unwrap();
            let hang_up = |event: &Event| event.is_read_closed() || event.is_write_closed();
            expect_event(&mut poll, TOKEN, hang_up);
            events_until_silence(&mut poll);
            let later = poll_for(&mut poll, Duration::from_millis(5));
            assert!(later.is_empty(), "{case}, {interest:?}: {later:?}");
            poll.registry().deregister(&mut source).unwrap();
        }
    }
}

/// P3: reading on after the end, and failing to write, make no more events.
#[test]
fn using_a_stream_after_its_end_makes_no_more_events() {
    fn check<S: Stream>() {
        let mut poll = Poll::new().unwrap();
        let (mut stream, remote) = S::pair();
        poll.registry().register(&mut stream, TOKEN, BOTH).unwrap();
        drop(remote);
        expect_event(&mut poll, TOKEN, Event::is_read_closed);
        // With TCP the first write brings the reset, after which they fail.
        while !matches!(stream.write(b"to nobody"), Err(error) if is_final(&error)) {}
        events_until_silence(&mut poll);
        for _ in 0..10 {
            assert!(!matches!(stream.read(&mut [0; 8]), Ok(1..)));
            assert!(stream.write(b"to nobody").is_err());
            expect_no_events(&mut poll);
        }
    }
    fn is_final(error: &io::Error) -> bool {
        error.kind() != io::ErrorKind::WouldBlock
    }
    check::<TcpStream>();
    check::<UnixStream>();
}

/// K8, mio 0.7.1, mio#1636: a write to who is gone fails, and is no signal that ends the process.
/// Of TCP: with Unix sockets the standard library of Rust 1.85 leaves the signal on.
#[test]
fn a_write_to_a_closed_peer_ends_no_process() {
    fn check<S: Stream>() {
        for is_first in [true, false] {
            let (first, second) = S::pair();
            let (mut stream, closed) = if is_first { (first, second) } else { (second, first) };
            drop(closed);
            // With TCP the first write brings the reset, after which they fail.
            let error = loop {
                match stream.write(b"to nobody") {
                    Err(error) if error.kind() != io::ErrorKind::WouldBlock => break error,
                    _ => {}
                }
            };
            let gone = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
            assert!(gone.contains(&error.kind()), "{}: {error}", S::NAME);
            expect_error(stream.write(b"to nobody"), io::ErrorKind::BrokenPipe);
        }
    }
    alone(|| {
        usual(libc::SIGPIPE);
        check::<TcpStream>();
    });
}
