//! Idle sources and a few active ones.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::calls::{self, Event};
use crate::support::Arguments;
use crate::support::idle::{self, Watch};

struct Sources {
    epoll: RawFd,
    events: Vec<Event>,
    active: Vec<OwnedFd>,
}

impl Watch for Sources {
    fn add_active(&mut self, source: OwnedFd, number: usize) -> io::Result<()> {
        self.add_idle(source.as_raw_fd(), number)?;
        self.active.push(source);
        Ok(())
    }

    fn add_idle(&mut self, source: RawFd, number: usize) -> io::Result<()> {
        let bits = libc::EPOLLIN | libc::EPOLLET;
        calls::control(self.epoll, libc::EPOLL_CTL_ADD, source, bits, number as u64)
    }

    fn wait(&mut self, ready: &mut Vec<usize>) -> io::Result<()> {
        let count = calls::wait(self.epoll, &mut self.events)?;
        ready.extend(self.events[..count].iter().map(|event| event.u64 as usize));
        Ok(())
    }

    fn read(&mut self, number: usize) -> io::Result<()> {
        idle::read(&self.active[number])
    }
}

pub fn run(arguments: &Arguments) -> io::Result<()> {
    let events = vec![Event { events: 0, u64: 0 }; 1024];
    idle::run(arguments, &mut Sources { epoll: calls::create()?, events, active: Vec::new() })
}
