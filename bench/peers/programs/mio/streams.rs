//! Servers of streams: one that sends back, and one that sends to all.

use std::io::{self, Read, Write};

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use mio::{Events, Interest, Poll, Registry, Token};

use crate::echo::{Connection, Next};
use crate::support::Slab;

const LISTENER: Token = Token(usize::MAX);

pub trait Listener: Source {
    type Stream: Source;

    fn accept(&self) -> io::Result<Self::Stream>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = TcpListener::accept(self)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    fn accept(&self) -> io::Result<UnixStream> {
        UnixListener::accept(self).map(|(stream, _)| stream)
    }
}

pub fn serve<L: Listener>(mut listener: L, buffer: usize, broadcast: bool) -> io::Result<()>
where
    for<'a> &'a L::Stream: Read + Write,
{
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut connections = Slab::new();
    let mut buffer = vec![0; buffer];
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    loop {
        match poll.poll(&mut events, None) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        for event in &events {
            if event.token() == LISTENER {
                accept_all(&listener, poll.registry(), &mut connections)?;
            } else if !broadcast {
                let key = event.token().0;
                if event.is_readable() || event.is_writable() {
                    let Some(connection) = connections.get_mut(key) else { continue };
                    let next = connection.echo(&mut buffer);
                    proceed(next, key, poll.registry(), &mut connections)?;
                }
            } else {
                tell_all(event.token().0, poll.registry(), &mut connections, &mut buffer)?;
            }
        }
    }
}

#[inline(never)]
fn accept_all<L: Listener>(
    listener: &L,
    registry: &Registry,
    connections: &mut Slab<Connection<L::Stream>>,
) -> io::Result<()>
where
    for<'a> &'a L::Stream: Read + Write,
{
    loop {
        match listener.accept() {
            Ok(mut stream) => {
                let token = Token(connections.next_key());
                registry.register(&mut stream, token, Interest::READABLE)?;
                connections.insert(Connection::new(stream));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[inline]
fn proceed<S: Source>(
    next: Next,
    key: usize,
    registry: &Registry,
    connections: &mut Slab<Connection<S>>,
) -> io::Result<()> {
    if next == Next::Close {
        connections.remove(key);
        return Ok(());
    }
    let Some(connection) = connections.get_mut(key) else { return Ok(()) };
    let wants_writes = next == Next::Write;
    if connection.watches_writes != wants_writes {
        connection.watches_writes = wants_writes;
        let interest = match wants_writes {
            true => Interest::READABLE | Interest::WRITABLE,
            false => Interest::READABLE,
        };
        registry.reregister(&mut connection.stream, Token(key), interest)?;
    }
    Ok(())
}

/// Reads what one connection has, and writes it to each.
#[inline(never)]
fn tell_all<S: Source>(
    key: usize,
    registry: &Registry,
    connections: &mut Slab<Connection<S>>,
    buffer: &mut [u8],
) -> io::Result<()>
where
    for<'a> &'a S: Read + Write,
{
    let Some(connection) = connections.get_mut(key) else { return Ok(()) };
    if connection.watches_writes {
        let next = connection.flush();
        proceed(next, key, registry, connections)?;
    }
    loop {
        let Some(connection) = connections.get_mut(key) else { return Ok(()) };
        let count = match (&connection.stream).read(buffer) {
            Ok(0) => return proceed(Next::Close, key, registry, connections),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return proceed(Next::Close, key, registry, connections),
        };
        let mut blocked = Vec::new();
        for (key, connection) in connections.iter_mut() {
            match connection.send(&buffer[..count]) {
                Next::Read => {}
                next => blocked.push((key, next)),
            }
        }
        for (key, next) in blocked {
            proceed(next, key, registry, connections)?;
        }
        if count < buffer.len() {
            return Ok(());
        }
    }
}
