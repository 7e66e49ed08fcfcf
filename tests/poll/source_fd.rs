//! `SourceFd`: any descriptor as a source.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};

use crate::support::capabilities::{
    EXACT_EDGES_OF_USER_DESCRIPTORS, REFUSES_A_NUMBER_TWICE, REFUSES_REGULAR_FILES,
};
use crate::support::descriptor::{self, duplicate_with_number_of_its_own};
use crate::support::{
    expect_error, expect_event, expect_events, expect_no_events, expect_os_error, loopback_v4,
    read_until_would_block,
};
use crate::{BOTH, SOURCE};

const OTHER: Token = Token(2);

/// Two connected streams of the standard library; the first does not block.
fn pair() -> (UnixStream, UnixStream) {
    let (watched, peer) = UnixStream::pair().unwrap();
    watched.set_nonblocking(true).unwrap();
    (watched, peer)
}

fn register(poll: &Poll, source: &impl AsRawFd, interest: Interest) {
    let number = source.as_raw_fd();
    let source = &mut SourceFd(&number);
    poll.registry().register(source, SOURCE, interest).unwrap();
}

#[test]
fn a_foreign_listener_and_stream_are_reported() {
    let mut poll = Poll::new().unwrap();
    let listener = TcpListener::bind(loopback_v4()).unwrap();
    register(&poll, &listener, Interest::READABLE);
    expect_no_events(&mut poll);
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    poll.registry().register(&mut SourceFd(&client.as_raw_fd()), OTHER, BOTH).unwrap();
    let event = expect_event(&mut poll, OTHER, Event::is_writable);
    assert!(!event.is_readable());
}

#[test]
fn only_the_number_counts() {
    let poll = Poll::new().unwrap();
    let (watched, _peer) = pair();
    register(&poll, &watched, BOTH);
    let number = watched.as_raw_fd();
    let again = poll.registry().register(&mut SourceFd(&number), OTHER, BOTH);
    if REFUSES_A_NUMBER_TWICE.is_here() {
        expect_error(again, ErrorKind::AlreadyExists);
    } else {
        again.unwrap();
    }
    poll.registry().reregister(&mut SourceFd(&number), OTHER, BOTH).unwrap();
    poll.registry().deregister(&mut SourceFd(&number)).unwrap();
    let registry = poll.registry();
    expect_error(registry.deregister(&mut SourceFd(&number)), ErrorKind::NotFound);
    expect_error(registry.reregister(&mut SourceFd(&number), SOURCE, BOTH), ErrorKind::NotFound);
}

#[test]
fn a_source_fd_owns_neither_descriptor_nor_registration() {
    let mut poll = Poll::new().unwrap();
    let (mut watched, mut peer) = pair();
    register(&poll, &watched, Interest::READABLE);
    peer.write_all(b"x").unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    assert_eq!(watched.read(&mut [0; 8]).unwrap(), 1);
}

