//! What went wrong with kqueue in libraries of this kind, on the model, as each system behaves.
//!
//! The comment of a test begins with the rows of that list it is about, K1 to K13, and then names
//! the threads. Rows of decisions without a system stand in `changes` and `event`.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use super::linux::{EV_ADD, EV_CLEAR, EV_ONESHOT, EVFILT_READ, EVFILT_WRITE};
use super::model::System;
use super::user_event::UserEvent;
use super::*;
use crate::selector::conformance::sequences;
use crate::selector::contract::RawEvent;

const SYSTEMS: [System; 3] = [System::FREEBSD, System::MACOS, System::NETBSD];
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
const LIMIT: Duration = Duration::from_secs(10);

fn on(system: System) -> Arc<Kqueue> {
    Kqueue::with(Queue::like(system).unwrap())
}

fn wait(kqueue: &Arc<Kqueue>, timeout: Duration) -> Vec<KqueueEvent> {
    let mut events = Vec::with_capacity(16);
    kqueue.select(&mut events, Some(timeout)).unwrap();
    events
}

#[track_caller]
fn expect_nothing(kqueue: &Arc<Kqueue>) {
    let events = wait(kqueue, Duration::ZERO);
    assert!(events.is_empty(), "{events:?}");
}

/// The one event that there is.
#[track_caller]
fn expect(kqueue: &Arc<Kqueue>, token: usize) -> KqueueEvent {
    let events = wait(kqueue, LIMIT);
    let [event] = &events[..] else { panic!("not one event: {events:?}") };
    assert_eq!(event.token(), Token(token), "{event:?}");
    event.clone()
}

fn pair() -> (UnixStream, UnixStream) {
    let (watched, peer) = UnixStream::pair().unwrap();
    watched.set_nonblocking(true).unwrap();
    (watched, peer)
}

/// K1, mio#582, mio#584: a pipe whose reader is gone is registered, and says so.
#[cfg(feature = "os-ext")]
#[test]
fn a_pipe_without_a_reader_can_be_registered() {
    for system in SYSTEMS {
        let kqueue = on(system);
        // Not of a child: while it is made it has all descriptors of this process, among them the
        // ends that tests on other threads close.
        let (_, writer) = crate::os::pipe::new().unwrap();
        let fd = writer.as_raw_fd();
        let mut memory = Memory::default();
        kqueue.register(fd, Token(1), Interest::WRITABLE, Some(&mut memory)).unwrap();
        assert!(expect(&kqueue, 1).is_write_closed(), "{system:?}");
        kqueue.reregister(fd, Token(2), Interest::WRITABLE, Some(&mut memory)).unwrap();
        assert!(expect(&kqueue, 2).is_write_closed(), "{system:?}");
        kqueue.deregister(fd, Some(&mut memory)).unwrap();
        expect_nothing(&kqueue);
    }
}

/// K2, mio#351, mio#911: filters that were never there make nothing fail, nor do those that are
/// wanted no more have events.
#[test]
fn an_interest_can_change_back_and_forth_and_end() {
    for (system, has_memory) in SYSTEMS.into_iter().flat_map(|s| [(s, true), (s, false)]) {
        let kqueue = on(system);
        let (watched, mut peer) = pair();
        peer.write_all(b"x").unwrap();
        let fd = watched.as_raw_fd();
        let mut memory = Memory::default();
        let mut memory = has_memory.then_some(&mut memory);
        kqueue.register(fd, Token(0), Interest::READABLE, memory.as_deref_mut()).unwrap();
        assert!(expect(&kqueue, 0).is_readable());
        for token in 1..5 {
            let is_odd = token % 2 == 1;
            let interest = if is_odd { Interest::WRITABLE } else { Interest::READABLE };
            kqueue.reregister(fd, Token(token), interest, memory.as_deref_mut()).unwrap();
            assert_eq!(expect(&kqueue, token).is_writable(), is_odd, "{system:?}");
            expect_nothing(&kqueue);
        }
        kqueue.deregister(fd, memory.as_deref_mut()).unwrap();
        let again = kqueue.deregister(fd, memory);
        assert_eq!(again.unwrap_err().kind(), ErrorKind::NotFound, "{system:?}");
    }
}

