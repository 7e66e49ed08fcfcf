//! Wakes: of a loop that has one pending, of a loop that takes messages, and back and forth.

use std::io;
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Instant;

use mio::{Events, Poll, Token, Waker};

use crate::support::{pin, print};

const WAKE: Token = Token(0);

pub fn pending(count: u32) -> io::Result<()> {
    let poll = Poll::new()?;
    let waker = Waker::new(poll.registry(), WAKE)?;
    waker.wake()?;
    let start = Instant::now();
    for _ in 0..count {
        waker.wake()?;
    }
    print("nanoseconds", start.elapsed().as_nanos() as f64 / f64::from(count));
    Ok(())
}

/// One thread sends numbers through a channel, with a wake after each; the other adds them up.
pub fn channel(count: u64) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(16);
    let waker = Waker::new(poll.registry(), WAKE)?;
    let (sender, receiver) = mpsc::channel();
    let start = Instant::now();
    let producer = thread::spawn(move || -> io::Result<()> {
        for number in 0..count {
            if sender.send(number).is_err() {
                break;
            }
            waker.wake()?;
        }
        // Closed, as a message of its own; the waker lives until it is received.
        drop(sender);
        waker.wake()?;
        thread::park();
        Ok(())
    });
    let mut sum = 0_u64;
    let mut polls = 0_u64;
    'receive: loop {
        poll_once(&mut poll, &mut events)?;
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
    producer.thread().unpark();
    producer.join().expect("the producer does not panic")?;
    assert_eq!(sum, count * count.saturating_sub(1) / 2, "a message was lost");
    print("messages_per_second", count as f64 / elapsed);
    print("messages_per_poll", count as f64 / polls as f64);
    Ok(())
}

/// Two threads, each asleep in its poll until the other wakes it; `apart` gives each its core.
pub fn round_trip(count: u32, apart: bool) -> io::Result<()> {
    let mut here = Poll::new()?;
    let mut there = Poll::new()?;
    let wake_here = Waker::new(here.registry(), WAKE)?;
    let wake_there = Waker::new(there.registry(), WAKE)?;
    let other = thread::spawn(move || -> io::Result<()> {
        if apart {
            pin(1);
        }
        let mut events = Events::with_capacity(16);
        for _ in 0..count {
            poll_once(&mut there, &mut events)?;
            wake_here.wake()?;
        }
        thread::park();
        Ok(())
    });
    let mut events = Events::with_capacity(16);
    if apart {
        pin(0);
    }
    let start = Instant::now();
    for _ in 0..count {
        wake_there.wake()?;
        poll_once(&mut here, &mut events)?;
    }
    let elapsed = start.elapsed();
    other.thread().unpark();
    other.join().expect("the other thread does not panic")?;
    print("nanoseconds", elapsed.as_nanos() as f64 / f64::from(count));
    Ok(())
}

fn poll_once(poll: &mut Poll, events: &mut Events) -> io::Result<()> {
    loop {
        match poll.poll(events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
