//! Polls that end by their timeout.

use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::support::{print, quantile};

pub fn run(microseconds: u64, count: usize) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(16);
    let timeout = Duration::from_micros(microseconds);
    let mut waits: Vec<u64> = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        match poll.poll(&mut events, Some(timeout)) {
            Ok(()) => waits.push(start.elapsed().as_nanos() as u64),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    print("p50_microseconds", quantile(&mut waits, 0.50) as f64 / 1000.0);
    print("p99_microseconds", quantile(&mut waits, 0.99) as f64 / 1000.0);
    Ok(())
}
