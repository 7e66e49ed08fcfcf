//! `UnixDatagram`.

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::os::unix::net;

use mio::Interest;
use mio::event::Event;
use mio::net::UnixDatagram;

use crate::support::conversions::{
    convert_registered, convert_there_and_back, convert_to_std_and_back,
};
use crate::support::descriptor::{is_close_on_exec, is_nonblocking};
use crate::support::{
    SocketPath, expect_error, expect_event, expect_events, expect_no_events, expect_would_block,
};
use crate::{BOTH, SOURCE, polling};

fn pair() -> (UnixDatagram, UnixDatagram) {
    UnixDatagram::pair().unwrap()
}

fn bound() -> (UnixDatagram, SocketPath) {
    let path = SocketPath::new();
    (UnixDatagram::bind(&path).unwrap(), path)
}

#[test]
fn bind_makes_the_path_and_bind_addr_too() {
    let (socket, path) = bound();
    assert_eq!(socket.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
    let path = SocketPath::new();
    let address = net::SocketAddr::from_pathname(&path).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    assert_eq!(socket.local_addr().unwrap().as_pathname(), Some(path.as_ref()));
}

#[test]
fn an_unbound_socket_has_neither_name_nor_peer_and_can_send() {
    let (receiver, path) = bound();
    let unbound = UnixDatagram::unbound().unwrap();
    assert!(unbound.local_addr().unwrap().is_unnamed());
    expect_error(unbound.peer_addr(), ErrorKind::NotConnected);
    expect_error(unbound.send(b"x"), ErrorKind::NotConnected);
    assert_eq!(unbound.send_to(b"hello", &path).unwrap(), 5);
    let (length, sender) = receiver.recv_from(&mut [0; 8]).unwrap();
    assert_eq!(length, 5);
    assert!(sender.is_unnamed());
}

#[test]
fn a_datagram_tells_the_path_of_its_sender() {
    let ((sender, sender_path), (receiver, receiver_path)) = (bound(), bound());
    sender.send_to(b"hello", &receiver_path).unwrap();
    let mut buffer = [0; 8];
    let (length, peer) = receiver.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..length], b"hello");
    assert_eq!(peer.as_pathname(), Some(sender_path.as_ref()));
}

#[test]
fn a_connected_socket_sends_to_its_peer() {
    let (receiver, path) = bound();
    let sender = UnixDatagram::unbound().unwrap();
    sender.connect(&path).unwrap();
    assert_eq!(sender.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
    assert_eq!(sender.send(b"hello").unwrap(), 5);
    assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 5);
}

#[test]
fn a_connected_socket_hears_its_peer_only() {
    let ((left, left_path), (right, right_path)) = (bound(), bound());
    left.connect(&right_path).unwrap();
    let stranger = UnixDatagram::unbound().unwrap();
    expect_error(stranger.send_to(b"x", &left_path), ErrorKind::PermissionDenied);
    right.send_to(b"hello", &left_path).unwrap();
    assert_eq!(left.recv(&mut [0; 8]).unwrap(), 5);
}

#[test]
fn paths_that_do_not_exist_are_not_found() {
    let (socket, path) = (UnixDatagram::unbound().unwrap(), SocketPath::new());
    expect_error(socket.connect(&path), ErrorKind::NotFound);
    expect_error(socket.send_to(b"x", &path), ErrorKind::NotFound);
}

#[test]
fn sending_to_a_receiver_that_is_gone_is_refused() {
    let (left, right) = pair();
    drop(right);
    expect_error(left.send(b"x"), ErrorKind::ConnectionRefused);

    let (receiver, path) = bound();
    let sender = UnixDatagram::unbound().unwrap();
    sender.connect(&path).unwrap();
    drop(receiver);
    expect_error(sender.send(b"x"), ErrorKind::ConnectionRefused);
    expect_error(sender.send_to(b"x", &path), ErrorKind::ConnectionRefused);
}

#[test]
fn a_pair_is_unnamed_and_connected_both_ways() {
    let (left, right) = pair();
    assert!(left.local_addr().unwrap().is_unnamed());
    assert!(left.peer_addr().unwrap().is_unnamed());
    left.send(b"right").unwrap();
    right.send(b"left").unwrap();
    assert_eq!(right.recv(&mut [0; 8]).unwrap(), 5);
    assert_eq!(left.recv(&mut [0; 8]).unwrap(), 4);
}

#[test]
fn receiving_would_block_when_nothing_is_there() {
    let (left, _right) = pair();
    expect_would_block(left.recv(&mut [0; 8]));
    expect_would_block(left.recv_from(&mut [0; 8]));
}

#[test]
fn a_datagram_after_receiving_would_block_is_exactly_one_event() {
    let operations: [fn(&UnixDatagram) -> io::Result<usize>; 3] = [
        |socket| socket.recv(&mut [0; 8]),
        |socket| socket.recv_from(&mut [0; 8]).map(|(length, _)| length),
        |socket| socket.try_io(|| socket.recv(&mut [0; 8])),
    ];
    let (left, mut right) = pair();
    let mut poll = polling(&mut right, Interest::READABLE);
    for operation in operations {
        for _ in 0..3 {
            expect_would_block(operation(&right));
            expect_no_events(&mut poll);
            left.send(b"x").unwrap();
            expect_event(&mut poll, SOURCE, Event::is_readable);
            expect_no_events(&mut poll);
            assert_eq!(operation(&right).unwrap(), 1);
        }
    }
}

