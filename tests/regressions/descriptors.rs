//! Descriptors: none is handed on to children, none leaks, and what duplicates do.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::SocketAddr as UnixAddress;
use std::process::Command;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use mio::unix::{SourceFd, pipe};
use mio::{Interest, Poll, Token, Waker};

use crate::alone::{alone, open_descriptors};
use crate::connection::{BOTH, Stream, TOKEN};
use crate::support::capabilities::{EVENTS_OUTLIVE_THE_DESCRIPTOR, REFUSES_A_NUMBER_TWICE};
use crate::support::descriptor::{closed, is_close_on_exec, is_nonblocking, set_backlog};
use crate::support::{
    SocketPath, expect_error, expect_event, expect_no_events, expect_os_error, loopback_v4,
    nobodys_address,
};
use crate::system::limit_descriptors;

const ROUNDS: usize = 10_000;

/// One of everything that the crate opens.
fn one_of_everything(path: &SocketPath) -> impl Sized {
    let poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let waker = Waker::new(&registry, TOKEN).unwrap();
    let listener = UnixListener::bind(path).unwrap();
    let client = UnixStream::connect(path).unwrap();
    let accepted = listener.accept().unwrap();
    let datagram = UnixDatagram::bind_addr(&UnixAddress::from_pathname("").unwrap()).unwrap();
    (
        (poll, registry, waker),
        (TcpListener::bind(loopback_v4()).unwrap(), TcpStream::pair()),
        UdpSocket::bind(loopback_v4()).unwrap(),
        (listener, client, accepted, UnixStream::pair().unwrap()),
        (datagram, UnixDatagram::unbound().unwrap(), UnixDatagram::pair().unwrap()),
        pipe::new().unwrap(),
    )
}

/// What a child has open right after it was started.
fn descriptors_of_a_child() -> String {
    let list = Command::new("ls").arg("/proc/self/fd").output().unwrap();
    assert!(list.status.success());
    String::from_utf8(list.stdout).unwrap()
}

/// L7, mio 0.7.12, mio 0.7.13: no descriptor is handed on to a child.
#[test]
fn everything_opened_is_close_on_exec() {
    alone(|| {
        let inherited = descriptors_of_a_child();
        let before = open_descriptors();
        let path = SocketPath::new();
        let everything = one_of_everything(&path);
        let mut opened = open_descriptors();
        opened.retain(|fd| !before.contains(fd));
        assert!(opened.len() >= 17, "{opened:?}");
        for fd in opened {
            let information = fs::read_to_string(format!("/proc/self/fdinfo/{fd}")).unwrap();
            let flags = information.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
            let flags = i32::from_str_radix(flags.trim(), 8).unwrap();
            let what = fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
            assert_ne!(flags & libc::O_CLOEXEC, 0, "{}", what.display());
        }
        assert_eq!(descriptors_of_a_child(), inherited);
        drop(everything);
    });
}

/// L10, mio#1636: dropping closes all there was.
#[test]
fn everything_opened_is_closed_by_drop() {
    alone(|| {
        let before = open_descriptors();
        drop(one_of_everything(&SocketPath::new()));
        assert_eq!(open_descriptors(), before);
    });
}

/// Does this many times what fails each time, and counts descriptors.
fn fail<T: std::fmt::Debug>(what: &str, attempt: impl Fn() -> io::Result<T>) {
    let before = open_descriptors();
    for _ in 0..ROUNDS {
        attempt().expect_err(what);
    }
    assert_eq!(open_descriptors(), before, "{what}");
}

/// L10, W15, mio#1636: sockets that could not be bound or connected are closed.
#[test]
fn failures_to_bind_or_connect_leak_nothing() {
    alone(|| {
        let tcp = TcpListener::bind(loopback_v4()).unwrap();
        let used = tcp.local_addr().unwrap();
        fail("TCP, address in use", || TcpListener::bind(used));
        fail("TCP, nobody's address", || TcpListener::bind(nobodys_address()));
        let broadcast: SocketAddr = "255.255.255.255:9".parse().unwrap();
        fail("TCP, connect to all", || TcpStream::connect(broadcast));

        let udp = UdpSocket::bind(loopback_v4()).unwrap();
        let used = udp.local_addr().unwrap();
        fail("UDP, address in use", || UdpSocket::bind(used));
        fail("UDP, nobody's address", || UdpSocket::bind(nobodys_address()));

        let (path, nothing) = (SocketPath::new(), SocketPath::new());
        let listener = UnixListener::bind(&path).unwrap();
        fail("Unix listener, path in use", || UnixListener::bind(&path));
        fail("Unix datagram, path in use", || UnixDatagram::bind(&path));
        fail("Unix stream, no such path", || UnixStream::connect(&nothing));
        fail("Unix stream, too long a path", || UnixStream::connect("x".repeat(200)));
        set_backlog(&listener, 0);
        let _in_queue = UnixStream::connect(&path).unwrap();
        fail("Unix stream, queue full", || UnixStream::connect(&path));
        fail("Unix accept, nobody there", || tcp.accept());
    });
}

