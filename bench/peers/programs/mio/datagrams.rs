//! A server that sends datagrams back.

use std::io;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

use crate::support;

pub fn serve(buffer: usize) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(16);
    let mut buffer = vec![0; buffer];
    let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
    support::listening(socket.local_addr()?);
    loop {
        match poll.poll(&mut events, None) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        for event in &events {
            if event.is_readable() {
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
