//! `UdpSocket`, on the loopback interface.
#![cfg(all(feature = "os-poll", feature = "net"))]

mod datagrams;
mod many;
mod marks;
mod options;
mod socket;
#[path = "../support/mod.rs"]
mod support;

use std::io;
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::UdpSocket;
use mio::{Interest, Poll, Token};

use support::capabilities::PEEKING;
use support::{expect_event, loopback_v4, until_known};

/// The token of the socket that a test is about.
const SOURCE: Token = Token(1);

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn socket() -> UdpSocket {
    bound(loopback_v4())
}

/// A socket that can send.
fn bound(address: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    until_known();
    socket
}

/// Every way to receive, for its length.
fn ways_to_receive() -> Vec<fn(&UdpSocket) -> io::Result<usize>> {
    let mut ways: Vec<fn(&UdpSocket) -> io::Result<usize>> =
        vec![|socket| socket.recv(&mut [0; 8]), |socket| {
            socket.recv_from(&mut [0; 8]).map(|(length, _)| length)
        }];
    if PEEKING.is_here() {
        ways.push(|socket| socket.peek(&mut [0; 8]));
        ways.push(|socket| socket.peek_from(&mut [0; 8]).map(|(length, _)| length));
    }
    ways
}

/// Two sockets that are connected to each other.
fn connected() -> (UdpSocket, UdpSocket) {
    let (left, right) = (socket(), socket());
    left.connect(right.local_addr().unwrap()).unwrap();
    right.connect(left.local_addr().unwrap()).unwrap();
    (left, right)
}

/// A poll with `socket` registered as [`SOURCE`].
fn polling(socket: &mut UdpSocket, interest: Interest) -> Poll {
    let poll = Poll::new().unwrap();
    poll.registry().register(socket, SOURCE, interest).unwrap();
    poll
}

/// Waits until an operation no longer would block, by events.
fn when_readable<T>(
    socket: &mut UdpSocket,
    mut operation: impl FnMut(&UdpSocket) -> io::Result<T>,
) -> io::Result<T> {
    let mut poll = polling(socket, Interest::READABLE);
    let result = loop {
        match operation(socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                expect_event(&mut poll, SOURCE, Event::is_readable);
            }
            result => break result,
        }
    };
    poll.registry().deregister(socket).unwrap();
    result
}
