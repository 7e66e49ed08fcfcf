//! Registrations: their errors, and that they end.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::AsRawFd;

use mio::event::{Event, Source};
use mio::net::{TcpStream, UdpSocket, UnixStream};
use mio::unix::{SourceFd, pipe};
use mio::{Events, Interest, Poll, Token};

use crate::connection::{BOTH, Stream, TOKEN};
use crate::support::capabilities::REFUSES_A_NUMBER_TWICE;
use crate::support::{LIMIT, expect_error, expect_no_events, loopback_v4, poll_for};

/// L15, mio#219, mio#788, mio#935: what one poll returned stays as it is; the next poll knows that
/// a source is gone.
#[test]
fn a_source_that_ended_while_its_event_was_handled_has_no_event_in_the_next_poll() {
    for is_dropped in [false, true] {
        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(8);
        let (mut first, mut first_peer) = UnixStream::pair().unwrap();
        let (mut second, mut second_peer) = UnixStream::pair().unwrap();
        poll.registry().register(&mut first, Token(1), Interest::READABLE).unwrap();
        poll.registry().register(&mut second, Token(2), Interest::READABLE).unwrap();
        first_peer.write_all(b"hello").unwrap();
        second_peer.write_all(b"hello").unwrap();
        poll.poll(&mut events, Some(LIMIT)).unwrap();
        assert_eq!(events.iter().count(), 2);

        if is_dropped {
            drop(second);
            assert!(second_peer.write(b"more").is_err());
        } else {
            poll.registry().deregister(&mut second).unwrap();
            second_peer.write_all(b"more").unwrap();
        }
        assert_eq!(events.iter().count(), 2, "what was returned stays as it is");
        assert_eq!(first.read(&mut [0; 8]).unwrap(), 5);
        first_peer.write_all(b"more").unwrap();
        poll.poll(&mut events, Some(LIMIT)).unwrap();
        let tokens: Vec<_> = events.iter().map(Event::token).collect();
        assert_eq!(tokens, [Token(1)]);
        expect_no_events(&mut poll);
    }
}

/// Each kind of source that can tell at once that it is writable.
fn writable_sources() -> Vec<(&'static str, Box<dyn Source>)> {
    vec![
        ("TcpStream", Box::new(TcpStream::pair().0)),
        ("UnixStream", Box::new(UnixStream::pair().unwrap().0)),
        ("UdpSocket", Box::new(UdpSocket::bind(loopback_v4()).unwrap())),
        ("pipe::Sender", Box::new(pipe::new().unwrap().0)),
    ]
}

/// S3: registering twice is an error that leaves the first registration as it is.
#[test]
fn a_second_registration_is_an_error_and_leaves_the_first() {
    for (name, mut source) in writable_sources() {
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut source, TOKEN, Interest::WRITABLE).unwrap();
        for _ in 0..2 {
            let again = poll.registry().register(&mut source, Token(8), Interest::READABLE);
            expect_error(again, io::ErrorKind::AlreadyExists);
        }
        let seen = poll_for(&mut poll, LIMIT);
        assert!(seen.iter().any(Event::is_writable), "{name}: {seen:?}");
        assert!(seen.iter().all(|event| event.token() == TOKEN), "{name}: {seen:?}");
    }
}

/// S3: by number, a descriptor is as registered as through the source that owns it.
#[test]
fn a_second_registration_by_number_is_an_error() {
    let poll = Poll::new().unwrap();
    let (mut sender, _receiver) = pipe::new().unwrap();
    let number = sender.as_raw_fd();
    let by_number = &mut SourceFd(&number);
    poll.registry().register(&mut sender, TOKEN, BOTH).unwrap();
    if REFUSES_A_NUMBER_TWICE.is_missing() {
        return;
    }
    expect_error(poll.registry().register(by_number, TOKEN, BOTH), io::ErrorKind::AlreadyExists);
    poll.registry().deregister(&mut sender).unwrap();
    poll.registry().register(by_number, TOKEN, BOTH).unwrap();
    expect_error(poll.registry().register(by_number, TOKEN, BOTH), io::ErrorKind::AlreadyExists);
    poll.registry().deregister(by_number).unwrap();
}

/// S3, polling 3.2.0: what is not registered, or not here, or no longer, is not found.
#[test]
fn what_is_not_registered_is_not_found() {
    #[track_caller]
    fn expect_unknown(poll: &Poll, source: &mut Box<dyn Source>) {
        let anew = poll.registry().reregister(source, TOKEN, BOTH);
        expect_error(anew, io::ErrorKind::NotFound);
        expect_error(poll.registry().deregister(source), io::ErrorKind::NotFound);
    }
    for (_, mut source) in writable_sources() {
        let (poll, other) = (Poll::new().unwrap(), Poll::new().unwrap());
        expect_unknown(&poll, &mut source);
        poll.registry().register(&mut source, TOKEN, BOTH).unwrap();
        expect_unknown(&other, &mut source);
        poll.registry().deregister(&mut source).unwrap();
        expect_unknown(&poll, &mut source);
        other.registry().register(&mut source, TOKEN, BOTH).unwrap();
        other.registry().deregister(&mut source).unwrap();
    }
}

/// S4: events, a list of them, and what is left of one, print what they say.
#[test]
fn events_print_what_they_say() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(4);
    assert_eq!(format!("{events:?}"), "[]");
    let (mut sender, _receiver) = pipe::new().unwrap();
    poll.registry().register(&mut sender, Token(4321), Interest::WRITABLE).unwrap();
    poll.poll(&mut events, Some(LIMIT)).unwrap();
    let event = events.iter().next().expect("it is writable");
    let (one, list) = (format!("{event:?}"), format!("{events:?}"));
    assert!(one.contains("4321") && one.contains("writable: true"), "{one}");
    assert_eq!(list, format!("[{one}]"));
    assert_eq!(format!("{:?}", events.iter()), list);
}

/// S2, mio#747: vectored reads and writes keep to what they are given, whatever its shape.
#[test]
fn vectored_io_keeps_to_its_buffers() {
    fn check(mut from: impl Write, mut to: impl Read) {
        let text: Vec<u8> = (0..=255).collect();
        // Empty ones at the ends and in between, and more than the system takes in one call.
        let shapes = [vec![256], vec![0, 1, 0, 200, 55, 0], vec![0], vec![0; 4], vec![1; 256]];
        for shape in shapes {
            let mut rest = &text[..shape.iter().sum()];
            let slices: Vec<_> = shape
                .iter()
                .map(|length| {
                    let (slice, after) = rest.split_at(*length);
                    rest = after;
                    IoSlice::new(slice)
                })
                .collect();
            let total: usize = shape.iter().sum();
            assert_eq!(from.write_vectored(&slices).unwrap(), total);
            let mut received = vec![0xaa; total + 2];
            if total > 0 {
                let mut rest = &mut received[1..=total];
                let mut slices: Vec<_> = shape
                    .iter()
                    .map(|length| {
                        let (slice, after) = std::mem::take(&mut rest).split_at_mut(*length);
                        rest = after;
                        IoSliceMut::new(slice)
                    })
                    .collect();
                assert_eq!(to.read_vectored(&mut slices).unwrap(), total);
            }
            assert_eq!(received[0], 0xaa);
            assert_eq!(received[1..=total], text[..total]);
            assert_eq!(received[total + 1], 0xaa);
        }
    }
    let (left, right) = UnixStream::pair().unwrap();
    check(&left, &right);
    let (sender, receiver) = pipe::new().unwrap();
    check(&sender, &receiver);
}
