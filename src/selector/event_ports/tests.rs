//! The promises of every selector on the model: with descriptors that the port takes, and with the
//! same descriptors refused; then what only event ports have.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use libc::c_short;

use super::model::ModelPort;
use super::table::Found;
use super::{EventPorts, Port, outcome};
use crate::io_source::IoSource;
use crate::os::posix::call;
use crate::selector::contract::{RawEvent, Selector};
use crate::selector::readiness::ReadinessEvent;
use crate::{Interest, Token};

type Taking = EventPorts<ModelPort>;

mod taken {
    type Selector = super::Taking;
    crate::selector::conformance::suite!(Selector);
}

mod refused {
    type Selector = super::EventPorts<super::ModelPort<true>>;
    crate::selector::conformance::suite!(Selector);
}

/// A port that may have made a report long before it is taken, as the system's does.
#[derive(Debug)]
struct EarlyPort {
    model: ModelPort,
    associated: Mutex<Vec<(RawFd, c_short, u64)>>,
    early: Mutex<Vec<Found>>,
}

impl EarlyPort {
    /// Reports now, to the next wait, all that was asked for.
    fn report(&self) {
        let associated = std::mem::take(&mut *self.associated.lock().unwrap());
        let found = associated.into_iter().map(|(fd, events, serial)| {
            let _ = self.model.dissociate(fd);
            Found::Descriptor { fd, events, serial }
        });
        self.early.lock().unwrap().extend(found);
    }
}

impl Port for EarlyPort {
    fn new() -> io::Result<EarlyPort> {
        let (associated, early) = Default::default();
        Ok(EarlyPort { model: ModelPort::new()?, associated, early })
    }

    fn associate(&self, fd: RawFd, events: c_short, serial: u64) -> io::Result<()> {
        self.associated.lock().unwrap().push((fd, events, serial));
        self.model.associate(fd, events, serial)
    }

    fn dissociate(&self, fd: RawFd) -> io::Result<()> {
        self.model.dissociate(fd)
    }

    fn send(&self, serial: u64) -> io::Result<()> {
        self.model.send(serial)
    }

    fn wait(
        &self,
        found: &mut Vec<Found>,
        room: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        found.extend(self.early.lock().unwrap().pop());
        if found.is_empty() { self.model.wait(found, room, timeout) } else { Ok(()) }
    }
}

impl AsRawFd for EarlyPort {
    fn as_raw_fd(&self) -> RawFd {
        self.model.as_raw_fd()
    }
}

#[test]
fn what_holds_no_more_is_no_level() {
    let selector = EventPorts::<EarlyPort>::new().unwrap();
    let mut streams = Vec::new();
    for token in 0..2 {
        let (ours, mut peer) = UnixStream::pair().unwrap();
        let interest = Interest::READABLE;
        let mut stream = IoSource::new(ours);
        stream.register_with(&selector, Token(token), interest).unwrap();
        stream.reregister_with(&selector, Token(token), interest.level()).unwrap();
        if token == 0 {
            peer.write_all(b"x").unwrap();
        }
        streams.push((stream, peer));
    }
    selector.port.report();
    let mut events = Vec::with_capacity(1);
    selector.select(&mut events, Some(Duration::ZERO)).unwrap();
    let [event] = &events[..] else { panic!("one event was expected: {events:?}") };
    assert!(event.token() == Token(0) && event.is_readable(), "{event:?}");
    // What was reported without being so is awaited again.
    streams[1].1.write_all(b"x").unwrap();
    let mut events = Vec::with_capacity(8);
    selector.select(&mut events, Some(Duration::ZERO)).unwrap();
    let mut tokens: Vec<_> = events.iter().map(|event| event.token().0).collect();
    tokens.sort_unstable();
    assert_eq!(tokens, [0, 1]);
}

#[test]
fn no_error_hides_what_was_reported() {
    let error = |number| Some(io::Error::from_raw_os_error(number));
    let cases = [
        (0, None, None),
        (3, None, None),
        (0, error(libc::ETIME), None),
        (1, error(libc::ETIME), None),
        (0, error(libc::EINTR), Some(libc::EINTR)),
        (1, error(libc::EINTR), None),
        (0, error(libc::EBADF), Some(libc::EBADF)),
        (2, error(libc::EBADF), None),
    ];
    for (count, error, expected) in cases {
        let text = format!("{count}, {error:?}");
        let result = outcome(count, error);
        assert_eq!(result.err().and_then(|error| error.raw_os_error()), expected, "{text}");
    }
}

type Stream = IoSource<UnixStream, <Taking as Selector>::Registration>;

