//! The operations whose system calls are counted, in the order of the document.

use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use libc::c_long;
use mio::net::udp::{RecvBatch, SendBatch, Transmit};
use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};
use mio::unix::{SourceFd, pipe};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::support::descriptor::set_backlog;
use crate::support::{loopback_v4, waiting};
use crate::table::Row;
use crate::tracer::Call;
use crate::{names, tracer};

const TOKEN: Token = Token(0);
const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Rows as they are measured, as long as tracing is possible.
struct Measured(Option<Vec<Row>>);

impl Measured {
    fn add<S, R>(
        &mut self,
        operation: &str,
        prepare: impl FnOnce() -> io::Result<S>,
        run: impl FnOnce(&mut S) -> io::Result<R>,
    ) {
        let Some(rows) = &mut self.0 else { return };
        let Some(calls) = tracer::trace(prepare, run) else {
            self.0 = None;
            return;
        };
        let names: Vec<_> = counted(&calls).map(|call| names::of(call.number)).collect();
        let cell = match names.len() {
            0 => "none".to_owned(),
            count => format!("{count}: `{}`", names.join("`, `")),
        };
        rows.push(Row::new(operation, &cell));
    }
}

/// Without what a lock, the allocator or the clock happens to need, and without what the standard
/// library only does in debug builds: to look whether what it closes is open.
fn counted(calls: &[Call]) -> impl Iterator<Item = &Call> {
    const OTHER: [c_long; 7] = [
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_futex,
        libc::SYS_madvise,
        #[cfg(not(target_arch = "arm"))]
        libc::SYS_mmap,
        #[cfg(target_arch = "arm")]
        libc::SYS_mmap2,
        libc::SYS_mprotect,
        libc::SYS_munmap,
    ];
    let is_look_before_close = |at: usize| {
        calls[at].number == libc::SYS_fcntl
            && calls.get(at + 1).is_some_and(|next| next.number == libc::SYS_close)
    };
    (0..calls.len())
        .filter(move |at| !OTHER.contains(&calls[*at].number) && !is_look_before_close(*at))
        .map(|at| &calls[at])
}

/// Every row, or `None` where tracing is refused.
pub fn measure() -> Option<Vec<Row>> {
    let mut measured = Measured(Some(Vec::new()));
    waits(&mut measured);
    registrations(&mut measured);
    changes_of_a_wait(&mut measured);
    wakes(&mut measured);
    streams(&mut measured);
    datagrams(&mut measured);
    many_datagrams(&mut measured);
    unix_sockets(&mut measured);
    pipes(&mut measured);
    measured.0
}

fn poll_and_events() -> io::Result<(Poll, Events)> {
    Ok((Poll::new()?, Events::with_capacity(16)))
}

/// A connection, and its other end.
fn connection() -> io::Result<(TcpStream, TcpStream)> {
    let listener = std::net::TcpListener::bind(loopback_v4())?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    server.set_nonblocking(true)?;
    Ok((client, TcpStream::from_std(server)))
}

fn poll(poll: &mut Poll, events: &mut Events, timeout: Duration) -> io::Result<()> {
    poll.poll(events, Some(timeout))
}

fn would_block<T>(result: io::Result<T>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        _ => panic!("this was to block"),
    }
}

