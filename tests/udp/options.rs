//! Options: broadcast, multicast, hops, and IPv6 alone.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::net::UdpSocket;

use crate::socket;
#[cfg(target_os = "linux")]
use crate::support::capabilities::EVERY_OPTION;
use crate::support::capabilities::{IPV6_LOOPBACK, KINDS_OF_GROUP_ERRORS, MANY_RECEIVERS};
use crate::support::{expect_error, loopback_v6, nobodys_address};
#[cfg(target_os = "linux")]
use crate::when_readable;

/// Groups of an organization's own choice (RFC 2365, RFC 4291).
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 77, 1);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0x77, 1);

/// An interface that does not exist.
#[cfg(any(unix, windows))]
const NO_INTERFACE: u32 = 0x7fff_fff0;

fn everywhere() -> UdpSocket {
    UdpSocket::bind("0.0.0.0:0".parse().unwrap()).unwrap()
}

#[test]
fn broadcast_is_what_it_was_set_to() {
    if MANY_RECEIVERS.is_missing() {
        return;
    }
    let socket = socket();
    assert!(!socket.broadcast().unwrap());
    for on in [true, false] {
        socket.set_broadcast(on).unwrap();
        assert_eq!(socket.broadcast().unwrap(), on);
    }
}

/// It is an error, of this kind where the system tells.
#[track_caller]
fn expect_group_error(result: io::Result<()>, kind: ErrorKind) {
    if KINDS_OF_GROUP_ERRORS.is_here() {
        expect_error(result, kind);
    } else {
        result.unwrap_err();
    }
}

/// Linux takes the last address of the loopback network for its broadcast address.
#[cfg(target_os = "linux")]
#[test]
fn broadcasts_have_to_be_allowed_and_then_arrive() {
    let mut receiver = everywhere();
    let port = receiver.local_addr().unwrap().port();
    let target = (Ipv4Addr::new(127, 255, 255, 255), port).into();
    let sender = socket();
    expect_error(sender.send_to(b"x", target), ErrorKind::PermissionDenied);
    sender.set_broadcast(true).unwrap();
    sender.send_to(b"x", target).unwrap();
    let mut buffer = [0; 8];
    let received = when_readable(&mut receiver, |socket| socket.recv_from(&mut buffer)).unwrap();
    assert_eq!(received, (1, sender.local_addr().unwrap()));
}

#[test]
fn ttl_is_what_it_was_set_to_and_has_bounds() {
    let socket = socket();
    for ttl in [1, 91, 255] {
        socket.set_ttl(ttl).unwrap();
        assert_eq!(socket.ttl().unwrap(), ttl);
    }
    for ttl in [0, 256] {
        expect_error(socket.set_ttl(ttl), ErrorKind::InvalidInput);
    }
    assert_eq!(socket.ttl().unwrap(), 255);
}

#[test]
fn the_ttl_of_multicast_is_its_own_begins_at_one_and_has_bounds() {
    if MANY_RECEIVERS.is_missing() {
        return;
    }
    let socket = socket();
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 1);
    for ttl in [0, 91, 255] {
        socket.set_multicast_ttl_v4(ttl).unwrap();
        assert_eq!(socket.multicast_ttl_v4().unwrap(), ttl);
    }
    expect_error(socket.set_multicast_ttl_v4(256), ErrorKind::InvalidInput);
    assert_ne!(socket.ttl().unwrap(), 255);
}

#[test]
fn the_loop_of_multicast_is_what_it_was_set_to() {
    if MANY_RECEIVERS.is_missing() {
        return;
    }
    let socket = socket();
    assert!(socket.multicast_loop_v4().unwrap());
    for on in [false, true] {
        socket.set_multicast_loop_v4(on).unwrap();
        assert_eq!(socket.multicast_loop_v4().unwrap(), on);
    }
}

