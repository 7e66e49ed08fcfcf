//! What the cases are made of: a selector with its events, and sources that are easy to make ready.

use std::fs;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) use self::socket::{Clients, Listener, Socket, pending_listener};
use crate::io_source::IoSource;
use crate::selector::contract::{RawEvent, Selector};
use crate::{Interest, Token};

/// How long to wait for what has to happen: far longer than it takes, so that only its absence
/// fails.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A stream of the selector `S`.
pub(super) type Stream<S> = IoSource<Socket, <S as Selector>::Registration>;

/// A stream, and its peer that blocks.
pub(super) fn pair<S: Selector>() -> (Stream<S>, Socket) {
    let (ours, peer) = socket::pair();
    ours.set_nonblocking(true).unwrap();
    (IoSource::new(ours), peer)
}

/// A stream that is registered, and its peer.
pub(super) fn registered<S: Selector>(
    waiter: &Waiter<S>,
    token: usize,
    interest: Interest,
) -> (Stream<S>, Socket) {
    let (mut stream, peer) = pair::<S>();
    stream.register_with(&waiter.selector, Token(token), interest).unwrap();
    (stream, peer)
}

/// Reads up to `length` bytes.
pub(super) fn read<S: Selector>(stream: &Stream<S>, length: usize) -> io::Result<usize> {
    socket::until_known();
    let mut buffer = vec![0; length];
    stream.do_stream_io(Interest::READABLE, length, |mut io| io.read(&mut buffer))
}

/// Writes `length` bytes, or fewer.
pub(super) fn write<S: Selector>(stream: &Stream<S>, length: usize) -> io::Result<usize> {
    socket::until_known();
    let bytes = vec![b'x'; length];
    stream.do_stream_io(Interest::WRITABLE, length, |mut io| io.write(&bytes))
}

/// Reads until it would block, never fewer bytes than asked for.
pub(super) fn drain<S: Selector>(stream: &Stream<S>) {
    loop {
        match read::<S>(stream, 1) {
            Ok(0) => panic!("the peer has closed"),
            Ok(_) => {}
            Err(error) => break assert_would_block(&error),
        }
    }
}

/// Writes until it would block, never fewer bytes than asked for.
pub(super) fn fill<S: Selector>(stream: &Stream<S>) {
    loop {
        match write::<S>(stream, 512) {
            Ok(written) => assert!(
                written == 512 || socket::MAY_TAKE_PARTS,
                "the system took part of a small write"
            ),
            Err(error) => break assert_would_block(&error),
        }
    }
}

/// Reads all that a peer was sent.
pub(super) fn empty(peer: &Socket) {
    peer.set_nonblocking(true).unwrap();
    let mut buffer = vec![0; 1 << 16];
    while (&mut &*peer).read(&mut buffer).is_ok_and(|length| length > 0) {}
}

/// Reads all that a peer was sent, and what may still be on its way to it.
pub(super) fn go_on_emptying(peer: &Socket) {
    empty(peer);
    socket::go_on_reading(peer);
}

/// Closes a peer in such a way that nothing can be sent to it any more either.
pub(super) fn close<S: Selector>(stream: &Stream<S>, peer: Socket) {
    socket::leave_unread(stream, &peer);
    drop(peer);
}

/// Reading has come to the end, or to the error that ended the connection.
pub(super) fn assert_at_end<S: Selector>(stream: &Stream<S>) {
    match read::<S>(stream, 64) {
        Ok(length) => assert_eq!(length, 0),
        Err(error) => {
            let is_told = error.kind() == io::ErrorKind::ConnectionReset;
            assert!(is_told || !socket::ENDS_ARE_TOLD, "{error}");
        }
    }
}

pub(super) fn assert_would_block(error: &io::Error) {
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "{error}");
}

/// A selector, and the events of its last wait.
pub(super) struct Waiter<S: Selector> {
    pub(super) selector: Arc<S>,
    pub(super) events: Vec<S::Event>,
}

impl<S: Selector> Waiter<S> {
    pub(super) fn new() -> Waiter<S> {
        Waiter::with_capacity(64)
    }

    pub(super) fn with_capacity(capacity: usize) -> Waiter<S> {
        Waiter { selector: S::new().unwrap(), events: Vec::with_capacity(capacity) }
    }

