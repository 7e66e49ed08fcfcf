//! Bursts of datagrams: many in one call, and rows that the kernel cuts and puts together.

use std::array;
use std::io::{self, IoSliceMut};

use mio::net::UdpSocket;
use mio::net::udp::{RecvBatch, SendBatch, Transmit};

use crate::bursts::sockets;
use crate::support::Arguments;
use crate::support::bursts::{self, BURST, DATAGRAM, Pair, ROW, ROWS};

/// As many datagrams as one call takes.
struct Many(Both);

/// A burst is one row.
struct Offload(Both);

struct Both {
    sender: UdpSocket,
    receiver: UdpSocket,
    sending: SendBatch,
    receiving: RecvBatch,
    storage: Vec<Vec<u8>>,
}

impl Both {
    fn new(buffers: usize, size: usize) -> io::Result<Both> {
        let (sender, receiver) = sockets()?;
        Ok(Both {
            sender,
            receiver,
            sending: SendBatch::with_capacity(BURST),
            receiving: RecvBatch::with_capacity(buffers),
            storage: vec![vec![0; size]; buffers],
        })
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        let mut buffers: [IoSliceMut<'_>; BURST] = array::from_fn(|_| IoSliceMut::new(&mut []));
        let count = self.storage.len();
        for (buffer, storage) in buffers.iter_mut().zip(&mut self.storage) {
            *buffer = IoSliceMut::new(storage);
        }
        self.receiver.recv_many(&mut self.receiving, &mut buffers[..count])?;
        let received = self.receiving.received().iter().zip(&buffers);
        let mut datagrams = 0;
        for datagram in received.flat_map(|(received, buffer)| received.segments(buffer)) {
            assert_eq!(datagram.len(), payload);
            datagrams += 1;
        }
        Ok(datagrams)
    }
}

impl Pair for Many {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        let datagrams: [_; BURST] =
            array::from_fn(|at| Transmit::new(&bytes[at * payload..][..payload]));
        let sent = self.0.sender.send_many(&mut self.0.sending, &datagrams)?;
        assert_eq!(sent, BURST, "the send buffer is large enough");
        Ok(())
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        self.0.receive(payload)
    }
}

impl Pair for Offload {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        let row = Transmit::new(bytes).segment_size(payload);
        assert_eq!(self.0.sender.send_many(&mut self.0.sending, &[row])?, 1);
        Ok(())
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        self.0.receive(payload)
    }
}

pub fn many(arguments: &Arguments) -> io::Result<()> {
    bursts::run(arguments, Many(Both::new(BURST, DATAGRAM)?))
}

pub fn offload(arguments: &Arguments) -> io::Result<()> {
    let both = Both::new(ROWS, ROW)?;
    both.receiver.set_recv_offload(true)?;
    bursts::run(arguments, Offload(both))
}
