//! Bursts of datagrams: a call for each.

use std::io;

use mio::net::UdpSocket;

use crate::support::Arguments;
use crate::support::bursts::{self, DATAGRAM, Pair};

struct OneByOne {
    sender: UdpSocket,
    receiver: UdpSocket,
    buffer: Vec<u8>,
}

impl Pair for OneByOne {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        bytes.chunks(payload).try_for_each(|datagram| self.sender.send(datagram).map(drop))
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        assert_eq!(self.receiver.recv_from(&mut self.buffer)?.0, payload);
        Ok(1)
    }
}

/// Two sockets, the first of which sends to the second.
pub fn sockets() -> io::Result<(UdpSocket, UdpSocket)> {
    let sender = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    let receiver = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    sender.connect(receiver.local_addr()?)?;
    Ok((sender, receiver))
}

pub fn one_by_one(arguments: &Arguments) -> io::Result<()> {
    let (sender, receiver) = sockets()?;
    bursts::run(arguments, OneByOne { sender, receiver, buffer: vec![0; DATAGRAM] })
}
