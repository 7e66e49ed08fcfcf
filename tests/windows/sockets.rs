//! Sockets polled through their driver.

use std::env;
use std::mem::ManuallyDrop;
use std::net;
use std::os::windows::io::{AsRawSocket, FromRawSocket};
use std::process::Command;
use std::thread;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Interest, Poll, Token};

use crate::support::descriptor::{close, is_close_on_exec, open_handles};
use crate::support::{LIMIT, expect_event, expect_events, expect_no_events, loopback_v4, poll_for};

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

fn socket() -> UdpSocket {
    UdpSocket::bind(loopback_v4()).unwrap()
}

fn send_to(socket: &UdpSocket) {
    let sender = net::UdpSocket::bind(loopback_v4()).unwrap();
    sender.send_to(b"x", socket.local_addr().unwrap()).unwrap();
}

/// Another owner of the same socket, which does not close it.
fn same(socket: &UdpSocket) -> ManuallyDrop<UdpSocket> {
    // SAFETY: the socket is open, and this owner never closes it.
    ManuallyDrop::new(unsafe { UdpSocket::from_raw_socket(socket.as_raw_socket()) })
}

/// W7: mio#1370. A peer that resets the connection is told to who only writes, and who only reads.
#[test]
fn the_end_is_told_whatever_a_source_waits_for() {
    for interest in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        let listener = net::TcpListener::bind(loopback_v4()).unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, _) = listener.accept().unwrap();
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut stream, Token(1), interest).unwrap();
        while !poll_for(&mut poll, std::time::Duration::ZERO).is_empty() {}
        crate::support::descriptor::reset_on_close(&peer);
        drop(peer);
        expect_event(&mut poll, Token(1), Event::is_read_closed);
        expect_no_events(&mut poll);
    }
}

/// W9: mio#1146, mio#1147. Also with a poll of each under way.
#[test]
fn sockets_registered_and_deregistered_leave_nothing_behind() {
    let mut poll = Poll::new().unwrap();
    let mut socket = socket();
    let mut before = 0;
    for round in 0..4_000 {
        if round == 1_000 {
            before = open_handles();
        }
        poll.registry().register(&mut socket, Token(round), Interest::READABLE).unwrap();
        if round % 2 == 0 {
            expect_no_events(&mut poll);
        }
        poll.registry().deregister(&mut socket).unwrap();
    }
    assert!(open_handles() < before + 100, "{before} became {}", open_handles());
    send_to(&socket);
    expect_no_events(&mut poll);
}

/// W9: mio#1205. The events of those that stay are counted, and no others.
#[test]
fn deregistering_while_a_poll_is_under_way_ends_events() {
    let mut poll = Poll::new().unwrap();
    let mut sockets: Vec<_> = (0..100).map(|_| socket()).collect();
    for (token, socket) in sockets.iter_mut().enumerate() {
        poll.registry().register(socket, Token(token), Interest::READABLE).unwrap();
    }
    expect_no_events(&mut poll);
    for socket in &sockets {
        send_to(socket);
    }
    for socket in sockets.iter_mut().step_by(2) {
        poll.registry().deregister(socket).unwrap();
    }
    let odd: Vec<(Token, fn(&Event) -> bool)> =
        (1..100).step_by(2).map(|token| (Token(token), Event::is_readable as _)).collect();
    assert_eq!(expect_events(&mut poll, &odd).len(), odd.len());
    expect_no_events(&mut poll);
}

/// W9, W17: mio#1191, mio#1277. Before the first poll is begun it fails, later it ends.
#[test]
fn a_socket_closed_behind_our_back_spoils_nothing() {
    for is_polled_before in [false, true] {
        let mut poll = Poll::new().unwrap();
        let mut other = socket();
        let closed = socket();
        let mut source = same(&closed);
        poll.registry().register(&mut *source, Token(1), Interest::READABLE).unwrap();
        poll.registry().register(&mut other, Token(2), Interest::READABLE).unwrap();
        if is_polled_before {
            expect_no_events(&mut poll);
        }
        close(closed);
        for _ in 0..3 {
            send_to(&other);
            expect_event(&mut poll, Token(2), Event::is_readable);
            while other.recv(&mut [0; 8]).is_ok() {}
        }
        poll.registry().reregister(&mut *source, Token(3), BOTH).unwrap();
        poll_for(&mut poll, std::time::Duration::ZERO);
        poll.registry().deregister(&mut *source).unwrap();
        expect_no_events(&mut poll);
    }
}

