//! Idle sources and a few active ones.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use polling::{Event, Events, PollMode, Poller};

use crate::support::Arguments;
use crate::support::idle::{self, Watch, borrowed};

struct Sources {
    poller: Poller,
    events: Events,
    active: Vec<OwnedFd>,
}

impl Watch for Sources {
    fn add_active(&mut self, source: OwnedFd, number: usize) -> io::Result<()> {
        self.add_idle(source.as_raw_fd(), number)?;
        self.active.push(source);
        Ok(())
    }

    fn add_idle(&mut self, source: RawFd, number: usize) -> io::Result<()> {
        let source = borrowed(source);
        // SAFETY: the poller lives as long as the program.
        unsafe { self.poller.add_with_mode(&source, Event::readable(number), PollMode::Edge) }
    }

    fn wait(&mut self, ready: &mut Vec<usize>) -> io::Result<()> {
        self.events.clear();
        self.poller.wait(&mut self.events, None)?;
        ready.extend(self.events.iter().map(|event| event.key));
        Ok(())
    }

    fn read(&mut self, number: usize) -> io::Result<()> {
        idle::read(&self.active[number])
    }
}

pub fn run(arguments: &Arguments) -> io::Result<()> {
    let events = Events::with_capacity(NonZeroUsize::new(1024).unwrap());
    idle::run(arguments, &mut Sources { poller: Poller::new()?, events, active: Vec::new() })
}