fn waits(measured: &mut Measured) {
    for (operation, timeout) in [
        ("`poll`, nothing ready, timeout of zero", Duration::ZERO),
        // Long enough not to be over before the system is asked, however busy the machine.
        ("`poll`, nothing ready, timeout of 20 ms", Duration::from_millis(20)),
        ("`poll`, nothing ready, timeout of 20.5 ms", Duration::from_micros(20_500)),
    ] {
        measured
            .add(operation, poll_and_events, |(poll, events)| self::poll(poll, events, timeout));
    }
    let eight_ready = || {
        let (poll, events) = poll_and_events()?;
        let mut senders = (0..8).map(|_| pipe::new()).collect::<io::Result<Vec<_>>>()?;
        for (sender, _) in &mut senders {
            poll.registry().register(sender, TOKEN, Interest::WRITABLE)?;
        }
        Ok((poll, events, senders))
    };
    measured.add("`poll`, eight sources ready", eight_ready, |(poll, events, _)| {
        poll.poll(events, None)?;
        assert_eq!(events.iter().count(), 8);
        Ok(())
    });
    for (operation, interest) in [
        (
            "`poll`, timeout of zero, a `SourceFd` has been reported and is still ready",
            Interest::WRITABLE,
        ),
        ("`poll`, timeout of zero, a `SourceFd` is ready and a level", Interest::WRITABLE.level()),
    ] {
        let reported = || {
            let (mut poll, mut events) = poll_and_events()?;
            let (sender, receiver) = pipe::new()?;
            let fd = sender.as_raw_fd();
            poll.registry().register(&mut SourceFd(&fd), TOKEN, interest)?;
            poll.poll(&mut events, None)?;
            Ok((poll, events, sender, receiver))
        };
        measured.add(operation, reported, |(poll, events, ..)| {
            self::poll(poll, events, Duration::ZERO)
        });
    }
    let hung_up = || {
        let (mut poll, mut events) = poll_and_events()?;
        let (mut sender, receiver) = pipe::new()?;
        poll.registry().register(&mut sender, TOKEN, Interest::WRITABLE)?;
        drop(receiver);
        poll.poll(&mut events, None)?;
        Ok((poll, events, sender))
    };
    measured.add(
        "`poll`, timeout of zero, a source has been reported with an error that lasts",
        hung_up,
        |(poll, events, _)| self::poll(poll, events, Duration::ZERO),
    );
}

fn registrations(measured: &mut Measured) {
    let unregistered = || Ok((Poll::new()?, UdpSocket::bind(loopback_v4())?));
    let registered = || {
        let (poll, mut socket) = unregistered()?;
        poll.registry().register(&mut socket, TOKEN, BOTH)?;
        Ok((poll, Some(socket)))
    };
    measured.add("`register`", unregistered, |(poll, socket)| {
        poll.registry().register(socket, TOKEN, BOTH)
    });
    measured.add("`register` of a `SourceFd`", unregistered, |(poll, socket)| {
        poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), TOKEN, BOTH)
    });
    measured.add("`reregister`", registered, |(poll, socket)| {
        poll.registry().reregister(socket.as_mut().unwrap(), TOKEN, Interest::READABLE)
    });
    let exclusive = Interest::READABLE.exclusive();
    let shared = || {
        let (poll, mut socket) = registered()?;
        // What is refused is so without a system call.
        let _ = poll.registry().reregister(socket.as_mut().unwrap(), TOKEN, exclusive);
        Ok((poll, socket))
    };
    measured.add("`reregister` as exclusive", shared, |(poll, socket)| {
        let result = poll.registry().reregister(socket.as_mut().unwrap(), TOKEN, exclusive);
        Ok(result.is_ok())
    });
    measured.add("`deregister`", registered, |(poll, socket)| {
        poll.registry().deregister(socket.as_mut().unwrap())
    });
    measured.add("drop of a registered source", registered, |(_, socket)| {
        drop(socket.take());
        Ok(())
    });
    measured.add("`Registry::try_clone`", Poll::new, |poll| poll.registry().try_clone());
}

/// Has another thread wait, and returns once it does.
fn wait_elsewhere(mut poll: Poll) -> io::Result<()> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        tell.send(waiting::this_thread()).unwrap();
        poll.poll(&mut Events::with_capacity(1), None)
    });
    waiting::until_in_a_poll(&told.recv().unwrap());
    Ok(())
}