/// W10: mio#1055. Each thread's last registration is what the wait gives.
#[test]
fn threads_change_registrations_while_another_waits() {
    const THREADS: usize = 4;
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let registry = &registry;
            scope.spawn(move || {
                let mut socket = socket();
                for _ in 0..200 {
                    registry.register(&mut socket, Token(99), Interest::READABLE).unwrap();
                    registry.reregister(&mut socket, Token(98), Interest::READABLE).unwrap();
                    registry.deregister(&mut socket).unwrap();
                }
                registry.register(&mut socket, Token(number), Interest::WRITABLE).unwrap();
                // It stays open and registered.
                std::mem::forget(socket);
            });
        }
        let expected: Vec<(Token, fn(&Event) -> bool)> =
            (0..THREADS).map(|token| (Token(token), Event::is_writable as _)).collect();
        let events = expect_events(&mut poll, &expected);
        assert_eq!(events.len(), THREADS, "{events:?}");
    });
}

/// W12: wepoll#35. Each poll has its own device; within one, so have both sources.
#[test]
fn a_socket_watched_twice_tells_each_what_it_waits_for() {
    for is_same_poll in [false, true] {
        let mut first = Poll::new().unwrap();
        let mut second = Poll::new().unwrap();
        let mut reader = socket();
        let mut writer = same(&reader);
        let polls_writer = if is_same_poll { &first } else { &second };
        polls_writer.registry().register(&mut *writer, Token(2), Interest::WRITABLE).unwrap();
        first.registry().register(&mut reader, Token(1), Interest::READABLE).unwrap();
        let polls_writer = if is_same_poll { &mut first } else { &mut second };
        expect_event(polls_writer, Token(2), Event::is_writable);
        expect_no_events(&mut first);
        expect_no_events(&mut second);
        send_to(&reader);
        expect_event(&mut first, Token(1), Event::is_readable);
        expect_no_events(&mut second);
    }
}

/// W14: mio#1946.
#[test]
fn children_inherit_no_socket() {
    let listener = TcpListener::bind(loopback_v4()).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut poll = Poll::new().unwrap();
    let mut listener = listener;
    poll.registry().register(&mut listener, Token(1), Interest::READABLE).unwrap();
    expect_event(&mut poll, Token(1), Event::is_readable);
    let (accepted, _) = listener.accept().unwrap();
    assert!(is_close_on_exec(&listener) && is_close_on_exec(&client));
    assert!(is_close_on_exec(&accepted) && is_close_on_exec(&socket()));
}

/// W15: mio#1636.
#[test]
fn what_fails_leaves_no_handle_behind() {
    let taken = TcpListener::bind(loopback_v4()).unwrap();
    let udp = socket();
    let fail = || {
        TcpListener::bind(taken.local_addr().unwrap()).unwrap_err();
        UdpSocket::bind(udp.local_addr().unwrap()).unwrap_err();
        TcpStream::connect("255.255.255.255:9".parse().unwrap()).unwrap_err();
    };
    for _ in 0..10 {
        fail();
    }
    let before = open_handles();
    for _ in 0..1_000 {
        fail();
    }
    assert!(open_handles() < before + 100, "{before} became {}", open_handles());
}

/// W16: mio#1615, mio#1657.
#[test]
fn no_timeout_is_cut_to_nothing() {
    let mut poll = Poll::new().unwrap();
    for micros in [1, 999, 1_001, 20_001] {
        let timeout = std::time::Duration::from_micros(micros);
        let begin = std::time::Instant::now();
        assert!(poll_for(&mut poll, timeout).is_empty());
        assert!(begin.elapsed() >= timeout && begin.elapsed() < LIMIT);
    }
}

/// W18: mio#1046. In a process of its own, in which nobody has used a socket before.
#[test]
fn the_first_socket_of_a_process_may_be_ours() {
    const ADDRESS: &str = "MIO_TEST_ADDRESS";
    if let Ok(address) = env::var(ADDRESS) {
        let mut stream = TcpStream::connect(address.parse().unwrap()).unwrap();
        let mut poll = Poll::new().unwrap();
        poll.registry().register(&mut stream, Token(1), Interest::WRITABLE).unwrap();
        expect_event(&mut poll, Token(1), Event::is_writable);
        stream.peer_addr().unwrap();
        return;
    }
    let listener = net::TcpListener::bind(loopback_v4()).unwrap();
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", thread::current().name().unwrap()])
        .env(ADDRESS, listener.local_addr().unwrap().to_string())
        .status()
        .unwrap();
    assert!(status.success());
    listener.set_nonblocking(true).unwrap();
    listener.accept().unwrap();
}
