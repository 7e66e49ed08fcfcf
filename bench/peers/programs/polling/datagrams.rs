//! A server that sends datagrams back.

use std::io;
use std::net::UdpSocket;
use std::num::NonZeroUsize;

use polling::{Event, Events, PollMode, Poller};

use crate::support;

pub fn serve(buffer: usize) -> io::Result<()> {
    let poller = Poller::new()?;
    let mut events = Events::with_capacity(NonZeroUsize::new(16).unwrap());
    let mut buffer = vec![0; buffer];
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    // SAFETY: the poller lives as long as the program.
    unsafe { poller.add_with_mode(&socket, Event::readable(0), PollMode::Edge)? };
    support::listening(socket.local_addr()?);
    loop {
        events.clear();
        match poller.wait(&mut events, None) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        for event in events.iter() {
            if event.readable {
                answer_all(&socket, &mut buffer)?;
            }
        }
    }
}

/// What finds no room is dropped, as datagrams may be.
fn answer_all(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<()> {
    loop {
        match socket.recv_from(buffer) {
            Ok((count, peer)) => match socket.send_to(&buffer[..count], peer) {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            },
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
