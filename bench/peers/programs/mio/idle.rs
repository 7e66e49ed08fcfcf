//! Idle sources and a few active ones.

use std::io::{self, Read};
use std::os::fd::{OwnedFd, RawFd};

use mio::unix::SourceFd;
use mio::unix::pipe::Receiver;
use mio::{Events, Interest, Poll, Token};

use crate::support::Arguments;
use crate::support::idle::{self, Watch};

struct Sources {
    poll: Poll,
    events: Events,
    active: Vec<Receiver>,
}

impl Watch for Sources {
    fn add_active(&mut self, source: OwnedFd, number: usize) -> io::Result<()> {
        let mut receiver = Receiver::from(source);
        self.poll.registry().register(&mut receiver, Token(number), Interest::READABLE)?;
        self.active.push(receiver);
        Ok(())
    }

    fn add_idle(&mut self, source: RawFd, number: usize) -> io::Result<()> {
        self.poll.registry().register(&mut SourceFd(&source), Token(number), Interest::READABLE)
    }

    fn wait(&mut self, ready: &mut Vec<usize>) -> io::Result<()> {
        self.poll.poll(&mut self.events, None)?;
        ready.extend(self.events.iter().map(|event| event.token().0));
        Ok(())
    }

    fn read(&mut self, number: usize) -> io::Result<()> {
        self.active[number].read(&mut [0; 16]).map(drop)
    }
}

pub fn run(arguments: &Arguments) -> io::Result<()> {
    let (poll, events) = (Poll::new()?, Events::with_capacity(1024));
    idle::run(arguments, &mut Sources { poll, events, active: Vec::new() })
}