    /// Waits once, at most for `timeout`.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> &[S::Event] {
        socket::until_known();
        self.selector.select(&mut self.events, timeout).unwrap();
        &self.events
    }

    /// The tokens of one wait, in order of size.
    pub(super) fn tokens(&mut self, timeout: Option<Duration>) -> Vec<usize> {
        let mut tokens: Vec<_> = self.wait(timeout).iter().map(|event| event.token().0).collect();
        tokens.sort_unstable();
        tokens
    }

    /// Waits for an event, which has to be the only one and to have this token.
    pub(super) fn expect(&mut self, token: usize) -> OneEvent<S::Event> {
        let event = OneEvent(self.wait(Some(LIMIT)).to_vec());
        event.assert_one();
        assert!(event.0.iter().all(|part| part.token() == Token(token)), "{event:?}");
        event
    }

    /// Nothing is ready. What has happened before is known to a wait without a timeout already.
    pub(super) fn expect_nothing(&mut self) {
        let events = self.wait(Some(Duration::ZERO));
        assert!(events.is_empty(), "no event was expected: {events:?}");
    }
}

/// An event, in two parts where the system watches each direction on its own.
#[derive(Clone, Debug)]
pub(super) struct OneEvent<E>(Vec<E>);

impl<E: RawEvent> OneEvent<E> {
    /// No direction has two.
    fn assert_one(&self) {
        let of = |answers: fn(&E) -> bool| self.0.iter().filter(|part| answers(part)).count();
        let reading = of(|part| part.is_readable() || part.is_read_closed());
        let writing = of(|part| part.is_writable() || part.is_write_closed());
        let parts = self.0.len();
        assert!(parts == 1 || parts == 2 && reading == 1 && writing == 1, "not one: {self:?}");
    }
}

impl<E: RawEvent> RawEvent for OneEvent<E> {
    fn token(&self) -> Token {
        self.0[0].token()
    }

    fn is_readable(&self) -> bool {
        self.0.iter().any(E::is_readable)
    }

    fn is_writable(&self) -> bool {
        self.0.iter().any(E::is_writable)
    }

    fn is_error(&self) -> bool {
        self.0.iter().any(E::is_error)
    }

    fn is_read_closed(&self) -> bool {
        self.0.iter().any(E::is_read_closed)
    }

    fn is_write_closed(&self) -> bool {
        self.0.iter().any(E::is_write_closed)
    }

    fn is_priority(&self) -> bool {
        self.0.iter().any(E::is_priority)
    }
}

/// A thread that waits once.
pub(super) struct OneWait<S: Selector> {
    thread: JoinHandle<Vec<S::Event>>,
}

impl<S: Selector + 'static> OneWait<S> {
    /// Returns once the thread sleeps in its wait.
    pub(super) fn begin(selector: &Arc<S>, timeout: Option<Duration>) -> OneWait<S> {
        let selector = Arc::clone(selector);
        let (send_id, id) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut events = Vec::with_capacity(64);
            send_id.send(thread_id()).unwrap();
            selector.select(&mut events, timeout).unwrap();
            events
        });
        until_asleep(&id);
        OneWait { thread }
    }

    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// The tokens of the events that ended the wait.
    pub(super) fn tokens(self) -> Vec<usize> {
        self.thread.join().unwrap().iter().map(|event| event.token().0).collect()
    }
}

/// The folder of the calling thread in procfs, where the system has that.
fn thread_id() -> Option<std::path::PathBuf> {
    fs::read_link("/proc/thread-self")
        .ok()
        .map(|link| fs::canonicalize("/proc").unwrap().join(link))
}

/// Waits until the thread that sends its identity sleeps. Elsewhere than on Linux it may still be
/// on its way to sleep; the cases hold all the same, and only test less.
fn until_asleep(id: &Receiver<Option<std::path::PathBuf>>) {
    let Some(folder) = id.recv().unwrap() else { return };
    let is_asleep = || {
        let stat = fs::read_to_string(folder.join("stat")).unwrap();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
    };
    while !is_asleep() {
        thread::yield_now();
    }
}

/// The streams of the cases: Unix sockets, which do everything at once.
#[cfg(unix)]
pub(super) mod socket {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};

    pub(in super::super) use std::os::unix::net::{UnixListener as Listener, UnixStream as Socket};

    use super::super::model::Room;

    pub(super) const MAY_TAKE_PARTS: bool = false;
    pub(in super::super) const ENDS_ARE_TOLD: bool = true;
    pub(in super::super) const SHORT_READS_ARE_UNDERSTOOD: bool = true;

    /// What one end does the other end sees when the call returns.
    pub(in super::super) const IS_AT_ONCE: bool = true;

    /// What there is after a write that would block, or took a part.
    pub(in super::super) const ROOM_AFTER_BLOCK: Room = Room::No;

    pub(super) fn pair() -> (Socket, Socket) {
        Socket::pair().unwrap()
    }

    /// Who connects to a listener, and its path.
    pub(in super::super) struct Clients(Vec<Socket>, PathBuf);

    pub(in super::super) fn pending_listener() -> (Listener, Clients) {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("mio-conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // Left by a process that was killed.
        let _ = fs::remove_file(&path);
        let listener = Listener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        (listener, Clients(Vec::new(), path))
    }

    impl Clients {
        pub(in super::super) fn connect(&mut self) {
            self.0.push(Socket::connect(&self.1).unwrap());
        }

        pub(in super::super) fn accepted(&mut self) {
            self.0.remove(0);
        }
    }

    impl Drop for Clients {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.1);
        }
    }

    /// Nothing is on its way.
    pub(super) fn go_on_reading(_: &Socket) {}

    /// Closing one end ends both directions by itself.
    pub(super) fn leave_unread(_: &Socket, _: &Socket) {}

    pub(super) fn until_known() {}
}