/// L10: a registration that fails leaves nothing behind, and holds on to nothing.
#[test]
fn failures_to_register_leak_nothing() {
    alone(|| {
        let poll = Poll::new().unwrap();
        let (sender, _receiver) = pipe::new().unwrap();
        let number = sender.as_raw_fd();
        poll.registry().register(&mut SourceFd(&number), TOKEN, Interest::WRITABLE).unwrap();
        if REFUSES_A_NUMBER_TWICE.is_here() {
            fail("registered twice", || {
                poll.registry().register(&mut SourceFd(&number), TOKEN, Interest::WRITABLE)
            });
        }
        let closed = closed();
        fail("closed", || poll.registry().register(&mut SourceFd(&closed), TOKEN, BOTH));
        let (_, mut unregistered) = pipe::new().unwrap();
        fail_with(&mut unregistered, |source| poll.registry().deregister(source));
        fail_with(&mut unregistered, |source| {
            poll.registry().reregister(source, TOKEN, Interest::READABLE)
        });
    });
}

/// Like [`fail`], of what has to change something to fail.
fn fail_with<S>(state: &mut S, attempt: impl Fn(&mut S) -> io::Result<()>) {
    let before = open_descriptors();
    for _ in 0..ROUNDS {
        expect_error(attempt(state), io::ErrorKind::NotFound);
    }
    assert_eq!(open_descriptors(), before);
}

/// L10: a process without descriptors left gets the error of the system from whatever would open
/// one, and goes on where it was once it has some again.
#[test]
fn running_out_of_descriptors_is_an_error_that_passes() {
    alone(|| {
        let mut poll = Poll::new().unwrap();
        let mut listener = TcpListener::bind(loopback_v4()).unwrap();
        poll.registry().register(&mut listener, TOKEN, Interest::READABLE).unwrap();
        let address = listener.local_addr().unwrap();
        let _client = TcpStream::connect(address).unwrap();
        expect_event(&mut poll, TOKEN, Event::is_readable);
        let before = open_descriptors();

        let limit = limit_descriptors(0);
        for _ in 0..100 {
            expect_os_error(Poll::new(), libc::EMFILE);
            expect_os_error(Waker::new(poll.registry(), TOKEN), libc::EMFILE);
            expect_os_error(listener.accept(), libc::EMFILE);
            expect_os_error(TcpListener::bind(loopback_v4()), libc::EMFILE);
            expect_os_error(TcpStream::connect(address), libc::EMFILE);
            expect_os_error(UdpSocket::bind(loopback_v4()), libc::EMFILE);
            expect_os_error(UnixStream::pair(), libc::EMFILE);
            expect_os_error(UnixDatagram::unbound(), libc::EMFILE);
            expect_os_error(pipe::new(), libc::EMFILE);
        }
        limit_descriptors(limit);

        assert_eq!(open_descriptors(), before);
        listener.accept().expect("the connection stayed in the queue");
        let waker = Waker::new(poll.registry(), Token(8)).unwrap();
        waker.wake().unwrap();
        expect_event(&mut poll, Token(8), Event::is_readable);
    });
}

/// L11, mio#361: deregistered is deregistered, though the open file lives on by a duplicate.
#[test]
fn a_deregistered_source_with_a_duplicate_is_silent() {
    let mut poll = Poll::new().unwrap();
    let (mut local, mut remote) = UnixStream::pair().unwrap();
    poll.registry().register(&mut local, TOKEN, BOTH).unwrap();
    expect_event(&mut poll, TOKEN, Event::is_writable);
    let duplicate = duplicate(&local);
    poll.registry().deregister(&mut local).unwrap();
    drop(local);
    remote.write_all(b"hello").unwrap();
    expect_no_events(&mut poll);
    drop(duplicate);
}

/// L11, mio#361: as `Source` documents, epoll watches the open file until its last descriptor is
/// closed, while with poll(2) and kqueue the drop of a source ends its registration.
#[test]
fn a_dropped_source_with_a_duplicate_goes_on_as_documented() {
    let mut poll = Poll::new().unwrap();
    let (mut local, mut remote) = UnixStream::pair().unwrap();
    poll.registry().register(&mut local, TOKEN, Interest::READABLE).unwrap();
    let duplicate = duplicate(&local);
    drop(local);
    remote.write_all(b"hello").unwrap();
    if EVENTS_OUTLIVE_THE_DESCRIPTOR.is_here() {
        expect_event(&mut poll, TOKEN, Event::is_readable);
    } else {
        expect_no_events(&mut poll);
    }
    drop(duplicate);
    remote.write_all(b"hello").unwrap_err();
    expect_no_events(&mut poll);
}

fn duplicate(stream: &UnixStream) -> OwnedFd {
    stream.as_fd().try_clone_to_owned().unwrap()
}

/// L13, mio#1445, mio#1450, mio#1590: an accepted socket does not block and is not handed on.
#[test]
fn accepted_sockets_are_non_blocking_and_close_on_exec() {
    let (_, tcp) = TcpStream::pair();
    assert!(is_nonblocking(&tcp) && is_close_on_exec(&tcp));
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let _client = UnixStream::connect(&path).unwrap();
    let (unix, _) = listener.accept().unwrap();
    assert!(is_nonblocking(&unix) && is_close_on_exec(&unix));
}