/// What changes the table of a selector that another thread is in.
fn changes_of_a_wait(measured: &mut Measured) {
    let unregistered = || {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        wait_elsewhere(poll)?;
        Ok((registry, UdpSocket::bind(loopback_v4())?))
    };
    measured.add("`register`, another thread is in `poll`", unregistered, |(registry, socket)| {
        registry.register(socket, TOKEN, Interest::READABLE)
    });
    let drained = || {
        let (mut poll, mut events) = poll_and_events()?;
        let (mut client, mut server) = connection()?;
        poll.registry().register(&mut client, TOKEN, Interest::READABLE)?;
        server.write_all(b"hello")?;
        poll.poll(&mut events, None)?;
        client.read_exact(&mut [0; 5])?;
        wait_elsewhere(poll)?;
        Ok((client, server))
    };
    measured.add("a read that would block, another thread is in `poll`", drained, |(client, _)| {
        would_block(client.read(&mut [0; 5]))
    });
}

fn wakes(measured: &mut Measured) {
    let waker = || {
        let (poll, events) = poll_and_events()?;
        let waker = Waker::new(poll.registry(), TOKEN)?;
        Ok((poll, events, Some(waker)))
    };
    measured.add("`Poll::new`", || Poll::new().map(drop), |()| Poll::new());
    let woken = || {
        let (poll, events, waker) = waker()?;
        waker.as_ref().unwrap().wake()?;
        Ok((poll, events, waker))
    };
    let delivered = || {
        let (mut poll, mut events, waker) = woken()?;
        poll.poll(&mut events, None)?;
        Ok((poll, events, waker))
    };
    measured.add("`Waker::new`", Poll::new, |poll| Waker::new(poll.registry(), TOKEN));
    measured.add("first `wake`", waker, |(.., waker)| waker.as_ref().unwrap().wake());
    measured.add("second `wake` before the `poll`", woken, |(.., waker)| {
        waker.as_ref().unwrap().wake()
    });
    measured.add("the `poll` that delivers the wake", woken, |(poll, events, _)| {
        poll.poll(events, None)?;
        assert!(!events.is_empty());
        Ok(())
    });
    measured.add("first `wake` after that `poll`", delivered, |(.., waker)| {
        waker.as_ref().unwrap().wake()
    });
    measured.add("drop of a `Waker`", waker, |(.., waker)| {
        drop(waker.take());
        Ok(())
    });
}

fn streams(measured: &mut Measured) {
    let listener = || TcpListener::bind(loopback_v4());
    let connecting = || {
        let listener = listener()?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        Ok((listener, client))
    };
    let receiving = || {
        let (mut client, server) = connection()?;
        client.write_all(b"hello")?;
        Ok((server, client))
    };
    let registered = || {
        let (mut client, server) = connection()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut client, TOKEN, BOTH)?;
        Ok((client, server, poll))
    };
    let nothing = || Ok(());
    measured.add("`TcpListener::bind`", nothing, |()| listener());
    measured.add("`TcpListener::accept`", connecting, |(listener, _)| listener.accept());
    measured.add("`TcpListener::accept` that would block", listener, |listener| {
        would_block(listener.accept())
    });
    let std_listener = || {
        let listener = std::net::TcpListener::bind(loopback_v4())?;
        Ok((listener.local_addr()?, listener))
    };
    measured.add("`TcpStream::connect`", std_listener, |(address, _)| TcpStream::connect(*address));
    finished_connects(measured);
    measured.add("`TcpStream` read", receiving, |(server, _)| server.read(&mut [0; 5]));
    measured.add("`TcpStream` read, shorter than the buffer", receiving, |(server, _)| {
        server.read(&mut [0; 16])
    });
    measured.add("`TcpStream` read that would block, registered", registered, |(client, ..)| {
        would_block(client.read(&mut [0; 16]))
    });
    measured.add("`TcpStream` vectored read", receiving, |(server, _)| {
        server.read_vectored(&mut [io::IoSliceMut::new(&mut [0; 5])])
    });
    measured.add("`TcpStream::peek`", receiving, |(server, _)| server.peek(&mut [0; 16]));
    measured.add("`TcpStream` write", connection, |(client, _)| client.write(b"hello"));
    measured.add("`TcpStream` vectored write", connection, |(client, _)| {
        client.write_vectored(&[io::IoSlice::new(b"hello")])
    });
    measured
        .add("`TcpStream::shutdown`", connection, |(client, _)| client.shutdown(Shutdown::Write));
    measured.add("`TcpStream::take_error`", connection, |(client, _)| client.take_error());
    measured.add("`TcpStream::peer_addr`", connection, |(client, _)| client.peer_addr());
    let name = "`TcpStream::try_io_with` of nothing that would block, registered";
    measured.add(name, registered, |(client, ..)| {
        let blocked = || io::Result::<()>::Err(io::ErrorKind::WouldBlock.into());
        would_block(client.try_io_with(Interest::READABLE, blocked))
    });
}

