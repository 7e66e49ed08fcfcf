//! Names of Unix sockets, good and bad, for all that take one.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mio::net::{UnixDatagram, UnixListener, UnixStream};

use crate::support::{SocketPath, expect_error};

type TakesPath = fn(&Path) -> io::Result<()>;

/// Each function that takes a path, with its name.
fn functions() -> [(&'static str, TakesPath); 5] {
    [
        ("UnixListener::bind", |path| UnixListener::bind(path).map(drop)),
        ("UnixStream::connect", |path| UnixStream::connect(path).map(drop)),
        ("UnixDatagram::bind", |path| UnixDatagram::bind(path).map(drop)),
        ("UnixDatagram::connect", |path| UnixDatagram::unbound()?.connect(path)),
        ("UnixDatagram::send_to", |path| UnixDatagram::unbound()?.send_to(b"x", path).map(drop)),
    ]
}

#[test]
fn a_path_with_a_zero_byte_is_invalid() {
    for bytes in [&b"zero\0inside"[..], b"\0at the start", b"at the end\0", b"\0"] {
        for (name, function) in functions() {
            let error = function(Path::new(OsStr::from_bytes(bytes))).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name} of {bytes:?}");
        }
    }
}

#[test]
fn a_path_beyond_the_limit_is_invalid() {
    for length in [108, 109, 4096] {
        for (name, function) in functions() {
            let error = function(&PathBuf::from("x".repeat(length))).expect_err(name);
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name} of {length} bytes");
        }
    }
}

#[test]
fn a_path_in_a_directory_that_does_not_exist_is_not_found() {
    let path = SocketPath::new();
    let inside = path.as_ref().join("inside");
    for (name, function) in functions() {
        let error = function(&inside).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
    }
}

#[test]
fn a_path_that_exists_is_in_use_for_all_that_bind() {
    let path = SocketPath::new();
    std::fs::write(&path, b"").unwrap();
    expect_error(UnixListener::bind(&path), ErrorKind::AddrInUse);
    expect_error(UnixDatagram::bind(&path), ErrorKind::AddrInUse);
}

#[test]
fn a_path_without_a_socket_behind_it_refuses() {
    let path = SocketPath::new();
    drop(UnixListener::bind(&path).unwrap());
    expect_error(UnixStream::connect(&path), ErrorKind::ConnectionRefused);
    let socket = UnixDatagram::unbound().unwrap();
    expect_error(socket.connect(&path), ErrorKind::ConnectionRefused);
    expect_error(socket.send_to(b"x", &path), ErrorKind::ConnectionRefused);
}

/// The longest path that the system takes is bound and found again with every byte.
#[cfg(target_os = "linux")]
#[test]
fn the_longest_path_loses_no_byte() {
    let directory = SocketPath::new();
    std::fs::create_dir(&directory).unwrap();
    let used = directory.as_ref().as_os_str().len() + 1;
    let path = directory.as_ref().join("x".repeat(107 - used));
    let listener = UnixListener::bind(&path).unwrap();
    assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
    let stream = UnixStream::connect(&path).unwrap();
    assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(&*path));
    std::fs::remove_file(&path).unwrap();

    let datagram = UnixDatagram::bind(&path).unwrap();
    assert_eq!(datagram.local_addr().unwrap().as_pathname(), Some(&*path));
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_dir(&directory).unwrap();
}

/// Names outside the file system.
#[cfg(target_os = "linux")]
mod abstract_names {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use mio::Interest;
    use mio::event::Event;

    use super::*;
    use crate::support::descriptor::unix_stream_bound_to;
    use crate::support::expect_event;
    use crate::{SOURCE, polling};

