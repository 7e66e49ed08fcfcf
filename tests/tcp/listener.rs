//! `TcpListener`.

use std::io::{ErrorKind, Read, Write};
use std::net::{self, SocketAddr};

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token};

use crate::support::capabilities::IPV6_LOOPBACK;
use crate::support::{
    expect_error, expect_event, expect_no_events, expect_would_block, loopback_v4, loopback_v6,
    nobodys_address, until_known,
};
use crate::{SOURCE, polling};

fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(loopback_v4()).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Accepts until that would block, and returns how many connections there were.
fn accept_all(listener: &TcpListener) -> usize {
    for count in 0.. {
        match listener.accept() {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return count,
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("the loop has no end of its own")
}

#[test]
fn bind_takes_the_address_asked_for_and_chooses_the_port() {
    let (_listener, address) = listening();
    assert_eq!(address.ip(), loopback_v4().ip());
    assert_ne!(address.port(), 0);
}

#[test]
fn bind_works_on_ipv6() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let mut listener = TcpListener::bind(loopback_v6()).unwrap();
    let address = listener.local_addr().unwrap();
    assert!(address.is_ipv6());
    let mut poll = polling(&mut listener, Interest::READABLE);
    let mut client = TcpStream::connect(address).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    let (_stream, peer) = listener.accept().unwrap();
    poll.registry().register(&mut client, Token(2), Interest::WRITABLE).unwrap();
    expect_event(&mut poll, Token(2), Event::is_writable);
    assert_eq!(peer, client.local_addr().unwrap());
}

#[test]
fn bind_to_an_address_in_use_is_refused() {
    let (_listener, address) = listening();
    expect_error(TcpListener::bind(address), ErrorKind::AddrInUse);
}

#[test]
fn bind_to_an_address_of_another_machine_is_refused() {
    expect_error(TcpListener::bind(nobodys_address()), ErrorKind::AddrNotAvailable);
}

#[cfg(target_os = "linux")]
#[test]
fn bind_to_a_reserved_port_is_refused_without_privileges() {
    use crate::support::capabilities::RESERVED_PORTS;
    use crate::support::descriptor::without_privileges;

    if RESERVED_PORTS.is_missing() {
        return;
    }
    let result = without_privileges(|| TcpListener::bind("127.0.0.1:1".parse().unwrap()));
    expect_error(result, ErrorKind::PermissionDenied);
}

#[test]
fn an_address_can_be_bound_again_while_old_connections_linger() {
    let (mut listener, address) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    let mut client = net::TcpStream::connect(address).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    let (stream, _) = listener.accept().unwrap();
    // The side that closes first is the one that lingers (TIME_WAIT).
    drop(stream);
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
    drop((client, listener));
    TcpListener::bind(address).unwrap();
}

#[test]
fn accept_gives_the_stream_and_its_peer() {
    let (mut listener, address) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    expect_no_events(&mut poll);
    let mut client = net::TcpStream::connect(address).unwrap();
    let event = expect_event(&mut poll, SOURCE, Event::is_readable);
    assert!(!event.is_writable() && !event.is_read_closed() && !event.is_error());

    let (mut stream, peer) = listener.accept().unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
    assert_eq!(stream.peer_addr().unwrap(), peer);
    assert_eq!(stream.local_addr().unwrap(), address);

    until_known();
    stream.write_all(b"hello").unwrap();
    let mut buffer = [0; 5];
    client.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"hello");
}

#[test]
fn accept_without_a_connection_would_block() {
    expect_would_block(listening().0.accept());
}

#[test]
fn a_connection_after_accept_would_block_is_an_event() {
    let (mut listener, address) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    for _ in 0..5 {
        expect_would_block(listener.accept());
        expect_no_events(&mut poll);
        let _client = net::TcpStream::connect(address).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        listener.accept().unwrap();
    }
}

