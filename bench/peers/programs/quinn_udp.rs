//! quinn-udp, the sockets of a QUIC implementation: bursts of datagrams as rows that the kernel
//! cuts and puts together.

mod support;

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use support::Arguments;
use support::bursts::{self, BURST, Pair, ROW, ROWS};

struct Offload {
    sender: (UdpSocket, UdpSocketState),
    receiver: (UdpSocket, UdpSocketState),
    destination: SocketAddr,
    storage: [Vec<u8>; ROWS],
}

impl Offload {
    fn new() -> io::Result<Offload> {
        let (sender, receiver) = (socket()?, socket()?);
        assert!(sender.1.max_gso_segments() >= BURST, "a burst is one row");
        let destination = receiver.0.local_addr()?;
        let storage = std::array::from_fn(|_| vec![0; ROW]);
        Ok(Offload { sender, receiver, destination, storage })
    }
}

fn socket() -> io::Result<(UdpSocket, UdpSocketState)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let state = UdpSocketState::new((&socket).into())?;
    Ok((socket, state))
}

impl Pair for Offload {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        let (socket, state) = &self.sender;
        let row = Transmit {
            destination: self.destination,
            ecn: None,
            contents: bytes,
            segment_size: Some(payload),
            src_ip: None,
        };
        state.try_send(socket.into(), &row)
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        let (socket, state) = &self.receiver;
        let mut buffers = self.storage.each_mut().map(|storage| IoSliceMut::new(storage));
        let mut meta = [RecvMeta::default(); ROWS];
        let count = state.recv(socket.into(), &mut buffers, &mut meta)?;
        let mut datagrams = 0;
        for (meta, buffer) in meta[..count].iter().zip(&buffers) {
            for datagram in buffer[..meta.len].chunks(meta.stride) {
                assert_eq!(datagram.len(), payload);
                datagrams += 1;
            }
        }
        Ok(datagrams)
    }
}

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    match arguments.load.as_str() {
        "bursts-offload" => bursts::run(&arguments, Offload::new()?),
        _ => arguments.unknown(),
    }
}
