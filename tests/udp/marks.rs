//! What goes with datagrams: source and destination, interface, congestion marks; and the options
//! that ask for it.

use std::io::{ErrorKind, IoSliceMut};
use std::net::IpAddr;
#[cfg(target_os = "linux")]
use std::net::SocketAddr;

use mio::net::UdpSocket;
use mio::net::udp::{Ecn, Received, RecvBatch, SendBatch, Transmit};

use crate::support::capabilities::{CHECKS_SOURCES, CONTROL_MESSAGES, IPV6_LOOPBACK};
#[cfg(target_os = "linux")]
use crate::support::descriptor::loopback_interface;
#[cfg(target_os = "linux")]
use crate::support::loopback_v4;
use crate::support::{expect_error, loopback_v6};
use crate::{socket, when_readable};

const MARKS: [Ecn; 4] = [Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn bind(text: &str) -> UdpSocket {
    UdpSocket::bind(text.parse().unwrap()).unwrap()
}

/// Sends this, and returns what is told of it where it arrives.
#[track_caller]
fn sent(sender: &UdpSocket, receiver: &mut UdpSocket, transmit: Transmit<'_>) -> Received {
    let mut batch = SendBatch::with_capacity(1);
    assert_eq!(sender.send_many(&mut batch, &[transmit]).unwrap(), 1);
    received(receiver)
}

#[track_caller]
fn received(receiver: &mut UdpSocket) -> Received {
    let mut batch = RecvBatch::with_capacity(1);
    let mut buffer = [0; 2048];
    when_readable(receiver, |socket| {
        socket.recv_many(&mut batch, &mut [IoSliceMut::new(&mut buffer)])
    })
    .unwrap();
    batch.received()[0]
}

/// A socket with a wish that `set` sets and `get` tells; or nothing, where the system cannot.
fn wishing(
    socket: UdpSocket,
    set: fn(&UdpSocket, bool) -> std::io::Result<()>,
    get: fn(&UdpSocket) -> std::io::Result<bool>,
    is_possible: bool,
) -> Option<UdpSocket> {
    assert!(!get(&socket).unwrap());
    if !is_possible {
        set(&socket, true).unwrap_err();
        return None;
    }
    for on in [true, false, true] {
        set(&socket, on).unwrap();
        assert_eq!(get(&socket).unwrap(), on);
    }
    Some(socket)
}

fn with_marks(socket: UdpSocket) -> Option<UdpSocket> {
    let is_possible = socket.capabilities().unwrap().receive_ecn;
    wishing(socket, UdpSocket::set_recv_ecn, UdpSocket::recv_ecn, is_possible)
}

fn with_destination(socket: UdpSocket) -> Option<UdpSocket> {
    let is_possible = socket.capabilities().unwrap().receive_destination;
    wishing(socket, UdpSocket::set_recv_destination, UdpSocket::recv_destination, is_possible)
}

#[test]
fn the_kernel_of_linux_has_all_of_it() {
    let capabilities = socket().capabilities().unwrap();
    if cfg!(target_os = "linux") {
        assert!(capabilities.one_call && capabilities.receive_destination);
        assert!(capabilities.send_source && capabilities.receive_ecn);
        assert!(capabilities.send_ecn && capabilities.dont_fragment);
    }
    assert!(capabilities.send_segments >= 1 && capabilities.receive_segments >= 1);
}

#[test]
fn each_mark_arrives_on_connected_and_other_sockets() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let mut sockets = vec![(socket(), socket())];
    if !IPV6_LOOPBACK.is_missing() {
        let bind = || UdpSocket::bind(loopback_v6()).unwrap();
        sockets.push((bind(), bind()));
    }
    for (sender, receiver) in sockets {
        let Some(mut receiver) = with_marks(receiver) else { continue };
        let to = receiver.local_addr().unwrap();
        for mark in MARKS {
            let transmit = Transmit::new(b"x").target(to).ecn(mark);
            assert_eq!(sent(&sender, &mut receiver, transmit).ecn(), Some(mark));
        }
        let unmarked = Transmit::new(b"x").target(to);
        assert_eq!(sent(&sender, &mut receiver, unmarked).ecn(), Some(Ecn::NotEct));
        sender.connect(to).unwrap();
        for mark in MARKS {
            let transmit = Transmit::new(b"x").ecn(mark);
            assert_eq!(sent(&sender, &mut receiver, transmit).ecn(), Some(mark));
        }
        receiver.set_recv_ecn(false).unwrap();
        assert_eq!(sent(&sender, &mut receiver, unmarked).ecn(), None);
    }
}