/// A connect that is under way for as long as the listener that is full keeps it waiting.
fn unanswered() -> io::Result<(TcpStream, TcpListener, std::net::TcpStream)> {
    let mut listener = TcpListener::bind(loopback_v4())?;
    set_backlog(&listener, 0);
    let (mut poll, mut events) = poll_and_events()?;
    poll.registry().register(&mut listener, TOKEN, Interest::READABLE)?;
    let first = std::net::TcpStream::connect(listener.local_addr()?)?;
    poll.poll(&mut events, None)?;
    Ok((TcpStream::connect(listener.local_addr()?)?, listener, first))
}

/// A connect that has failed: the only one who knows the port does not listen.
fn refused() -> io::Result<(TcpStream, TcpStream, TcpStream)> {
    let (client, server) = connection()?;
    let mut stream = TcpStream::connect(client.local_addr()?)?;
    let (mut poll, mut events) = poll_and_events()?;
    poll.registry().register(&mut stream, TOKEN, Interest::WRITABLE)?;
    poll.poll(&mut events, None)?;
    Ok((stream, client, server))
}

fn finished_connects(measured: &mut Measured) {
    measured.add("`TcpStream::finish_connect`, connected", connection, |(client, _)| {
        client.finish_connect()
    });
    measured.add("`TcpStream::finish_connect`, under way", unanswered, |(stream, ..)| {
        would_block(stream.finish_connect())
    });
    measured.add("`TcpStream::finish_connect`, refused", refused, |(stream, ..)| {
        let error = stream.finish_connect().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        Ok(())
    });
}

fn datagrams(measured: &mut Measured) {
    let pair = || {
        let (left, right) = (UdpSocket::bind(loopback_v4())?, UdpSocket::bind(loopback_v4())?);
        left.connect(right.local_addr()?)?;
        right.connect(left.local_addr()?)?;
        Ok((left, right))
    };
    let receiving = || {
        let (left, right) = pair()?;
        left.send(b"hello")?;
        Ok((right, left))
    };
    let unconnected = || {
        let (left, right) = (UdpSocket::bind(loopback_v4())?, UdpSocket::bind(loopback_v4())?);
        Ok((right.local_addr()?, left, right))
    };
    measured.add("`UdpSocket::bind`", || Ok(()), |()| UdpSocket::bind(loopback_v4()));
    measured.add("`UdpSocket::send_to`", unconnected, |(to, left, _)| left.send_to(b"hello", *to));
    measured.add("`UdpSocket::recv_from`", receiving, |(right, _)| right.recv_from(&mut [0; 16]));
    measured.add("`UdpSocket::recv_from` that would block", pair, |(right, _)| {
        would_block(right.recv_from(&mut [0; 16]))
    });
    measured.add("`UdpSocket::send`", pair, |(left, _)| left.send(b"hello"));
    measured.add("`UdpSocket::recv`", receiving, |(right, _)| right.recv(&mut [0; 16]));
}

