//! What an edge-triggered server does with a stream that is ready: the same for all that hand out
//! types of `Read` and `Write`.

use std::io::{self, Read, Write};

/// A connection, and what could not be written to it yet.
pub struct Connection<S> {
    pub stream: S,
    backlog: Vec<u8>,
    /// Whether it is registered for writing too.
    pub watches_writes: bool,
}

/// What is to be done after a connection was served.
#[derive(Clone, Copy, PartialEq)]
pub enum Next {
    /// Wait for data.
    Read,
    /// Wait for room.
    Write,
    Close,
}

impl<S> Connection<S>
where
    for<'a> &'a S: Read + Write,
{
    pub fn new(stream: S) -> Connection<S> {
        Connection { stream, backlog: Vec::new(), watches_writes: false }
    }

    /// Sends back what is there, until a read is short or would block. No more is read while
    /// something waits to be written.
    #[inline]
    pub fn echo(&mut self, buffer: &mut [u8]) -> Next {
        if !self.backlog.is_empty() {
            let next = self.flush();
            if next != Next::Read {
                return next;
            }
        }
        loop {
            match (&self.stream).read(buffer) {
                Ok(0) => return Next::Close,
                Ok(count) => {
                    let next = self.send(&buffer[..count]);
                    if next != Next::Read || count < buffer.len() {
                        return next;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Next::Close,
            }
        }
    }

    /// Writes all, or keeps what finds no room.
    #[inline]
    pub fn send(&mut self, bytes: &[u8]) -> Next {
        if !self.backlog.is_empty() {
            self.backlog.extend_from_slice(bytes);
            return Next::Write;
        }
        match (&self.stream).write(bytes) {
            Ok(count) if count == bytes.len() => Next::Read,
            result => self.send_rest(bytes, result),
        }
    }

    #[cold]
    fn send_rest(&mut self, bytes: &[u8], result: io::Result<usize>) -> Next {
        match result {
            Ok(count) => self.backlog.extend_from_slice(&bytes[count..]),
            Err(error) if would_block(&error) => self.backlog.extend_from_slice(bytes),
            Err(_) => return Next::Close,
        }
        self.flush()
    }

    #[cold]
    pub fn flush(&mut self) -> Next {
        while !self.backlog.is_empty() {
            match (&self.stream).write(&self.backlog) {
                Ok(count) => drop(self.backlog.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Write,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Next::Close,
            }
        }
        Next::Read
    }
}

fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
