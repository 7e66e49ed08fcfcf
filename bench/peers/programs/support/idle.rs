//! Many sources of which few are active: eventfds, most of which are never written.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Instant;

use super::{Arguments, limit_of_files, print, quantile};

/// How the program watches. Each source has a number, which events come with.
pub trait Watch {
    /// Watches an eventfd, whose writer keeps its number only.
    fn add_active(&mut self, source: OwnedFd, number: usize) -> io::Result<()>;

    /// Watches a descriptor of somebody else.
    fn add_idle(&mut self, source: RawFd, number: usize) -> io::Result<()>;

    /// Waits until something is ready; its numbers are added to `ready`.
    fn wait(&mut self, ready: &mut Vec<usize>) -> io::Result<()>;

    /// Reads what is in an active source.
    fn read(&mut self, number: usize) -> io::Result<()>;
}

/// Writes to each active source, then waits and reads, again and again.
pub fn run(arguments: &Arguments, watch: &mut impl Watch) -> io::Result<()> {
    let (idle, active): (usize, usize) = (arguments.get("idle"), arguments.get("active"));
    let count: usize = arguments.get("count");
    let mut writers = Vec::with_capacity(active);
    for number in 0..active {
        let source = eventfd()?;
        writers.push(source.as_raw_fd());
        watch.add_active(source, number)?;
    }
    let mut files = Vec::with_capacity(FILES);
    let before = heap();
    register_idle(idle, active, &mut files, watch)?;
    let after = heap();
    let mut rounds = Vec::with_capacity(count);
    let mut ready = Vec::with_capacity(active);
    for _ in 0..count {
        let start = Instant::now();
        for writer in &writers {
            write(*writer)?;
        }
        let mut missing = active;
        while missing > 0 {
            ready.clear();
            watch.wait(&mut ready)?;
            for number in &ready {
                watch.read(*number)?;
            }
            missing -= ready.len().min(missing);
        }
        rounds.push(start.elapsed().as_nanos() as u64);
    }
    let median = quantile(&mut rounds, 0.5);
    print("nanoseconds_per_event", median as f64 / active as f64);
    let bytes = after.saturating_sub(before) as f64;
    print("user_bytes_per_idle_source", bytes / idle.max(1) as f64);
    Ok(())
}

/// So many files make a million sources out of the numbers that are left.
const FILES: usize = 400;

/// Registers so many, though a process may have fewer open files. epoll(7) knows a source by its
/// file and its number, and forgets it when the file is closed, not the number: so a number that
/// gets a duplicate of another file is one more source, and the first stays.
fn register_idle(
    count: usize,
    first: usize,
    files: &mut Vec<OwnedFd>,
    watch: &mut impl Watch,
) -> io::Result<()> {
    files.push(eventfd()?);
    let lowest = duplicate(&files[0], None)?;
    let numbers = limit_of_files().saturating_sub(lowest as usize + FILES);
    for number in 0..count {
        let place = number % numbers.max(1);
        if place == 0 && number > 0 {
            files.push(eventfd()?);
        }
        let source = duplicate(&files[files.len() - 1], Some(lowest + place as RawFd))?;
        watch.add_idle(source, first + number)?;
    }
    Ok(())
}

/// Duplicates a descriptor, to a number where one is given. It stays open until the process ends,
/// or the number gets another.
fn duplicate(original: &OwnedFd, number: Option<RawFd>) -> io::Result<RawFd> {
    let original = original.as_raw_fd();
    // SAFETY: takes no pointers; whatever has that number is one of these duplicates.
    let fd = unsafe {
        match number {
            Some(number) => libc::dup2(original, number),
            None => libc::dup(original),
        }
    };
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(fd) }
}

fn eventfd() -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers.
    let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened and is nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn write(eventfd: RawFd) -> io::Result<()> {
    let one: u64 = 1;
    // SAFETY: the pointer is valid for the 8 bytes that are read.
    match unsafe { libc::write(eventfd, (&raw const one).cast(), 8) } {
        8 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Reads what is in an eventfd, for those whose library does not read.
pub fn read(eventfd: &OwnedFd) -> io::Result<()> {
    let mut buffer = [0_u8; 16];
    let (pointer, length) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the pointer is valid for as many bytes.
    let count = unsafe { libc::read(eventfd.as_raw_fd(), pointer, length) };
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Bytes that the C library's allocator has handed out.
fn heap() -> usize {
    // SAFETY: takes no pointers.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

/// A descriptor number as a handle that does not own it.
pub fn borrowed(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the sources of this load stay open until the process ends.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