/// The streams of the cases, where there are no Unix sockets: TCP.
#[cfg(not(unix))]
pub(super) mod socket {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    pub(in super::super) use std::net::{TcpListener as Listener, TcpStream as Socket};
    use std::sync::{Mutex, PoisonError};

    use super::super::model::Room;

    pub(super) const MAY_TAKE_PARTS: bool = true;
    /// WASI says only that a read does not block.
    pub(in super::super) const ENDS_ARE_TOLD: bool = !cfg!(target_family = "wasm");
    /// On WASI a source stays readable until a read would block.
    pub(in super::super) const SHORT_READS_ARE_UNDERSTOOD: bool = !cfg!(target_family = "wasm");

    /// What one end does the other end sees when the call returns.
    pub(in super::super) const IS_AT_ONCE: bool = false;

    /// What there is after a write that would block, or took a part.
    pub(in super::super) const ROOM_AFTER_BLOCK: Room = Room::Unknown;

    /// Who connects to a listener, and its address.
    pub(in super::super) struct Clients(Vec<Socket>, SocketAddr);

    pub(in super::super) fn pending_listener() -> (Listener, Clients) {
        let listener = Listener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, Clients(Vec::new(), address))
    }

    impl Clients {
        pub(in super::super) fn connect(&mut self) {
            self.0.push(Socket::connect(self.1).unwrap());
        }

        pub(in super::super) fn accepted(&mut self) {
            self.0.remove(0);
        }
    }

    /// One listener for all, so that each stream takes the place of the one closed before.
    static LISTENER: Mutex<Option<TcpListener>> = Mutex::new(None);

    pub(super) fn pair() -> (Socket, Socket) {
        let mut listener = LISTENER.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = listener.get_or_insert_with(|| TcpListener::bind("127.0.0.1:0").unwrap());
        let ours = Socket::connect(listener.local_addr().unwrap()).unwrap();
        let (peer, address) = listener.accept().unwrap();
        assert_eq!(address, ours.local_addr().unwrap());
        ours.set_nodelay(true).unwrap();
        peer.set_nodelay(true).unwrap();
        (ours, peer)
    }

    /// The host of WASI has no more to send than one small write, for which there is room now.
    #[cfg(target_family = "wasm")]
    pub(super) fn go_on_reading(_: &Socket) {}

    /// On a busy machine what was sent may come so late that the peer seems to have read it all,
    /// and then fills its buffer anew.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn go_on_reading(peer: &Socket) {
        let mut peer = peer.try_clone().unwrap();
        peer.set_nonblocking(false).unwrap();
        // Ends with the connection.
        std::thread::spawn(move || std::io::copy(&mut peer, &mut std::io::sink()));
    }

    /// A peer that closes without having read everything resets the connection.
    pub(super) fn leave_unread(mut ours: &Socket, mut peer: &Socket) {
        ours.write_all(b"xx").unwrap();
        peer.set_nonblocking(false).unwrap();
        // They come together, and the second stays.
        peer.read_exact(&mut [0]).unwrap();
    }

    #[cfg(not(target_family = "wasm"))]
    pub(super) fn until_known() {}

    /// The host of WASI learns what happens to sockets by an event queue that another thread looks
    /// at. Once that has told it of this connection, it has told it of all that was before.
    #[cfg(target_family = "wasm")]
    pub(super) fn until_known() {
        use crate::selector::posix_poll;
        use std::os::fd::AsRawFd;

        thread_local!(static MARK: (Socket, Socket) = {
            let (reader, writer) = pair();
            reader.set_nonblocking(true).unwrap();
            (reader, writer)
        });

        MARK.with(|(reader, writer)| {
            (&mut &*writer).write_all(b"x").unwrap();
            while (&mut &*reader).read(&mut [0]).is_err() {
                let fd = reader.as_raw_fd();
                let mut entry = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
                posix_poll::wait(std::slice::from_mut(&mut entry), None).unwrap();
            }
            // As long as no read would block it counts as readable.
            assert!((&mut &*reader).read(&mut [0]).is_err());
        });
    }
}