/// K2, mio#911: a filter that went by itself after its event makes nothing fail either.
#[test]
fn a_filter_that_reported_its_only_event_can_be_changed_and_taken_out() {
    for system in SYSTEMS {
        let kqueue = on(system);
        let (watched, mut peer) = pair();
        peer.write_all(b"x").unwrap();
        let fd = watched.as_raw_fd();
        let mut memory = Memory::default();
        for step in 0..2 {
            kqueue.register(fd, Token(1), Interest::READABLE, Some(&mut memory)).unwrap();
            kqueue
                .queue
                .change_one(&changes::DELETING[0].raw(fd, Token(0), Trigger::EDGE))
                .unwrap();
            let once = EV_ADD | EV_CLEAR | EV_ONESHOT;
            let once = changes::kevent(fd as usize, EVFILT_READ, once, 0, Token(2));
            kqueue.queue.change_one(&once).unwrap();
            expect(&kqueue, 2);
            peer.write_all(b"x").unwrap();
            expect_nothing(&kqueue);
            if step == 0 {
                kqueue.reregister(fd, Token(3), Interest::READABLE, Some(&mut memory)).unwrap();
                expect(&kqueue, 3);
            }
            kqueue.deregister(fd, Some(&mut memory)).unwrap();
        }
    }
}

/// K3, mio#958, mio#1087: to shut one's own sending down ends nothing else.
#[test]
fn shutting_down_sending_is_the_end_of_writing_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for system in SYSTEMS {
        let unix = pair();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let _accepted = listener.accept().unwrap();
        let sources: [(RawSource, &dyn Fn()); 2] = [
            (unix.0.as_raw_fd(), &|| unix.0.shutdown(Shutdown::Write).unwrap()),
            (tcp.as_raw_fd(), &|| tcp.shutdown(Shutdown::Write).unwrap()),
        ];
        for (fd, shut_down) in sources {
            let kqueue = on(system);
            kqueue.register(fd, Token(1), BOTH, None).unwrap();
            assert!(expect(&kqueue, 1).is_writable());
            shut_down();
            let event = expect(&kqueue, 1);
            assert!(event.is_write_closed() && !event.is_read_closed(), "{event:?}");
            assert!(!event.is_error() && !event.is_readable(), "{event:?}");
        }
    }
}

/// K4, polling#64: a call that changes something takes none of the events that wait.
#[test]
fn registering_takes_no_event_that_is_waiting() {
    for system in SYSTEMS {
        let kqueue = on(system);
        let mut ready = Vec::new();
        for token in 0..8 {
            let (watched, mut peer) = pair();
            kqueue.register(watched.as_raw_fd(), Token(token), Interest::READABLE, None).unwrap();
            peer.write_all(b"x").unwrap();
            ready.push((watched, peer));
        }
        let (other, _peer) = pair();
        for _ in 0..8 {
            kqueue.register(other.as_raw_fd(), Token(9), BOTH, None).unwrap();
            kqueue.reregister(other.as_raw_fd(), Token(9), Interest::READABLE, None).unwrap();
            kqueue.deregister(other.as_raw_fd(), None).unwrap();
        }
        let events = wait(&kqueue, LIMIT);
        let mut tokens: Vec<_> = events.iter().map(|event| event.token().0).collect();
        tokens.sort_unstable();
        assert_eq!(tokens, [0, 1, 2, 3, 4, 5, 6, 7], "{system:?}");
    }
}

/// K5, K6, mio#1987, polling#265: a wake is one event, again and again, whatever a change of the
/// event that wakes does besides.
#[test]
fn a_wake_is_one_event_and_the_next_wait_waits() {
    for system in [System::FREEBSD, System::MACOS] {
        let kqueue = on(system);
        let wakers = [1, 2].map(|token| UserEvent::of(&kqueue, Token(token)).unwrap());
        for _ in 0..3 {
            for (waker, token) in wakers.iter().zip([1, 2]) {
                waker.wake().unwrap();
                waker.wake().unwrap();
                assert!(expect(&kqueue, token).is_readable(), "{system:?}");
                expect_nothing(&kqueue);
                expect_nothing(&kqueue);
            }
        }
        wakers[0].wake().unwrap();
        drop(wakers);
        expect_nothing(&kqueue);
    }
}

