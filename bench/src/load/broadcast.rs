//! Messages that come back on all connections.

use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use super::stream::{Address, Framing, Stream};
use super::{AT_ONCE, PATIENCE, Shape};
use crate::system::Epoll;

/// Connections that all are told what one of them says.
pub struct Audience {
    epoll: Epoll,
    streams: Vec<Stream>,
    message: Vec<u8>,
    next: usize,
}

impl Audience {
    /// Connects, and waits until the server knows all connections.
    pub fn connect(address: &Address, shape: Shape) -> io::Result<Audience> {
        let mut audience = Audience {
            epoll: Epoll::new()?,
            streams: Vec::with_capacity(shape.connections),
            message: Framing::Plain.message(shape.size),
            next: 0,
        };
        for key in 0..shape.connections {
            let stream = Stream::connect(address, Framing::Plain)?;
            audience.epoll.add(stream.as_raw_fd(), key)?;
            audience.streams.push(stream);
            if key % AT_ONCE == AT_ONCE - 1 {
                audience.listen_to(key)?;
            }
        }
        audience.listen_to(shape.connections - 1)?;
        Ok(audience)
    }

    /// Waits until this connection is told what it says itself, as the server accepts in order,
    /// and then until nobody is told anything more.
    fn listen_to(&mut self, last: usize) -> io::Result<()> {
        self.streams[last].send(&self.message)?;
        let (mut ready, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        let mut is_known = false;
        loop {
            let patience = if is_known { 5 } else { PATIENCE.as_millis() as i32 };
            self.epoll.wait(patience, &mut ready)?;
            if ready.is_empty() && is_known {
                return Ok(());
            }
            if ready.is_empty() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "a copy is missing"));
            }
            for key in &ready {
                self.streams[*key].receive(&mut buffer)?;
                is_known |= *key == last;
            }
        }
    }

    /// Sends a message over one connection after the other, each when the one before has arrived
    /// on all; returns how many copies arrived in so long.
    pub fn run_for(&mut self, duration: Duration) -> io::Result<u64> {
        let end = Instant::now() + duration;
        let mut copies = 0;
        let (mut ready, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        while copies == 0 || Instant::now() < end {
            let count = self.streams.len();
            self.streams[self.next % count].send(&self.message)?;
            self.next += 1;
            let mut missing = count * self.message.len();
            while missing > 0 {
                self.epoll.wait(PATIENCE.as_millis() as i32, &mut ready)?;
                if ready.is_empty() {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "a copy is missing"));
                }
                for key in &ready {
                    let received = self.streams[*key].receive(&mut buffer)?.unwrap_or(0);
                    missing = missing.saturating_sub(received);
                }
            }
            copies += count as u64;
        }
        Ok(copies)
    }
}