#[test]
fn the_marks_of_a_batch_are_those_of_each_datagram() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let Some(mut receiver) = with_marks(socket()) else { return };
    let sender = socket();
    let to = receiver.local_addr().unwrap();
    let transmits = MARKS.map(|mark| Transmit::new(b"x").target(to).ecn(mark));
    let mut batch = SendBatch::with_capacity(8);
    assert_eq!(sender.send_many(&mut batch, &transmits).unwrap(), 4);
    assert_eq!(MARKS.map(|_| received(&mut receiver).ecn().unwrap()), MARKS);
}

#[test]
fn rows_have_marks_too() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let Some(mut receiver) = with_marks(socket()) else { return };
    if receiver.capabilities().unwrap().receive_segments > 1 {
        receiver.set_recv_offload(true).unwrap();
    }
    let sender = socket();
    let to = receiver.local_addr().unwrap();
    let row = Transmit::new(&[7; 1000]).segment_size(300).target(to).ecn(Ecn::Ect0);
    let mut left = 1000;
    let mut told = sent(&sender, &mut receiver, row);
    loop {
        assert_eq!(told.ecn(), Some(Ecn::Ect0));
        left -= told.len();
        if left == 0 {
            break;
        }
        told = received(&mut receiver);
    }
}

/// All of 127.0.0.0/8 is this machine on Linux.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_with_many_addresses_tells_which_and_answers_from_it() {
    let mut server = with_destination(bind("0.0.0.0:0")).unwrap();
    let port = server.local_addr().unwrap().port();
    let mut client = with_destination(socket()).unwrap();
    for address in ["127.0.0.1", "127.0.0.2", "127.9.8.7"] {
        let to = SocketAddr::new(ip(address), port);
        let request = sent(&client, &mut server, Transmit::new(b"?").target(to));
        assert_eq!(request.destination(), Some(ip(address)));
        assert_eq!(request.interface(), Some(loopback_interface()));
        let answer = Transmit::new(b"!").target(request.source());
        let answer = answer.source(request.destination().unwrap());
        let answer = sent(&server, &mut client, answer);
        assert_eq!(answer.source(), to);
        assert_eq!(answer.destination(), Some(ip("127.0.0.1")));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interface_can_be_chosen() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let mut receiver = with_destination(socket()).unwrap();
    let to = receiver.local_addr().unwrap();
    let transmit = Transmit::new(b"x").target(to);
    let index = loopback_interface();
    let told = sent(&socket(), &mut receiver, transmit.interface(index));
    assert_eq!(told.interface(), Some(index));
    let mut batch = SendBatch::with_capacity(1);
    socket().send_many(&mut batch, &[transmit.interface(0x7fff_fff0)]).unwrap_err();
}

#[test]
fn a_source_that_this_machine_does_not_have_is_refused() {
    let sender = socket();
    if !sender.capabilities().unwrap().send_source {
        return;
    }
    let to = sender.local_addr().unwrap();
    let transmit = Transmit::new(b"x").target(to);
    let mut batch = SendBatch::with_capacity(1);
    // Of the other family.
    let other = sender.send_many(&mut batch, &[transmit.source(ip("::1"))]);
    expect_error(other, ErrorKind::Unsupported);
    if !CHECKS_SOURCES.is_missing() {
        sender.send_many(&mut batch, &[transmit.source(ip("198.51.100.1"))]).unwrap_err();
    }
}

#[test]
fn ipv6_has_source_and_destination_too() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let receiver = bind("[::1]:0");
    let Some(mut receiver) = with_destination(receiver) else { return };
    let to = receiver.local_addr().unwrap();
    let transmit = Transmit::new(b"x").target(to).source(ip("::1"));
    let told = sent(&bind("[::]:0"), &mut receiver, transmit);
    assert_eq!((told.destination(), told.source().ip()), (Some(ip("::1")), ip("::1")));
    assert!(told.interface().is_some());
}

