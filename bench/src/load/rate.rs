//! Messages at a fixed rate, and how long each took from when it was due.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use super::stream::{Address, Framing, Stream};
use super::{PATIENCE, Shape};
use crate::system::Epoll;

struct Connection {
    stream: Stream,
    /// When the messages under way were due.
    due: VecDeque<Instant>,
    unsent: usize,
    received: usize,
}

/// Sends `rate` messages a second for so long, over the connections in turn, and returns the
/// latencies in nanoseconds. What comes late counts from when it was due, not from when it was
/// sent.
pub fn run(
    address: &Address,
    framing: Framing,
    shape: Shape,
    rate: u64,
    duration: Duration,
) -> io::Result<Vec<u64>> {
    let message = framing.message(shape.size);
    let mut epoll = Epoll::new()?;
    let mut connections = Vec::with_capacity(shape.connections);
    for key in 0..shape.connections {
        let stream = Stream::connect(address, framing)?;
        epoll.add(stream.as_raw_fd(), key)?;
        connections.push(Connection { stream, due: VecDeque::new(), unsent: 0, received: 0 });
    }
    let total = rate * duration.as_millis() as u64 / 1000;
    let interval = Duration::from_nanos(1_000_000_000 / rate);
    let start = Instant::now();
    let mut latencies = Vec::with_capacity(total as usize);
    let (mut sent, mut ready, mut buffer) = (0_u64, Vec::new(), vec![0; 1 << 16]);
    while (latencies.len() as u64) < total {
        let now = Instant::now();
        if now > start + duration + PATIENCE {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the server falls behind"));
        }
        while sent < total && start + interval * sent as u32 <= now {
            let connection = &mut connections[sent as usize % shape.connections];
            connection.due.push_back(start + interval * sent as u32);
            connection.unsent += message.len();
            sent += 1;
            connection.send(&message)?;
        }
        // Never sleeps, so that a message is neither sent nor noticed late.
        epoll.wait(0, &mut ready)?;
        for key in &ready {
            connections[*key].receive(&message, &mut buffer, &mut latencies)?;
        }
    }
    Ok(latencies)
}

impl Connection {
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        while self.unsent > 0 {
            // Messages are alike, so that the place in the one under way is all there is to know.
            let place = (message.len() - self.unsent % message.len()) % message.len();
            match self.stream.send(&message[place..])? {
                0 => break,
                count => self.unsent -= count,
            }
        }
        Ok(())
    }

    fn receive(
        &mut self,
        message: &[u8],
        buffer: &mut [u8],
        latencies: &mut Vec<u64>,
    ) -> io::Result<()> {
        self.send(message)?;
        let Some(count) = self.stream.receive(buffer)? else { return Ok(()) };
        self.received += count;
        let now = Instant::now();
        while self.received >= message.len() {
            self.received -= message.len();
            if let Some(due) = self.due.pop_front() {
                latencies.push((now - due).as_nanos() as u64);
            }
        }
        Ok(())
    }
}
