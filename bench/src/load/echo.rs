//! Messages that come back, one under way on each connection.

use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use super::stream::{Address, Framing, Stream};
use super::{AT_ONCE, PATIENCE, Shape};
use crate::system::Epoll;

struct Connection {
    stream: Stream,
    sent: usize,
    received: usize,
    watches_writes: bool,
}

/// Clients of one server.
pub struct Clients {
    epoll: Epoll,
    connections: Vec<Connection>,
    message: Vec<u8>,
    buffer: Vec<u8>,
    ready: Vec<usize>,
    under_way: usize,
}

impl Clients {
    pub fn connect(address: &Address, framing: Framing, shape: Shape) -> io::Result<Clients> {
        let mut clients = Clients {
            epoll: Epoll::new()?,
            connections: Vec::with_capacity(shape.connections),
            message: framing.message(shape.size),
            buffer: vec![0; 1 << 16],
            ready: Vec::new(),
            under_way: 0,
        };
        for key in 0..shape.connections {
            let stream = Stream::connect(address, framing)?;
            clients.epoll.add(stream.as_raw_fd(), key)?;
            clients.connections.push(Connection {
                stream,
                sent: 0,
                received: 0,
                watches_writes: false,
            });
            if key % AT_ONCE == AT_ONCE - 1 {
                clients.start(key)?;
                clients.finish(&mut |_| false)?;
            }
        }
        Ok(clients)
    }

    /// Keeps a message under way on each connection for so long, then waits for those still under
    /// way; returns how many came back.
    pub fn run_for(&mut self, duration: Duration) -> io::Result<u64> {
        let end = Instant::now() + duration;
        self.run(&mut |done| done == 0 || Instant::now() < end)
    }

    /// Sends this many messages over each connection, all once before any again.
    pub fn run_rounds(&mut self, rounds: usize) -> io::Result<u64> {
        let mut total = 0;
        for _ in 0..rounds {
            total += self.run(&mut |_| false)?;
        }
        Ok(total)
    }

    /// Sends one message over each connection, and another after each that came back as long as
    /// `goes_on` says so; it is asked once for what one wait brings.
    fn run(&mut self, goes_on: &mut dyn FnMut(u64) -> bool) -> io::Result<u64> {
        for key in 0..self.connections.len() {
            self.start(key)?;
        }
        self.finish(goes_on)
    }

    fn finish(&mut self, goes_on: &mut dyn FnMut(u64) -> bool) -> io::Result<u64> {
        let mut done = 0;
        let mut ready = std::mem::take(&mut self.ready);
        while self.under_way > 0 {
            self.epoll.wait(PATIENCE.as_millis() as i32, &mut ready)?;
            if ready.is_empty() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"));
            }
            let goes_on = goes_on(done);
            for key in &ready {
                if self.serve(*key)? {
                    done += 1;
                    if goes_on {
                        self.start(*key)?;
                    }
                }
            }
        }
        self.ready = ready;
        Ok(done)
    }

    fn start(&mut self, key: usize) -> io::Result<()> {
        let connection = &mut self.connections[key];
        (connection.sent, connection.received) = (0, 0);
        self.under_way += 1;
        self.send(key)
    }

    /// Writes as much as there is room for.
    fn send(&mut self, key: usize) -> io::Result<()> {
        let connection = &mut self.connections[key];
        connection.sent += connection.stream.send(&self.message[connection.sent..])?;
        let wants_writes = connection.sent < self.message.len();
        if wants_writes != connection.watches_writes {
            connection.watches_writes = wants_writes;
            self.epoll.watch_writes(connection.stream.as_raw_fd(), key, wants_writes)?;
        }
        Ok(())
    }

    /// Reads and writes; whether the message has come back whole.
    fn serve(&mut self, key: usize) -> io::Result<bool> {
        if self.connections[key].watches_writes {
            self.send(key)?;
        }
        let connection = &mut self.connections[key];
        let Some(count) = connection.stream.receive(&mut self.buffer)? else { return Ok(false) };
        connection.received += count;
        let is_whole = connection.received == self.message.len();
        self.under_way -= usize::from(is_whole);
        Ok(is_whole)
    }
}