#[test]
fn the_loop_of_multicast_on_ipv6_is_what_it_was_set_to() {
    if MANY_RECEIVERS.is_missing() {
        return;
    }
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let socket = UdpSocket::bind(loopback_v6()).unwrap();
    assert!(socket.multicast_loop_v6().unwrap());
    for on in [false, true] {
        socket.set_multicast_loop_v6(on).unwrap();
        assert_eq!(socket.multicast_loop_v6().unwrap(), on);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn datagrams_to_a_group_arrive_between_joining_and_leaving() {
    if EVERY_OPTION.is_missing() {
        return;
    }
    let mut receiver = everywhere();
    // Groups that others on this machine joined do not count.
    let (level, option) = (libc::IPPROTO_IP, libc::IP_MULTICAST_ALL);
    crate::support::descriptor::set_option(&receiver, level, option, 0);
    let target: SocketAddr = (GROUP_V4, receiver.local_addr().unwrap().port()).into();
    receiver.join_multicast_v4(&GROUP_V4, &Ipv4Addr::LOCALHOST).unwrap();
    // Its address makes the loopback interface the one that it sends from.
    let sender = socket();
    sender.send_to(b"x", target).unwrap();
    let mut buffer = [0; 8];
    let received = when_readable(&mut receiver, |socket| socket.recv_from(&mut buffer)).unwrap();
    assert_eq!(received, (1, sender.local_addr().unwrap()));

    receiver.leave_multicast_v4(&GROUP_V4, &Ipv4Addr::LOCALHOST).unwrap();
    sender.send_to(b"to nobody", target).unwrap();
    let direct = (Ipv4Addr::LOCALHOST, target.port()).into();
    sender.send_to(b"y", direct).unwrap();
    assert_eq!(when_readable(&mut receiver, |socket| socket.recv(&mut buffer)).unwrap(), 1);
}

#[test]
fn joining_needs_a_multicast_address_and_an_interface() {
    if MANY_RECEIVERS.is_missing() {
        return;
    }
    let socket = socket();
    let localhost = Ipv4Addr::LOCALHOST;
    expect_error(socket.join_multicast_v4(&localhost, &localhost), ErrorKind::InvalidInput);
    let SocketAddr::V4(nobody) = nobodys_address() else { unreachable!("it is of IPv4") };
    assert!(socket.join_multicast_v4(&GROUP_V4, nobody.ip()).is_err());
}

#[test]
fn only_a_group_that_was_joined_can_be_left_and_only_once() {
    if MANY_RECEIVERS.is_missing() {
        return;
    }
    let socket = everywhere();
    let interface = Ipv4Addr::LOCALHOST;
    let leave = || socket.leave_multicast_v4(&GROUP_V4, &interface);
    expect_group_error(leave(), ErrorKind::AddrNotAvailable);
    socket.join_multicast_v4(&GROUP_V4, &interface).unwrap();
    expect_group_error(socket.join_multicast_v4(&GROUP_V4, &interface), ErrorKind::AddrInUse);
    leave().unwrap();
    expect_group_error(leave(), ErrorKind::AddrNotAvailable);
}

#[cfg(any(unix, windows))]
#[test]
fn groups_of_ipv6_are_joined_and_left_once() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let socket = UdpSocket::bind(loopback_v6()).unwrap();
    let interface = crate::support::descriptor::loopback_interface();
    let leave = || socket.leave_multicast_v6(&GROUP_V6, interface);
    expect_group_error(leave(), ErrorKind::AddrNotAvailable);
    socket.join_multicast_v6(&GROUP_V6, interface).unwrap();
    expect_group_error(socket.join_multicast_v6(&GROUP_V6, interface), ErrorKind::AddrInUse);
    leave().unwrap();
    expect_group_error(leave(), ErrorKind::AddrNotAvailable);
}

#[cfg(any(unix, windows))]
#[test]
fn joining_on_ipv6_needs_a_multicast_address_and_an_interface() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let socket = UdpSocket::bind(loopback_v6()).unwrap();
    let interface = crate::support::descriptor::loopback_interface();
    let result = socket.join_multicast_v6(&Ipv6Addr::LOCALHOST, interface);
    expect_error(result, ErrorKind::InvalidInput);
    assert!(socket.join_multicast_v6(&GROUP_V6, NO_INTERFACE).is_err());
}

#[test]
fn a_socket_of_ipv4_has_none_of_the_options_of_ipv6() {
    let socket = socket();
    let is_refused = [
        socket.only_v6().is_err(),
        socket.multicast_loop_v6().is_err(),
        socket.set_multicast_loop_v6(true).is_err(),
        socket.join_multicast_v6(&GROUP_V6, 0).is_err(),
        socket.leave_multicast_v6(&GROUP_V6, 0).is_err(),
    ];
    assert_eq!(is_refused, [true; 5]);
}

#[cfg(any(unix, windows))]
#[test]
fn only_v6_tells_the_option_of_the_socket() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    for only in [true, false] {
        let unbound = crate::support::descriptor::unbound_udp_v6();
        crate::support::descriptor::set_only_v6(&unbound, only);
        assert_eq!(UdpSocket::from_std(unbound).only_v6().unwrap(), only);
    }
}

#[cfg(target_os = "wasi")]
#[test]
fn options_that_the_system_lacks_are_unsupported() {
    let socket = socket();
    let localhost = Ipv4Addr::LOCALHOST;
    let lacking = [
        socket.broadcast().map(drop),
        socket.set_broadcast(true),
        socket.multicast_loop_v4().map(drop),
        socket.set_multicast_loop_v4(true),
        socket.multicast_ttl_v4().map(drop),
        socket.set_multicast_ttl_v4(2),
        socket.multicast_loop_v6().map(drop),
        socket.set_multicast_loop_v6(true),
        socket.join_multicast_v4(&GROUP_V4, &localhost),
        socket.leave_multicast_v4(&GROUP_V4, &localhost),
        socket.join_multicast_v6(&GROUP_V6, 0),
        socket.leave_multicast_v6(&GROUP_V6, 0),
    ];
    for result in lacking {
        expect_error(result, ErrorKind::Unsupported);
    }
}