/// Sends until that would block, and returns how many datagrams went.
fn fill(socket: &UnixDatagram) -> usize {
    for count in 0.. {
        match socket.send(b"x") {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return count,
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("the loop has no end of its own")
}

#[test]
fn room_after_a_full_queue_is_an_event_and_no_datagram_is_lost() {
    let (mut left, right) = pair();
    let mut poll = polling(&mut left, Interest::WRITABLE);
    for _ in 0..3 {
        expect_event(&mut poll, SOURCE, Event::is_writable);
        let sent = fill(&left);
        assert_ne!(sent, 0);
        expect_no_events(&mut poll);
        for _ in 0..sent {
            assert_eq!(right.recv(&mut [0; 8]).unwrap(), 1);
        }
        expect_would_block(right.recv(&mut [0; 8]));
    }
}

#[test]
fn send_to_would_block_when_the_queue_is_full() {
    let (_receiver, path) = bound();
    let sender = UnixDatagram::unbound().unwrap();
    let error = (0..100_000).find_map(|_| sender.send_to(b"x", &path).err());
    assert_eq!(error.expect("the queue has an end").kind(), ErrorKind::WouldBlock);
}

#[test]
fn what_does_not_fit_of_a_datagram_is_lost_and_the_next_is_whole() {
    let (left, right) = pair();
    left.send(b"first").unwrap();
    left.send(b"second").unwrap();
    let mut small = [0; 3];
    assert_eq!(right.recv(&mut small).unwrap(), 3);
    assert_eq!(&small, b"fir");
    let mut buffer = [0; 8];
    assert_eq!(right.recv(&mut buffer).unwrap(), 6);
    assert_eq!(&buffer[..6], b"second");
}

#[test]
fn shutdown_ends_a_direction_for_both_sides() {
    let (left, right) = pair();
    left.shutdown(Shutdown::Write).unwrap();
    expect_error(left.send(b"x"), ErrorKind::BrokenPipe);
    right.send(b"x").unwrap();
    assert_eq!(left.recv(&mut [0; 8]).unwrap(), 1);

    left.shutdown(Shutdown::Read).unwrap();
    expect_error(right.send(b"x"), ErrorKind::BrokenPipe);
}

#[test]
fn shutdown_of_both_is_an_event_at_the_socket_itself() {
    let (mut left, _right) = pair();
    let mut poll = polling(&mut left, BOTH);
    left.shutdown(Shutdown::Both).unwrap();
    expect_events(&mut poll, &[(SOURCE, Event::is_read_closed), (SOURCE, Event::is_write_closed)]);
    expect_error(left.send(b"x"), ErrorKind::BrokenPipe);
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_turns_to_another_with_datagrams_unread_is_an_error_to_take() {
    let (left, right) = pair();
    assert!(left.take_error().unwrap().is_none());
    left.send(b"never read").unwrap();
    let (_other, path) = bound();
    right.connect(&path).unwrap();
    let error = left.take_error().unwrap().expect("the datagram is lost");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(left.take_error().unwrap().is_none());
}

#[test]
fn try_io_returns_what_the_operation_does() {
    let (left, _right) = pair();
    assert_eq!(left.try_io(|| Ok("result")).unwrap(), "result");
    let failed: io::Result<()> = left.try_io(|| Err(ErrorKind::TimedOut.into()));
    expect_error(failed, ErrorKind::TimedOut);
}

#[test]
fn sockets_do_not_block_and_are_closed_on_exec() {
    let (left, right) = pair();
    let (bound, _path) = bound();
    for socket in [left, right, bound, UnixDatagram::unbound().unwrap()] {
        assert!(is_nonblocking(&socket) && is_close_on_exec(&socket));
    }
}

#[test]
fn conversions_keep_number_flags_and_connection_and_close_once_at_the_end() {
    let (left, right) = pair();
    let left = convert_there_and_back(left);
    let left = convert_to_std_and_back::<_, net::UnixDatagram>(left, UnixDatagram::from_std);
    left.send(b"x").unwrap();
    assert_eq!(right.recv(&mut [0; 8]).unwrap(), 1);
    drop(left);
    expect_error(right.send(b"x"), ErrorKind::ConnectionRefused);
}

#[test]
fn conversions_leave_registration_as_the_selector_has_it() {
    convert_registered(pair().0, BOTH);
}

#[test]
fn from_std_takes_a_blocking_socket_as_it_is() {
    let blocking = net::UnixDatagram::unbound().unwrap();
    assert!(!is_nonblocking(&UnixDatagram::from_std(blocking)));
}

#[test]
fn debug_names_the_type() {
    assert!(format!("{:?}", pair().0).starts_with("UnixDatagram"));
}