/// K6, mio#1993: a system without events of users says so at once, and a pipe wakes there.
#[test]
fn a_waker_without_its_facility_is_an_error_and_a_pipe_does_as_well() {
    let kqueue = on(System::NETBSD);
    let error = UserEvent::of(&kqueue, Token(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let waker: DescriptorWaker<Memory> = WakerOf::of(&kqueue, Token(2)).unwrap();
    for _ in 0..3 {
        waker.wake().unwrap();
        waker.wake().unwrap();
        assert!(expect(&kqueue, 2).is_readable());
        expect_nothing(&kqueue);
    }
}

/// K9, mio#267: what was closed has no events, though they were waiting, and though its open file
/// lives on by a duplicate; neither has what gets its number.
#[test]
fn a_closed_source_has_no_events_nor_has_its_number() {
    for system in SYSTEMS {
        let kqueue = on(system);
        let (watched, mut peer) = pair();
        let fd = watched.as_raw_fd();
        kqueue.register(fd, Token(1), BOTH, None).unwrap();
        peer.write_all(b"x").unwrap();
        let duplicate = watched.try_clone().unwrap();
        drop(watched);
        expect_nothing(&kqueue);
        peer.write_all(b"x").unwrap();
        expect_nothing(&kqueue);
        drop(duplicate);
    }
}

/// K12, mio#1657: a timeout that the system would refuse is cut, and none is shorter than asked.
#[test]
fn a_timeout_is_cut_to_what_no_system_refuses_and_rounded_up() {
    let cases = [
        (Duration::ZERO, (0, 0)),
        (Duration::from_nanos(1), (0, 1_000)),
        (Duration::from_nanos(1_001), (0, 2_000)),
        (Duration::from_nanos(999_999_999), (1, 0)),
        (Duration::from_millis(1_500), (1, 500_000_000)),
        (LONGEST, (10_000_000, 0)),
        (LONGEST + Duration::from_nanos(1), (10_000_000, 0)),
        (Duration::from_secs(u64::MAX), (10_000_000, 0)),
        (Duration::MAX, (10_000_000, 0)),
    ];
    for (timeout, expected) in cases {
        let raw = to_timespec(Some(timeout)).unwrap();
        assert_eq!((raw.tv_sec, raw.tv_nsec), expected, "{timeout:?}");
    }
    assert!(to_timespec(None).is_none());
}

/// K13, mio#1377: what one filter refuses is an error, and the other filter is not left behind.
#[test]
fn what_is_refused_in_part_is_not_registered_at_all() {
    for refused in [EVFILT_READ, EVFILT_WRITE] {
        let kqueue = on(System { refused: Some((refused, libc::EINVAL)), ..System::MACOS });
        let (watched, mut peer) = pair();
        let fd = watched.as_raw_fd();
        peer.write_all(b"x").unwrap();
        let mut memory = Memory::default();
        for memory in [None, Some(&mut memory)] {
            let error = kqueue.register(fd, Token(1), BOTH, memory).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
            expect_nothing(&kqueue);
        }
        for memory in [None, Some(&mut memory)] {
            let error = kqueue.deregister(fd, memory).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
    }
}

/// A number stands for what was registered, also for a source that came by another way.
#[test]
fn a_source_that_was_converted_is_known_to_the_system() {
    let kqueue = on(System::FREEBSD);
    let (watched, _peer) = pair();
    let fd = watched.as_raw_fd();
    kqueue.register(fd, Token(1), Interest::WRITABLE, Some(&mut Memory::default())).unwrap();
    expect(&kqueue, 1);
    let mut converted = Memory::default();
    kqueue.reregister(fd, Token(2), Interest::WRITABLE, Some(&mut converted)).unwrap();
    expect(&kqueue, 2);
    let again = kqueue.register(fd, Token(3), Interest::WRITABLE, Some(&mut converted));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::AlreadyExists);
    kqueue.deregister(fd, Some(&mut Memory::default())).unwrap();
    expect_nothing(&kqueue);
}

/// Adding a filter that is there leaves its flags as they were, on some systems.
#[test]
fn a_second_registration_of_a_descriptor_brings_its_trigger() {
    let read = Interest::READABLE;
    let triggers = [read, read.level(), read.oneshot()];
    for (system, from) in SYSTEMS.into_iter().flat_map(|s| triggers.map(|from| (s, from))) {
        for (to, expected) in triggers.into_iter().zip([1, 3, 1]) {
            let kqueue = on(system);
            let (watched, mut peer) = pair();
            let fd = watched.as_raw_fd();
            kqueue.register(fd, Token(1), from, None).unwrap();
            kqueue.register(fd, Token(2), to, None).unwrap();
            peer.write_all(b"x").unwrap();
            for round in 0..3 {
                if round < expected {
                    assert!(expect(&kqueue, 2).is_readable(), "{system:?}, {from:?} to {to:?}");
                } else {
                    expect_nothing(&kqueue);
                }
            }
        }
    }
}

/// What the kernel has handed out, and the waiting thread not yet.
#[test]
fn an_event_under_way_is_dropped_once_its_one_shot_is_over() {
    let once = BOTH.oneshot();
    for system in SYSTEMS {
        let kqueue = on(system);
        let (watched, mut peer) = pair();
        peer.write_all(b"x").unwrap();
        let fd = watched.as_raw_fd();
        let under_way = || {
            let mut events = Vec::with_capacity(8);
            kqueue.queue.wait(&mut events, to_timespec(Some(Duration::ZERO))).unwrap();
            assert_eq!(events.len(), 2);
            events
        };
        kqueue.register(fd, Token(1), once, None).unwrap();
        let mut events = under_way();
        kqueue.reregister(fd, Token(2), once, None).unwrap();
        assert!(kqueue.oneshots.settle(&mut events), "{system:?}");
        expect(&kqueue, 2);
        kqueue.reregister(fd, Token(3), once, None).unwrap();
        let mut events = under_way();
        kqueue.deregister(fd, None).unwrap();
        assert!(kqueue.oneshots.settle(&mut events), "{system:?}");
        expect_nothing(&kqueue);
    }
}

/// A filter that is refused leaves nothing of a one-shot behind.
#[test]
fn what_is_refused_in_part_is_no_one_shot() {
    let kqueue = on(System { refused: Some((EVFILT_WRITE, libc::EINVAL)), ..System::MACOS });
    let (watched, mut peer) = pair();
    peer.write_all(b"x").unwrap();
    for trigger in [BOTH.oneshot(), BOTH.level()] {
        let fd = watched.as_raw_fd();
        let error = kqueue.register(fd, Token(1), trigger, None).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
        expect_nothing(&kqueue);
        assert_eq!(kqueue.deregister(fd, None).unwrap_err().kind(), ErrorKind::NotFound);
    }
}

/// Regular files are always ready, and epoll, on which the model stands, knows nothing of them.
#[test]
fn a_file_is_ready() {
    let kqueue = on(System::FREEBSD);
    let file = File::open("/proc/self/exe").unwrap();
    kqueue.register(file.as_raw_fd(), Token(1), Interest::READABLE, None).unwrap();
    assert!(expect(&kqueue, 1).is_readable());
    expect_nothing(&kqueue);
    kqueue.reregister(file.as_raw_fd(), Token(2), Interest::READABLE, None).unwrap();
    assert!(expect(&kqueue, 2).is_readable());
    assert!((&file).read(&mut [0; 4]).is_ok());
}

#[test]
fn random_sequences_keep_to_the_contract_on_each_system() {
    for system in [System::MACOS, System::NETBSD] {
        sequences::check_sequences(&|| Ok(on(system)), sequences::freedom::<Kqueue>());
    }
}
