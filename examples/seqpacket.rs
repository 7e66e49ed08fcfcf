//! Records over a Unix socket: `SOCK_SEQPACKET`, as a source by way of `SourceFd`.
//!
//!     cargo run --example seqpacket --features os-poll,os-ext
//!
//! A connection like a stream, in which each read returns one record as it was sent. The crate
//! `socket2` opens the sockets and moves the bytes, this crate waits. Linux and the BSDs.

use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seqpacket: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
use recipe::run;

#[cfg(not(target_os = "linux"))]
fn run() -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
mod recipe {
    use std::io::{self, Read, Write};
    use std::os::fd::AsRawFd;

    use mio::event::Source;
    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Registry, Token};
    use socket2::{Domain, Socket, Type};

    /// The longest record of this program; of a longer one the rest would be lost.
    const LONGEST: usize = 1024;

    /// One end of a connection. It owns the socket, and passes on what `SourceFd` does for it.
    struct Records(Socket);

    impl Records {
        fn pair() -> io::Result<(Records, Records)> {
            let (left, right) = Socket::pair(Domain::UNIX, Type::SEQPACKET, None)?;
            left.set_nonblocking(true)?;
            right.set_nonblocking(true)?;
            Ok((Records(left), Records(right)))
        }

        /// Sends a record, all of it or none.
        fn send(&self, record: &[u8]) -> io::Result<()> {
            (&self.0).write(record).map(drop)
        }

        /// The next record, or `None` at the end. (An empty record would look like the end.)
        fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<&'a [u8]>> {
            match (&self.0).read(buffer)? {
                0 => Ok(None),
                length => Ok(Some(&buffer[..length])),
            }
        }
    }

    impl Source for Records {
        fn register(
            &mut self,
            registry: &Registry,
            token: Token,
            interests: Interest,
        ) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).register(registry, token, interests)
        }

        fn reregister(
            &mut self,
            registry: &Registry,
            token: Token,
            interests: Interest,
        ) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interests)
        }

        fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
            SourceFd(&self.0.as_raw_fd()).deregister(registry)
        }
    }

    pub fn run() -> io::Result<()> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(8);
        let (sender, mut receiver) = Records::pair()?;
        poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;

        for record in ["one", "a second record", "three"] {
            sender.send(record.as_bytes())?;
        }
        drop(sender);

        let mut buffer = [0; LONGEST];
        loop {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            loop {
                match receiver.receive(&mut buffer) {
                    Ok(Some(record)) => println!("record: {}", String::from_utf8_lossy(record)),
                    Ok(None) => {
                        println!("end");
                        return poll.registry().deregister(&mut receiver);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                }
            }
        }
    }
}
