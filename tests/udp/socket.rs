//! Opening, connecting and converting.

use std::io::ErrorKind;
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::UdpSocket;

#[cfg(not(windows))]
use crate::support::capabilities::PENDING_ERRORS;
use crate::support::capabilities::{IPV6_LOOPBACK, TELLS_PASSING_ERRORS, TELLS_REFUSED_DATAGRAMS};
use crate::support::{
    Answer, expect_error, expect_event, expect_no_events, loopback_v4, loopback_v6, nobodys_address,
};
use crate::{BOTH, SOURCE, bound, connected, polling, socket, ways_to_receive, when_readable};

#[test]
fn bind_takes_the_address_asked_for_and_chooses_the_port() {
    let address = socket().local_addr().unwrap();
    assert_eq!(address.ip(), loopback_v4().ip());
    assert_ne!(address.port(), 0);
}

#[test]
fn bind_works_on_ipv6() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let (sender, mut receiver) = (bound(loopback_v6()), bound(loopback_v6()));
    sender.send_to(b"hello", receiver.local_addr().unwrap()).unwrap();
    let mut buffer = [0; 8];
    let received = when_readable(&mut receiver, |socket| socket.recv_from(&mut buffer)).unwrap();
    assert_eq!(received, (5, sender.local_addr().unwrap()));
}

#[test]
fn bind_to_an_address_in_use_is_refused() {
    let socket = socket();
    expect_error(UdpSocket::bind(socket.local_addr().unwrap()), ErrorKind::AddrInUse);
}

#[test]
fn bind_to_an_address_of_another_machine_is_refused() {
    expect_error(UdpSocket::bind(nobodys_address()), ErrorKind::AddrNotAvailable);
}

#[cfg(target_os = "linux")]
#[test]
fn bind_to_a_reserved_port_is_refused_without_privileges() {
    use crate::support::capabilities::RESERVED_PORTS;
    use crate::support::descriptor::without_privileges;

    if RESERVED_PORTS.is_missing() {
        return;
    }
    let result = without_privileges(|| UdpSocket::bind("127.0.0.1:1".parse().unwrap()));
    expect_error(result, ErrorKind::PermissionDenied);
}

#[test]
fn a_socket_has_no_peer_until_it_is_connected() {
    let (left, right) = (socket(), socket());
    expect_error(left.peer_addr(), ErrorKind::NotConnected);
    left.connect(right.local_addr().unwrap()).unwrap();
    assert_eq!(left.peer_addr().unwrap(), right.local_addr().unwrap());
}

#[test]
fn a_second_connect_replaces_the_peer() {
    let (left, _right) = connected();
    let mut other = socket();
    left.connect(other.local_addr().unwrap()).unwrap();
    assert_eq!(left.peer_addr().unwrap(), other.local_addr().unwrap());
    left.send(b"hello").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(when_readable(&mut other, |socket| socket.recv(&mut buffer)).unwrap(), 5);
}

#[cfg(target_os = "linux")]
#[test]
fn connect_without_a_route_is_refused() {
    let unbound = UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap();
    // Routes through a gateway do not count then.
    crate::support::descriptor::set_option(&unbound, libc::SOL_SOCKET, libc::SO_DONTROUTE, 1);
    expect_error(unbound.connect(nobodys_address()), ErrorKind::NetworkUnreachable);
}

/// An address that nobody receives on, as long as the sockets live: the one that has it takes
/// datagrams of the other only.
fn refusing() -> ((UdpSocket, UdpSocket), SocketAddr) {
    let pair = connected();
    let address = pair.0.local_addr().unwrap();
    (pair, address)
}

/// What is said of an error that ends nothing.
fn told_of_an_error() -> Answer {
    if TELLS_PASSING_ERRORS.is_here() { Event::is_error } else { Event::is_readable }
}

