//! Counts allocations: after set-up none is made on selectors with native edges, and elsewhere none
//! for each event.
#![cfg(all(any(unix, windows), feature = "os-poll", feature = "os-ext", feature = "net"))]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{self, IoSlice, IoSliceMut};
#[cfg(unix)]
use std::io::{Read, Write};
#[cfg(unix)]
use std::os::fd::AsRawFd;
use std::time::Duration;

use mio::net::UdpSocket;
use mio::net::udp::{Ecn, RecvBatch, SendBatch, Transmit};
#[cfg(unix)]
use mio::net::{TcpListener, TcpStream, UnixDatagram, UnixListener, UnixStream};
#[cfg(unix)]
use mio::unix::{SourceFd, pipe};
use mio::{Events, Interest, Poll, Token, Waker};

#[cfg(unix)]
use support::SocketPath;
use support::capabilities::CONTROL_MESSAGES;
use support::{LIMIT, is_poll2, loopback_v4};

/// The system's allocator, with a count for each thread, so that tests do not disturb each other.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count_one() {
    // A thread that is ending has no count any more, and no test either.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: all is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: the caller's promises are those that are asked for here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count_one();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count_one();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs this without any allocation.
#[track_caller]
fn without_allocation<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let before = COUNT.get();
    let result = run();
    let made = COUNT.get() - before;
    assert_eq!(made, 0, "{what}: allocations");
    result
}

#[cfg(unix)]
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
const TOKEN: Token = Token(7);

/// How often what is measured is done before, for tables of a selector in our own memory to have
/// room for it.
#[cfg(unix)]
const WARM_UP: usize = 64;

/// Waits for events.
fn next(poll: &mut Poll, events: &mut Events) {
    poll.poll(events, Some(LIMIT)).unwrap();
    assert!(!events.is_empty(), "there was to be an event");
}

fn would_block<T>(result: io::Result<T>) {
    assert_eq!(result.err().map(|error| error.kind()), Some(io::ErrorKind::WouldBlock));
}

#[test]
fn the_count_counts() {
    let before = COUNT.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(COUNT.get() - before, 1);
}

/// All in the life of a registration. poll(2) has its table in our own memory, which has room after
/// the warm-up. On Windows each registration has memory for the system to write to.
#[cfg(unix)]
#[test]
fn registrations_allocate_nothing() {
    let poll = Poll::new().unwrap();
    let registry = without_allocation("try_clone", || poll.registry().try_clone().unwrap());
    let mut socket = UdpSocket::bind(loopback_v4()).unwrap();
    let mut turn = || {
        registry.register(&mut socket, TOKEN, Interest::READABLE).unwrap();
        registry.reregister(&mut socket, TOKEN, BOTH).unwrap();
        registry.deregister(&mut socket).unwrap();
        registry.register(&mut SourceFd(&socket.as_raw_fd()), TOKEN, BOTH).unwrap();
        registry.reregister(&mut SourceFd(&socket.as_raw_fd()), TOKEN, BOTH).unwrap();
        registry.deregister(&mut SourceFd(&socket.as_raw_fd())).unwrap();
    };
    if is_poll2() {
        (0..WARM_UP).for_each(|_| turn());
    }
    without_allocation("registrations", turn);
    registry.register(&mut socket, TOKEN, BOTH).unwrap();
    without_allocation("drop of a registered source", || drop(socket));
    without_allocation("drop of a registry", || drop(registry));
}

#[test]
fn polls_and_wakes_allocate_nothing() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(16);
    let waker = Waker::new(poll.registry(), TOKEN).unwrap();
    let mut turn = || {
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        assert!(events.is_empty());
        poll.poll(&mut events, Some(Duration::from_micros(1))).unwrap();
        poll.poll(&mut events, Some(Duration::from_millis(1))).unwrap();
        waker.wake().unwrap();
        waker.wake().unwrap();
        next(&mut poll, &mut events);
        assert_eq!(events.iter().count(), 1);
    };
    if is_poll2() {
        turn();
    }
    without_allocation("polls and wakes", turn);
    without_allocation("drop of a waker", || drop(waker));
}

/// Connects, and waits for both ends with the poll that comes with the listener.
#[cfg(unix)]
fn connect(poll: &mut Poll, events: &mut Events, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    poll.registry().register(&mut client, Token(8), BOTH).unwrap();
    let server = loop {
        next(poll, events);
        match listener.accept() {
            Ok((server, _)) => break server,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    };
    would_block(listener.accept());
    (client, server)
}

/// The whole life of a TCP connection.
#[cfg(unix)]
#[test]
fn tcp_connections_allocate_nothing() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(16);
    let mut listener = TcpListener::bind(loopback_v4()).unwrap();
    poll.registry().register(&mut listener, TOKEN, Interest::READABLE).unwrap();
    let mut turn = || {
        let (mut client, mut server) = connect(&mut poll, &mut events, &listener);
        poll.registry().register(&mut server, Token(9), BOTH).unwrap();
        let mut buffer = [0; 8];
        would_block(client.read(&mut buffer));
        assert_eq!(server.write(b"hello").unwrap(), 5);
        while !events.iter().any(|event| event.token() == Token(8) && event.is_readable()) {
            next(&mut poll, &mut events);
        }
        assert_eq!(client.peek(&mut buffer).unwrap(), 5);
        assert_eq!(client.read(&mut buffer).unwrap(), 5);
        would_block(client.read(&mut buffer));
        assert_eq!(client.write_vectored(&[IoSlice::new(b"hello")]).unwrap(), 5);
        while !events.iter().any(|event| event.token() == Token(9) && event.is_readable()) {
            next(&mut poll, &mut events);
        }
        assert_eq!(server.read_vectored(&mut [IoSliceMut::new(&mut buffer)]).unwrap(), 5);
        assert!(client.take_error().unwrap().is_none());
        client.shutdown(std::net::Shutdown::Write).unwrap();
        while !events.iter().any(|event| event.token() == Token(9) && event.is_read_closed()) {
            next(&mut poll, &mut events);
        }
        poll.registry().deregister(&mut server).unwrap();
    };
    if is_poll2() {
        (0..WARM_UP).for_each(|_| turn());
    }
    without_allocation("a TCP connection", turn);
}

