//! The rules for sources whose operations the crate does not see: a user's own descriptors.
//!
//! An event too many is allowed here where a selector has no edges of its own, one too few is not.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use super::harness::{BOTH, LIMIT, Waiter, assert_would_block, empty};
use crate::os::posix::call;
use crate::selector::contract::{RawEvent, Selector};
use crate::{Interest, Token};

const OURS: Token = Token(1);

fn unseen_pair<S: Selector>(waiter: &Waiter<S>, interest: Interest) -> (UnixStream, UnixStream) {
    let (ours, peer) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    waiter.selector.register(ours.as_raw_fd(), OURS, interest, None).unwrap();
    (ours, peer)
}

/// Waits for an event that answers as wanted.
fn expect<S: Selector>(waiter: &mut Waiter<S>, is_wanted: fn(&S::Event) -> bool) {
    loop {
        let events = waiter.wait(Some(LIMIT));
        assert!(!events.is_empty(), "no event came");
        assert!(events.iter().all(|event| event.token() == OURS), "{events:?}");
        if events.iter().any(is_wanted) {
            return;
        }
    }
}

fn drain(mut stream: &UnixStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok() {}
}

fn fill(mut stream: &UnixStream) {
    let bytes = [0; 4096];
    while stream.write(&bytes).is_ok() {}
}

pub(crate) fn a_drained_descriptor_gives_an_event_for_each_change<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = unseen_pair(&waiter, Interest::READABLE);
    for _ in 0..10 {
        waiter.expect_nothing();
        peer.write_all(b"x").unwrap();
        expect(&mut waiter, S::Event::is_readable);
        drain(&stream);
    }
}

pub(crate) fn a_filled_descriptor_gives_an_event_for_room<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = unseen_pair(&waiter, Interest::WRITABLE);
    for _ in 0..3 {
        expect(&mut waiter, S::Event::is_writable);
        fill(&stream);
        waiter.expect_nothing();
        empty(&peer);
    }
}

/// Between two waits the descriptor is emptied and filled again: looking at it shows no change.
pub(crate) fn a_refilled_descriptor_gives_an_event<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = unseen_pair(&waiter, BOTH);
    for _ in 0..10 {
        peer.write_all(b"x").unwrap();
        expect(&mut waiter, S::Event::is_readable);
        drain(&stream);
    }
}

pub(crate) fn a_closed_descriptor_is_refused<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let far_beyond_any_limit: RawFd = 1 << 30;
    for fd in [-1, RawFd::MIN, RawFd::MAX, far_beyond_any_limit] {
        let error = waiter.selector.register(fd, OURS, BOTH, None).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EBADF), "{fd}");
        let error = waiter.selector.deregister(fd, None).unwrap_err();
        let is_known = error.kind() == io::ErrorKind::NotFound;
        assert!(is_known || error.raw_os_error() == Some(libc::EBADF), "{fd}: {error}");
    }
    waiter.expect_nothing();
}

pub(crate) fn a_closed_descriptor_ends_its_events<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (ours, mut peer) = UnixStream::pair().unwrap();
    let stream = File::from(with_a_number_of_its_own(ours));
    waiter.selector.register(stream.as_raw_fd(), OURS, BOTH, None).unwrap();
    peer.write_all(b"x").unwrap();
    drop(stream);
    waiter.expect_nothing();
}

/// The same socket under a number that no test running at the same time gets once it is closed: the
/// system gives the lowest that is free.
#[allow(unsafe_code)]
fn with_a_number_of_its_own(socket: UnixStream) -> OwnedFd {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe { call::owned_fd(libc::fcntl(socket.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 700)) }.unwrap()
}

