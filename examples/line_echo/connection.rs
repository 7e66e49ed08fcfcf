//! One client of the line echo.
//!
//! What it holds is bounded: while an echo is due nothing is received, so that of a client that
//! sends without receiving the kernel's buffers fill up, and it has to wait.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::event::Source;
use mio::net::TcpStream;

/// A client whose line is longer is dropped.
pub const LONGEST_LINE: usize = 16 * 1024;

/// How many times a client may send or receive in one turn.
const STEPS: usize = 4;

/// How a turn ended.
pub enum Progress {
    /// Nothing is to be done before the next event.
    HasToWait,
    /// There is more to do, but others come first. No event will tell.
    Unfinished,
    /// The client sent its last line and was sent all that was due.
    Done,
}

pub struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    /// What was received and not yet sent back.
    bytes: Vec<u8>,
    /// How many of the bytes are whole lines, which are to be sent back.
    due: usize,
    /// The client has shut down its writing side. It may still read.
    has_ended: bool,
}

impl Connection {
    pub fn new(stream: TcpStream, peer: SocketAddr) -> Connection {
        Connection { stream, peer, bytes: Vec::new(), due: 0, has_ended: false }
    }

    pub fn stream(&mut self) -> &mut impl Source {
        &mut self.stream
    }

    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Does all that can be done without waiting, up to the end of the turn.
    ///
    /// It stops only where sending or receiving would block. So the next event comes when that
    /// changes, and what it says need not be looked at.
    pub fn advance(&mut self, scratch: &mut [u8]) -> io::Result<Progress> {
        for _ in 0..STEPS {
            let step = if self.due > 0 { self.send() } else { self.receive(scratch) };
            match step {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Progress::HasToWait);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.has_ended && self.due == 0 {
                return Ok(Progress::Done);
            }
        }
        Ok(Progress::Unfinished)
    }

    /// Sends of what is due as much as the system takes, which may be a part.
    fn send(&mut self) -> io::Result<()> {
        let sent = self.stream.write(&self.bytes[..self.due])?;
        if sent == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.bytes.drain(..sent);
        self.due -= sent;
        Ok(())
    }

    fn receive(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        let room = LONGEST_LINE - self.bytes.len();
        let received = self.stream.read(&mut scratch[..room])?;
        self.bytes.extend_from_slice(&scratch[..received]);
        if received == 0 {
            // The end of the stream ends the last line too.
            self.has_ended = true;
            self.due = self.bytes.len();
        } else if let Some(last) = self.bytes.iter().rposition(|byte| *byte == b'\n') {
            self.due = last + 1;
        } else if self.bytes.len() == LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
        }
        Ok(())
    }
}
