//! Servers of streams: one that sends back, and one that sends to all.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixListener, UnixStream};

use polling::{Event, Events, PollMode, Poller};

use crate::echo::{Connection, Next};
use crate::support::Slab;

// The number above is the library's own.
const LISTENER: usize = usize::MAX - 1;

pub trait Listener: AsFd + AsRawFd {
    type Stream: AsFd + AsRawFd;

    fn accept(&self) -> io::Result<Self::Stream>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = TcpListener::accept(self)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    fn accept(&self) -> io::Result<UnixStream> {
        let (stream, _) = UnixListener::accept(self)?;
        stream.set_nonblocking(true)?;
        Ok(stream)
    }
}

pub fn serve<L: Listener>(listener: L, buffer: usize, broadcast: bool) -> io::Result<()>
where
    for<'a> &'a L::Stream: Read + Write,
{
    let poller = Poller::new()?;
    let mut events = Events::with_capacity(NonZeroUsize::new(1024).unwrap());
    let mut connections = Slab::new();
    let mut buffer = vec![0; buffer];
    // SAFETY: the poller is dropped first.
    unsafe {
        poller.add_with_mode(listener.as_raw_fd(), Event::readable(LISTENER), PollMode::Edge)?
    };
    loop {
        events.clear();
        match poller.wait(&mut events, None) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        for event in events.iter() {
            if event.key == LISTENER {
                accept_all(&listener, &poller, &mut connections)?;
            } else if !broadcast {
                let key = event.key;
                if event.readable || event.writable {
                    let Some(connection) = connections.get_mut(key) else { continue };
                    let next = connection.echo(&mut buffer);
                    proceed(next, key, &poller, &mut connections)?;
                }
            } else {
                tell_all(event.key, &poller, &mut connections, &mut buffer)?;
            }
        }
    }
}

#[inline(never)]
fn accept_all<L: Listener>(
    listener: &L,
    poller: &Poller,
    connections: &mut Slab<Connection<L::Stream>>,
) -> io::Result<()>
where
    for<'a> &'a L::Stream: Read + Write,
{
    loop {
        match listener.accept() {
            Ok(stream) => {
                let interest = Event::readable(connections.next_key());
                // SAFETY: the poller lives as long as the program.
                unsafe { poller.add_with_mode(stream.as_raw_fd(), interest, PollMode::Edge)? };
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
fn proceed<S: AsFd + AsRawFd>(
    next: Next,
    key: usize,
    poller: &Poller,
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
        let interest = Event::new(key, true, wants_writes);
        poller.modify_with_mode(&connection.stream, interest, PollMode::Edge)?;
    }
    Ok(())
}

/// Reads what one connection has, and writes it to each.
#[inline(never)]
fn tell_all<S: AsFd + AsRawFd>(
    key: usize,
    poller: &Poller,
    connections: &mut Slab<Connection<S>>,
    buffer: &mut [u8],
) -> io::Result<()>
where
    for<'a> &'a S: Read + Write,
{
    let Some(connection) = connections.get_mut(key) else { return Ok(()) };
    if connection.watches_writes {
        let next = connection.flush();
        proceed(next, key, poller, connections)?;
    }
    loop {
        let Some(connection) = connections.get_mut(key) else { return Ok(()) };
        let count = match (&connection.stream).read(buffer) {
            Ok(0) => return proceed(Next::Close, key, poller, connections),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return proceed(Next::Close, key, poller, connections),
        };
        let mut blocked = Vec::new();
        for (key, connection) in connections.iter_mut() {
            match connection.send(&buffer[..count]) {
                Next::Read => {}
                next => blocked.push((key, next)),
            }
        }
        for (key, next) in blocked {
            proceed(next, key, poller, connections)?;
        }
        if count < buffer.len() {
            return Ok(());
        }
    }
}