#[cfg(not(windows))]
#[test]
fn a_datagram_that_nobody_receives_is_an_event_with_an_error_to_take() {
    if PENDING_ERRORS.is_missing() {
        return;
    }
    let (_owners, address) = refusing();
    let mut socket = socket();
    socket.connect(address).unwrap();
    let mut poll = polling(&mut socket, BOTH);
    socket.send(b"x").unwrap();
    expect_event(&mut poll, SOURCE, told_of_an_error());
    let error = socket.take_error().unwrap().expect("it was refused");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(socket.take_error().unwrap().is_none());
}

/// Sends what nobody receives, and waits until that is known.
fn refused() -> ((UdpSocket, UdpSocket), UdpSocket) {
    let (owners, address) = refusing();
    let mut socket = socket();
    socket.connect(address).unwrap();
    let mut poll = polling(&mut socket, BOTH);
    socket.send(b"x").unwrap();
    expect_event(&mut poll, SOURCE, told_of_an_error());
    poll.registry().deregister(&mut socket).unwrap();
    (owners, socket)
}

#[test]
fn receiving_after_a_datagram_was_refused_says_so_once() {
    if TELLS_REFUSED_DATAGRAMS.is_missing() {
        return;
    }
    // To Windows it is a reset of what has no connection.
    let kind =
        if cfg!(windows) { ErrorKind::ConnectionReset } else { ErrorKind::ConnectionRefused };
    for operation in ways_to_receive() {
        let (_owners, socket) = refused();
        expect_error(operation(&socket), kind);
        expect_error(operation(&socket), ErrorKind::WouldBlock);
    }
}

#[cfg(not(windows))]
#[test]
fn sending_after_a_datagram_was_refused_says_so() {
    let (_owners, socket) = refused();
    expect_error(socket.send(b"x"), ErrorKind::ConnectionRefused);
}

#[test]
fn a_healthy_socket_has_no_error_to_take() {
    assert!(socket().take_error().unwrap().is_none());
}

#[test]
fn an_idle_socket_is_writable_and_nothing_else() {
    let mut socket = socket();
    let mut poll = polling(&mut socket, BOTH);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable);
    let others = [
        Event::is_readable,
        Event::is_error,
        Event::is_read_closed,
        Event::is_write_closed,
        Event::is_priority,
    ];
    assert!(others.iter().all(|answer| !answer(&event)), "{event:?}");
    expect_no_events(&mut poll);
}

#[test]
fn debug_shows_the_address() {
    let socket = socket();
    let text = format!("{socket:?}");
    assert!(text.starts_with("UdpSocket"), "{text}");
    assert!(text.contains(&socket.local_addr().unwrap().to_string()), "{text}");
}

#[cfg(any(unix, windows))]
mod descriptors {
    use super::*;
    use crate::support::conversions::{
        convert_registered, convert_there_and_back, convert_to_std_and_back,
    };
    use crate::support::descriptor::{is_close_on_exec, is_nonblocking};

    #[test]
    fn sockets_do_not_block_and_are_closed_on_exec() {
        let socket = socket();
        assert!(is_nonblocking(&socket) && is_close_on_exec(&socket));
    }

    #[test]
    fn conversions_keep_number_flags_and_address_and_close_once_at_the_end() {
        let socket = socket();
        let address = socket.local_addr().unwrap();
        let socket = convert_there_and_back(socket);
        let socket = convert_to_std_and_back::<_, std::net::UdpSocket>(socket, UdpSocket::from_std);
        assert_eq!(socket.local_addr().unwrap(), address);
        expect_error(std::net::UdpSocket::bind(address), ErrorKind::AddrInUse);
        drop(socket);
        std::net::UdpSocket::bind(address).unwrap();
    }

    #[test]
    fn conversions_leave_registration_as_the_selector_has_it() {
        convert_registered(socket(), BOTH);
    }

    #[test]
    fn from_std_takes_a_blocking_socket_as_it_is() {
        let blocking = std::net::UdpSocket::bind(loopback_v4()).unwrap();
        assert!(!is_nonblocking(&UdpSocket::from_std(blocking)));
    }
}