#[test]
fn one_event_may_stand_for_many_connections() {
    let (mut listener, address) = listening();
    let clients: Vec<_> = (0..5).map(|_| net::TcpStream::connect(address).unwrap()).collect();
    let mut poll = polling(&mut listener, Interest::READABLE);
    let mut accepted = 0;
    while accepted < clients.len() {
        expect_event(&mut poll, SOURCE, Event::is_readable);
        accepted += accept_all(&listener);
    }
    assert_eq!(accepted, clients.len());
    expect_no_events(&mut poll);
}

#[cfg(any(unix, windows))]
#[test]
fn a_connection_that_was_reset_before_accept_hurts_no_other() {
    let (mut listener, address) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    let gone = net::TcpStream::connect(address).unwrap();
    crate::support::descriptor::reset_on_close(&gone);
    drop(gone);
    let stays = net::TcpStream::connect(address).unwrap();
    // Systems either hide it, report it as aborted, or hand out a stream that is broken.
    loop {
        match listener.accept() {
            Ok((_, peer)) if peer == stays.local_addr().unwrap() => break,
            Ok(_broken) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            // Wine has no address for a peer that is gone, and leaves it empty.
            Err(error) if crate::support::is_wine() && error.kind() == ErrorKind::InvalidInput => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                expect_event(&mut poll, SOURCE, Event::is_readable);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn ttl_is_what_it_was_set_to_and_has_bounds() {
    let (listener, _) = listening();
    assert_ne!(listener.ttl().unwrap(), 91);
    listener.set_ttl(91).unwrap();
    assert_eq!(listener.ttl().unwrap(), 91);
    for ttl in [0, 256] {
        expect_error(listener.set_ttl(ttl), ErrorKind::InvalidInput);
    }
    assert_eq!(listener.ttl().unwrap(), 91);
}

#[test]
fn a_healthy_listener_has_no_error_to_take() {
    assert!(listening().0.take_error().unwrap().is_none());
}

#[test]
fn a_dropped_listener_refuses_connections() {
    let (mut listener, address) = listening();
    let mut poll = polling(&mut listener, Interest::READABLE);
    let _client = net::TcpStream::connect(address).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    // A stream that was accepted has the same port, so that no other test listens there meanwhile.
    let _stream = listener.accept().unwrap();
    drop(listener);
    expect_error(net::TcpStream::connect(address), ErrorKind::ConnectionRefused);
}

#[test]
fn debug_shows_the_address() {
    let (listener, address) = listening();
    let text = format!("{listener:?}");
    assert!(text.starts_with("TcpListener"), "{text}");
    assert!(text.contains(&address.to_string()), "{text}");
}

#[cfg(any(unix, windows))]
mod descriptors {
    use super::*;
    use crate::support::conversions::{
        convert_registered, convert_there_and_back, convert_to_std_and_back,
    };
    use crate::support::descriptor::{is_close_on_exec, is_nonblocking};

    #[test]
    fn listeners_and_accepted_streams_do_not_block_and_are_closed_on_exec() {
        let (mut listener, address) = listening();
        let mut poll = polling(&mut listener, Interest::READABLE);
        let _client = net::TcpStream::connect(address).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        let (stream, _) = listener.accept().unwrap();
        assert!(is_nonblocking(&listener) && is_close_on_exec(&listener));
        assert!(is_nonblocking(&stream) && is_close_on_exec(&stream));
    }

    #[test]
    fn conversions_keep_number_flags_and_queue() {
        let (listener, address) = listening();
        let client = net::TcpStream::connect(address).unwrap();
        let listener = convert_there_and_back(listener);
        let mut listener =
            convert_to_std_and_back::<_, net::TcpListener>(listener, TcpListener::from_std);
        let mut poll = polling(&mut listener, Interest::READABLE);
        expect_event(&mut poll, SOURCE, Event::is_readable);
        assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
    }

    #[test]
    fn conversions_leave_registration_as_the_selector_has_it() {
        convert_registered(listening().0, Interest::READABLE);
    }

    #[cfg(unix)]
    #[test]
    fn from_std_takes_a_blocking_listener_as_it_is() {
        let blocking = net::TcpListener::bind(loopback_v4()).unwrap();
        assert!(!is_nonblocking(&TcpListener::from_std(blocking)));
    }
}