/// A stream that is always readable, once it is re-armed.
fn ready_stream(selector: &Arc<Taking>, token: usize) -> (Stream, UnixStream) {
    let (ours, mut peer) = UnixStream::pair().unwrap();
    peer.write_all(b"x").unwrap();
    let mut stream = IoSource::new(ours);
    stream.register_with(selector, Token(token), Interest::READABLE).unwrap();
    (stream, peer)
}

fn rearm(stream: &Stream) {
    let would_block = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
    stream.do_io(Interest::READABLE, |_| would_block()).unwrap_err();
}

/// A file, which no port takes, and which is always ready.
fn file(selector: &Arc<Taking>, token: usize) -> File {
    let file = File::open(std::env::current_exe().unwrap()).unwrap();
    selector.register(file.as_raw_fd(), Token(token), Interest::READABLE, None).unwrap();
    file
}

fn only_token(selector: &Taking, events: &mut Vec<ReadinessEvent>) -> usize {
    selector.select(events, Some(Duration::from_secs(20))).unwrap();
    let [event] = &events[..] else { panic!("one event was expected: {events:?}") };
    event.token().0
}

#[test]
fn sources_of_the_port_do_not_starve_what_it_refuses() {
    let selector = Taking::new().unwrap();
    let streams: Vec<_> = (0..4).map(|token| ready_stream(&selector, token)).collect();
    let _file = file(&selector, 9);
    let mut events = Vec::with_capacity(1);
    let tokens: Vec<_> = (0..2)
        .map(|_| {
            let token = only_token(&selector, &mut events);
            streams.iter().for_each(|(stream, _)| rearm(stream));
            token
        })
        .collect();
    assert!(tokens.contains(&9), "{tokens:?}");
}

#[test]
fn what_the_port_refuses_does_not_starve_its_sources() {
    let selector = Taking::new().unwrap();
    let files: Vec<_> = (0..4).map(|token| file(&selector, token)).collect();
    let (stream, _peer) = ready_stream(&selector, 9);
    let mut events = Vec::with_capacity(1);
    for _ in 0..3 {
        let tokens = [(); 2].map(|()| only_token(&selector, &mut events));
        assert!(tokens.contains(&9), "{tokens:?}");
        rearm(&stream);
        for (token, file) in files.iter().enumerate() {
            let fd = file.as_raw_fd();
            selector.reregister(fd, Token(token), Interest::READABLE, None).unwrap();
        }
    }
}

#[test]
fn what_the_port_refuses_ends_a_wait_without_a_timeout() {
    let selector = Taking::new().unwrap();
    let waiting = thread::spawn({
        let selector = Arc::clone(&selector);
        move || {
            let mut events = Vec::with_capacity(1);
            selector.select(&mut events, None).unwrap();
            events[0].token()
        }
    });
    // Whether or not the wait has begun by now, it has to end.
    let _file = file(&selector, 9);
    assert_eq!(waiting.join().unwrap(), Token(9));
}

#[test]
fn a_wait_for_what_the_port_refuses_ends_by_a_source_of_the_port() {
    let selector = Taking::new().unwrap();
    let file = file(&selector, 9);
    let mut events = Vec::with_capacity(8);
    selector.select(&mut events, None).unwrap();
    assert_eq!(events[0].token(), Token(9));
    selector.reregister(file.as_raw_fd(), Token(9), Interest::PRIORITY, None).unwrap();
    let (_stream, _peer) = ready_stream(&selector, 1);
    selector.select(&mut events, None).unwrap();
    assert_eq!(events[0].token(), Token(1));
}

#[test]
fn a_descriptor_closed_while_registered_does_not_block_its_number() {
    let selector = Taking::new().unwrap();
    let (first, second) = UnixStream::pair().unwrap();
    let number = numbered(&first, 800);
    let fd = number.as_raw_fd();
    let register = |token| selector.register(fd, Token(token), Interest::WRITABLE, None);
    register(1).unwrap();
    assert_eq!(register(2).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    let mut events = Vec::with_capacity(8);
    assert_eq!(only_token(&selector, &mut events), 1);
    selector.reregister(fd, Token(1), Interest::PRIORITY, None).unwrap();
    drop(number);
    let _another = numbered(&second, fd);
    register(3).unwrap();
    assert_eq!(only_token(&selector, &mut events), 3);
}

/// A duplicate whose number is at least this, which no other test comes near.
#[allow(unsafe_code)]
fn numbered(stream: &UnixStream, least: i32) -> OwnedFd {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe {
        call::owned_fd(libc::fcntl(stream.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least)).unwrap()
    }
}
