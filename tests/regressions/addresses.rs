//! Addresses of every form, and the queue of a Unix listener.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;

use mio::net::{TcpListener, TcpStream, UnixDatagram, UnixListener, UnixStream};

use crate::support::capabilities::IPV6_LOOPBACK;
use crate::support::descriptor::set_backlog;
use crate::support::{SocketPath, expect_error, loopback_v4, loopback_v6};

fn unnamed() -> SocketAddr {
    SocketAddr::from_pathname("").unwrap()
}

/// S1, mio#1386: addresses of IP go to the system and back field by field.
#[test]
fn addresses_of_ip_come_back_as_they_were() {
    for local in [loopback_v4(), loopback_v6()] {
        if local.is_ipv6() && IPV6_LOOPBACK.is_missing() {
            continue;
        }
        let listener = std::net::TcpListener::bind(local).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let listener = TcpListener::from_std(listener);
        let (server, peer) = listener.accept().unwrap();
        assert_eq!(peer, client.local_addr().unwrap());
        assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
        assert_eq!(server.peer_addr().unwrap(), peer);
    }
}

/// L8, mio#1560, mio#1564, tokio#3879: a connect that found the queue full has not begun. It is an
/// error and no stream, and can be tried again.
#[test]
fn a_connect_to_a_full_queue_would_block_and_can_be_repeated() {
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    set_backlog(&listener, 1);
    let mut clients = Vec::new();
    let error = loop {
        match UnixStream::connect(&path) {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
        assert!(clients.len() < 1000, "the queue is never full");
    };
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    for _ in 0..3 {
        expect_error(UnixStream::connect(&path), io::ErrorKind::WouldBlock);
        listener.accept().unwrap();
        let client = UnixStream::connect(&path).unwrap();
        assert!(client.peer_addr().is_ok(), "it is connected");
        clients.push(client);
    }
}

/// L9, mio#1817: a peer without a name has an address without a name.
#[test]
fn an_unnamed_peer_has_no_name() {
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let client = UnixStream::connect(&path).unwrap();
    let (server, peer) = listener.accept().unwrap();
    for address in [peer, server.peer_addr().unwrap(), client.local_addr().unwrap()] {
        assert!(address.is_unnamed(), "{address:?}");
    }
    assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
    let (left, right) = UnixDatagram::pair().unwrap();
    left.send(b"hello").unwrap();
    let (_, peer) = right.recv_from(&mut [0; 8]).unwrap();
    assert!(peer.is_unnamed(), "{peer:?}");
}

/// L9, mio 0.7.7: bound without a name, a socket gets one of the system's choice, which others can
/// connect to.
#[test]
fn an_unnamed_listener_gets_a_name_to_connect_to() {
    let listener = UnixListener::bind_addr(&unnamed()).unwrap();
    let address = listener.local_addr().unwrap();
    assert_eq!(address.as_abstract_name().map(<[u8]>::len), Some(5), "{address:?}");
    let client = UnixStream::connect_addr(&address).unwrap();
    assert_eq!(client.peer_addr().unwrap().as_abstract_name(), address.as_abstract_name());
    listener.accept().unwrap();
}

/// L9, mio#1817: every byte of an abstract name counts, zeroes and the last one included.
#[test]
fn abstract_names_keep_every_byte() {
    let unique = format!("mio-test-{}-", std::process::id()).into_bytes();
    let longest = [&unique[..], &[b'n'; 107]].concat()[..107].to_vec();
    let names = [
        unique.clone(),
        [&unique[..], b"\0zero\0"].concat(),
        [&b"\0"[..], &unique].concat(),
        longest,
    ];
    for name in names {
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listener = UnixListener::bind_addr(&address).unwrap();
        let client = UnixStream::connect_addr(&address).unwrap();
        for seen in [listener.local_addr().unwrap(), client.peer_addr().unwrap()] {
            assert_eq!(seen.as_abstract_name(), Some(&name[..]));
        }
    }
}

/// L9: a datagram tells the abstract name that it was sent from.
#[test]
fn a_datagram_from_an_abstract_name_tells_all_of_it() {
    let path = SocketPath::new();
    let receiver = UnixDatagram::bind(&path).unwrap();
    let name = format!("mio-test-{}-datagram\0", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let sender = UnixDatagram::bind_addr(&address).unwrap();
    sender.send_to(b"hello", &path).unwrap();
    let (_, from) = receiver.recv_from(&mut [0; 8]).unwrap();
    assert_eq!(from.as_abstract_name(), Some(name.as_bytes()));
}

/// L9, mio#1102: a path of the greatest length loses no character, and one more is an error.
#[test]
fn a_path_of_the_greatest_length_loses_no_character() {
    let short = SocketPath::new();
    std::fs::create_dir(&short).unwrap();
    let folder = short.as_ref().to_str().unwrap();
    let path = format!("{folder}/{}", "p".repeat(107 - folder.len() - 1));
    let listener = UnixListener::bind(&path).unwrap();
    let client = UnixStream::connect(&path).unwrap();
    for seen in [listener.local_addr().unwrap(), client.peer_addr().unwrap()] {
        assert_eq!(seen.as_pathname(), Some(path.as_ref()));
    }
    let too_long = format!("{path}p");
    expect_error(UnixListener::bind(&too_long), io::ErrorKind::InvalidInput);
    expect_error(UnixStream::connect(&too_long), io::ErrorKind::InvalidInput);
    expect_error(UnixDatagram::bind(&too_long), io::ErrorKind::InvalidInput);
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_dir(&short).unwrap();
}

/// L9, tokio#6767: a path with a zero is none.
#[test]
fn a_path_with_a_zero_is_an_error() {
    for path in ["\0", "in\0side", "at the end\0"] {
        expect_error(UnixListener::bind(path), io::ErrorKind::InvalidInput);
        expect_error(UnixStream::connect(path), io::ErrorKind::InvalidInput);
        expect_error(UnixDatagram::bind(path), io::ErrorKind::InvalidInput);
    }
}