fn many_datagrams(measured: &mut Measured) {
    const COUNT: usize = 32;
    static ROW: [u8; 40 * 1200] = [7; 40 * 1200];
    let pair = || {
        let (left, right) = (UdpSocket::bind(loopback_v4())?, UdpSocket::bind(loopback_v4())?);
        left.connect(right.local_addr()?)?;
        Ok((left, right, SendBatch::with_capacity(COUNT)))
    };
    let receiving = || {
        let (left, right, _) = pair()?;
        (0..COUNT).try_for_each(|_| left.send(b"hello").map(drop))?;
        Ok((right, left, RecvBatch::with_capacity(COUNT)))
    };
    let receive = |(right, _, batch): &mut (UdpSocket, UdpSocket, RecvBatch)| {
        let mut storage = [[0; 16]; COUNT];
        right.recv_many(batch, &mut storage.each_mut().map(|buffer| IoSliceMut::new(buffer)))
    };
    measured.add("`UdpSocket::send_vectored`", pair, |(left, ..)| {
        left.send_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")])
    });
    measured.add("`UdpSocket::recv_from_vectored`", receiving, |(right, ..)| {
        right.recv_from_vectored(&mut [IoSliceMut::new(&mut [0; 16])])
    });
    measured.add("`UdpSocket::send_many`, 32 datagrams", pair, |(left, _, batch)| {
        left.send_many(batch, &[Transmit::new(b"hello"); COUNT])
    });
    let row = [Transmit::new(&ROW).segment_size(1200)];
    measured.add("`UdpSocket::send_many`, first row of a process", pair, |(left, _, batch)| {
        left.send_many(batch, &row)
    });
    let warm = || {
        let (left, right, mut batch) = pair()?;
        left.send_many(&mut batch, &row)?;
        Ok((left, right, batch))
    };
    measured.add("`UdpSocket::send_many`, a row of 40 segments", warm, |(left, _, batch)| {
        left.send_many(batch, &row)
    });
    measured.add("`UdpSocket::recv_many`, 32 datagrams", receiving, receive);
    let nothing = || {
        let (left, right, _) = pair()?;
        Ok((right, left, RecvBatch::with_capacity(COUNT)))
    };
    measured.add("`UdpSocket::recv_many` that would block", nothing, |state| {
        would_block(receive(state))
    });
}

fn unix_sockets(measured: &mut Measured) {
    /// Bound to a name that the system chooses, and which vanishes with it.
    fn autobound() -> io::Result<UnixListener> {
        UnixListener::bind_addr(&std::os::unix::net::SocketAddr::from_pathname("")?)
    }
    let listener = || {
        let listener = autobound()?;
        Ok((listener.local_addr()?, listener))
    };
    let connecting = || {
        let (address, listener) = listener()?;
        Ok((UnixStream::connect_addr(&address)?, listener))
    };
    measured.add("`UnixListener::bind_addr`", || Ok(()), |()| autobound());
    measured.add("`UnixListener::accept`", connecting, |(_, listener)| listener.accept());
    measured.add("`UnixStream::connect_addr`", listener, |(address, _)| {
        UnixStream::connect_addr(address)
    });
    measured
        .add("`UnixStream::finish_connect`", UnixStream::pair, |(left, _)| left.finish_connect());
    measured.add("`UnixStream::pair`", || Ok(()), |()| UnixStream::pair());
    measured.add("`UnixStream` write", UnixStream::pair, |(left, _)| left.write(b"hello"));
    let receiving = || {
        let (mut left, right) = UnixStream::pair()?;
        left.write_all(b"hello")?;
        Ok((right, left))
    };
    measured.add("`UnixStream` read", receiving, |(right, _)| right.read(&mut [0; 16]));
    measured.add("`UnixDatagram::pair`", || Ok(()), |()| UnixDatagram::pair());
    measured.add("`UnixDatagram::send`", UnixDatagram::pair, |(left, _)| left.send(b"hello"));
    let datagram = || {
        let (left, right) = UnixDatagram::pair()?;
        left.send(b"hello")?;
        Ok((right, left))
    };
    measured.add("`UnixDatagram::recv_from`", datagram, |(right, _)| right.recv_from(&mut [0; 16]));
}

fn pipes(measured: &mut Measured) {
    measured.add("`pipe::new`", || Ok(()), |()| pipe::new());
    measured.add("`pipe::Sender` write", pipe::new, |(sender, _)| sender.write(b"hello"));
    let receiving = || {
        let (mut sender, receiver) = pipe::new()?;
        sender.write_all(b"hello")?;
        Ok((sender, receiver))
    };
    measured.add("`pipe::Receiver` read", receiving, |(_, receiver)| receiver.read(&mut [0; 16]));
}