/// Refused, which changes nothing; or taken for a change, where the system cannot tell.
pub(crate) fn an_unseen_source_is_registered_once<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = unseen_pair(&waiter, Interest::READABLE);
    let fd = stream.as_raw_fd();
    let token = match waiter.selector.register(fd, Token(2), Interest::READABLE, None) {
        Ok(()) => 2,
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            1
        }
    };
    peer.write_all(b"x").unwrap();
    waiter.expect(token);
    waiter.selector.deregister(fd, None).unwrap();
    waiter.expect_nothing();
    for result in
        [waiter.selector.deregister(fd, None), waiter.selector.reregister(fd, Token(2), BOTH, None)]
    {
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

pub(crate) fn a_closed_peer_is_reported<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, peer) = unseen_pair(&waiter, Interest::READABLE);
    assert_would_block(&stream.read(&mut [0; 8]).unwrap_err());
    drop(peer);
    expect(&mut waiter, S::Event::is_read_closed);
    waiter.expect_nothing();
}

/// As of a terminal: one read for each event never waits.
pub(crate) fn a_level_of_a_descriptor_that_blocks_is_an_event_of_every_wait<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (mut stream, mut peer) = unseen_pair(&waiter, Interest::READABLE.level());
    stream.set_nonblocking(false).unwrap();
    for _ in 0..3 {
        waiter.expect_nothing();
        peer.write_all(b"bytes").unwrap();
        for _ in 0..5 {
            assert!(waiter.expect(OURS.0).is_readable());
            stream.read_exact(&mut [0]).unwrap();
        }
    }
    drop(peer);
    for _ in 0..5 {
        assert!(waiter.expect(OURS.0).is_read_closed());
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    }
}

pub(crate) fn a_level_is_used_up_without_being_seen<S: Selector>() {
    let mut waiter = Waiter::<S>::new();
    let (stream, peer) = unseen_pair(&waiter, BOTH.level());
    for _ in 0..3 {
        assert!(waiter.expect(OURS.0).is_writable());
        fill(&stream);
        waiter.expect_nothing();
        empty(&peer);
        (&peer).write_all(b"x").unwrap();
        let event = waiter.expect(OURS.0);
        assert!(event.is_readable() && event.is_writable(), "{event:?}");
        drain(&stream);
    }
}

pub(crate) fn a_one_shot_of_a_descriptor_is_one_event<S: Selector>() {
    for once in [BOTH.oneshot(), BOTH.level().oneshot()] {
        let mut waiter = Waiter::<S>::new();
        let (stream, mut peer) = unseen_pair(&waiter, once);
        for _ in 0..3 {
            waiter.expect(OURS.0);
            assert_eq!(waiter.events.len(), 1);
            peer.write_all(b"x").unwrap();
            waiter.expect_nothing();
            drain(&stream);
            waiter.expect_nothing();
            waiter.selector.reregister(stream.as_raw_fd(), OURS, once, None).unwrap();
        }
        waiter.expect(OURS.0);
        drop(peer);
        waiter.expect_nothing();
        waiter.selector.deregister(stream.as_raw_fd(), None).unwrap();
        let again = waiter.selector.deregister(stream.as_raw_fd(), None);
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

pub(crate) fn a_descriptor_can_change_its_trigger<S: Selector>() {
    let read = Interest::READABLE;
    let mut waiter = Waiter::<S>::new();
    let (stream, mut peer) = unseen_pair(&waiter, read.oneshot());
    peer.write_all(b"x").unwrap();
    let fd = stream.as_raw_fd();
    for _ in 0..2 {
        waiter.expect(OURS.0);
        waiter.expect_nothing();
        waiter.selector.reregister(fd, OURS, read.level(), None).unwrap();
        for _ in 0..3 {
            waiter.expect(OURS.0);
        }
        waiter.selector.reregister(fd, OURS, read, None).unwrap();
        expect(&mut waiter, S::Event::is_readable);
        drain(&stream);
        waiter.expect_nothing();
        peer.write_all(b"x").unwrap();
        expect(&mut waiter, S::Event::is_readable);
        waiter.selector.reregister(fd, OURS, read.oneshot(), None).unwrap();
    }
}
