//! What happens when the process has no descriptors left. The limit is one of the whole process, so
//! that these tests have a binary of their own and take turns.
#![cfg(all(target_os = "linux", feature = "os-ext", feature = "net"))]

mod support;

use std::fmt::Debug;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use mio::unix::pipe;
use mio::{Interest, Poll, Token, Waker};

use support::descriptor::NoDescriptorsLeft;
use support::{SocketPath, expect_event, expect_os_error, expect_would_block, loopback_v4};

static TURN: Mutex<()> = Mutex::new(());

fn my_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It fails for want of a descriptor, and works afterwards.
#[track_caller]
fn needs_a_descriptor<T: Debug>(operation: impl Fn() -> io::Result<T>) {
    let none_left = NoDescriptorsLeft::now();
    let result = operation();
    drop(none_left);
    expect_os_error(result, libc::EMFILE);
    operation().unwrap();
}

#[test]
fn a_poll_is_refused() {
    let _turn = my_turn();
    needs_a_descriptor(Poll::new);
}

#[test]
fn a_waker_is_refused_and_leaves_nothing_registered() {
    let _turn = my_turn();
    let mut poll = Poll::new().unwrap();
    needs_a_descriptor(|| Waker::new(poll.registry(), Token(1)));
    support::expect_no_events(&mut poll);
}

#[test]
fn a_cloned_registry_needs_none() {
    let _turn = my_turn();
    let poll = Poll::new().unwrap();
    let _none_left = NoDescriptorsLeft::now();
    poll.registry().try_clone().unwrap();
}

#[test]
fn sockets_and_pipes_are_refused() {
    let _turn = my_turn();
    let listener = std::net::TcpListener::bind(loopback_v4()).unwrap();
    let address = listener.local_addr().unwrap();
    needs_a_descriptor(|| TcpListener::bind(loopback_v4()));
    needs_a_descriptor(|| TcpStream::connect(address));
    needs_a_descriptor(|| UdpSocket::bind(loopback_v4()));
    needs_a_descriptor(UnixDatagram::unbound);
    needs_a_descriptor(UnixDatagram::pair);
    needs_a_descriptor(UnixStream::pair);
    needs_a_descriptor(pipe::new);

    let path = SocketPath::new();
    needs_a_descriptor(|| UnixDatagram::bind(&path));
    let path = SocketPath::new();
    needs_a_descriptor(|| UnixListener::bind(&path));
}

#[test]
fn a_stream_is_refused_before_it_connects() {
    let _turn = my_turn();
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    needs_a_descriptor(|| UnixStream::connect(&path));
    listener.accept().unwrap();
    expect_would_block(listener.accept());
}

#[test]
fn accept_is_refused_and_the_connection_waits() {
    let _turn = my_turn();
    let mut poll = Poll::new().unwrap();
    let mut listener = TcpListener::bind(loopback_v4()).unwrap();
    poll.registry().register(&mut listener, Token(1), Interest::READABLE).unwrap();
    let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    expect_event(&mut poll, Token(1), Event::is_readable);
    needs_a_descriptor(|| listener.accept());
}

#[test]
fn accept_of_a_unix_listener_is_refused_and_the_connection_waits() {
    let _turn = my_turn();
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let _client = UnixStream::connect(&path).unwrap();
    needs_a_descriptor(|| listener.accept());
}