    /// A name with zero bytes that nobody else uses.
    fn new_name() -> Vec<u8> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("mio\0test-{}-{count}\0", std::process::id()).into_bytes()
    }

    fn address_of(name: &[u8]) -> SocketAddr {
        SocketAddr::from_abstract_name(name).unwrap()
    }

    #[test]
    fn a_listener_with_one_is_connected_to_by_it() {
        let name = new_name();
        let address = address_of(&name);
        let mut listener = UnixListener::bind_addr(&address).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(&*name));
        let mut poll = polling(&mut listener, Interest::READABLE);
        let stream = UnixStream::connect_addr(&address).unwrap();
        assert_eq!(stream.peer_addr().unwrap().as_abstract_name(), Some(&*name));
        expect_event(&mut poll, SOURCE, Event::is_readable);
        listener.accept().unwrap();
    }

    #[test]
    fn one_in_use_is_refused_and_free_after_the_drop() {
        let address = address_of(&new_name());
        let listener = UnixListener::bind_addr(&address).unwrap();
        expect_error(UnixListener::bind_addr(&address), ErrorKind::AddrInUse);
        drop(listener);
        UnixListener::bind_addr(&address).unwrap();

        let socket = UnixDatagram::bind_addr(&address).unwrap();
        expect_error(UnixDatagram::bind_addr(&address), ErrorKind::AddrInUse);
        drop(socket);
    }

    #[test]
    fn one_that_nobody_has_refuses() {
        let address = address_of(&new_name());
        expect_error(UnixStream::connect_addr(&address), ErrorKind::ConnectionRefused);
    }

    #[test]
    fn the_longest_one_loses_no_byte() {
        let mut name = new_name();
        name.resize(107, 0);
        let listener = UnixListener::bind_addr(&address_of(&name)).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(&*name));
        let stream = UnixStream::connect_addr(&address_of(&name)).unwrap();
        assert_eq!(stream.peer_addr().unwrap().as_abstract_name(), Some(&*name));
    }

    #[test]
    fn a_datagram_tells_that_of_its_sender() {
        let (sender_name, receiver_name) = (new_name(), new_name());
        let sender = UnixDatagram::bind_addr(&address_of(&sender_name)).unwrap();
        let receiver = UnixDatagram::bind_addr(&address_of(&receiver_name)).unwrap();
        let std: std::os::unix::net::UnixDatagram = sender.into();
        std.send_to_addr(b"hello", &address_of(&receiver_name)).unwrap();
        let (length, peer) = receiver.recv_from(&mut [0; 8]).unwrap();
        assert_eq!((length, peer.as_abstract_name()), (5, Some(&*sender_name)));
    }

    /// Connects a stream with that name, or with one of the system's choice, and returns what
    /// `accept` says of it.
    fn accepted_from(name: Option<&[u8]>) -> SocketAddr {
        let path = SocketPath::new();
        let listener = UnixListener::bind(&path).unwrap();
        // Whatever the type of the socket, this is `connect(2)`.
        let client = UnixDatagram::from(unix_stream_bound_to(name));
        client.connect(&path).unwrap();
        listener.accept().unwrap().1
    }

    #[test]
    fn accept_tells_that_of_the_peer() {
        let name = new_name();
        assert_eq!(accepted_from(Some(&name)).as_abstract_name(), Some(&*name));
    }

    #[test]
    fn accept_tells_one_that_the_system_chose() {
        let peer = accepted_from(None);
        let name = peer.as_abstract_name().expect("autobind gives an abstract name");
        assert_eq!(name.len(), 5, "{peer:?}");
    }

    #[test]
    fn binding_to_an_empty_path_lets_the_system_choose_one() {
        let listener = UnixListener::bind("").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(address.as_abstract_name().is_some(), "{address:?}");
        let stream = UnixStream::connect_addr(&address).unwrap();
        assert_eq!(stream.peer_addr().unwrap().as_abstract_name(), address.as_abstract_name());

        let datagram = UnixDatagram::bind("").unwrap();
        assert!(datagram.local_addr().unwrap().as_abstract_name().is_some());
        let unnamed = SocketAddr::from_pathname("").unwrap();
        let listener = UnixListener::bind_addr(&unnamed).unwrap();
        assert!(listener.local_addr().unwrap().as_abstract_name().is_some());
    }

    #[test]
    fn connecting_to_no_name_is_invalid() {
        expect_error(UnixStream::connect(""), ErrorKind::InvalidInput);
        let unnamed = SocketAddr::from_pathname("").unwrap();
        expect_error(UnixStream::connect_addr(&unnamed), ErrorKind::InvalidInput);
        expect_error(UnixDatagram::unbound().unwrap().connect(""), ErrorKind::InvalidInput);
    }
}
