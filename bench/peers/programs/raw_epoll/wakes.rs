//! Two threads that wake each other by eventfds, and waits that end by their timeout.

use std::io;
use std::os::fd::RawFd;
use std::thread;
use std::time::Instant;

use crate::calls::{self, Event};
use crate::support::{pin, print, quantile};

pub fn round_trip(count: u32, apart: bool) -> io::Result<()> {
    let (here, wake_here) = waitable()?;
    let (there, wake_there) = waitable()?;
    let other = thread::spawn(move || -> io::Result<()> {
        if apart {
            pin(1);
        }
        for _ in 0..count {
            wait_once(there)?;
            calls::signal(wake_here)?;
        }
        Ok(())
    });
    if apart {
        pin(0);
    }
    let start = Instant::now();
    for _ in 0..count {
        calls::signal(wake_there)?;
        wait_once(here)?;
    }
    let elapsed = start.elapsed();
    other.join().expect("the other thread does not panic")?;
    print("nanoseconds", elapsed.as_nanos() as f64 / f64::from(count));
    Ok(())
}

fn waitable() -> io::Result<(RawFd, RawFd)> {
    let (epoll, eventfd) = (calls::create()?, calls::eventfd()?);
    let bits = libc::EPOLLIN | libc::EPOLLET;
    calls::control(epoll, libc::EPOLL_CTL_ADD, eventfd, bits, 0)?;
    Ok((epoll, eventfd))
}

fn wait_once(epoll: RawFd) -> io::Result<()> {
    let mut events = [Event { events: 0, u64: 0 }; 16];
    while calls::wait(epoll, &mut events)? == 0 {}
    Ok(())
}

pub fn timeouts(microseconds: i64, count: usize) -> io::Result<()> {
    let epoll = calls::create()?;
    let mut events = [Event { events: 0, u64: 0 }; 16];
    let mut waits = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        calls::wait_nanoseconds(epoll, &mut events, microseconds * 1000)?;
        waits.push(start.elapsed().as_nanos() as u64);
    }
    print("p50_microseconds", quantile(&mut waits, 0.50) as f64 / 1000.0);
    print("p99_microseconds", quantile(&mut waits, 0.99) as f64 / 1000.0);
    Ok(())
}