#[test]
fn datagrams_allocate_nothing() {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(16);
    let (sender, mut receiver) =
        (UdpSocket::bind(loopback_v4()).unwrap(), UdpSocket::bind(loopback_v4()).unwrap());
    #[cfg(unix)]
    let (left, right) = UnixDatagram::pair().unwrap();
    let to = receiver.local_addr().unwrap();
    poll.registry().register(&mut receiver, TOKEN, Interest::READABLE).unwrap();
    let mut turn = || {
        let mut buffer = [0; 8];
        would_block(receiver.recv_from(&mut buffer));
        assert_eq!(sender.send_to(b"hello", to).unwrap(), 5);
        next(&mut poll, &mut events);
        assert_eq!(receiver.peek_from(&mut buffer).unwrap().0, 5);
        assert_eq!(receiver.recv_from(&mut buffer).unwrap().0, 5);
        would_block(receiver.peek(&mut buffer));
        sender.connect(to).unwrap();
        assert_eq!(sender.send(b"hello").unwrap(), 5);
        next(&mut poll, &mut events);
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 5);
        would_block(receiver.recv(&mut buffer));
        #[cfg(unix)]
        {
            assert_eq!(left.send(b"hello").unwrap(), 5);
            assert_eq!(right.recv_from(&mut buffer).unwrap().0, 5);
            would_block(right.recv(&mut buffer));
        }
    };
    if is_poll2() {
        turn();
    }
    without_allocation("datagrams", turn);
}

/// With all that can go with a datagram, in rows and alone.
#[test]
fn many_datagrams_allocate_nothing() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(16);
    let sender = UdpSocket::bind(loopback_v4()).unwrap();
    let mut receiver = UdpSocket::bind(loopback_v4()).unwrap();
    let to = receiver.local_addr().unwrap();
    let capabilities = receiver.capabilities().unwrap();
    for (is_possible, set) in [
        (capabilities.receive_destination, UdpSocket::set_recv_destination as fn(&_, _) -> _),
        (capabilities.receive_ecn, UdpSocket::set_recv_ecn),
        (capabilities.receive_segments > 1, UdpSocket::set_recv_offload),
    ] {
        if is_possible {
            set(&receiver, true).unwrap();
        }
    }
    poll.registry().register(&mut receiver, TOKEN, Interest::READABLE).unwrap();
    let (mut sending, mut receiving) = (SendBatch::with_capacity(4), RecvBatch::with_capacity(4));
    let (bytes, mut storage) = (vec![7; 100_000], Box::new([[0; 65_535]; 4]));
    let mut turn = || {
        let mut row = Transmit::new(&bytes).target(to).segment_size(1452);
        if capabilities.send_ecn {
            row = row.ecn(Ecn::Ect0);
        }
        if capabilities.send_source {
            row = row.source(to.ip());
        }
        let transmits = [Transmit::new(b"hello").target(to), row];
        assert_eq!(sender.send_many(&mut sending, &transmits).unwrap(), 2);
        let mut left = 5 + bytes.len();
        while left > 0 {
            next(&mut poll, &mut events);
            let mut buffers = storage.each_mut().map(|bytes| IoSliceMut::new(bytes));
            while receiver.recv_many(&mut receiving, &mut buffers).is_ok() {
                for (received, buffer) in receiving.received().iter().zip(&buffers) {
                    left -= received.segments(buffer).map(<[u8]>::len).sum::<usize>();
                }
            }
        }
        let mut buffer = [0; 8];
        assert_eq!(sender.send_to_vectored(&[IoSlice::new(b"hello")], to).unwrap(), 5);
        next(&mut poll, &mut events);
        assert_eq!(receiver.recv_vectored(&mut [IoSliceMut::new(&mut buffer)]).unwrap(), 5);
        would_block(receiver.recv_from_vectored(&mut [IoSliceMut::new(&mut buffer)]));
    };
    if is_poll2() {
        turn();
    }
    without_allocation("many datagrams", turn);
}

#[cfg(unix)]
#[test]
fn unix_streams_and_pipes_allocate_nothing() {
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let address = listener.local_addr().unwrap();
    without_allocation("Unix streams and pipes", || {
        let mut buffer = [0; 8];
        would_block(listener.accept());
        let mut client = UnixStream::connect_addr(&address).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        would_block(server.read(&mut buffer));
        assert_eq!(client.write(b"hello").unwrap(), 5);
        assert_eq!(server.read(&mut buffer).unwrap(), 5);
        let (mut sender, mut receiver) = pipe::new().unwrap();
        would_block(receiver.read(&mut buffer));
        assert_eq!(sender.write(b"hello").unwrap(), 5);
        assert_eq!(receiver.read(&mut buffer).unwrap(), 5);
    });
}
