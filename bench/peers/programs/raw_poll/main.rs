//! poll(2) by hand, through `libc`: many sources of which few are active.

#[path = "../support/mod.rs"]
mod support;

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use support::Arguments;
use support::idle::{self, Watch};

/// A table as poll(2) takes it; a source's number is its place.
struct Sources {
    table: Vec<libc::pollfd>,
    active: Vec<OwnedFd>,
}

impl Watch for Sources {
    fn add_active(&mut self, source: OwnedFd, number: usize) -> io::Result<()> {
        self.add_idle(source.as_raw_fd(), number)?;
        self.active.push(source);
        Ok(())
    }

    fn add_idle(&mut self, source: RawFd, number: usize) -> io::Result<()> {
        assert_eq!(number, self.table.len(), "sources come in order");
        self.table.push(libc::pollfd { fd: source, events: libc::POLLIN, revents: 0 });
        Ok(())
    }

    fn wait(&mut self, ready: &mut Vec<usize>) -> io::Result<()> {
        let length = self.table.len() as libc::nfds_t;
        // SAFETY: the pointer is valid for as many entries.
        let count = unsafe { libc::poll(self.table.as_mut_ptr(), length, -1) };
        if count < 0 {
            return Err(io::Error::last_os_error());
        }
        let entries = self.table.iter().enumerate().filter(|(_, entry)| entry.revents != 0);
        ready.extend(entries.map(|(number, _)| number).take(count as usize));
        Ok(())
    }

    fn read(&mut self, number: usize) -> io::Result<()> {
        idle::read(&self.active[number])
    }
}

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    match arguments.load.as_str() {
        "idle-poll" => {
            let mut sources = Sources { table: Vec::new(), active: Vec::new() };
            idle::run(&arguments, &mut sources)
        }
        _ => arguments.unknown(),
    }
}
