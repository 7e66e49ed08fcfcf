//! Wakes: of a loop that has one pending, of a loop that takes messages, and back and forth.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use polling::{Events, Poller};

use crate::support::{pin, print, quantile};

pub fn pending(count: u32) -> io::Result<()> {
    let poller = Poller::new()?;
    poller.notify()?;
    let start = Instant::now();
    for _ in 0..count {
        poller.notify()?;
    }
    print("nanoseconds", start.elapsed().as_nanos() as f64 / f64::from(count));
    Ok(())
}

/// One thread sends numbers through a channel, with a wake after each; the other adds them up.
pub fn channel(count: u64) -> io::Result<()> {
    let poller = Arc::new(Poller::new()?);
    let waker = Arc::clone(&poller);
    let mut events = Events::new();
    let (sender, receiver) = mpsc::channel();
    let start = Instant::now();
    let producer = thread::spawn(move || -> io::Result<()> {
        for number in 0..count {
            if sender.send(number).is_err() {
                break;
            }
            waker.notify()?;
        }
        // Closed, as a message of its own.
        drop(sender);
        waker.notify()?;
        Ok(())
    });
    let mut sum = 0_u64;
    let mut polls = 0_u64;
    'receive: loop {
        poll_once(&poller, &mut events)?;
        polls += 1;
        loop {
            match receiver.try_recv() {
                Ok(number) => sum += number,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => break 'receive,
            }
        }
    }
    let elapsed = start.elapsed().as_secs_f64();
    producer.join().expect("the producer does not panic")?;
    assert_eq!(sum, count * count.saturating_sub(1) / 2, "a message was lost");
    print("messages_per_second", count as f64 / elapsed);
    print("messages_per_poll", count as f64 / polls as f64);
    Ok(())
}

/// Two threads, each asleep in its poll until the other wakes it; `apart` gives each its core.
pub fn round_trip(count: u32, apart: bool) -> io::Result<()> {
    let here = Arc::new(Poller::new()?);
    let there = Arc::new(Poller::new()?);
    let wake_here = Arc::clone(&here);
    let wake_there = Arc::clone(&there);
    let other = thread::spawn(move || -> io::Result<()> {
        if apart {
            pin(1);
        }
        let mut events = Events::new();
        for _ in 0..count {
            poll_once(&there, &mut events)?;
            wake_here.notify()?;
        }
        Ok(())
    });
    let mut events = Events::new();
    if apart {
        pin(0);
    }
    let start = Instant::now();
    for _ in 0..count {
        wake_there.notify()?;
        poll_once(&here, &mut events)?;
    }
    let elapsed = start.elapsed();
    other.join().expect("the other thread does not panic")?;
    print("nanoseconds", elapsed.as_nanos() as f64 / f64::from(count));
    Ok(())
}

fn poll_once(poller: &Poller, events: &mut Events) -> io::Result<()> {
    events.clear();
    poller.wait(events, None).map(drop)
}

pub fn timeouts(microseconds: u64, count: usize) -> io::Result<()> {
    let poller = Poller::new()?;
    let mut events = Events::new();
    let timeout = Duration::from_micros(microseconds);
    let mut waits = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        poller.wait(&mut events, Some(timeout))?;
        waits.push(start.elapsed().as_nanos() as u64);
    }
    print("p50_microseconds", quantile(&mut waits, 0.50) as f64 / 1000.0);
    print("p99_microseconds", quantile(&mut waits, 0.99) as f64 / 1000.0);
    Ok(())
}
