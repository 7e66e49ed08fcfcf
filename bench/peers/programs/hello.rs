//! The smallest server there is on mio, for the size of what it brings along: says hello to each
//! that connects.

use std::io::{self, Write};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(16);
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
    poll.registry().register(&mut listener, Token(0), Interest::READABLE)?;
    println!("listening {}", listener.local_addr()?);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.is_readable() {
                say_hello_to_all(&listener)?;
            }
        }
    }
}

fn say_hello_to_all(listener: &TcpListener) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((mut stream, _)) => stream.write_all(b"hello\n")?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
