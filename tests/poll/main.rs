//! `Poll`, `Registry`, `Events` and what they have in common for all sources.
#![cfg(all(feature = "os-poll", feature = "net"))]

mod events;
mod registry;
#[cfg(all(unix, feature = "os-ext"))]
mod source_fd;
#[path = "../support/mod.rs"]
mod support;
mod triggers;
mod waiting;

use mio::net::UdpSocket;
use mio::{Interest, Poll, Token};

use support::capabilities::PEEKING;
use support::{loopback_v4, until_known};

/// The token of the source that a test is about.
const SOURCE: Token = Token(1);

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind(loopback_v4()).unwrap();
    until_known();
    socket
}

/// A socket that is registered under [`SOURCE`].
fn registered(poll: &Poll, interest: Interest) -> UdpSocket {
    let mut socket = socket();
    poll.registry().register(&mut socket, SOURCE, interest).unwrap();
    socket
}

/// Makes `socket` readable.
fn send_to(socket: &UdpSocket) {
    let sender = std::net::UdpSocket::bind(loopback_v4()).unwrap();
    sender.send_to(b"x", socket.local_addr().unwrap()).unwrap();
}

/// Waits until `socket`, which is registered nowhere, has what was sent to it.
fn until_received(socket: &UdpSocket) {
    if PEEKING.is_here() {
        while socket.peek(&mut [0; 8]).is_err() {
            std::thread::yield_now();
        }
    } else {
        until_known();
    }
}