/// A socket of IPv6 that takes IPv4 as well sees mapped addresses, and answers to them.
#[cfg(target_os = "linux")]
#[test]
fn both_families_on_one_socket() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let v4 = with_marks(with_destination(UdpSocket::bind(loopback_v4()).unwrap()).unwrap());
    let v6 = with_marks(with_destination(UdpSocket::bind(loopback_v6()).unwrap()).unwrap());
    let cases = [
        (v4.unwrap(), "127.0.0.2", "::ffff:127.0.0.2", "127.0.0.2"),
        (v6.unwrap(), "::1", "::1", "::1"),
    ];
    for (mut client, address, seen, answered) in cases {
        let server = bind("[::]:0");
        assert!(!server.only_v6().unwrap());
        let to = SocketAddr::new(ip(address), server.local_addr().unwrap().port());
        let mut server = with_marks(with_destination(server).unwrap()).unwrap();
        let request = Transmit::new(b"?").target(to).ecn(Ecn::Ect0);
        let request = sent(&client, &mut server, request);
        assert_eq!(request.destination(), Some(ip(seen)));
        assert_eq!(request.ecn(), Some(Ecn::Ect0));
        assert!(request.source().is_ipv6());
        let answer = Transmit::new(b"!").target(request.source()).ecn(Ecn::Ce);
        let answer = answer.source(request.destination().unwrap());
        let answer = sent(&server, &mut client, answer);
        assert_eq!((answer.source().ip(), answer.ecn()), (ip(answered), Some(Ecn::Ce)));
        // Connected, and so without a target.
        server.connect(request.source()).unwrap();
        let answer = sent(&server, &mut client, Transmit::new(b"!").ecn(Ecn::Ect1));
        assert_eq!(answer.ecn(), Some(Ecn::Ect1));
    }
}

#[test]
fn what_a_system_cannot_be_told_is_unsupported() {
    let sender = socket();
    let capabilities = sender.capabilities().unwrap();
    let to = sender.local_addr().unwrap();
    let mut batch = SendBatch::with_capacity(1);
    if !capabilities.send_ecn {
        let marked = Transmit::new(b"x").target(to).ecn(Ecn::Ect0);
        expect_error(sender.send_many(&mut batch, &[marked]), ErrorKind::Unsupported);
    }
    if !capabilities.send_source {
        let from = Transmit::new(b"x").target(to).source(to.ip());
        expect_error(sender.send_many(&mut batch, &[from]), ErrorKind::Unsupported);
    }
}

#[test]
fn fragments_are_forbidden_and_allowed_again() {
    let is_possible = socket().capabilities().unwrap().dont_fragment;
    wishing(socket(), UdpSocket::set_dont_fragment, UdpSocket::dont_fragment, is_possible);
    if !IPV6_LOOPBACK.is_missing() {
        let v6 = UdpSocket::bind(loopback_v6()).unwrap();
        let is_possible = v6.capabilities().unwrap().dont_fragment;
        wishing(v6, UdpSocket::set_dont_fragment, UdpSocket::dont_fragment, is_possible);
    }
}

/// As many options of the user's own as there are: what does not fit of their messages is told.
#[cfg(target_os = "linux")]
#[test]
fn messages_of_the_users_own_options_do_no_harm() {
    use crate::support::capabilities::EVERY_OPTION;
    use crate::support::descriptor::set_option;

    if EVERY_OPTION.is_missing() {
        return;
    }

    let mut receiver = with_marks(with_destination(socket()).unwrap()).unwrap();
    let own = [
        (libc::SOL_SOCKET, libc::SO_TIMESTAMPNS),
        (libc::SOL_SOCKET, libc::SO_RXQ_OVFL),
        (libc::IPPROTO_IP, libc::IP_RECVTTL),
        (libc::IPPROTO_IP, libc::IP_RECVOPTS),
        (libc::IPPROTO_IP, libc::IP_RETOPTS),
        (libc::IPPROTO_IP, libc::IP_RECVORIGDSTADDR),
    ];
    for (level, name) in own {
        set_option(&receiver, level, name, 1);
    }
    let to = receiver.local_addr().unwrap();
    let told = sent(&socket(), &mut receiver, Transmit::new(b"x").target(to).ecn(Ecn::Ect0));
    assert_eq!(told.len(), 1);
    if !told.is_control_truncated() {
        assert_eq!((told.ecn(), told.destination()), (Some(Ecn::Ect0), Some(to.ip())));
    }
}