#[test]
fn reregistering_replaces_token_and_interest() {
    let mut poll = Poll::new().unwrap();
    let (watched, mut peer) = pair();
    register(&poll, &watched, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let number = watched.as_raw_fd();
    let source = &mut SourceFd(&number);
    poll.registry().reregister(source, OTHER, Interest::READABLE).unwrap();
    expect_no_events(&mut poll);
    peer.write_all(b"x").unwrap();
    let events = expect_events(&mut poll, &[(OTHER, Event::is_readable)]);
    assert!(events.iter().all(|event| event.token() == OTHER && !event.is_writable()));
}

#[test]
fn a_deregistered_descriptor_is_silent_and_can_be_registered_again() {
    let mut poll = Poll::new().unwrap();
    let (watched, mut peer) = pair();
    register(&poll, &watched, BOTH);
    poll.registry().deregister(&mut SourceFd(&watched.as_raw_fd())).unwrap();
    peer.write_all(b"x").unwrap();
    expect_no_events(&mut poll);
    register(&poll, &watched, BOTH);
    expect_event(&mut poll, SOURCE, Event::is_readable);
}

#[test]
fn new_data_is_an_event_after_the_user_has_drained_the_descriptor() {
    let mut poll = Poll::new().unwrap();
    let (watched, mut peer) = pair();
    register(&poll, &watched, Interest::READABLE);
    for round in 0..20 {
        peer.write_all(&[round; 3]).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        assert_eq!(read_until_would_block(&watched), [round; 3]);
        expect_no_events(&mut poll);
    }
}

#[test]
fn data_left_unread_hides_no_later_data() {
    let mut poll = Poll::new().unwrap();
    let (watched, mut peer) = pair();
    register(&poll, &watched, Interest::READABLE);
    for _ in 0..5 {
        peer.write_all(b"x").unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
    }
}

#[test]
fn what_was_reported_is_not_reported_again() {
    if EXACT_EDGES_OF_USER_DESCRIPTORS.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let (watched, mut peer) = pair();
    register(&poll, &watched, BOTH);
    peer.write_all(b"x").unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    for _ in 0..3 {
        expect_no_events(&mut poll);
    }
}

#[test]
fn a_peer_that_closes_is_reported_and_does_not_hinder_deregistering() {
    let mut poll = Poll::new().unwrap();
    let (watched, peer) = pair();
    register(&poll, &watched, BOTH);
    drop(peer);
    expect_events(&mut poll, &[(SOURCE, Event::is_read_closed), (SOURCE, Event::is_write_closed)]);
    let number = watched.as_raw_fd();
    let source = &mut SourceFd(&number);
    poll.registry().reregister(source, OTHER, BOTH).unwrap();
    expect_event(&mut poll, OTHER, Event::is_read_closed);
    poll.registry().deregister(source).unwrap();
    expect_no_events(&mut poll);
}

#[test]
fn closing_the_descriptor_ends_its_events() {
    let mut poll = Poll::new().unwrap();
    let (stream, mut peer) = pair();
    let watched = duplicate_with_number_of_its_own(&stream);
    drop(stream);
    register(&poll, &watched, BOTH);
    peer.write_all(b"x").unwrap();
    drop(watched);
    expect_no_events(&mut poll);
    expect_no_events(&mut poll);
}

/// Registering, re-registering and deregistering all fail with this error, and nothing is left.
fn assert_refused(number: RawFd, error: i32) {
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry();
    let source = &mut SourceFd(&number);
    expect_os_error(registry.register(source, SOURCE, BOTH), error);
    expect_no_events(&mut poll);
    let registry = poll.registry();
    assert!(registry.reregister(source, SOURCE, BOTH).is_err(), "something is registered");
    assert!(registry.deregister(source).is_err(), "something is registered");
    expect_no_events(&mut poll);
}

#[test]
fn a_closed_descriptor_is_refused() {
    assert_refused(descriptor::closed(), libc::EBADF);
}

#[test]
fn numbers_that_no_descriptor_has_are_refused() {
    for number in [-1, -2, RawFd::MIN, RawFd::MAX] {
        assert_refused(number, libc::EBADF);
    }
}

#[test]
fn what_is_always_ready_is_refused_as_not_permitted_or_reported() {
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    let directory = File::open(std::env::temp_dir()).unwrap();
    for always_ready in [file, directory] {
        if REFUSES_REGULAR_FILES.is_here() {
            assert_refused(always_ready.as_raw_fd(), libc::EPERM);
        } else {
            let mut poll = Poll::new().unwrap();
            register(&poll, &always_ready, Interest::READABLE);
            expect_event(&mut poll, SOURCE, Event::is_readable);
            poll.registry().deregister(&mut SourceFd(&always_ready.as_raw_fd())).unwrap();
            expect_no_events(&mut poll);
        }
    }
}

/// The selector's own descriptor, where it has one.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(mio_unsupported_force_poll_poll)))]
mod own_descriptor {
    use std::os::fd::AsFd;

    use mio::Waker;

    use super::*;

    #[test]
    fn a_poll_can_be_watched_by_another() {
        let mut outer = Poll::new().unwrap();
        let mut inner = Poll::new().unwrap();
        register(&outer, &inner, Interest::READABLE);
        expect_no_events(&mut outer);
        let waker = Waker::new(inner.registry(), OTHER).unwrap();
        waker.wake().unwrap();
        expect_event(&mut outer, SOURCE, Event::is_readable);
        expect_event(&mut inner, OTHER, Event::is_readable);
        expect_no_events(&mut outer);
    }

    #[test]
    fn it_is_the_same_for_poll_and_registry_and_closed_on_exec() {
        let poll = Poll::new().unwrap();
        let clone = poll.registry().try_clone().unwrap();
        assert_eq!(poll.as_raw_fd(), clone.as_raw_fd());
        assert_eq!(poll.as_raw_fd(), clone.as_fd().as_raw_fd());
        assert!(descriptor::is_close_on_exec(&clone));
    }

    #[test]
    fn a_poll_cannot_be_registered_with_itself() {
        let poll = Poll::new().unwrap();
        let number = poll.as_raw_fd();
        let itself = &mut SourceFd(&number);
        let result = poll.registry().register(itself, SOURCE, Interest::READABLE);
        expect_error(result, ErrorKind::InvalidInput);
    }
}

#[test]
fn debug_names_type_and_number() {
    assert_eq!(format!("{:?}", SourceFd(&7)), "SourceFd(7)");
}
