//! Sending, receiving and peeking.

use std::io::{self, ErrorKind};

use mio::Interest;
use mio::event::Event;

use crate::support::capabilities::{DATAGRAMS_ARE_CUT, PEEKING};
use crate::support::{
    expect_error, expect_event, expect_no_events, expect_os_error, expect_would_block,
};
use crate::{BOTH, SOURCE, connected, polling, socket, ways_to_receive, when_readable};

#[cfg(not(windows))]
const TOO_LARGE: i32 = libc::EMSGSIZE;
#[cfg(not(windows))]
const NO_PEER: i32 = libc::EDESTADDRREQ;
#[cfg(windows)]
const TOO_LARGE: i32 = windows_sys::Win32::Networking::WinSock::WSAEMSGSIZE;
#[cfg(windows)]
const NO_PEER: i32 = windows_sys::Win32::Networking::WinSock::WSAENOTCONN;

#[test]
fn a_datagram_arrives_whole_and_with_its_sender() {
    let (sender, mut receiver) = (socket(), socket());
    let target = receiver.local_addr().unwrap();
    assert_eq!(sender.send_to(b"hello", target).unwrap(), 5);
    let mut buffer = [0; 8];
    let received = when_readable(&mut receiver, |socket| socket.recv_from(&mut buffer)).unwrap();
    assert_eq!(received, (5, sender.local_addr().unwrap()));
    assert_eq!(&buffer[..5], b"hello");
}

#[test]
fn connected_sockets_send_and_receive_without_addresses() {
    let (left, mut right) = connected();
    assert_eq!(left.send(b"hello").unwrap(), 5);
    let mut buffer = [0; 8];
    assert_eq!(when_readable(&mut right, |socket| socket.recv(&mut buffer)).unwrap(), 5);
    assert_eq!(&buffer[..5], b"hello");
}

#[test]
fn a_connected_socket_receives_from_its_peer_only() {
    let (left, mut right) = connected();
    let stranger = socket();
    stranger.send_to(b"stranger", right.local_addr().unwrap()).unwrap();
    left.send(b"peer").unwrap();
    let mut buffer = [0; 16];
    assert_eq!(when_readable(&mut right, |socket| socket.recv(&mut buffer)).unwrap(), 4);
    expect_would_block(right.recv(&mut buffer));
}

#[test]
fn all_ways_to_receive_would_block_when_nothing_is_there() {
    let (socket, _peer) = connected();
    for receive in ways_to_receive() {
        expect_would_block(receive(&socket));
    }
}

/// W1, W4.
#[test]
fn a_datagram_after_any_of_them_would_block_is_exactly_one_event() {
    let mut operations = ways_to_receive();
    operations.push(|socket| socket.try_io(|| socket.recv(&mut [0; 8])));
    operations.push(|socket| socket.try_io_with(Interest::READABLE, || socket.recv(&mut [0; 8])));
    let (peer, mut socket) = connected();
    let mut poll = polling(&mut socket, Interest::READABLE);
    for operation in operations {
        for _ in 0..3 {
            expect_would_block(operation(&socket));
            expect_no_events(&mut poll);
            peer.send(b"x").unwrap();
            expect_event(&mut poll, SOURCE, Event::is_readable);
            expect_no_events(&mut poll);
            assert_eq!(operation(&socket).unwrap(), 1);
            // Those that only peeked leave it.
            let _ = socket.recv(&mut [0; 8]);
        }
    }
}

#[test]
fn peeking_leaves_the_datagram_where_it_is() {
    if PEEKING.is_missing() {
        return;
    }
    let (sender, mut receiver) = connected();
    sender.send(b"hello").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(when_readable(&mut receiver, |socket| socket.peek(&mut buffer)).unwrap(), 5);
    assert_eq!(&buffer[..5], b"hello");
    let peeked = receiver.peek_from(&mut buffer).unwrap();
    assert_eq!(peeked, (5, sender.local_addr().unwrap()));
    assert_eq!(receiver.recv(&mut buffer).unwrap(), 5);
    expect_would_block(receiver.peek(&mut buffer));
}

#[test]
fn what_does_not_fit_of_a_datagram_is_lost_and_the_next_is_whole() {
    let expect_cut = |received: io::Result<usize>| match received {
        Ok(length) => assert_eq!((length, DATAGRAMS_ARE_CUT.is_here()), (3, true)),
        Err(error) => {
            let expected = (Some(TOO_LARGE), false);
            assert_eq!((error.raw_os_error(), DATAGRAMS_ARE_CUT.is_here()), expected);
        }
    };
    let (sender, mut receiver) = connected();
    sender.send(b"first").unwrap();
    sender.send(b"second").unwrap();
    sender.send(b"third").unwrap();
    let mut small = [0; 3];
    expect_cut(when_readable(&mut receiver, |socket| socket.recv(&mut small)));
    assert_eq!(&small, b"fir");
    let received = when_readable(&mut receiver, |socket| socket.recv_from(&mut small));
    expect_cut(received.map(|(length, _)| length));
    assert_eq!(&small, b"sec");
    let mut buffer = [0; 8];
    assert_eq!(when_readable(&mut receiver, |socket| socket.recv(&mut buffer)).unwrap(), 5);
    assert_eq!(&buffer[..5], b"third");
}

#[test]
fn an_empty_datagram_is_one() {
    let (sender, mut receiver) = connected();
    assert_eq!(sender.send(b"").unwrap(), 0);
    let mut buffer = [0; 8];
    assert_eq!(when_readable(&mut receiver, |socket| socket.recv(&mut buffer)).unwrap(), 0);
    expect_would_block(receiver.recv(&mut buffer));
}

#[test]
fn datagrams_stay_apart_and_in_order() {
    let (sender, mut receiver) = connected();
    for length in 1..=5 {
        sender.send(&[length; 5][..usize::from(length)]).unwrap();
    }
    for length in 1..=5 {
        let mut buffer = [0; 8];
        let received = when_readable(&mut receiver, |socket| socket.recv(&mut buffer)).unwrap();
        assert_eq!(&buffer[..received], &[length; 5][..usize::from(length)]);
    }
}

#[test]
fn a_datagram_larger_than_one_can_be_is_refused() {
    let (sender, receiver) = connected();
    let too_large = vec![0; 65508];
    expect_os_error(sender.send(&too_large), TOO_LARGE);
    let other = socket();
    expect_os_error(other.send_to(&too_large, receiver.local_addr().unwrap()), TOO_LARGE);
    assert_eq!(sender.send(&too_large[1..]).unwrap(), 65507);
}

#[test]
fn sending_without_a_peer_is_refused() {
    expect_os_error(socket().send(b"x"), NO_PEER);
}

#[test]
fn try_io_returns_what_the_operation_does() {
    let socket = socket();
    assert_eq!(socket.try_io(|| Ok("result")).unwrap(), "result");
    let failed: io::Result<()> = socket.try_io(|| Err(ErrorKind::TimedOut.into()));
    expect_error(failed, ErrorKind::TimedOut);
}

/// W2.
#[test]
fn a_socket_that_waits_to_read_gets_no_writable_events_for_that() {
    let (_peer, mut socket) = connected();
    let mut poll = polling(&mut socket, BOTH);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    for operation in ways_to_receive() {
        expect_would_block(operation(&socket));
        expect_no_events(&mut poll);
    }
}
