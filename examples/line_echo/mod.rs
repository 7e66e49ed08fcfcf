//! Echoes lines to any number of clients: what both TCP examples do with their listener.
//!
//! One thread, one `Poll`. Each client is advanced until it has to wait or has had its turn, so
//! that a busy one does not keep the others waiting, and whatever goes wrong with one ends that one
//! only.

mod connection;

use std::collections::HashMap;
use std::io;
use std::mem;
use std::time::Duration;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Registry, Token};

use self::connection::{Connection, LONGEST_LINE, Progress};

const LISTENER: Token = Token(0);

/// How long to wait before accepting again after it failed, as it does without free descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until the process is killed, or the listener or the waiting itself fails.
pub fn serve(mut listener: TcpListener) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut server = Server::new(listener, poll.registry().try_clone()?);
    loop {
        match poll.poll(&mut events, server.timeout()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        for token in mem::take(&mut server.unfinished) {
            server.advance(token);
        }
        let mut connections_wait = server.accept_again;
        for event in &events {
            match event.token() {
                LISTENER => connections_wait = true,
                token => server.advance(token),
            }
        }
        // After the clients, some of which may have gone and left their descriptors.
        if connections_wait {
            server.accept()?;
        }
    }
}

struct Server {
    listener: TcpListener,
    registry: Registry,
    clients: HashMap<Token, Connection>,
    /// The token of the next client. None is used twice, so that an event which was already under
    /// way when its client went finds nobody, and not another client.
    next: Token,
    /// Clients whose turn ended before they had to wait. No event will tell of them.
    unfinished: Vec<Token>,
    /// Accepting failed, and may have left connections of which no event will tell.
    accept_again: bool,
    /// What clients receive into. One for all, as each has taken its bytes out before the next.
    scratch: Vec<u8>,
}

impl Server {
    fn new(listener: TcpListener, registry: Registry) -> Server {
        Server {
            listener,
            registry,
            clients: HashMap::new(),
            next: Token(LISTENER.0 + 1),
            unfinished: Vec::new(),
            accept_again: false,
            scratch: vec![0; LONGEST_LINE],
        }
    }

    /// How long the next poll may wait.
    fn timeout(&self) -> Option<Duration> {
        if !self.unfinished.is_empty() {
            Some(Duration::ZERO)
        } else if self.accept_again {
            Some(PAUSE)
        } else {
            None
        }
    }

    /// Accepts all connections that wait.
    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, peer)) => self.welcome(Connection::new(stream, peer)),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => {
                        self.accept_again = false;
                        return Ok(());
                    }
                    // The connection broke before it was accepted.
                    io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {}
                    // It does not listen.
                    io::ErrorKind::InvalidInput => return Err(error),
                    // Most likely no descriptors are left. The clients there are go on.
                    _ => {
                        if !mem::replace(&mut self.accept_again, true) {
                            eprintln!("cannot accept for now: {error}");
                        }
                        return Ok(());
                    }
                },
            }
        }
    }

    fn welcome(&mut self, mut client: Connection) {
        let token = self.next;
        // Both at once and for good: with edges, an interest that is not needed now costs nothing.
        let interests = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.registry.register(client.stream(), token, interests) {
            eprintln!("{}: {error}", client.peer());
            return;
        }
        self.next.0 += 1;
        self.clients.insert(token, client);
    }

    fn advance(&mut self, token: Token) {
        let Some(client) = self.clients.get_mut(&token) else { return };
        match client.advance(&mut self.scratch) {
            Ok(Progress::HasToWait) => return,
            Ok(Progress::Unfinished) => return self.unfinished.push(token),
            Ok(Progress::Done) => {}
            Err(error) => eprintln!("{}: {error}", client.peer()),
        }
        // Dropping it closes the stream, which ends its registration too.
        self.clients.remove(&token);
    }
}
