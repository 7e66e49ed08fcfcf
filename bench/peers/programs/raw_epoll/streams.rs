//! Servers of streams: one that sends back, and one that sends to all.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::calls::{self, Event};
use crate::support::Slab;

const LISTENER: u64 = u64::MAX;
const READ: i32 = libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET;

struct Connection {
    fd: RawFd,
    backlog: Vec<u8>,
    watches_writes: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        calls::close(self.fd);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Next {
    Read,
    Write,
    Close,
}

pub fn serve(listener: OwnedFd, nodelay: bool, buffer: usize, broadcast: bool) -> io::Result<()> {
    let epoll = calls::create()?;
    let mut events = vec![Event { events: 0, u64: 0 }; 1024];
    let mut connections = Slab::new();
    let mut buffer = vec![0; buffer];
    calls::control(epoll, libc::EPOLL_CTL_ADD, listener.as_raw_fd(), READ, LISTENER)?;
    loop {
        let count = calls::wait(epoll, &mut events)?;
        for event in &events[..count] {
            let key = event.u64;
            if key == LISTENER {
                accept_all(epoll, listener.as_raw_fd(), nodelay, &mut connections)?;
            } else if !broadcast {
                let bits = event.events as i32;
                if bits & (libc::EPOLLIN | libc::EPOLLOUT) != 0 {
                    let Some(connection) = connections.get_mut(key as usize) else { continue };
                    let next = connection.echo(&mut buffer);
                    proceed(next, key as usize, epoll, &mut connections)?;
                }
            } else {
                tell_all(key as usize, epoll, &mut connections, &mut buffer)?;
            }
        }
    }
}

#[inline(never)]
fn accept_all(
    epoll: RawFd,
    listener: RawFd,
    nodelay: bool,
    connections: &mut Slab<Connection>,
) -> io::Result<()> {
    while let Some(fd) = calls::accept(listener, nodelay)? {
        let connection = Connection { fd, backlog: Vec::new(), watches_writes: false };
        let key = connections.insert(connection);
        calls::control(epoll, libc::EPOLL_CTL_ADD, fd, READ, key as u64)?;
    }
    Ok(())
}

#[inline]
fn proceed(
    next: Next,
    key: usize,
    epoll: RawFd,
    connections: &mut Slab<Connection>,
) -> io::Result<()> {
    if next == Next::Close {
        connections.remove(key);
        return Ok(());
    }
    let Some(connection) = connections.get_mut(key) else { return Ok(()) };
    let wants_writes = next == Next::Write;
    if connection.watches_writes != wants_writes {
        connection.watches_writes = wants_writes;
        let bits = if wants_writes { READ | libc::EPOLLOUT } else { READ };
        calls::control(epoll, libc::EPOLL_CTL_MOD, connection.fd, bits, key as u64)?;
    }
    Ok(())
}

impl Connection {
    #[inline]
    fn echo(&mut self, buffer: &mut [u8]) -> Next {
        if !self.backlog.is_empty() {
            let next = self.flush();
            if next != Next::Read {
                return next;
            }
        }
        loop {
            let count = calls::receive(self.fd, buffer);
            if count > 0 {
                let next = self.send(&buffer[..count as usize]);
                if next != Next::Read || (count as usize) < buffer.len() {
                    return next;
                }
            } else if count == 0 {
                return Next::Close;
            } else {
                match calls::errno() {
                    libc::EAGAIN => return Next::Read,
                    libc::EINTR => {}
                    _ => return Next::Close,
                }
            }
        }
    }

    #[inline]
    fn send(&mut self, bytes: &[u8]) -> Next {
        if !self.backlog.is_empty() {
            self.backlog.extend_from_slice(bytes);
            return Next::Write;
        }
        match calls::send(self.fd, bytes) {
            count if count == bytes.len() as isize => Next::Read,
            count => self.send_rest(bytes, count),
        }
    }

    #[cold]
    fn send_rest(&mut self, bytes: &[u8], count: isize) -> Next {
        if count < 0 && !matches!(calls::errno(), libc::EAGAIN | libc::EINTR) {
            return Next::Close;
        }
        self.backlog.extend_from_slice(&bytes[count.max(0) as usize..]);
        self.flush()
    }

    #[cold]
    fn flush(&mut self) -> Next {
        while !self.backlog.is_empty() {
            let count = calls::send(self.fd, &self.backlog);
            if count < 0 {
                match calls::errno() {
                    libc::EAGAIN => return Next::Write,
                    libc::EINTR => continue,
                    _ => return Next::Close,
                }
            }
            self.backlog.drain(..count as usize);
        }
        Next::Read
    }
}

/// Reads what one connection has, and writes it to each.
#[inline(never)]
fn tell_all(
    key: usize,
    epoll: RawFd,
    connections: &mut Slab<Connection>,
    buffer: &mut [u8],
) -> io::Result<()> {
    let Some(connection) = connections.get_mut(key) else { return Ok(()) };
    if connection.watches_writes {
        let next = connection.flush();
        proceed(next, key, epoll, connections)?;
    }
    loop {
        let Some(connection) = connections.get_mut(key) else { return Ok(()) };
        let count = calls::receive(connection.fd, buffer);
        if count <= 0 {
            match if count == 0 { 0 } else { calls::errno() } {
                libc::EAGAIN => return Ok(()),
                libc::EINTR => continue,
                _ => return proceed(Next::Close, key, epoll, connections),
            }
        }
        let mut blocked = Vec::new();
        for (key, connection) in connections.iter_mut() {
            match connection.send(&buffer[..count as usize]) {
                Next::Read => {}
                next => blocked.push((key, next)),
            }
        }
        for (key, next) in blocked {
            proceed(next, key, epoll, connections)?;
        }
        if (count as usize) < buffer.len() {
            return Ok(());
        }
    }
}
